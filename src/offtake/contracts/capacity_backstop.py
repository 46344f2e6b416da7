"""Capacity backstop: somebody pays a fixed price for the hours of a site that find no buyer.

    backed(t)  = min(share x delivered hours(t), capacity x hours(t))
    left(t)    = delivered hours(t) - hours that reservations of the site take
    idle(t)    = clip(left(t) - sold(t), 0, backed(t)) x part of t covered
    payment(t) = price(t) x idle(t-1) + payment owed
    revenue share(t) = share of revenue(t) x sales paid(t-1), backstop apart, x part of t-1 covered
                       + owed
    fee(t)     = fee x years of t covered + fee owed

The bill for a period comes when it is known what was sold in it, in the next. Sold are the hours of
the site's spot sales; reservations take their hours whether used or not. Hours that are not backed
are sold first. The revenue share is of all sales that the owner was paid for; dated, it declines.
Covered is what lies between `start` and `start` + `term`.

Reads: delivered H100e-hours of the site; sold and what is reserved by contracts on it; what the
owner was paid for sales. Publishes: drawn (paid so far), outstanding (owed by the provider).
On shortfall: what is unpaid is owed next period, without interest; of a party outside the plan in
default the recovery share settles the claim and the rest is lost.

References:
    1. NVIDIA's agreement to buy unsold capacity of CoreWeave, 6.3 bn USD to April 2032 (2025).
"""

from collections.abc import Mapping, Sequence
from typing import Literal, NamedTuple

import numpy as np

from offtake.core.arrays import Array, jnp
from offtake.core.contract import Amounts, IntArray, Line, Lowered, Lowerer, Month, Numbers
from offtake.core.flows import ALL_THERE_IS, Flow, Rank
from offtake.core.terms import (
    Compute,
    ComputePriceSeries,
    Duration,
    MoneyFlow,
    PartyName,
    Share,
    ShareSeries,
    SiteName,
    Terms,
    When,
    default,
)
from offtake.finance.facility import published_by
from offtake.finance.reservations import Kept, reserved
from offtake.finance.span import between
from offtake.finance.unpaid import TwoSides


class CapacityBackstopTerms(Terms):
    """What a plan writes for a backstop of unsold capacity."""

    kind: Literal["capacity_backstop"]
    provider: PartyName
    """Party that pays for what is not sold: a vendor, a government."""
    owner: PartyName
    """Party that owns the capacity."""
    site: SiteName
    """Site whose hours are backed."""
    price: ComputePriceSeries
    """Price of an hour that is not sold, USD/H100e/h."""
    share: Share = default("100 %")
    """Share of the site's delivered hours that is backed."""
    capacity: Compute | None = None
    """Most that is backed, H100e; no limit if left out."""
    revenue_share: ShareSeries = default("0 %")
    """Share of the owner's sales that it pays for the backstop; may decline over time."""
    fee: MoneyFlow = default("0 USD/year")
    """Fee that the owner pays for it, USD/year."""
    start: When | None = None
    """Date from which hours are backed; the start of the plan if left out."""
    term: Duration
    """How long they are backed from then, months."""


EXAMPLE = CapacityBackstopTerms.model_validate(
    {
        "kind": "capacity_backstop",
        "provider": "vendor",
        "owner": "company",
        "site": "hall",
        "price": "1 USD/H100e/h",
        "share": "80 %",
        "revenue_share": {"2026-01": "10 %", "2026-04": "5 %"},
        "fee": "120 USD/year",
        "term": "4 months",
    }
)


class CapacityBackstopState(NamedTuple):
    """Every leaf [K, P]."""

    left: Array
    """delivered in the last period and not reserved, H100e-hours"""
    backed: Array
    """most that was backed of it, H100e-hours"""
    received: Array
    """paid by the provider in the last period, USD"""
    covered: Array
    """part of the last period that was covered"""
    drawn: Array
    """paid by the provider so far, USD"""
    payment: Array
    """owed by the provider, USD"""
    revenue_share: Array
    """owed by the owner, USD"""
    fee: Array
    """owed by the owner, USD"""


class CapacityBackstop(NamedTuple):
    """A group of backstops."""

    hours: IntArray
    """[K] observation: delivered H100e-hours of the site"""
    price: IntArray
    """[K] observation, USD/H100e/h"""
    revenue_share: IntArray
    """[K] observation"""
    sold: IntArray
    """[K, sales] observation: sold in the period before, H100e-hours; zero where there are fewer"""
    kept: Kept
    """what reservations and notes that lack hours elsewhere keep of the site"""
    sales: IntArray
    """[K] registered total: what the owner was paid for sales"""
    ends: TwoSides
    """provider, owner"""

    kind = "capacity_backstop"
    stage = "primary"
    published = ("drawn", "outstanding")
    Terms = CapacityBackstopTerms
    example = EXAMPLE

    @classmethod
    def lower(cls, items: Sequence[tuple[str, CapacityBackstopTerms]], at: Lowerer) -> Lowered:
        """Terms to structure; values stay in the table of numbers."""
        ids = [name for name, _ in items]

        sales = [at.contracts_of_site(t.site, "sold") for _, t in items]
        group = cls(
            hours=np.array([at.observe(f"sites.{t.site}.h100e_hours") for _, t in items]),
            price=np.array([at.series(name, "price") for name in ids]),
            revenue_share=np.array([at.series(name, "revenue_share") for name in ids]),
            sold=published_by(sales, "sold", at),
            kept=Kept.of_sites([t.site for _, t in items], [None] * len(items), at),
            sales=np.array([at.total(t.owner, {("in", Flow.SALE): 1.0}) for _, t in items]),
            ends=TwoSides.lower([t for _, t in items], ("provider", "owner"), at),
        )
        provider, owner = (
            at.parties([getattr(t, f) for _, t in items]) for f in ("provider", "owner")
        )
        first, fees = (np.full(len(ids), int(r)) for r in (Rank.OPERATING, Rank.SENIOR_FEE))
        lines = (
            Line("payment", Flow.SALE, provider, owner, first),
            Line("revenue_share", Flow.RUNNING_COST, owner, provider, fees),
            Line("fee", Flow.RUNNING_COST, owner, provider, fees),
        )
        numbers = {
            **at.numbers(ids, "share", "fee", "term"),
            **at.optionals(ids, capacity=ALL_THERE_IS, start=0.0),
        }
        return Lowered(group, tuple(ids), numbers, lines)

    def init(self, n: Numbers) -> CapacityBackstopState:
        """Nothing was offered or is owed."""
        zero = jnp.zeros_like(n["fee"])
        return CapacityBackstopState(*(zero for _ in CapacityBackstopState._fields))

    def _idle(self, s: CapacityBackstopState, month: Month) -> Array:
        """[K, P] H100e-hours of the last period that were backed and not sold."""
        sold = jnp.sum(month.obs[self.sold], axis=1)
        return jnp.clip(s.left - sold, 0.0, s.backed) * s.covered

    def publish(self, n: Numbers, s: CapacityBackstopState, month: Month) -> Amounts:
        """What was paid so far and what is owed."""
        del n, month
        return {"drawn": s.drawn, "outstanding": s.payment}

    def claim(self, n: Numbers, s: CapacityBackstopState, month: Month) -> Amounts:
        """The bill for idle hours, the share of revenue, the fee."""
        sales = jnp.maximum(month.past[self.sales] - s.received, 0.0)
        years = month.years * between(n["start"], n["start"] + n["term"], month.t)
        return {
            "payment": month.obs[self.price] * self._idle(s, month) + s.payment,
            "revenue_share": month.obs[self.revenue_share] * sales * s.covered + s.revenue_share,
            "fee": n["fee"] * years + s.fee,
        }

    def settle(
        self,
        n: Numbers,
        s: CapacityBackstopState,
        month: Month,
        claimed: Amounts,
        paid: Amounts,
    ) -> tuple[CapacityBackstopState, Mapping[str, Array]]:
        """Remember what was delivered and paid; what is unpaid stays owed."""
        delivered = month.obs[self.hours]
        kept = reserved(self.kept, delivered, month)
        state = CapacityBackstopState(
            left=jnp.maximum(delivered - kept, 0.0),
            backed=jnp.minimum(n["share"] * delivered, n["capacity"] * month.hours),
            received=paid["payment"],
            covered=between(n["start"], n["start"] + n["term"], month.t),
            drawn=s.drawn + paid["payment"],
            **self.ends.owed(claimed, paid, month, payment=0, revenue_share=1, fee=1),
        )
        return state, {}
