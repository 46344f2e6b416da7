"""Dates of ACTUS contracts: cycles with stubs, end of month, business days, maturities.

A cycle is written `P3ML0`: every 3 months, L0 for a long last stub, L1 for a short one. A time of
23:59:59 is the next midnight.

References:
    1. ACTUS Financial Research Foundation, technical specification v1.1, sections 2.8 and 3.
"""

import datetime as dt
import math
import re
from calendar import monthrange
from dataclasses import dataclass

from offtake.core.calendar import add_months, year_fraction

DAY = dt.timedelta(days=1)


class Unknown(Exception):
    """A feature that the bridge does not know; its text says which."""


@dataclass(frozen=True)
class Cycle:
    """A cycle: every so many days or months, and how its last stub is cut."""

    number: int
    unit: str
    short: bool

    @property
    def in_days(self) -> bool:
        """Whether the cycle counts days or weeks."""
        return self.unit in "DW"

    def shifted(self, moment: dt.datetime, times: int) -> dt.datetime:
        """A moment some cycles later; the last day of a month that is too short."""
        each = self.number * {"D": 1, "W": 7, "M": 1, "Q": 3, "H": 6, "Y": 12}[self.unit]
        if self.in_days:
            return moment + times * each * DAY
        return dt.datetime.combine(add_months(moment.date(), times * each), moment.time())


def moment_of(text: str) -> dt.datetime:
    """A moment as written; cycles are cut by it to the second."""
    return dt.datetime.fromisoformat(text.strip())


def midnight(moment: dt.datetime) -> dt.date:
    """The day of a moment; of 23:59:59 the next one."""
    late = (moment.hour, moment.minute, moment.second) == (23, 59, 59)
    return moment.date() + DAY if late else moment.date()


def day_of(text: str) -> dt.date:
    """The day of a moment as written."""
    return midnight(moment_of(text))


def cycle_of(text: str) -> Cycle:
    """A cycle as written; a period (`P31D`) has no stub."""
    found = re.fullmatch(r"P(\d+)([DWMQHY])(?:L([01]))?", text.strip())
    if found is None:
        raise Unknown(f"cycle {text}")
    return Cycle(int(found[1]), found[2], found[3] == "1")


@dataclass(frozen=True)
class Rules:
    """How dates are moved."""

    end_of_month: bool
    convention: str
    """business day convention: NULL, SCF, CSMP, ..."""
    weekends: bool
    """whether Saturday and Sunday are no business days"""

    def paid(self, date: dt.date) -> dt.date:
        """The business day on which what belongs to a date is paid."""
        if not self.weekends or self.convention == "NULL" or date.weekday() < 5:
            return date
        modified, forward = "M" in self.convention, self.convention[-1] == "F"
        moved = _business_day(date, forward)
        return _business_day(date, not forward) if modified and moved.month != date.month else moved

    def counted(self, date: dt.date) -> dt.date:
        """The day up to which interest counts: the day of payment if the shift comes first."""
        return self.paid(date) if self.convention.startswith("S") else date

    def dates(
        self, anchor: dt.datetime, cycle: Cycle, end: dt.datetime, with_end: bool
    ) -> list[dt.date]:
        """The dates of a cycle before an end, not yet moved to business days; and the end itself.

        Args:
            anchor: the first date.
            cycle: length and stub.
            end: where it stops.
            with_end: whether the end is one of the dates, whatever the cycle.
        """
        found = [anchor]
        while found[-1] < end:
            found.append(cycle.shifted(anchor, len(found)))
        last = found.pop()
        if not with_end and end == anchor and anchor in found:
            found.remove(anchor)
        if not cycle.short and end != last and len(found) > 2:
            found.pop()
        found = [self.month_end(anchor, cycle, moment) for moment in found]
        return [midnight(moment) for moment in ([*found, end] if with_end else found)]

    def month_end(self, anchor: dt.datetime, cycle: Cycle, moment: dt.datetime) -> dt.datetime:
        """The end of its month, where a cycle of months is anchored at the end of a short one."""
        last = monthrange(anchor.year, anchor.month)[1]
        if not self.end_of_month or cycle.in_days or not anchor.day == last < 31:
            return moment
        return moment.replace(day=monthrange(moment.year, moment.month)[1])


def _business_day(date: dt.date, forward: bool) -> dt.date:
    while date.weekday() >= 5:
        date += DAY if forward else -DAY
    return date


def linear_cycles(notional: float, payment: float) -> int:
    """Cycles from the first payment of a linear amortiser to the one that repays the rest."""
    return math.ceil(notional / payment - 1.0)


def annuity_cycles(
    anchor: dt.datetime,
    cycle: Cycle,
    notional: float,
    payment: float,
    rate: float,
    day_count: str,
) -> int:
    """The same of a negative amortiser or annuity, by what the first payment redeems."""
    first, second = anchor.toordinal(), cycle.shifted(anchor, 1).toordinal()
    redeemed = payment - float(year_fraction(first, second, day_count)) * rate * notional
    if redeemed <= 0.0:
        raise Unknown("an amortiser that never repays")
    return math.ceil(notional / redeemed - 1.0)
