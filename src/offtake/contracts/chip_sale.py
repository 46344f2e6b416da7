"""Chip sale: chips sold as a vendor sends or makes them, at the price of the day.

    claim(t) = price(t) x share x chips(t) + arrears

with chips(t) those that the vendor sends in the period to the cohorts named, one row for each; or
those that a vendor makes and nobody in the plan waits for, which go to others. An order whose price
is fixed when it is signed is a chip purchase. Paid at the close of the period.

Reads: chips sent and ready of the cohorts, or unsold of the vendor; payout of the buyer.
Publishes: arrears. Signals: share of a cohort that is sent and paid for.
On shortfall: what is unpaid is claimed again next period, without interest, and its chips stand
idle; what a buyer in default outside the plan does not pay is lost.
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
from offtake.core.rows import ratio
from offtake.core.terms import (
    ChipsName,
    PartyName,
    Share,
    Terms,
    UnitPriceSeries,
    VendorName,
    default,
)
from offtake.finance.unpaid import unpaid


class ChipSaleTerms(Terms):
    """What a plan writes for a chip sale."""

    kind: Literal["chip_sale"]
    seller: PartyName
    """Party that sells the chips."""
    buyer: PartyName
    """Party that pays for them."""
    chips: ChipsName | tuple[ChipsName, ...] | None = None
    """Cohort or cohorts to which they go. Either this or vendor."""
    vendor: VendorName | None = None
    """Vendor of whose chips those are sold that no cohort waits for. Either this or chips."""
    share: Share = default("100 %")
    """Share of the chips that is sold under this contract."""
    price: UnitPriceSeries
    """Price per chip, USD/GPU; may change over time or follow a driver."""

    @model_validator(mode="after")
    def _sells_something(self) -> "ChipSaleTerms":
        if (self.chips is None) == (self.vendor is None):
            both = self.vendor is not None
            raise Mistake(
                code="chips-sold",
                found="both chips and vendor" if both else "neither chips nor vendor",
                expected="the cohorts that are sold, or the vendor whose other chips are",
                mend="delete one of them" if both else "add chips: or vendor: with its name",
            )
        return self

    @property
    def cohorts(self) -> tuple[str | None, ...]:
        """The cohorts; one None where chips go elsewhere."""
        if self.chips is None:
            return (None,)
        return (self.chips,) if isinstance(self.chips, str) else tuple(self.chips)


EXAMPLE = ChipSaleTerms.model_validate(
    {
        "kind": "chip_sale",
        "seller": "company",
        "buyer": "customer",
        "vendor": "maker",
        "price": "30k USD",
    }
)


class ChipSaleState(NamedTuple):
    """Every leaf [K, P], USD."""

    arrears: Array
    billed: Array
    """so far, without arrears"""
    paid: Array
    """so far"""


class ChipSale(NamedTuple):
    """A group of chip sales, one row per cohort."""

    price: IntArray
    """[K] observation, USD/GPU"""
    chips: IntArray
    """[K] observation"""
    ready: IntArray
    """[K] observation: share of the cohort that is sent"""
    payout: IntArray
    """[K] observation: share of its claims that the buyer meets"""
    ours: NDArray[np.float64]
    """[K] 1.0 where the chips go to a cohort"""

    kind = "chip_sale"
    stage = "primary"
    published = ("arrears",)
    Terms = ChipSaleTerms
    example = EXAMPLE

    @classmethod
    def lower(cls, items: Sequence[tuple[str, ChipSaleTerms]], at: Lowerer) -> Lowered:
        """Terms to structure; values stay in the table of numbers."""
        rows = [(name, term, cohort) for name, term in items for cohort in term.cohorts]
        ids = [name for name, _, _ in rows]
        chips = [
            f"vendors.{t.vendor}.unsold" if c is None else f"chips.{c}.sent" for _, t, c in rows
        ]
        ready = ["zero" if c is None else f"chips.{c}.ready" for _, _, c in rows]
        group = cls(
            price=np.array([at.series(name, "price") for name in ids]),
            chips=np.array([at.observe(name) for name in chips]),
            ready=np.array([at.observe(name) for name in ready]),
            payout=np.array([at.observe(f"parties.{t.buyer}.payout") for _, t, _ in rows]),
            ours=np.array([float(c is not None) for _, _, c in rows]),
        )
        buyer, seller = (
            at.parties([getattr(t, f) for _, t, _ in rows]) for f in ("buyer", "seller")
        )
        capital, sales = (np.full(len(rows), int(r)) for r in (Rank.CAPITAL_COST, Rank.OPERATING))
        lines = (
            Line("delivered", Flow.CAPITAL_COST, buyer, seller, capital),
            Line("sold", Flow.SALE, buyer, seller, sales),
        )
        paid = tuple(None if c is None else f"chips.{c}.paid" for _, _, c in rows)
        return Lowered(
            group,
            tuple(ids),
            {**at.numbers(ids, "share"), "counted": at.counted(ids)},
            lines,
            signals={"paid": paid},
            parts=tuple(c or "" for _, _, c in rows),
        )

    def init(self, n: Numbers) -> ChipSaleState:
        """Nothing is sold."""
        zero = jnp.zeros_like(n["share"])
        return ChipSaleState(zero, zero, zero)

    def publish(self, n: Numbers, s: ChipSaleState, month: Month) -> Amounts:
        """Arrears at the start of the period."""
        del n, month
        return {"arrears": s.arrears}

    def _bill(self, n: Numbers, month: Month) -> Array:
        """[K, P] USD for the chips of the period."""
        return month.obs[self.price] * n["share"] * month.obs[self.chips]

    def claim(self, n: Numbers, s: ChipSaleState, month: Month) -> Amounts:
        """The bill of the period, and arrears."""
        bill, ours = self._bill(n, month) + s.arrears, jnp.asarray(self.ours)[:, None]
        return {"delivered": bill * ours, "sold": n["counted"] * bill * (1.0 - ours)}

    def settle(
        self, n: Numbers, s: ChipSaleState, month: Month, claimed: Amounts, paid: Amounts
    ) -> tuple[ChipSaleState, Mapping[str, Array]]:
        """What is unpaid is owed next period; chips count as far as they are paid for."""
        due, got = (x["delivered"] + x["sold"] for x in (claimed, paid))
        state = ChipSaleState(
            unpaid(due, got, month.obs[self.payout]).owed,
            s.billed + self._bill(n, month),
            s.paid + got,
        )
        share = jnp.minimum(ratio(state.paid, state.billed), 1.0)
        return state, {"paid": month.obs[self.ready] * share}
