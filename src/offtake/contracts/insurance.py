"""Insurance: a premium against what is lost by late or interrupted capacity, or by a low value.

    interruption: loss(t) = agreed(t) x max(capacity x hours(t) - delivered hours(t), 0) x covered
    value:        loss(t) = max(insured(t) - value(t), 0) in the first period that reaches `on`
    counted(t)  = 0 in the first `waiting` periods in a row of a loss, else loss(t)
    L(t)        = L(t-1) + counted(t)
    payment(t)  = min(max(L(t) - deductible, 0), limit) - the same of t-1, + payment owed
    premium(t)  = premium x years of t covered + premium owed

Interruption pays from `start` on for capacity that a site does not deliver, because it is late, has
no power, or its chips failed: delay in start-up and business interruption in one. Value pays once
for what an index of value (residual value of chips) is below what was insured. Both are settled
on what can be seen, not on what was lost. Covered is what lies between `start` and `start` + term.

Reads: delivered H100e-hours of the site, payouts of both sides. Publishes: losses (counted so far),
drawn (paid so far), outstanding (owed by the insurer), arrears (of the premium).
On shortfall: what is unpaid is owed next period, without interest; of a party outside the plan in
default the recovery share settles the claim and the rest is lost. An unpaid premium ends nothing.

References:
    1. LEG and DSU/ALOP wordings: indemnity per time, time excess, aggregate limit.
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
    MoneyFlow,
    MoneySeries,
    PartyName,
    SiteName,
    Terms,
    When,
    default,
)
from offtake.finance.span import between, reached
from offtake.finance.unpaid import TwoSides


class InsuranceTerms(Terms):
    """What a plan writes for an insurance."""

    kind: Literal["insurance"]
    insurer: PartyName
    """Party that pays for losses."""
    insured: PartyName
    """Party that pays the premium and is paid for losses."""
    covers: Literal["interruption", "value"]
    """What is insured: capacity that is not delivered, or an index of value."""
    site: SiteName | None = None
    """Interruption: site that is to deliver."""
    capacity: Compute | None = None
    """Interruption: capacity that is insured, H100e."""
    agreed: ComputePriceSeries | None = None
    """Interruption: what a missing hour is worth, USD/H100e/h."""
    waiting: Duration = default("0 months")
    """Interruption: time excess; losses of the first periods in a row do not count, months."""
    guaranteed: MoneySeries | None = None
    """Value: value that is insured, USD."""
    value: MoneySeries | None = None
    """Value: what the index says, over time or a driver, USD."""
    on: When | None = None
    """Value: date of the comparison."""
    deductible: Money = default("0 USD")
    """Losses in all that the insured bears first, USD."""
    limit: Money | None = None
    """Most that the insurer pays, USD; no limit if left out."""
    premium: MoneyFlow = default("0 USD/year")
    """Premium, USD/year."""
    start: When | None = None
    """Date from which it covers, for late capacity the date promised; the start of the plan if left
    out."""
    term: Duration
    """How long it covers from then, months."""

    @model_validator(mode="after")
    def _whole(self) -> "InsuranceTerms":
        sides = {
            "interruption": ("site", "capacity", "agreed"),
            "value": ("guaranteed", "value", "on"),
        }
        other = "value" if self.covers == "interruption" else "interruption"
        missing = [name for name in sides[self.covers] if getattr(self, name) is None]
        idle = [name for name in sides[other] if getattr(self, name) is not None]
        if missing or idle:
            raise Mistake(
                code="cover-form",
                found=f"covers: {self.covers} "
                + (f"without {', '.join(missing)}" if missing else f"with {', '.join(idle)}"),
                expected=", ".join(sides[self.covers]),
                mend=f"add {', '.join(missing)}" if missing else f"delete {', '.join(idle)}",
            )
        return self


EXAMPLE = InsuranceTerms.model_validate(
    {
        "kind": "insurance",
        "insurer": "sponsor",
        "insured": "company",
        "covers": "interruption",
        "site": "hall",
        "capacity": "1 H100e",
        "agreed": "2 USD/H100e/h",
        "waiting": "1 month",
        "deductible": "500 USD",
        "limit": "1,500 USD",
        "premium": "120 USD/year",
        "start": "2026-02",
        "term": "6 months",
    }
)


class InsuranceState(NamedTuple):
    """Every leaf [K, P]."""

    late: Array
    """periods in a row with a loss"""
    losses: Array
    """counted so far, USD"""
    compared: Array
    """1.0 once the value was compared"""
    drawn: Array
    """paid by the insurer so far, USD"""
    payment: Array
    """owed by the insurer, USD"""
    premium: Array
    """owed by the insured, USD"""


class _Loss(NamedTuple):
    """A period's loss, every leaf [K, P]."""

    late: Array
    """periods in a row with a loss, this one included"""
    losses: Array
    """counted so far, this one included, USD"""
    compared: Array
    """1.0 once the value was compared, this period included"""


class Insurance(NamedTuple):
    """A group of insurances."""

    hours: IntArray
    """[K] observation: delivered H100e-hours of the site; zero for a value"""
    agreed: IntArray
    """[K] observation, USD/H100e/h; zero for a value"""
    guaranteed: IntArray
    """[K] observation, USD; zero for interruption"""
    value: IntArray
    """[K] observation, USD; zero for interruption"""
    ends: TwoSides
    """insurer, insured"""
    valued: NDArray[np.float64]
    """[K] 1.0 where a value is insured"""

    kind = "insurance"
    stage = "primary"
    published = ("losses", "drawn", "outstanding", "arrears")
    Terms = InsuranceTerms
    example = EXAMPLE

    @classmethod
    def lower(cls, items: Sequence[tuple[str, InsuranceTerms]], at: Lowerer) -> Lowered:
        """Terms to structure; values stay in the table of numbers."""
        ids = [name for name, _ in items]
        terms = [term for _, term in items]
        zero = at.observe("zero")

        def series(field: str) -> IntArray:
            written = [getattr(term, field) is not None for term in terms]
            return np.array(
                [at.series(k, field) if w else zero for k, w in zip(ids, written, strict=True)]
            )

        group = cls(
            hours=np.array(
                [at.observe(f"sites.{t.site}.h100e_hours") if t.site else zero for t in terms]
            ),
            agreed=series("agreed"),
            guaranteed=series("guaranteed"),
            value=series("value"),
            ends=TwoSides.lower(terms, ("insurer", "insured"), at),
            valued=np.array([float(t.covers == "value") for t in terms]),
        )
        insurer, insured = (
            at.parties([getattr(t, f) for t in terms]) for f in ("insurer", "insured")
        )
        rank = np.full(len(ids), int(Rank.OPERATING))
        lines = (
            Line("payment", Flow.SALE, insurer, insured, rank),
            Line("premium", Flow.RUNNING_COST, insured, insurer, rank),
        )
        numbers = {
            **at.numbers(ids, "waiting", "deductible", "premium", "term"),
            **at.optionals(ids, capacity=0.0, limit=ALL_THERE_IS, start=0.0, on=1e9),
        }
        return Lowered(group, tuple(ids), numbers, lines)

    def init(self, n: Numbers) -> InsuranceState:
        """Nothing was lost."""
        zero = jnp.zeros_like(n["premium"])
        return InsuranceState(zero, zero, zero, zero, zero, zero)

    def publish(self, n: Numbers, s: InsuranceState, month: Month) -> Amounts:
        """What was lost and paid so far, and what is owed."""
        del n, month
        return {
            "losses": s.losses,
            "drawn": s.drawn,
            "outstanding": s.payment,
            "arrears": s.premium,
        }

    def _loss(self, n: Numbers, s: InsuranceState, month: Month) -> _Loss:
        """What this period adds."""
        end = n["start"] + n["term"]
        covered = between(n["start"], end, month.t)
        promised = n["capacity"] * month.hours
        missing = jnp.maximum(promised - month.obs[self.hours], 0.0) * covered
        # Rounding of what is delivered in full is no loss.
        lost = jnp.where(missing > 1e-9 * promised, missing, 0.0)
        late = jnp.where(lost > 0.0, s.late + 1.0, 0.0)
        hours = jnp.where(late > n["waiting"] + 1e-9, lost, 0.0)
        now = reached(n["on"], month.t) & (s.compared < 0.5)
        within = reached(n["start"], month.t) & (month.t <= end + 1e-9)
        short = jnp.maximum(month.obs[self.guaranteed] - month.obs[self.value], 0.0)
        valued = jnp.asarray(self.valued)[:, None] > 0.5
        value = jnp.where(now & within, short, 0.0)
        counted = jnp.where(valued, value, month.obs[self.agreed] * hours)
        return _Loss(late, s.losses + counted, jnp.where(now, 1.0, s.compared))

    def claim(self, n: Numbers, s: InsuranceState, month: Month) -> Amounts:
        """What losses add above the deductible and within the limit, and the premium."""

        def due(losses: Array) -> Array:
            return jnp.clip(losses - n["deductible"], 0.0, n["limit"])

        years = month.years * between(n["start"], n["start"] + n["term"], month.t)
        now = due(self._loss(n, s, month).losses) - due(s.losses)
        return {"payment": now + s.payment, "premium": n["premium"] * years + s.premium}

    def settle(
        self, n: Numbers, s: InsuranceState, month: Month, claimed: Amounts, paid: Amounts
    ) -> tuple[InsuranceState, Mapping[str, Array]]:
        """Count losses and payments; what is unpaid stays owed."""
        loss = self._loss(n, s, month)
        owed = self.ends.owed(claimed, paid, month, payment=0, premium=1)
        drawn = s.drawn + paid["payment"]
        return InsuranceState(*loss, drawn=drawn, **owed), {}
