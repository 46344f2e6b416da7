"""Spot purchase: compute that a buyer needs beyond its reservations, bought by the hour.

    needed(t) = demand(t) x length(t)
    left(t)   = max(needed(t) - sum over reservations of offered hours(t), 0)
    wanted(t) = min(left(t), available(t) x length(t))  where price(t) <= price limit(t), else 0
    claim(t)  = price(t) x wanted(t)

with length(t) the hours of the period. Reservations named in `after` serve first. What is wanted is
had as far as it is paid; the rest of what was needed is unserved. Paid at the close of the period.

Reads: offered_hours of the reservations.
Publishes: H100e-hours since the start of the plan, as the period before left them: needed, bought,
unserved.
On shortfall: hours that are not paid for are not had, and not asked for again.
"""

from collections.abc import Mapping, Sequence
from typing import Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from offtake.core.arrays import Array, jnp
from offtake.core.contract import Amounts, IntArray, Line, Lowered, Lowerer, Month, Numbers
from offtake.core.flows import ALL_THERE_IS, PAID_TOLERANCE, Flow, Rank
from offtake.core.terms import (
    ComputePriceSeries,
    ComputeSeries,
    ContractName,
    PartyName,
    Terms,
    default,
)
from offtake.finance.commitment import offered_by
from offtake.finance.unpaid import outstanding


class SpotPurchaseTerms(Terms):
    """What a plan writes for a spot purchase."""

    kind: Literal["spot_purchase"]
    buyer: PartyName
    """Party that needs the compute."""
    seller: PartyName = default("market")
    """Party outside the plan that stands for the market."""
    demand: ComputeSeries
    """Compute that the buyer needs, H100e."""
    after: tuple[ContractName, ...] = ()
    """Reservations of the buyer that serve it first."""
    price: ComputePriceSeries
    """Price on the market, USD/H100e/h."""
    available: ComputeSeries | None = None
    """Most that the market has for the buyer, H100e; without limit if left out."""
    price_limit: ComputePriceSeries | None = None
    """Price above which the buyer goes without, USD/H100e/h; none if left out."""


EXAMPLE = SpotPurchaseTerms.model_validate(
    {
        "kind": "spot_purchase",
        "buyer": "lab",
        "demand": "10 H100e",
        "after": ["reservation"],
        "price": {"2026-01": "1.5 USD/H100e/h", "2026-04": "2.5 USD/H100e/h"},
        "available": "4 H100e",
    }
)


class Bought(NamedTuple):
    """H100e-hours since the start of the plan, every leaf [K, P]."""

    needed: Array
    bought: Array
    unserved: Array


class SpotPurchase(NamedTuple):
    """A group of spot purchases."""

    demand: IntArray
    """[K] observation, H100e"""
    price: IntArray
    """[K] observation, USD/H100e/h"""
    available: IntArray
    """[K] observation, H100e"""
    limit: IntArray
    """[K] observation, USD/H100e/h"""
    bounded: NDArray[np.float64]
    """[K] 1.0 where what the market has is stated"""
    limited: NDArray[np.float64]
    """[K] 1.0 where a price limit is stated"""
    offered: IntArray
    """[K, reservations] observation, H100e-hours; zero where there are fewer"""

    kind = "spot_purchase"
    stage = "primary"
    published = ("needed", "bought", "unserved")
    Terms = SpotPurchaseTerms
    example = EXAMPLE

    @classmethod
    def lower(cls, items: Sequence[tuple[str, SpotPurchaseTerms]], at: Lowerer) -> Lowered:
        """Terms to structure; values stay in the table of numbers."""
        ids = [name for name, _ in items]
        group = cls(
            demand=np.array([at.series(name, "demand") for name in ids]),
            price=np.array([at.series(name, "price") for name in ids]),
            available=np.array([at.series(name, "available") for name in ids]),
            limit=np.array([at.series(name, "price_limit") for name in ids]),
            bounded=np.array([float(t.available is not None) for _, t in items]),
            limited=np.array([float(t.price_limit is not None) for _, t in items]),
            offered=offered_by(at, [t.after for _, t in items]),
        )
        buyer, seller = (at.parties([getattr(t, f) for _, t in items]) for f in ("buyer", "seller"))
        rank = np.full(len(ids), int(Rank.OPERATING))
        lines = (Line("hours", Flow.SALE, buyer, seller, rank),)
        zero = np.full(len(ids), at.constant(0.0), np.int64)
        return Lowered(group, tuple(ids), {"zero": zero}, lines)

    def init(self, n: Numbers) -> Bought:
        """Nothing was needed yet."""
        return Bought(n["zero"], n["zero"], n["zero"])

    def publish(self, n: Numbers, s: Bought, month: Month) -> Amounts:
        """Hours since the start, as the period before left them."""
        del n, month
        return s._asdict()

    def _hours(self, month: Month) -> tuple[Array, Array]:
        """H100e-hours that reservations leave to be bought, and what of them is wanted, [K, P]."""
        needed = month.obs[self.demand] * month.hours
        left = jnp.maximum(needed - jnp.sum(month.obs[self.offered], axis=1), 0.0)
        there = jnp.where(
            jnp.asarray(self.bounded)[:, None] > 0.5, month.obs[self.available], ALL_THERE_IS
        )
        dear = month.obs[self.price] > month.obs[self.limit]
        dear = dear & (jnp.asarray(self.limited)[:, None] > 0.5)
        return left, jnp.where(dear, 0.0, jnp.minimum(left, there * month.hours))

    def claim(self, n: Numbers, s: Bought, month: Month) -> Amounts:
        """Price of the hours wanted."""
        del n, s
        return {"hours": month.obs[self.price] * self._hours(month)[1]}

    def settle(
        self, n: Numbers, s: Bought, month: Month, claimed: Amounts, paid: Amounts
    ) -> tuple[Bought, Mapping[str, Array]]:
        """Count the hours that were paid for, and those that nobody served."""
        del n
        left, wanted = self._hours(month)
        short = claimed["hours"] - paid["hours"] > PAID_TOLERANCE * claimed["hours"]
        share = jnp.where(short, paid["hours"] / jnp.where(short, claimed["hours"], 1.0), 1.0)
        bought = wanted * share
        needed = month.obs[self.demand] * month.hours
        unserved = outstanding(left, bought)
        return Bought(s.needed + needed, s.bought + bought, s.unserved + unserved), {}
