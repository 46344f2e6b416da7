"""Timetables of debt: in which periods interest is paid, principal repaid, a rate fixed anew.

What recurs happens every so many periods after a beginning (the signing, or the end of the time
without principal), or on dates that are given; the last date of all is maturity, which may end a
shorter time than the others (a stub):

    here(e)       e >= 1 and e mod every = 0            e: periods since the beginning
    remaining(e)  ceil(l / every) - ceil(e / every) + 1  l: the same of the last date

A cycle is a whole number of periods, at least one; with one, every period is a date. Between two
dates interest accrues and nothing is due (`servicing.due`).
"""

from collections.abc import Sequence
from datetime import date
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from offtake.core.arrays import Array, jnp
from offtake.core.contract import Lowerer, Month
from offtake.finance.amortisation import regular_principal
from offtake.finance.facility import ROUNDING


class Cycle(NamedTuple):
    """Dates that recur, of K loans, every leaf [K, P]."""

    every: Array
    """length, periods"""
    begin: Array
    """period from which it counts, a whole number; itself no date"""
    last: Array
    """period of the last date, whatever the cycle, a whole number"""

    def here(self, t: Array) -> Array:
        """Whether the close of period t is one of the dates, [K, P]. t: [] period."""
        since, every = t - self.begin, whole(self.every)
        counted = since - every * jnp.floor(since / every + ROUNDING) < 0.5
        return (since > 0.5) & (counted | (t >= self.last))

    def remaining(self, t: Array) -> Array:
        """Dates from period t, itself one of them, to the last one, at least 1, [K, P]."""
        every = whole(self.every)
        dates = jnp.ceil((self.last - self.begin) / every - ROUNDING)
        return jnp.maximum(dates - jnp.ceil((t - self.begin) / every - ROUNDING) + 1.0, 1.0)

    def principal(self, profile: Array, left: Array, rate: Array, t: Array) -> Array:
        """Principal of a period by profile, a balloon apart; none between dates, USD [K, P].

        Args:
            profile: numbers of `amortisation.Profile`, [K, 1].
            left: balance on schedule, USD [K, P].
            rate: of one period of the plan, [K, P].
            t: [] period.
        """
        regular = regular_principal(profile, left, rate * whole(self.every), self.remaining(t))
        return jnp.where(self.here(t), regular, 0.0)


class Timetable(NamedTuple):
    """Dates of K loans on which one thing happens."""

    given: NDArray[np.float64]
    """[K, periods] 1.0 where a given date is reached at the close; as long as the last one needs"""
    dated: NDArray[np.float64]
    """[K, 1] 1.0 where dates are given, 0.0 where the cycle counts"""

    @classmethod
    def lower(cls, dates: Sequence[Sequence[date]], at: Lowerer) -> "Timetable":
        """Structure of K timetables.

        Args:
            dates: of each loan; none where it has a cycle. Those before the plan are left out.
            at: the plan.
        """
        closes = [
            [int(np.ceil(at.position(day) - ROUNDING)) for day in days if at.position(day) >= 0.0]
            for days in dates
        ]
        given = np.zeros((len(dates), max([at.periods, *(1 + max(c, default=0) for c in closes)])))
        for row, periods in zip(given, closes, strict=True):
            row[periods] = 1.0
        return cls(given, np.array([[float(len(days) > 0)] for days in dates]))

    def here(self, cycle: Cycle, month: Month) -> Array:
        """Whether the close of the period is one of the dates, [K, P].

        Args:
            cycle: what counts where no dates are given; its last date is one in any case.
            month: this period.
        """
        given = jnp.asarray(self.given)[:, month.period][:, None] > 0.0
        given = given | (month.t >= cycle.last)
        return jnp.where(jnp.asarray(self.dated) > 0.0, given, cycle.here(month.t))

    def remaining(self, cycle: Cycle, month: Month) -> Array:
        """Dates from this period, itself one of them, to the last one, at least 1, [K, P].

        Args:
            cycle: what counts where no dates are given; its last date is the last in any case.
            month: this period.
        """
        so_far = jnp.cumsum(jnp.asarray(self.given), axis=1)
        place = jnp.clip(cycle.last - 1.0, 0.0, so_far.shape[1] - 1.0).astype(jnp.int64)
        before = jnp.where(month.period > 0, so_far[:, month.period - 1], 0.0)[:, None]
        dated = jnp.take_along_axis(so_far, place, axis=1) - before
        dated = jnp.maximum(dated + 1.0, 1.0)
        return jnp.where(jnp.asarray(self.dated) > 0.0, dated, cycle.remaining(month.t))


def whole(every: Array) -> Array:
    """A cycle as a whole number of periods, at least one, [K, P]."""
    return jnp.maximum(jnp.ceil(every - ROUNDING), 1.0)
