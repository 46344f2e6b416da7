"""Sale and leaseback: an owner sells what it has built and rents it from the buyer.

    sale(t)     = max(price - paid so far, 0) from `start` on
    rent(t)     = rent(t) x years(t) x part(t) x share sold + arrears
    buy-back(t) = buy-back price x share sold, in the period in which the term ends

with part(t) the share of the period within `term` after the start, and share sold what was paid of
the price before the period. Rent is paid at the close of the period. The price and the price of
buying back are capital cost of whoever pays; the rent is a sale of the buyer.

Reads: payout of the seller. Publishes: sold (share), arrears, terminated.
On shortfall: what is unpaid of the price is asked for again, and rent falls due on the share that
was paid. Unpaid rent is owed next period, without interest (lost where the seller is a party in
default outside the plan); after `grace` the buyer ends the lease: no more rent, no buying back.

References:
    1. IFRS 16, paragraphs 98 to 103; ASC 842-40 (sale and leaseback).
    2. NREL, System Advisor Model: sale leaseback.
"""

from collections.abc import Mapping, Sequence
from typing import Literal, NamedTuple

import numpy as np

from offtake.core.arrays import Array, jnp
from offtake.core.contract import Amounts, IntArray, Line, Lowered, Lowerer, Month, Numbers
from offtake.core.flows import Flow, Rank
from offtake.core.terms import Duration, Money, MoneyFlowSeries, PartyName, Terms, When, default
from offtake.finance.facility import closing, signing
from offtake.finance.span import between
from offtake.finance.unpaid import outstanding, unpaid


class SaleAndLeasebackTerms(Terms):
    """What a plan writes for a sale and leaseback."""

    kind: Literal["sale_and_leaseback"]
    seller: PartyName
    """Party that sells, and rents what it has sold."""
    buyer: PartyName
    """Lessor."""
    price: Money
    """Price of the sale, USD."""
    start: When | None = None
    """Date of the sale; the start of the plan if left out."""
    rent: MoneyFlowSeries
    """Rent, USD/year."""
    term: Duration
    """Length of the lease, months."""
    buy_back: Money = default("0 USD")
    """Price at which the seller takes it back when the term ends, USD."""
    grace: Duration = default("3 months")
    """How long rent may be overdue before the buyer ends the lease, months."""


EXAMPLE = SaleAndLeasebackTerms.model_validate(
    {
        "kind": "sale_and_leaseback",
        "seller": "company",
        "buyer": "lessor",
        "price": "600 USD",
        "start": "2026-02-10",
        "rent": {"2026-01": "240 USD/year", "2026-06": "120 USD/year"},
        "term": "6 months",
        "buy_back": "50 USD",
    }
)


class SaleAndLeasebackState(NamedTuple):
    """Every leaf [K, P]."""

    paid: Array
    """of the price, USD"""
    arrears: Array
    """rent overdue, USD"""
    late: Array
    """periods in a row in which rent was short"""
    ended: Array
    """1.0 once the buyer has ended the lease"""


class SaleAndLeaseback(NamedTuple):
    """A group of sales with a lease."""

    rent: IntArray
    """[K] observation, USD/year"""
    payout: IntArray
    """[K] observation: share of its claims that the seller meets"""

    kind = "sale_and_leaseback"
    stage = "primary"
    published = ("sold", "arrears", "terminated")
    Terms = SaleAndLeasebackTerms
    example = EXAMPLE

    @classmethod
    def lower(cls, items: Sequence[tuple[str, SaleAndLeasebackTerms]], at: Lowerer) -> Lowered:
        """Terms to structure; values stay in the table of numbers."""
        ids = [name for name, _ in items]
        seller, buyer = (at.parties([getattr(t, f) for _, t in items]) for f in ("seller", "buyer"))
        cost, operating = (
            np.full(len(ids), int(rank)) for rank in (Rank.CAPITAL_COST, Rank.OPERATING)
        )
        lines = (
            Line("sale", Flow.CAPITAL_COST, buyer, seller, cost),
            Line("rent", Flow.SALE, seller, buyer, operating),
            Line("buy_back", Flow.CAPITAL_COST, seller, buyer, cost),
        )
        group = cls(
            rent=np.array([at.series(name, "rent") for name in ids]),
            payout=np.array([at.observe(f"parties.{t.seller}.payout") for _, t in items]),
        )
        numbers = {
            **at.numbers(ids, "price", "term", "buy_back", "grace"),
            **at.optionals(ids, start=0.0),
        }
        return Lowered(group, tuple(ids), numbers, lines)

    def init(self, n: Numbers) -> SaleAndLeasebackState:
        """Nothing is sold."""
        zero = jnp.zeros_like(n["price"])
        return SaleAndLeasebackState(zero, zero, zero, zero)

    def _sold(self, n: Numbers, s: SaleAndLeasebackState) -> Array:
        """[K, P] share of the price that was paid."""
        priced = n["price"] > 0.0
        return jnp.where(priced, s.paid / jnp.where(priced, n["price"], 1.0), 0.0)

    def publish(self, n: Numbers, s: SaleAndLeasebackState, month: Month) -> Amounts:
        """Share sold, rent overdue, whether the lease was ended."""
        del month
        return {"sold": self._sold(n, s), "arrears": s.arrears, "terminated": s.ended}

    def claim(self, n: Numbers, s: SaleAndLeasebackState, month: Month) -> Amounts:
        """Price, rent and arrears, price of buying back."""
        begin = signing(n["start"])
        ends = begin + n["term"]
        let = (1.0 - s.ended) * self._sold(n, s)
        years = between(begin, ends, month.t) * month.years
        return {
            "sale": jnp.where(month.t >= begin, outstanding(n["price"], s.paid), 0.0),
            "rent": let * month.obs[self.rent] * years + s.arrears,
            "buy_back": jnp.where(closing(ends) == month.t, let * n["buy_back"], 0.0),
        }

    def settle(
        self,
        n: Numbers,
        s: SaleAndLeasebackState,
        month: Month,
        claimed: Amounts,
        paid: Amounts,
    ) -> tuple[SaleAndLeasebackState, Mapping[str, Array]]:
        """Count what was paid of the price, carry what is unpaid of the rent."""
        missing = unpaid(claimed["rent"], paid["rent"], month.obs[self.payout])
        late = jnp.where(missing.short, s.late + 1.0, 0.0)
        state = SaleAndLeasebackState(
            paid=s.paid + paid["sale"],
            arrears=missing.owed,
            late=late,
            ended=jnp.maximum(s.ended, jnp.where(late > n["grace"], 1.0, 0.0)),
        )
        return state, {}
