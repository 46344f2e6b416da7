"""Public offering: new shares sold to the public, once the market is open, at what it then pays.

    value(t)    = revenue(t) x multiple x sentiment(t) x (1 - discount)
    offered(t)  = min(amount, value(t) x most / (1 - most))
    proceeds(t) = offered(t) x (1 - fee) to the issuer, offered(t) x fee to the underwriter
    share of distributions = offered / value, beside owners who have 1 in all

in the first period from `start` on in which the window is open: sentiment at least `threshold`, the
offer at least `minimum`, the issuer not in default. `value` is that of the company before the money
comes in. An offering that finds no open window until `until` is withdrawn. It is a claim on the
public, not a support: it is made whether the issuer is short or not (`equity_raise` is the other).

Reads: revenue, multiple, sentiment. Publishes: raised, issue_price, shares, dilution, holding.
On shortfall: what an investor in default does not pay is not raised, and not offered again.

References:
    1. Ritter, J. R. (2003). Investment banking and securities issuance. Handbook of the Economics
       of Finance 1: underpricing, spreads, windows of opportunity.
"""

from collections.abc import Mapping, Sequence
from typing import Literal, NamedTuple

import numpy as np

from offtake.core.arrays import Array, jnp
from offtake.core.contract import Amounts, IntArray, Line, Lowered, Lowerer, Month, Numbers
from offtake.core.flows import ALL_THERE_IS, Flow, Rank
from offtake.core.terms import (
    Money,
    MoneyFlowSeries,
    PartyName,
    Ratio,
    RatioSeries,
    Share,
    Terms,
    When,
    default,
)
from offtake.finance.shares import dilution, distributed, issued
from offtake.finance.span import reached


class PublicOfferingTerms(Terms):
    """What a plan writes for a public offering."""

    kind: Literal["public_offering"]
    issuer: PartyName
    """Company that sells shares."""
    investor: PartyName
    """Party that buys them, usually the capital markets."""
    underwriter: PartyName | None = None
    """Bank that places them for the fee; the investor if left out."""
    amount: Money
    """Money sought, fee included, USD."""
    minimum: Money = default("0 USD")
    """Least that is offered; below it the offering waits, USD."""
    start: When
    """Date from which the company is ready."""
    until: When | None = None
    """Date after which it is withdrawn; the horizon if left out."""
    revenue: MoneyFlowSeries
    """What the company is valued by, USD/year."""
    multiple: Ratio
    """Value in years of that revenue when sentiment is 100 %."""
    sentiment: RatioSeries = default("100 %")
    """How the market feels: 100 % as usual; usually a driver."""
    threshold: Ratio = default("50 %")
    """Sentiment from which the window is open."""
    discount: Share = default("15 %")
    """By how much shares are sold below what they are valued at."""
    most: Share = default("20 %")
    """Largest part of the company that is sold."""
    fee: Share = default("5 %")
    """Of the money offered, kept by the underwriter."""
    distributions_from: When | None = None
    """No distribution before this date."""


EXAMPLE = PublicOfferingTerms.model_validate(
    {
        "kind": "public_offering",
        "issuer": "lab",
        "investor": "capital_markets",
        "amount": "300 USD",
        "start": "2026-02",
        "revenue": "500 USD/year",
        "multiple": "2",
        "discount": "10 %",
        "most": "20 %",
    }
)
FIELDS = ("amount", "minimum", "multiple", "threshold", "discount", "most", "fee")
"""Numbers that every contract has."""


class PublicOfferingState(NamedTuple):
    """Every leaf [K, P]."""

    made: Array
    """1.0 once it was made"""
    raised: Array
    """paid by investors, fee included, USD"""
    value: Array
    """of the company at which it was, USD"""
    shares: Array
    """sold, of 1 before"""


class PublicOffering(NamedTuple):
    """A group of offerings."""

    revenue: IntArray
    """[K] observation, USD/year"""
    sentiment: IntArray
    """[K] observation"""
    issuer: IntArray
    """[K] party"""

    kind = "public_offering"
    stage = "primary"
    published = ("raised", "issue_price", "shares", "dilution", "holding")
    Terms = PublicOfferingTerms
    example = EXAMPLE

    @classmethod
    def lower(cls, items: Sequence[tuple[str, PublicOfferingTerms]], at: Lowerer) -> Lowered:
        """Terms to structure; values stay in the table of numbers."""
        ids = [name for name, _ in items]
        investor, issuer = (
            at.parties([getattr(t, f) for _, t in items]) for f in ("investor", "issuer")
        )
        underwriter = at.parties([t.underwriter or t.investor for _, t in items])
        group = cls(
            revenue=np.array([at.series(name, "revenue") for name in ids]),
            sentiment=np.array([at.series(name, "sentiment") for name in ids]),
            issuer=issuer,
        )
        ones = np.ones(len(ids), np.int64)
        capital, last = ones * int(Rank.CAPITAL_IN), ones * int(Rank.DISTRIBUTION)
        lines = (
            Line("proceeds", Flow.CAPITAL_IN, investor, issuer, capital),
            Line("fee", Flow.FEE, investor, underwriter, capital),
            Line("distribution", Flow.DISTRIBUTION, issuer, investor, last, form="residual"),
        )
        numbers = {
            **at.numbers(ids, *FIELDS),
            **at.optionals(ids, start=0.0, until=1e9, distributions_from=0.0),
        }
        return Lowered(group, tuple(ids), numbers, lines)

    def init(self, n: Numbers) -> PublicOfferingState:
        """Nothing is sold."""
        zero = jnp.zeros_like(n["amount"])
        return PublicOfferingState(zero, zero, zero, zero)

    def publish(self, n: Numbers, s: PublicOfferingState, month: Month) -> Amounts:
        """What was raised, at which value, and what the shares are worth now."""
        worth = s.shares * self._value(n, month)
        return {
            "raised": s.raised,
            "issue_price": s.value,
            "shares": s.shares,
            "dilution": dilution(s.shares, jnp.ones_like(s.shares)),
            "holding": jnp.where(month.stopped[self.issuer], 0.0, worth),
        }

    def _value(self, n: Numbers, month: Month) -> Array:
        """[K, P] USD, of the shares that were there before, discount apart."""
        return month.obs[self.revenue] * n["multiple"] * month.obs[self.sentiment]

    def _offered(self, n: Numbers, s: PublicOfferingState, month: Month) -> tuple[Array, Array]:
        """[K, P] money offered in this period, and value at which it is, USD."""
        value = self._value(n, month) * (1.0 - n["discount"])
        whole = n["most"] >= 1.0
        part = jnp.where(whole, ALL_THERE_IS, n["most"] / jnp.where(whole, 1.0, 1.0 - n["most"]))
        most = jnp.minimum(n["amount"], value * part)
        time = reached(n["start"], month.t) & (month.t <= n["until"] + 1e-9)
        feels = month.obs[self.sentiment] >= n["threshold"] * (1.0 - 1e-9)
        enough = (most >= n["minimum"] * (1.0 - 1e-9)) & (value > 0.0)
        opened = time & feels & enough & (s.made < 0.5) & ~month.stopped[self.issuer]
        return jnp.where(opened, most, 0.0), value

    def claim(self, n: Numbers, s: PublicOfferingState, month: Month) -> Amounts:
        """Money for new shares, and what is left for shares sold."""
        offered, _ = self._offered(n, s, month)
        return {
            "proceeds": offered * (1.0 - n["fee"]),
            "fee": offered * n["fee"],
            "distribution": distributed(n["distributions_from"], s.shares, month.t),
        }

    def settle(
        self, n: Numbers, s: PublicOfferingState, month: Month, claimed: Amounts, paid: Amounts
    ) -> tuple[PublicOfferingState, Mapping[str, Array]]:
        """Count what was sold."""
        del claimed
        offered, value = self._offered(n, s, month)
        money = paid["proceeds"] + paid["fee"]
        made = offered > 0.0
        state = PublicOfferingState(
            made=jnp.where(made, 1.0, s.made),
            raised=s.raised + money,
            value=jnp.where(made, value, s.value),
            shares=s.shares + jnp.where(made, issued(money, value), 0.0),
        )
        return state, {}
