"""Price floor: whoever sells compute is paid what its price is below a floor, for a premium.

    covered(t)  = capacity(t) x hours of the period between `start` and `start` + `term`
    payout(t)   = max(floor(t) - index(t), 0) x covered(t) + payout owed
    excess(t)   = max(index(t) - cap(t), 0) x covered(t) + excess owed
    premium(t)  = premium, in the first period whose close lies at `start` or later
                  + premium per hour x covered(t) + premium owed

A strip of puts on the index, one a period, settled in cash at its close on capacity that is agreed
and not on what is sold. With a `cap` the buyer gives up what the index is above it: a collar.
Index, floor, cap and capacity are those of the period.

Publishes: drawn (paid by the seller so far), outstanding (payout owed), arrears (owed by the
buyer).
On shortfall: what is unpaid is owed next period, without interest; of a party outside the plan in
default the recovery share settles the claim and the rest is lost. Nobody may end the contract.

References:
    1. F. Black, The pricing of commodity contracts, Journal of Financial Economics 3 (1976).
    2. J. C. Hull, Options, Futures, and Other Derivatives, 9th ed., Pearson 2015, ch. 29.
"""

from collections.abc import Mapping, Sequence
from typing import Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray
from pydantic import model_validator

from offtake.core.arrays import Array, jnp
from offtake.core.contract import Amounts, IntArray, Line, Lowered, Lowerer, Month, Numbers
from offtake.core.errors import Mistake
from offtake.core.flows import Flow, Rank
from offtake.core.terms import (
    ComputePrice,
    ComputePriceSeries,
    ComputeSeries,
    Duration,
    Money,
    PartyName,
    Terms,
    When,
    default,
)
from offtake.finance.facility import signing
from offtake.finance.span import between
from offtake.finance.unpaid import TwoSides


class PriceFloorTerms(Terms):
    """What a plan writes for a price floor or a collar."""

    kind: Literal["price_floor"]
    buyer: PartyName
    """Party that is protected: it sells compute."""
    seller: PartyName
    """Party that pays when the price is low."""
    index: ComputePriceSeries
    """Price that is compared with the floor, USD/H100e/h; usually a driver."""
    capacity: ComputeSeries
    """Capacity whose price is protected, H100e."""
    floor: ComputePriceSeries
    """Price below which the seller pays, USD/H100e/h."""
    cap: ComputePriceSeries | None = None
    """Price above which the buyer pays, USD/H100e/h; none if left out."""
    premium: Money = default("0 USD")
    """Premium paid at the start, USD."""
    premium_per_hour: ComputePrice = default("0 USD/H100e/h")
    """Premium paid with every hour covered, USD/H100e/h."""
    start: When | None = None
    """Date from which the price is protected; the start of the plan if left out."""
    term: Duration
    """How long it is protected from then, months."""

    @model_validator(mode="after")
    def _a_collar_is_open(self) -> "PriceFloorTerms":
        floor, cap = self.floor.constant, self.cap.constant if self.cap else None
        if floor is not None and cap is not None and cap.value < floor.value:
            raise Mistake(
                code="collar-crossed",
                found=f"a cap of {cap} below the floor of {floor}",
                expected="a cap at least as high as the floor",
                mend="raise the cap, lower the floor, or delete cap",
            )
        return self


EXAMPLE = PriceFloorTerms.model_validate(
    {
        "kind": "price_floor",
        "buyer": "company",
        "seller": "sponsor",
        "index": {
            "2026-01": "2 USD/H100e/h",
            "2026-02": "1 USD/H100e/h",
            "2026-03": "3 USD/H100e/h",
        },
        "capacity": "1 H100e",
        "floor": "1.5 USD/H100e/h",
        "cap": "2.5 USD/H100e/h",
        "premium": "100 USD",
        "premium_per_hour": "0.1 USD/H100e/h",
        "term": "3 months",
    }
)


class PriceFloorState(NamedTuple):
    """Every leaf [K, P], USD."""

    drawn: Array
    """paid by the seller so far"""
    payout: Array
    """owed by the seller"""
    excess: Array
    """owed by the buyer above the cap"""
    premium: Array
    """owed by the buyer as premium"""


class PriceFloor(NamedTuple):
    """A group of floors."""

    quoted: IntArray
    """[K] observation, USD/H100e/h"""
    capacity: IntArray
    """[K] observation, H100e"""
    floor: IntArray
    """[K] observation, USD/H100e/h"""
    cap: IntArray
    """[K] observation, USD/H100e/h; zero where there is none"""
    capped: NDArray[np.float64]
    """[K] 1.0 where there is a cap"""
    ends: TwoSides
    """seller, buyer"""

    kind = "price_floor"
    stage = "primary"
    published = ("drawn", "outstanding", "arrears")
    Terms = PriceFloorTerms
    example = EXAMPLE

    @classmethod
    def lower(cls, items: Sequence[tuple[str, PriceFloorTerms]], at: Lowerer) -> Lowered:
        """Terms to structure; values stay in the table of numbers."""
        ids = [name for name, _ in items]
        group = cls(
            quoted=np.array([at.series(name, "index") for name in ids]),
            capacity=np.array([at.series(name, "capacity") for name in ids]),
            floor=np.array([at.series(name, "floor") for name in ids]),
            cap=np.array(
                [at.series(name, "cap") if t.cap else at.observe("zero") for name, t in items]
            ),
            capped=np.array([float(t.cap is not None) for _, t in items]),
            ends=TwoSides.lower([t for _, t in items], ("seller", "buyer"), at),
        )
        buyer, seller = (at.parties([getattr(t, f) for _, t in items]) for f in ("buyer", "seller"))
        first, hedge = (np.full(len(ids), int(r)) for r in (Rank.OPERATING, Rank.SENIOR_INTEREST))
        lines = (
            Line("payout", Flow.SALE, seller, buyer, first),
            Line("excess", Flow.SALE, buyer, seller, hedge),
            Line("premium", Flow.RUNNING_COST, buyer, seller, first),
        )
        numbers = {
            **at.numbers(ids, "premium", "premium_per_hour", "term"),
            **at.optionals(ids, start=0.0),
        }
        return Lowered(group, tuple(ids), numbers, lines)

    def init(self, n: Numbers) -> PriceFloorState:
        """Nothing is owed."""
        zero = jnp.zeros_like(n["premium"])
        return PriceFloorState(zero, zero, zero, zero)

    def publish(self, n: Numbers, s: PriceFloorState, month: Month) -> Amounts:
        """What was paid so far, and what is owed."""
        del n, month
        return {"drawn": s.drawn, "outstanding": s.payout, "arrears": s.excess + s.premium}

    def claim(self, n: Numbers, s: PriceFloorState, month: Month) -> Amounts:
        """What the price is below the floor, above the cap, and the premium."""
        term = between(n["start"], n["start"] + n["term"], month.t)
        covered = month.obs[self.capacity] * month.hours * term
        index = month.obs[self.quoted]
        above = jnp.where(jnp.asarray(self.capped)[:, None] > 0.5, index - month.obs[self.cap], 0.0)
        upfront = jnp.where(signing(n["start"]) == month.t, n["premium"], 0.0)
        return {
            "payout": jnp.maximum(month.obs[self.floor] - index, 0.0) * covered + s.payout,
            "excess": jnp.maximum(above, 0.0) * covered + s.excess,
            "premium": upfront + n["premium_per_hour"] * covered + s.premium,
        }

    def settle(
        self, n: Numbers, s: PriceFloorState, month: Month, claimed: Amounts, paid: Amounts
    ) -> tuple[PriceFloorState, Mapping[str, Array]]:
        """Count what was paid; what was not stays owed."""
        del n
        owed = self.ends.owed(claimed, paid, month, payout=0, excess=1, premium=1)
        return PriceFloorState(drawn=s.drawn + paid["payout"], **owed), {}
