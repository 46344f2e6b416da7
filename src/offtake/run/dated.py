"""Numbers of a structured plan as they stand in it: one for each period, by its first day."""

from collections.abc import Iterable
from datetime import date

import numpy as np
from numpy.typing import ArrayLike

from offtake.core.calendar import Calendar
from offtake.core.quantity import Quantity
from offtake.core.series import Series


def first_day(calendar: Calendar, t: int) -> date:
    """First day of period t."""
    return date.fromordinal(int(calendar.starts[t]))


def dated(calendar: Calendar, periods: Iterable[int], values: ArrayLike, unit: str) -> Series:
    """A number that is stated for each of some periods, each a row of its own.

    Args:
        calendar: of the plan.
        periods: N periods, in order.
        values: [N] in the unit.
        unit: a canonical unit, `1` for a share.
    """
    days = [first_day(calendar, int(t)) for t in periods]
    plain: list[float] = np.asarray(values, np.float64).tolist()
    numbers = [Quantity(x, unit, text=repr(x) if unit == "1" else f"{x!r} {unit}") for x in plain]
    return Series(
        knots=tuple(zip(days, numbers, strict=True)),
        labels=tuple(day.isoformat() for day in days),
    )
