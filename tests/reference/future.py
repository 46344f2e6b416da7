"""One future: the plan, the value of every number on this path, and the normals drawn for it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from offtake.core.calendar import Periods
from offtake.core.series import Series
from offtake.plan.schema import Plan

NEVER = 1e9
"""A position or a duration beyond any horizon, periods."""
NEAR = 1e-9
"""Relative distance from a threshold below which two programs may decide differently."""


@dataclass
class Future:
    """One path."""

    plan: Plan
    values: Mapping[str, float]
    """place -> value in the unit of the table: durations and dates in periods."""
    monthly: Mapping[str, list[float]]
    """stream -> standard normal of every period."""
    once: Mapping[str, float]
    """stream -> standard normal of the path."""
    close_calls: set[str] = field(default_factory=set)
    """Triggers that came within `NEAR` of their threshold."""
    rows: dict[str, Any] = field(default_factory=dict)
    """Rows by contract, for a tax that deducts another."""

    @property
    def calendar(self) -> Periods:
        """The periods of the plan."""
        return self.plan.calendar

    def number(self, place: str, otherwise: float | None = None) -> float:
        """Value of a number of the plan; `otherwise` where the plan does not write it."""
        if otherwise is not None:
            return self.values.get(place, otherwise)
        return self.values[place]

    def reaches(self, what: str, value: float, threshold: float) -> bool:
        """Whether value >= threshold; a close call is remembered."""
        if abs(value - threshold) <= NEAR * max(abs(threshold), 1e-300) and value != threshold:
            self.close_calls.add(what)
        return value >= threshold

    def series(self, series: Series, place: str, t: int) -> float:
        """A number over time in period t, drivers apart.

        A step function has the value of the last date reached at the start of the period. With
        straight lines the middle of the period counts. Before its first date an amount per time is
        zero and anything else has its first value.
        """
        if not series.labels:
            return self.number(place)
        dates = [self.calendar.index_of(day) for day, _ in series.knots]
        values = [self.number(f"{place}.{label}") for label in series.labels]
        line = series.interpolate == "linear"
        moment = max(t - 0.5, 0.0) if line else max(t - 1.0, 0.0) + 1e-9
        passed = sum(date <= moment for date in dates)
        if passed == 0:
            unit = series.knots[0][1].unit
            per_time = unit.endswith("/year") and unit != "1/year"
            return 0.0 if per_time else values[0]
        if not line or passed == len(dates):
            return values[passed - 1]
        share = (moment - dates[passed - 1]) / (dates[passed] - dates[passed - 1])
        return (1.0 - share) * values[passed - 1] + share * values[passed]
