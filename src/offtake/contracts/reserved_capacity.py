"""Reserved capacity: compute sold ahead for a term, paid for whether used or not.

    offered(t) = min(capacity x hours(t), share x delivered H100e-hours of the site)
    used(t)    = utilisation(t) x offered(t)
    billed(t)  = max(take-or-pay share x offered, used)
    claim(t)   = price(t) x billed(t) + arrears - prepayment credited
    damages(t) = damages share x price(t) x max(promised hours(t) - offered(t), 0)

The term runs from `start`, or from the first period with hours delivered if no date is given. A
prepayment is paid in the opening period and credited against bills, at most `credit_share` of each.

Reads: delivered H100e-hours of the site, payout of both parties. Publishes: arrears, terminated,
and of this period reserved_share (of the site), reserved_h100e (at most) and offered_hours.
Signals: hours sold; that the site is under contract.
On shortfall: what is unpaid, damages too, is owed next period without interest (lost where the
payer is a party in default outside the plan); after `grace` the seller ends the contract, the
capacity goes back to the market, and the seller claims, unsecured,

    termination = share x price x take-or-pay hours of a period x annuity of the periods left
                  - what is left of the prepayment, which is the seller's

A seller in default that delivers nothing for longer than `grace`, as its chips were sold, loses the
contract: the buyer claims what is left of the prepayment, unsecured.
"""

from collections.abc import Mapping, Sequence
from typing import Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray
from pydantic import model_validator

from offtake.core.arrays import Array, jnp
from offtake.core.contract import Amounts, IntArray, Line, Lowered, Lowerer, Month, Numbers
from offtake.core.errors import Mistake
from offtake.core.flows import ALL_THERE_IS, Flow, Rank
from offtake.core.terms import (
    Compute,
    ComputePriceSeries,
    Duration,
    Money,
    PartyName,
    Rate,
    Share,
    ShareSeries,
    SiteName,
    Terms,
    When,
    default,
)
from offtake.finance.span import after, before_plan, since
from offtake.finance.termination import ending, rest_of_term
from offtake.finance.unpaid import unpaid


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
    """How long a bill may be overdue before the seller ends the contract, or a seller in default
    deliver nothing before the buyer does, months."""
    termination: Share = default("0 %")
    """What the buyer owes when the seller ends the contract, as a share of the value of what is
    left of take or pay."""
    termination_rate: Rate = default("0 %/year")
    """Rate at which that is discounted, per year."""

    @model_validator(mode="after")
    def _damages_of_a_promise(self) -> "ReservedCapacityTerms":
        if self.damages.value > 0.0 and (self.capacity is None or self.promised is None):
            raise Mistake(
                code="damages-form",
                found="damages without a promised capacity",
                expected="capacity and promised: how much is to be delivered, and from when",
                mend="add capacity: and promised:, or delete damages",
            )
        return self


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
    damages: Array
    """damages not yet paid, USD"""
    idle: Array
    """periods in a row in which a seller in default delivered nothing"""
    termination: Array
    """owed by the buyer for the end of the contract, USD"""
    refund: Array
    """owed by the seller for the end of the contract, USD"""


class ReservedCapacity(NamedTuple):
    """A group of reservations."""

    hours: IntArray
    """[K] observation: delivered H100e-hours of the site"""
    price: IntArray
    """[K] observation, USD/H100e/h"""
    utilisation: IntArray
    """[K] observation"""
    payout: IntArray
    """[K] observation: share of its claims that the buyer meets"""
    seller_payout: IntArray
    """[K] observation: the same of the seller"""
    seller: IntArray
    """[K] party"""
    stated: NDArray[np.float64]
    """[K] 1.0 where a capacity is stated"""
    dated: NDArray[np.float64]
    """[K] 1.0 where the start is a date"""

    kind = "reserved_capacity"
    stage = "primary"
    published = ("arrears", "terminated", "reserved_share", "reserved_h100e", "offered_hours")
    Terms = ReservedCapacityTerms
    example = EXAMPLE

    @classmethod
    def lower(cls, items: Sequence[tuple[str, ReservedCapacityTerms]], at: Lowerer) -> Lowered:
        """Terms to structure; values stay in the table of numbers."""
        ids = [name for name, _ in items]
        seller, buyer = (at.parties([getattr(t, f) for _, t in items]) for f in ("seller", "buyer"))
        group = cls(
            hours=np.array([at.observe(f"sites.{t.site}.h100e_hours") for _, t in items]),
            price=np.array([at.series(name, "price") for name in ids]),
            utilisation=np.array([at.series(name, "utilisation") for name in ids]),
            payout=np.array([at.observe(f"parties.{t.buyer}.payout") for _, t in items]),
            seller_payout=np.array([at.observe(f"parties.{t.seller}.payout") for _, t in items]),
            seller=seller,
            stated=np.array([float(t.capacity is not None) for _, t in items]),
            dated=np.array([float(t.start is not None) for _, t in items]),
        )
        rank = np.full(len(ids), int(Rank.OPERATING))
        unsecured = np.full(len(ids), int(Rank.UNSECURED))
        lines = (
            Line("capacity", Flow.SALE, buyer, seller, rank),
            Line("prepayment", Flow.SALE, buyer, seller, rank),
            Line("damages", Flow.SALE, seller, buyer, rank),
            Line("termination", Flow.SALE, buyer, seller, unsecured),
            Line("refund", Flow.SALE, seller, buyer, unsecured),
        )
        fields = ("share", "term", "take_or_pay", "damages", "prepayment", "credit_share", "grace")
        numbers = {
            **at.numbers(ids, *fields, "termination", "termination_rate"),
            **at.optionals(ids, capacity=ALL_THERE_IS, start=0.0, promised=1e9),
        }
        signals = {
            name: tuple(f"sites.{t.site}.{name}" for _, t in items)
            for name in ("sold_hours", "contracted")
        }
        return Lowered(group, tuple(ids), numbers, lines, signals)

    def init(self, n: Numbers) -> ReservedCapacityState:
        """Nothing is owed; of a term that began before the plan a part has passed."""
        zero = jnp.zeros_like(n["term"])
        return ReservedCapacityState(before_plan(n["start"]), *(zero,) * 8)

    def publish(self, n: Numbers, s: ReservedCapacityState, month: Month) -> Amounts:
        """Arrears, whether the contract was ended, and what of the site is reserved this month."""
        opened = self._open(n, s, month.t)
        return {
            "arrears": s.arrears,
            "terminated": s.ended,
            "reserved_share": n["share"] * opened,
            "reserved_h100e": n["capacity"] * opened,
            "offered_hours": self._hours(n, s, month)[0],
        }

    def _open(self, n: Numbers, s: ReservedCapacityState, t: Array) -> Array:
        """[K, P] share of the period that lies within the term."""
        left = jnp.clip(n["term"] - s.served, 0.0, 1.0)
        return jnp.minimum(since(n["start"], t), left) * (1.0 - s.ended)

    def _hours(self, n: Numbers, s: ReservedCapacityState, month: Month) -> tuple[Array, Array]:
        """Offered and used H100e-hours, [K, P]."""
        offered = self._whole(n, month) * self._open(n, s, month.t)
        return offered, offered * month.obs[self.utilisation]

    def _whole(self, n: Numbers, month: Month) -> Array:
        """H100e-hours that a whole period within the term would offer, [K, P]."""
        return jnp.minimum(n["capacity"] * month.hours, n["share"] * month.obs[self.hours])

    def _bill(self, n: Numbers, s: ReservedCapacityState, month: Month) -> tuple[Array, Array]:
        """Bill of the period, and what of it the prepayment meets, [K, P] USD."""
        offered, used = self._hours(n, s, month)
        bill = month.obs[self.price] * jnp.maximum(n["take_or_pay"] * offered, used)
        return bill, jnp.minimum(s.credit, n["credit_share"] * bill)

    def claim(self, n: Numbers, s: ReservedCapacityState, month: Month) -> Amounts:
        """The bill, the prepayment, damages."""
        offered, _ = self._hours(n, s, month)
        bill, credited = self._bill(n, s, month)
        left = jnp.clip(n["term"] - s.served, 0.0, 1.0) * (1.0 - s.ended)
        promised = n["capacity"] * month.hours * jnp.minimum(after(n["promised"], month.t), left)
        stated = jnp.asarray(self.stated)[:, None] > 0.5
        missing = jnp.where(stated, jnp.maximum(promised - offered, 0.0), 0.0)
        return {
            "capacity": bill - credited + s.arrears,
            "prepayment": jnp.where(month.t == 0, n["prepayment"], 0.0),
            "damages": n["damages"] * month.obs[self.price] * missing + s.damages,
            "termination": s.termination,
            "refund": s.refund,
        }

    def settle(
        self, n: Numbers, s: ReservedCapacityState, month: Month, claimed: Amounts, paid: Amounts
    ) -> tuple[ReservedCapacityState, Mapping[str, Array]]:
        """Count the term, carry what is unpaid, end the contract after the grace period."""
        offered, used = self._hours(n, s, month)
        credited = self._bill(n, s, month)[1]
        bill = unpaid(claimed["capacity"], paid["capacity"], month.obs[self.payout])
        damages = unpaid(claimed["damages"], paid["damages"], month.obs[self.seller_payout])
        late = jnp.where(bill.short, s.late + 1.0, 0.0)
        ends = unpaid(claimed["termination"], paid["termination"], month.obs[self.payout])
        refund = unpaid(claimed["refund"], paid["refund"], month.obs[self.seller_payout])
        idle = month.stopped[self.seller] & (self._whole(n, month) <= 0.0)
        idle = jnp.where(idle, s.idle + 1.0, 0.0)
        begun = since(n["start"], month.t)
        dated = jnp.asarray(self.dated)[:, None] > 0.5
        running = dated | (s.served > 0.0) | (offered > 0.0)
        served = s.served + jnp.where(running, begun, 0.0)
        credit = s.credit - credited + paid["prepayment"]
        rest = n["take_or_pay"] * month.obs[self.price] * self._whole(n, month)
        rest = rest_of_term(rest, n["termination_rate"], month.years, n["term"] - served)
        end = ending(s.ended, late, idle, n["grace"], n["termination"] * rest, credit)
        state = ReservedCapacityState(
            served=served,
            arrears=bill.owed,
            late=late,
            ended=end.ended,
            credit=credit,
            damages=damages.owed,
            idle=idle,
            termination=ends.owed + end.by_buyer,
            refund=refund.owed + end.by_seller,
        )
        return state, {"sold_hours": used, "contracted": self._open(n, s, month.t)}
