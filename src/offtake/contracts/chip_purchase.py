"""Chip purchase order: cohorts of chips bought in milestones, delivered when they are paid for.

    price       = units x price per chip
    due(t)      = price x (signing share once signed + delivery share x sent(t) from its date on)
    claim(t)    = due(t) - paid so far
    delivered   = (paid - signing share x price) / (delivery share x price), between 0 and 1

sent(t) is the share of the cohort that its vendor has ready, 1 where no vendor is short. A
milestone falls into the period of its date. What was paid by t - 1 sets the share of the cohort
that is delivered in t (semantics §5.10). One row for every cohort of the order.

Reads: units, price, delivery date and sent share of the cohorts. Publishes: paid, outstanding.
Signals: paid share.
On shortfall: the vendor keeps unpaid chips; what is due is claimed again. After `cancel_after`
with something overdue the order is cancelled: nothing more is claimed or delivered but the
`cancellation_fee`, a share of what was left to pay; money already paid is not returned.
"""

from collections.abc import Mapping, Sequence
from typing import Literal, NamedTuple

import numpy as np
from pydantic import model_validator

from offtake.core.arrays import Array, jnp
from offtake.core.contract import Amounts, IntArray, Line, Lowered, Lowerer, Month, Numbers
from offtake.core.errors import Mistake
from offtake.core.flows import Flow, Rank
from offtake.core.terms import ChipsName, Duration, PartyName, Share, Terms, When, default
from offtake.finance.span import reached
from offtake.finance.unpaid import outstanding


class ChipMilestones(Terms):
    """When the price falls due; the shares add up to 100 %."""

    signing: Share = default("0 %")
    """Share of the price due when the order is signed."""
    delivery: Share = default("100 %")
    """Share of the price due on delivery."""

    @model_validator(mode="after")
    def _add_up(self) -> "ChipMilestones":
        total = self.signing.value + self.delivery.value
        if abs(total - 1.0) > 1e-9:
            raise Mistake(
                code="milestones-sum",
                found=f"milestones that add up to {total:.6g} of the price",
                expected="shares that add up to 100 %",
                mend=f"write delivery: {100.0 * (1.0 - self.signing.value):.6g} %",
            )
        return self


class ChipPurchaseTerms(Terms):
    """What a plan writes for a chip purchase order."""

    kind: Literal["chip_purchase"]
    buyer: PartyName
    """Party that pays and owns the chips."""
    seller: PartyName
    """Vendor."""
    chips: ChipsName | tuple[ChipsName, ...]
    """Cohort or cohorts ordered."""
    milestones: ChipMilestones = ChipMilestones()
    """When the price falls due."""
    signed: When | None = None
    """Date of signing; the start of the plan if left out."""
    cancel_after: Duration = default("12 months")
    """How long a payment may be overdue before the vendor cancels, months."""
    cancellation_fee: Share = default("0 %")
    """Fee on cancellation, as a share of what was left to pay."""

    @property
    def cohorts(self) -> tuple[str, ...]:
        """The cohorts as a tuple."""
        return (self.chips,) if isinstance(self.chips, str) else tuple(self.chips)


EXAMPLE = ChipPurchaseTerms.model_validate(
    {
        "kind": "chip_purchase",
        "buyer": "company",
        "seller": "vendor",
        "chips": "cohort",
        "milestones": {"signing": "20 %", "delivery": "80 %"},
    }
)


class ChipPurchaseState(NamedTuple):
    """Every leaf [K, P]."""

    paid: Array
    """USD"""
    late: Array
    """periods in a row with something overdue"""
    cancelled: Array
    """1.0 once cancelled"""
    fee: Array
    """cancellation fee outstanding, USD"""


class ChipPurchase(NamedTuple):
    """A group of orders, one row per cohort."""

    ready: IntArray
    """[K] observation: share of the cohort that the vendor has sent"""

    kind = "chip_purchase"
    stage = "primary"
    published = ("paid", "outstanding")
    Terms = ChipPurchaseTerms
    example = EXAMPLE

    @classmethod
    def lower(cls, items: Sequence[tuple[str, ChipPurchaseTerms]], at: Lowerer) -> Lowered:
        """Terms to structure; values stay in the table of numbers."""
        rows = [(name, term, chips) for name, term in items for chips in term.cohorts]
        ids = [name for name, _, _ in rows]
        numbers = {
            **at.numbers(
                ids, "milestones.signing", "milestones.delivery", "cancel_after", "cancellation_fee"
            ),
            **at.optionals(ids, signed=0.0),
        }
        for what in ("units", "price", "deliver"):
            numbers[what] = np.array(
                [at.number_at(f"chips.{chips}.{what}") for _, _, chips in rows]
            )
        buyer, seller = (
            at.parties([getattr(t, f) for _, t, _ in rows]) for f in ("buyer", "seller")
        )
        lines = (
            Line(
                "price",
                Flow.CAPITAL_COST,
                buyer,
                seller,
                np.full(len(rows), int(Rank.CAPITAL_COST)),
            ),
            Line(
                "cancellation", Flow.FEE, buyer, seller, np.full(len(rows), int(Rank.SUBORDINATED))
            ),
        )
        return Lowered(
            cls(np.array([at.observe(f"chips.{chips}.ready") for _, _, chips in rows])),
            tuple(ids),
            numbers,
            lines,
            signals={"paid": tuple(f"chips.{chips}.paid" for _, _, chips in rows)},
            parts=tuple(chips for _, _, chips in rows),
        )

    def init(self, n: Numbers) -> ChipPurchaseState:
        """Nothing is paid."""
        zero = jnp.zeros_like(n["price"])
        return ChipPurchaseState(zero, zero, zero, zero)

    def publish(self, n: Numbers, s: ChipPurchaseState, month: Month) -> Amounts:
        """What is paid and what is left, USD."""
        del month
        left = jnp.maximum(n["units"] * n["price"] - s.paid, 0.0) * (1.0 - s.cancelled)
        return {"paid": s.paid, "outstanding": left}

    def claim(self, n: Numbers, s: ChipPurchaseState, month: Month) -> Amounts:
        """Milestones due and not yet paid."""
        price = n["units"] * n["price"]
        signing = jnp.where(reached(n["signed"], month.t), n["milestones.signing"], 0.0)
        sent = n["milestones.delivery"] * month.obs[self.ready]
        delivery = jnp.where(reached(n["deliver"], month.t), sent, 0.0)
        owed = outstanding(price * (signing + delivery), s.paid)
        return {"price": owed * (1.0 - s.cancelled), "cancellation": s.fee}

    def settle(
        self, n: Numbers, s: ChipPurchaseState, month: Month, claimed: Amounts, paid: Amounts
    ) -> tuple[ChipPurchaseState, Mapping[str, Array]]:
        """Count what is paid; cancel what has been overdue for too long."""
        del month
        price = n["units"] * n["price"]
        total = s.paid + paid["price"]
        short = claimed["price"] - paid["price"] > 1e-9 * claimed["price"]
        late = jnp.where(short, s.late + 1.0, 0.0)
        now = jnp.where(late > n["cancel_after"], 1.0 - s.cancelled, 0.0)
        fee = outstanding(claimed["cancellation"], paid["cancellation"])
        fee = fee + now * n["cancellation_fee"] * jnp.maximum(price - total, 0.0)
        deposit, on_delivery = price * n["milestones.signing"], price * n["milestones.delivery"]
        split = on_delivery > 0.0
        received = jnp.where(split, total - deposit, total) / jnp.where(
            split, on_delivery, jnp.where(price > 0.0, price, 1.0)
        )
        share = jnp.where(price > 0.0, jnp.clip(received, 0.0, 1.0), 1.0)
        state = ChipPurchaseState(total, late, jnp.maximum(s.cancelled, now), fee)
        return state, {"paid": share}
