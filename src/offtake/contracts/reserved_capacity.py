"""Reserved capacity: compute sold ahead for a term, paid for whether used or not.

    offered(t) = min(capacity x hours(t), share x delivered H100e-hours of the site)
    used(t)    = utilisation(t) x offered(t)
    billed(t)  = max(take-or-pay share x offered, used)
    claim(t)   = price(t) x billed(t) + arrears - prepayment credited
    damages(t) = damages share x price(t) x (capacity x hours - offered), from `promised` on

The term runs from `start`, or from the first hour delivered if no date is given. A prepayment is paid at
signing and credited against bills, at most `credit_share` of each. Damages need a stated `capacity`.

Reads: delivered H100e-hours of the site. Publishes: arrears, terminated. Signals: hours sold.
On shortfall: what is unpaid is owed next period; after `grace` the seller ends the contract and the
capacity goes back to the market.
"""

from collections.abc import Mapping, Sequence
from typing import Literal, NamedTuple

import numpy as np

from offtake.core.arrays import Array, jnp
from offtake.core.contract import Amounts, IntArray, Line, Lowered, Lowerer, Month, Numbers
from offtake.core.flows import Flow, Rank
from offtake.core.terms import (
    Compute,
    ComputePriceSeries,
    Duration,
    Money,
    PartyName,
    Share,
    ShareSeries,
    SiteName,
    Terms,
    When,
    default,
)


class ReservedCapacityTerms(Terms):
    """What a plan writes for reserved capacity."""

    kind: Literal["reserved_capacity"]
    seller: PartyName
    """Party that owns the capacity."""
    buyer: PartyName
    """Party that reserves it."""
    site: SiteName
    """Site that delivers."""
    share: Share = default("100 %")
    """Share of the site's delivered capacity that is reserved."""
    capacity: Compute | None = None
    """Capacity reserved, H100e; without it, whatever the share delivers."""
    price: ComputePriceSeries
    """Price, USD/H100e/h."""
    term: Duration
    """Length of the contract, months."""
    start: When | None = None
    """First day of the term; the first hour delivered if left out."""
    take_or_pay: Share = default("100 %")
    """Share of the offered hours that is paid for in any case."""
    utilisation: ShareSeries = default("100 %")
    """Share of the offered hours that the buyer uses."""
    promised: When | None = None
    """Date from which missing capacity costs damages; never if left out."""
    damages: Share = default("0 %")
    """Damages for missing hours, as a share of the price."""
    prepayment: Money = default("0 USD")
    """Paid at the start of the plan, USD."""
    credit_share: Share = default("100 %")
    """Largest share of a bill that the prepayment may meet."""
    grace: Duration = default("3 months")
    """How long a bill may be overdue before the seller ends the contract, months."""


EXAMPLE = ReservedCapacityTerms.model_validate(
    {
        "kind": "reserved_capacity",
        "seller": "company",
        "buyer": "customer",
        "site": "hall",
        "share": "50 %",
        "price": "2 USD/H100e/h",
        "term": "3 years",
        "take_or_pay": "90 %",
        "utilisation": "60 %",
    }
)


class ReservedCapacityState(NamedTuple):
    """Every leaf [K, P]."""

    served: Array
    """periods of the term that have passed"""
    arrears: Array
    """USD"""
    late: Array
    """periods in a row with something overdue"""
    ended: Array
    """1.0 once the seller ended the contract"""
    credit: Array
    """prepayment not yet credited, USD"""


class ReservedCapacity(NamedTuple):
    """A group of reservations."""

    hours: IntArray
    """[K] observation: delivered H100e-hours of the site"""
    price: IntArray
    """[K] observation, USD/H100e/h"""
    utilisation: IntArray
    """[K] observation"""

    kind = "reserved_capacity"
    stage = "primary"
    published = ("arrears", "terminated")
    Terms = ReservedCapacityTerms
    example = EXAMPLE

    @classmethod
    def lower(cls, items: Sequence[tuple[str, ReservedCapacityTerms]], at: Lowerer) -> Lowered:
        """Terms to structure; values stay in the table of numbers."""
        ids = [name for name, _ in items]
        group = cls(
            hours=np.array([at.observe(f"sites.{t.site}.h100e_hours") for _, t in items]),
            price=np.array([at.series(name, "price") for name in ids]),
            utilisation=np.array([at.series(name, "utilisation") for name in ids]),
        )
        seller, buyer = (at.parties([getattr(t, f) for _, t in items]) for f in ("seller", "buyer"))
        rank = np.full(len(ids), int(Rank.OPERATING))
        lines = (
            Line("capacity", Flow.SALE, buyer, seller, rank),
            Line("prepayment", Flow.SALE, buyer, seller, rank),
            Line("damages", Flow.SALE, seller, buyer, rank),
        )
        numbers = {
            **at.numbers(ids, "share", "term", "take_or_pay", "damages", "prepayment", "credit_share", "grace"),
            **at.optionals(ids, capacity=1e15, start=-1e9, promised=1e9),
        }
        signals = {"sold_hours": tuple(f"sites.{t.site}.sold_hours" for _, t in items)}
        return Lowered(group, tuple(ids), numbers, lines, signals)

    def init(self, n: Numbers) -> ReservedCapacityState:
        """The term has not begun."""
        zero = jnp.zeros_like(n["term"])
        return ReservedCapacityState(zero, zero, zero, zero, zero)

    def publish(self, n: Numbers, s: ReservedCapacityState, t: Array) -> Amounts:
        """Arrears, and whether the contract was ended."""
        del n, t
        return {"arrears": s.arrears, "terminated": s.ended}

    def _open(self, n: Numbers, s: ReservedCapacityState, month: Month) -> Array:
        """[K, P] share of the period that lies within the term."""
        begun = jnp.clip(month.t - n["start"], 0.0, 1.0)
        left = jnp.clip(n["term"] - s.served, 0.0, 1.0)
        return jnp.minimum(begun, left) * (1.0 - s.ended)

    def _hours(self, n: Numbers, s: ReservedCapacityState, month: Month) -> tuple[Array, Array]:
        """Offered and used H100e-hours, [K, P]."""
        delivered = n["share"] * month.obs[self.hours]
        offered = jnp.minimum(n["capacity"] * month.hours, delivered) * self._open(n, s, month)
        return offered, offered * month.obs[self.utilisation]

    def claim(self, n: Numbers, s: ReservedCapacityState, month: Month) -> Amounts:
        """The bill, the prepayment, damages."""
        offered, used = self._hours(n, s, month)
        price = month.obs[self.price]
        bill = price * jnp.maximum(n["take_or_pay"] * offered, used)
        credited = jnp.minimum(s.credit, n["credit_share"] * bill)
        late = jnp.clip(month.t - n["promised"], 0.0, 1.0) * jnp.clip(n["term"] - s.served, 0.0, 1.0)
        stated = n["capacity"] < 1e14
        missing = jnp.where(stated, jnp.maximum(n["capacity"] * month.hours - offered, 0.0), 0.0)
        return {
            "capacity": bill - credited + s.arrears,
            "prepayment": jnp.where(month.t == 0, n["prepayment"], 0.0),
            "damages": n["damages"] * price * missing * late * (1.0 - s.ended),
        }

    def settle(
        self, n: Numbers, s: ReservedCapacityState, month: Month, claimed: Amounts, paid: Amounts
    ) -> tuple[ReservedCapacityState, Mapping[str, Array]]:
        """Count the term, carry what is unpaid, end the contract after the grace period."""
        offered, used = self._hours(n, s, month)
        bill = month.obs[self.price] * jnp.maximum(n["take_or_pay"] * offered, used)
        credited = jnp.minimum(s.credit, n["credit_share"] * bill)
        short = claimed["capacity"] - paid["capacity"]
        arrears = jnp.where(short > 1e-9 * claimed["capacity"], short, 0.0)
        late = jnp.where(arrears > 0.0, s.late + 1.0, 0.0)
        dated = n["start"] > -1e8
        running = (s.served > 0.0) | (offered > 0.0) | (dated & (month.t > n["start"]))
        state = ReservedCapacityState(
            served=s.served + jnp.where(running, jnp.clip(month.t - n["start"], 0.0, 1.0), 0.0),
            arrears=arrears,
            late=late,
            ended=jnp.maximum(s.ended, jnp.where(late > n["grace"], 1.0, 0.0)),
            credit=s.credit - credited + paid["prepayment"],
        )
        return state, {"sold_hours": used}
