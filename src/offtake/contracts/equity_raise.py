"""Equity raise: a company sells new shares when it is short of cash, as far as the market is open.

    new(t)    = capacity(t) x sentiment(t) x years(t)
    room(t)   = new(t) + min(unused(t-1), carry_over x new(t))
    limit(t)  = min(room(t), amount - raised so far)
    unused(t) = min(unused(t-1) + new(t) - raised(t), carry_over x new(t)) where new(t) > 0

with carry_over in periods. The raise is a support: it meets claims on the issuer that its own cash
and the supports of earlier tiers leave unpaid, never more (§5.6). Nothing can be raised in
the opening period, which has no length, nor while sentiment is zero. New shareholders may share in
distributions, which are residual: they come after every other claim.

Reads: nothing but the series of its terms. Publishes: raised.
On shortfall: nothing is owed; an investor in default does not pay.
"""

from collections.abc import Mapping, Sequence
from typing import Literal, NamedTuple

import numpy as np

from offtake.core.arrays import Array, jnp
from offtake.core.contract import Amounts, IntArray, Line, Lowered, Lowerer, Month, Numbers
from offtake.core.flows import ALL_THERE_IS, Flow, Rank
from offtake.core.terms import (
    ContractName,
    Duration,
    Money,
    MoneyFlowSeries,
    PartyName,
    Ratio,
    RatioSeries,
    Terms,
    default,
)


class EquityRaiseTerms(Terms):
    """What a plan writes for an equity raise."""

    kind: Literal["equity_raise"]
    issuer: PartyName
    """Company that sells shares."""
    investor: PartyName
    """Party that buys them, usually the capital markets."""
    capacity: MoneyFlowSeries
    """Most that the market gives when it is fully open, USD/year."""
    sentiment: RatioSeries = default("100 %")
    """How open the market is: 100 % open, 0 shut; usually a driver."""
    carry_over: Duration = default("0 months")
    """How many months of capacity may be saved up while nothing is raised, months."""
    amount: Money | None = None
    """Most that can be raised in all, USD; no such limit if left out."""
    funds: tuple[ContractName, ...] = ()
    """Contracts whose claims on the issuer are met when cash is short; every claim if left out."""
    tier: Literal[1, 2, 3, 4, 5, 6] = 4
    """Order among the issuer's supports; 1 is called first."""
    weight: Ratio = default("1")
    """Share of what is raised relative to other funding of the same claims in the same tier."""
    share: Ratio = default("0")
    """Share of distributions, relative to the issuer's other owners."""


EXAMPLE = EquityRaiseTerms.model_validate(
    {
        "kind": "equity_raise",
        "issuer": "lab",
        "investor": "capital_markets",
        "capacity": "1,200 USD/year",
        "sentiment": "50 %",
        "carry_over": "2 months",
        "amount": "260 USD",
    }
)


class EquityRaiseState(NamedTuple):
    """Every leaf [K, P]."""

    raised: Array
    """USD so far"""
    unused: Array
    """USD of capacity saved up"""


class EquityRaise(NamedTuple):
    """A group of equity raises."""

    capacity: IntArray
    """[K] observation, USD/year"""
    sentiment: IntArray
    """[K] observation"""

    kind = "equity_raise"
    stage = "primary"
    published = ("raised",)
    Terms = EquityRaiseTerms
    example = EXAMPLE

    @classmethod
    def lower(cls, items: Sequence[tuple[str, EquityRaiseTerms]], at: Lowerer) -> Lowered:
        """Terms to structure; values stay in the table of numbers."""
        ids = [name for name, _ in items]
        group = cls(
            capacity=np.array([at.series(name, "capacity") for name in ids]),
            sentiment=np.array([at.series(name, "sentiment") for name in ids]),
        )
        investor, issuer = (
            at.parties([getattr(t, f) for _, t in items]) for f in ("investor", "issuer")
        )
        lines = (
            Line(
                "raise",
                Flow.CAPITAL_IN,
                investor,
                issuer,
                np.full(len(ids), int(Rank.CAPITAL_IN)),
                form="support",
                tier=np.array([t.tier for _, t in items]),
                protects=tuple(t.funds or ("*",) for _, t in items),
            ),
            Line(
                "distribution",
                Flow.DISTRIBUTION,
                issuer,
                investor,
                np.full(len(ids), int(Rank.DISTRIBUTION)),
                form="residual",
            ),
        )
        numbers = {
            **at.numbers(ids, "carry_over", "weight", "share"),
            **at.optionals(ids, amount=ALL_THERE_IS),
        }
        return Lowered(group, tuple(ids), numbers, lines)

    def init(self, n: Numbers) -> EquityRaiseState:
        """Nothing is raised or saved up."""
        zero = jnp.zeros_like(n["share"])
        return EquityRaiseState(zero, zero)

    def publish(self, n: Numbers, s: EquityRaiseState, month: Month) -> Amounts:
        """Raised at the start of the month."""
        del n, month
        return {"raised": s.raised}

    def _new(self, month: Month) -> Array:
        """[K, P] capacity of the period, USD."""
        return month.obs[self.capacity] * month.obs[self.sentiment] * month.years

    def claim(self, n: Numbers, s: EquityRaiseState, month: Month) -> Amounts:
        """What could be raised, and the share of what is left."""
        new = self._new(month)
        room = new + jnp.minimum(s.unused, n["carry_over"] * new)
        return {
            "raise": jnp.maximum(jnp.minimum(room, n["amount"] - s.raised), 0.0),
            "raise_weight": n["weight"],
            "distribution": n["share"] * ALL_THERE_IS,
        }

    def settle(
        self, n: Numbers, s: EquityRaiseState, month: Month, claimed: Amounts, paid: Amounts
    ) -> tuple[EquityRaiseState, Mapping[str, Array]]:
        """Add what was raised; save up what was not."""
        del claimed
        new = self._new(month)
        left = jnp.maximum(s.unused + new - paid["raise"], 0.0)
        unused = jnp.where(new > 0.0, jnp.minimum(left, n["carry_over"] * new), s.unused)
        return EquityRaiseState(s.raised + paid["raise"], unused), {}
