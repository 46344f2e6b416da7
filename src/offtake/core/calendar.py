"""The time grid of a plan: periods, their days, and the share of a year that each one accrues.

A plan is a list of periods of whole months (§5.1). Period 0 is the opening: it stands at the plan's
start and has no length. Period t (t >= 1) runs from the first day of its first month up to, and not
including, the first day of period t + 1; money moves at its close. A date is a *position* on this
axis: the plan's start is 0.0, the close of period t is t, and days within a month are in
proportion, so ``2026-07`` in a monthly plan from 2026-01 stands at 6.0, the close of June and the
start of July.

Day count conventions (year fraction between two dates):

    A/360      days / 360
    A/365      days / 365
    30/360     (360 dY + 30 dM + D2' - D1') / 360,
               D1' = min(D1, 30), D2' = 30 if D2 = 31 and D1' = 30, else D2
    30E/360    the same with D1' = min(D1, 30), D2' = min(D2, 30)
    A/A ISDA   days in leap years / 366 + other days / 365

References:
    1. ISDA, 2006 Definitions, section 4.16 (b), (d), (e), (f), (g).
"""

from __future__ import annotations

import calendar as _gregorian
import datetime
import math
from dataclasses import dataclass
from functools import cached_property, lru_cache
from itertools import pairwise
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

Length = Literal["months", "quarters", "years"]
Convention = Literal["A/360", "A/365", "30/360", "30E/360", "A/A ISDA"]

MONTHS: dict[Length, int] = {"months": 1, "quarters": 3, "years": 12}
"""Months in one period."""
CONVENTIONS: tuple[Convention, ...] = ("A/360", "A/365", "30/360", "30E/360", "A/A ISDA")
LONGEST_HORIZON_MONTHS = 480
"""40 years."""

_EPOCH = datetime.date(1970, 1, 1).toordinal()


class _Grid:
    """What follows from the days on which periods close."""

    start: datetime.date
    ends: NDArray[np.int64]

    @property
    def count(self) -> int:
        """Number of periods, the opening included."""
        raise NotImplementedError

    def __len__(self) -> int:
        """Same as :attr:`count`."""
        return self.count

    @cached_property
    def starts(self) -> NDArray[np.int64]:
        """``[period]`` ordinal of each period's first day; of the opening, the plan's start."""
        return np.concatenate([self.ends[:1], self.ends[:-1]])

    @cached_property
    def days(self) -> NDArray[np.int64]:
        """``[period]`` days in each period; 0 in the opening."""
        return self.ends - self.starts

    @cached_property
    def hours(self) -> NDArray[np.float64]:
        """``[period]`` hours in each period: real days x 24; 0 in the opening."""
        return self.days * np.float64(24.0)

    @cached_property
    def calendar_years(self) -> NDArray[np.int64]:
        """``[period]`` calendar year in which each period starts."""
        return date_parts(self.starts)[0]

    @cached_property
    def year_index(self) -> NDArray[np.int64]:
        """``[period]`` calendar years since the plan's first, which is 0, as the opening is."""
        return self.calendar_years - self.start.year

    def accrual(self, convention: str) -> NDArray[np.float64]:
        """``[period]`` year fraction of each period; 0 in the opening.

        Args:
            convention: one of :data:`CONVENTIONS`.

        Raises:
            ValueError: for another convention.
        """
        return year_fraction(self.starts, self.ends, convention)


@dataclass(frozen=True)
class Periods(_Grid):
    """The periods of a plan.

    Attributes:
        start: first day of period 1, the first of a month.
        horizon: number of periods after the opening.
        length: of each period.

    Raises:
        ValueError: if the start is not the first of a month, or the horizon is not between one
            period and 40 years.
    """

    start: datetime.date
    horizon: int
    length: Length = "months"

    def __post_init__(self) -> None:
        """Refuse what no plan can mean; the plan's schema says so earlier and with a place."""
        if self.start.day != 1:
            msg = f"a plan starts on the first of a month, found {self.start}"
            raise ValueError(msg)
        if not 1 <= self.horizon * self.months <= LONGEST_HORIZON_MONTHS:
            msg = f"a horizon is 1 period to 40 years, found {self.horizon} {self.length}"
            raise ValueError(msg)

    @property
    def months(self) -> int:
        """Months in one period."""
        return MONTHS[self.length]

    @property
    def count(self) -> int:
        """Number of periods, the opening included."""
        return self.horizon + 1

    @property
    def per_year(self) -> int:
        """Periods in a year: 12, 4 or 1."""
        return 12 // self.months

    @property
    def end(self) -> datetime.date:
        """The day after the last day of the last period."""
        return add_months(self.start, self.horizon * self.months)

    @cached_property
    def ends(self) -> NDArray[np.int64]:  # pyright: ignore[reportIncompatibleVariableOverride]
        """``[period]`` ordinal of the day on which each period closes (the first day after it)."""
        closes = (add_months(self.start, t * self.months).toordinal() for t in range(self.count))
        return np.fromiter(closes, dtype=np.int64, count=self.count)

    @cached_property
    def years(self) -> NDArray[np.float64]:
        """``[period]`` length in years, months / 12; 0 in the opening. Flows per year use this."""
        lengths = np.full(self.count, self.months / 12.0)
        lengths[0] = 0.0
        return lengths

    def index_of(self, date: datetime.date) -> float:
        """Position of the start of a day: periods since the plan's start, negative before it.

        Args:
            date: any day.

        Returns:
            0.0 at the plan's start, t at the close of period t.
        """
        months = 12 * (date.year - self.start.year) + date.month - self.start.month
        within = (date.day - 1) / _gregorian.monthrange(date.year, date.month)[1]
        return (months + within) / self.months

    def date_of(self, position: float) -> datetime.date:
        """The day at a position: the inverse of :meth:`index_of`, to the day."""
        months = position * self.months
        whole = int(np.floor(months + 1e-9))
        first = add_months(self.start, whole)
        days = _gregorian.monthrange(first.year, first.month)[1]
        within = round((months - whole) * days)
        return first + datetime.timedelta(days=max(within, 0))

    def labels(self) -> tuple[str, ...]:
        """``[period]`` names: ``opening``, then ``2026-07``, ``2026-Q3`` or ``2026``."""
        return ("opening", *(self._label(t) for t in range(1, self.count)))

    def _label(self, t: int) -> str:
        first = datetime.date.fromordinal(int(self.starts[t]))
        if self.length == "months":
            return f"{first.year}-{first.month:02}"
        if self.length == "quarters" and first.month % 3 == 1:
            return f"{first.year}-Q{(first.month + 2) // 3}"
        if self.length == "years" and first.month == 1:
            return str(first.year)
        return f"{first.year}-{first.month:02}"


@lru_cache(maxsize=256)
def periods(start: datetime.date, horizon: int, length: Length = "months") -> Periods:
    """The same object for the same periods, so that dates are worked out once; see Periods."""
    return Periods(start, horizon, length)


@dataclass(frozen=True)
class EventPeriods(_Grid):
    """Periods that close on dates as they come: the events of contracts.

    A date is a position as in :class:`Periods`, days between two closes in proportion. A duration
    in months has no length here: it is NaN periods, unless it is zero. What is measured over a
    trailing year is measured over one period.

    Attributes:
        dates: the start, then the closes of periods 1, 2, ..., increasing.

    Raises:
        ValueError: fewer than two dates, or out of order.
    """

    dates: tuple[datetime.date, ...]

    months = math.nan
    per_year = 1

    def __post_init__(self) -> None:
        """Refuse dates that make no periods."""
        if len(self.dates) < 2 or any(a >= b for a, b in pairwise(self.dates)):
            msg = "periods need at least two dates, each after the one before"
            raise ValueError(msg)

    @property
    def start(self) -> datetime.date:  # pyright: ignore[reportIncompatibleVariableOverride]
        """First day of period 1."""
        return self.dates[0]

    @property
    def end(self) -> datetime.date:
        """The day after the last day of the last period."""
        return self.dates[-1]

    @property
    def count(self) -> int:
        """Number of periods, the opening included."""
        return len(self.dates)

    @cached_property
    def ends(self) -> NDArray[np.int64]:  # pyright: ignore[reportIncompatibleVariableOverride]
        """``[period]`` ordinal of the day on which each period closes (the first day after it)."""
        return np.array([date.toordinal() for date in self.dates], np.int64)

    @cached_property
    def years(self) -> NDArray[np.float64]:
        """``[period]`` length in years of 365.25 days."""
        return self.days / 365.25

    def index_of(self, date: datetime.date) -> float:
        """Position of the start of a day; beyond the last close in mean periods."""
        day = date.toordinal()
        step = (self.ends[-1] - self.ends[0]) / (self.count - 1)
        if day < self.ends[0]:
            return float((day - self.ends[0]) / step)
        if day > self.ends[-1]:
            return float(self.count - 1 + (day - self.ends[-1]) / step)
        return float(np.interp(day, self.ends, np.arange(self.count)))

    def labels(self) -> tuple[str, ...]:
        """``[period]`` names: ``opening``, then the dates of the closes."""
        return ("opening", *(date.isoformat() for date in self.dates[1:]))


Calendar = Periods | EventPeriods
"""Time grids a program can run on."""


def add_months(date: datetime.date, months: int) -> datetime.date:
    """The same day some months later or earlier; the last day of the month where there is none.

    Raises:
        OverflowError: outside the years 1 to 9999.
    """
    whole = 12 * date.year + date.month - 1 + months
    year, month = divmod(whole, 12)
    if not datetime.MINYEAR <= year <= datetime.MAXYEAR:
        msg = f"{date} and {months} months fall outside the calendar"
        raise OverflowError(msg)
    last = _gregorian.monthrange(year, month + 1)[1]
    return datetime.date(year, month + 1, min(date.day, last))


def date_parts(
    ordinals: ArrayLike,
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
    """Year, month and day of ordinals.

    Args:
        ordinals: as of ``datetime.date.toordinal``, any shape.

    Returns:
        Three arrays of that shape; months and days from 1.
    """
    days = (np.asarray(ordinals, dtype=np.int64) - _EPOCH).astype("datetime64[D]")
    months = days.astype("datetime64[M]")
    years = days.astype("datetime64[Y]")
    return (
        years.astype(np.int64) + 1970,
        (months - years).astype(np.int64) + 1,
        (days - months).astype(np.int64) + 1,
    )


def year_fraction(
    starts: ArrayLike, ends: ArrayLike, convention: str = "A/360"
) -> NDArray[np.float64]:
    """Year fraction between dates by a day count convention.

    Args:
        starts: ordinals of first days, any shape.
        ends: ordinals of the days after the last, broadcast against ``starts``.
        convention: one of :data:`CONVENTIONS`.

    Returns:
        Year fractions of the broadcast shape.

    Raises:
        ValueError: for another convention; the message lists them.

    Example:
        >>> day = datetime.date(2026, 1, 1).toordinal()
        >>> float(year_fraction(day, day + 180, "A/360"))
        0.5
    """
    first, last = np.asarray(starts, dtype=np.int64), np.asarray(ends, dtype=np.int64)
    if convention == "A/360":
        return (last - first) / 360.0
    if convention == "A/365":
        return (last - first) / 365.0
    if convention == "30/360":
        return _thirty(first, last, european=False)
    if convention == "30E/360":
        return _thirty(first, last, european=True)
    if convention == "A/A ISDA":
        return _actual_actual(last) - _actual_actual(first)
    msg = f"unknown day count convention {convention!r}; use one of {', '.join(CONVENTIONS)}"
    raise ValueError(msg)


def _thirty(
    first: NDArray[np.int64], last: NDArray[np.int64], *, european: bool
) -> NDArray[np.float64]:
    y1, m1, d1 = date_parts(first)
    y2, m2, d2 = date_parts(last)
    d1 = np.minimum(d1, 30)
    d2 = np.minimum(d2, 30) if european else np.where((d2 == 31) & (d1 == 30), 30, d2)
    return (360 * (y2 - y1) + 30 * (m2 - m1) + (d2 - d1)) / 360.0


def _actual_actual(ordinals: NDArray[np.int64]) -> NDArray[np.float64]:
    """Years since year 0 with each day worth 1/366 in leap years and 1/365 in others."""
    years, _, _ = date_parts(ordinals)
    first = (years - 1970).astype("datetime64[Y]").astype("datetime64[D]").astype(np.int64) + _EPOCH
    leap = ((years % 4 == 0) & (years % 100 != 0)) | (years % 400 == 0)
    return years + (ordinals - first) / np.where(leap, 366.0, 365.0)
