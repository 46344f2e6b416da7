"""Structuring of compute notes: amount and schedule from what the base case says at issue.

The pledge is worth what its cohorts are worth in the base case, an hour settles at the index of the
base case, and what the site delivers in it bounds the hours due (`finance.note_schedule`). None of
the three depends on the note, once everything is paid for; so one run of the base case is enough.
What comes out is a plan with amount, schedule and settlement price written in it, the same on every
path (decision 13).
"""

import math
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from offtake.core.quantity import Quantity
from offtake.core.structure import Allowed, Facility
from offtake.finance.facility import ROUNDING
from offtake.finance.note_schedule import Schedule, scheduled
from offtake.finance.note_terms import NoteTerms, seniors
from offtake.finance.sizing import BASE
from offtake.lowering.lower import LoweredPlan, lower
from offtake.plan.schema import Plan
from offtake.run.dated import dated, first_day
from offtake.run.draw import base_case
from offtake.run.record import recorder

FloatArray = NDArray[np.float64]
Changes = dict[str, dict[str, Any]]

FULL_PURSE = 1e13
"""USD, more than any project: what a note brings while the pledge is valued."""
WANTED = ("chips.*", "drivers.*", "sites.*", "contracts.*.index", "contracts.*.schedule")
PATHS = 1
"""The base case alone."""


def notes_of(plan: Plan) -> dict[str, NoteTerms]:
    """Compute notes of a plan, by name."""
    return {n: terms for n, terms in plan.contracts.items() if isinstance(terms, NoteTerms)}


def sized_notes(plan: Plan) -> list[str]:
    """Notes whose amount is to be worked out, each after those that it stands behind."""
    notes = notes_of(plan)
    sized = [name for name, terms in notes.items() if terms.amount.sized]
    return sorted(sized, key=lambda name: len(seniors(name, notes)))


def with_notes(plan: Plan, source: Plan) -> tuple[Plan, list[Facility]]:
    """The plan, and its variants, with amounts and schedules of notes written in them.

    Args:
        plan: as loaded.
        source: the plan as signed, from which they are worked out.
    """
    names = sized_notes(source)
    if not names:
        return plan, []
    lowered = lower(paid_for(source, names), WANTED)
    observed = _observed(lowered)
    changes: Changes = {}
    facilities: list[Facility] = []
    notes = notes_of(source)
    views = {name: _View(lowered, observed, name, terms) for name, terms in notes.items()}
    for name in names:
        view = views[name]
        view.stand_behind([views[senior] for senior in seniors(name, notes)])
        made = view.schedule()
        view.due[view.periods] = made.hours
        changes[name] = view.written(made)
        facilities.append(view.facility(made))
    return _changed(plan, changes), facilities


def _changed(plan: Plan, changes: Changes) -> Plan:
    """The plan and its variants with fields of some contracts replaced."""
    contracts = {
        name: terms.model_copy(update=changes[name]) if name in changes else terms
        for name, terms in plan.contracts.items()
    }
    made = plan.model_copy(update={"contracts": contracts})
    variants = {name: _changed(other, changes) for name, other in plan.variants.items()}
    made.variants.update(variants)
    return made


def paid_for(plan: Plan, names: list[str]) -> Plan:
    """The plan with notes that bring all that is needed, and nothing else that is sized."""
    most, none = (Quantity(usd, "USD", text=f"{usd} USD") for usd in (FULL_PURSE, 0.0))
    changes: Changes = {}
    for name, terms in plan.contracts.items():
        for field in ("amount", "commitment"):
            given = getattr(terms, field, None)
            if isinstance(given, Quantity) and given.sized:
                # Equity pays for all while notes are sized; other debt comes after them.
                full = name in names or field == "commitment"
                changes[name] = {field: most if full else none}
        if name in names:
            # Nor for its underwriter: the fee of so large a note would leave nothing for the site.
            changes[name]["floor_fee"] = Quantity(0.0, "1/year", text="0 %/year")
        if name in changes and getattr(terms, "amortisation", "") == "sculpted":
            changes[name]["amortisation"] = "bullet"
    contracts = {
        name: terms.model_copy(update=changes.get(name, {}))
        for name, terms in plan.contracts.items()
    }
    return plan.model_copy(update={"contracts": contracts})


def _observed(lowered: LoweredPlan) -> Mapping[str, FloatArray]:
    """Observation -> [T] in the base case."""
    months = recorder(lowered, PATHS)(base_case(lowered, PATHS))
    seen: FloatArray = np.asarray(months.observations)[:, :, 0]
    return {name: seen[:, i] for i, name in enumerate(lowered.labels.observations)}


class _View:
    """One note and what the base case says about it; K periods from issue to maturity."""

    def __init__(
        self,
        lowered: LoweredPlan,
        observed: Mapping[str, FloatArray],
        name: str,
        terms: NoteTerms,
    ) -> None:
        self.name, self.terms, self.calendar = name, terms, lowered.calendar
        table = lowered.table

        def number(field: str, otherwise: float) -> float:
            row = table.index.get(f"contracts.{name}.{field}")
            return otherwise if row is None else table.rows[row].value

        count = self.calendar.count
        self.begin = int(np.ceil(max(number("start", 0.0), 0.0) - ROUNDING))
        last = int(np.ceil(self.begin + number("term", 0.0) - ROUNDING))
        self.periods = np.arange(self.begin + 1, min(last, count - 1) + 1)
        opens = number("deliveries_from", 0.0)
        self.advance_rate, self.share = number("advance_rate", 0.0), number("share", 1.0)
        self.most = number("maximum", np.inf)
        cohorts = [c for c in terms.collateral if f"chips.{c}.value" in observed]
        worth = sum((observed[f"chips.{c}.value"] for c in cohorts), np.zeros(count))
        closes = np.arange(count)
        growth = number("rate", 0.0) * self.calendar.accrual(terms.day_count)
        self.growth = growth[self.periods]
        first = max(math.ceil(opens - ROUNDING), int(np.argmax(worth > 0.0)), self.begin)
        first = min(first, count - 1)
        # Until the pledge can be valued a balance that grows may reach what is lent on it then.
        grown = np.cumprod(1.0 + growth)
        before = worth[first] * grown / grown[first]
        value = np.where(closes >= first, worth, before)
        self.value = value[self.begin : self.begin + len(self.periods) + 1]
        hours = observed[f"sites.{terms.site}.h100e_hours"]
        delivering = closes > np.floor(opens + ROUNDING)
        self.hours = np.where(delivering, hours, 0.0)[self.periods]
        self.site = hours
        self.left = hours
        """[T] hours of the site that notes served first leave"""
        self.due = np.zeros(count)
        """[T] hours scheduled"""
        if terms.schedule is not None:
            driver = terms.schedule.driver
            scheduled_ = observed[f"drivers.{driver}" if driver else f"contracts.{name}.schedule"]
            length = np.asarray(self.calendar.hours)
            self.due[self.periods] = (scheduled_ * length)[self.periods]
        index = f"contracts.{name}.index"
        if terms.index is None:
            index = f"sites.{terms.site}.spot_price"
        elif terms.index.driver is not None:
            index = f"drivers.{terms.index.driver}"
        self.price = observed[index]

    def stand_behind(self, seniors: list["_View"]) -> None:
        """Leave to notes served first what falls due of them, if their holders may ask for it."""
        for other in seniors:
            if other.terms.election != "cash":
                self.left = self.left - np.minimum(other.share * other.site, other.due)
        self.left = np.maximum(self.left, 0.0)

    def schedule(self, value: bool = True, share: bool = True, maximum: bool = True) -> Schedule:
        """Amount and schedule within the limits that are asked for."""
        bound = self.advance_rate * self.value
        return scheduled(
            bound if value else np.full_like(bound, np.inf),
            self.price[self.periods],
            np.minimum(self.share * self.hours, self.left[self.periods])
            if share
            else np.full_like(self.hours, FULL_PURSE),
            self.growth,
            self.most if maximum else np.inf,
        )

    def written(self, made: Schedule) -> dict[str, Any]:
        """Fields of the note as it is issued."""
        every = range(1, self.calendar.count)
        hours = np.zeros(self.calendar.count)
        hours[self.periods] = made.hours / np.asarray(self.calendar.hours)[self.periods]
        return {
            "amount": Quantity(made.amount, "USD", text=f"{made.amount!r} USD"),
            "schedule": dated(self.calendar, every, hours[1:], "H100e"),
            "settlement": dated(self.calendar, every, self.price[1:], "USD/H100e/h"),
        }

    def facility(self, made: Schedule) -> Facility:
        """What was worked out, and what each limit would allow by itself."""
        limits = [
            Allowed("advance_rate", BASE, self.schedule(share=False, maximum=False).amount),
            Allowed("share", BASE, self.schedule(value=False, maximum=False).amount),
        ]
        if np.isfinite(self.most):
            limits.append(Allowed("maximum", "", self.most))
        if made.amount < min(limit.amount for limit in limits) * (1.0 - ROUNDING):
            limits.append(Allowed("together", "", made.amount))
        before = np.concatenate([[made.amount], made.balance[:-1]])
        repaid = before - made.balance
        shares = np.where(before > 0.0, repaid / np.where(before > 0.0, before, 1.0), 0.0)
        return Facility(
            self.name,
            made.amount,
            tuple(limits),
            tuple(first_day(self.calendar, int(t)).isoformat() for t in self.periods),
            tuple(shares.tolist()),
        )
