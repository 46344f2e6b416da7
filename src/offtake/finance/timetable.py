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
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from offtake.core.arrays import Array, jnp
from offtake.core.calendar import year_fraction
from offtake.core.contract import Lowerer, Month
from offtake.finance.amortisation import Profile, regular_principal
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

    def principal(
        self, profile: Array, left: Array, rate: Array, t: Array, share: Array | None = None
    ) -> Array:
        """Principal of a period by profile, a balloon apart; none between dates, USD [K, P].

        Args:
            profile: numbers of `amortisation.Profile`, [K, 1].
            left: balance on schedule, USD [K, P].
            rate: of one period of the plan, [K, P].
            t: [] period.
            share: principal as a share of the balance, where some loan is sculpted, [K, P].
        """
        dates = self.remaining(t)
        share = jnp.zeros_like(left) if share is None else share
        regular = regular_principal(profile, left, rate * whole(self.every), dates, share)
        return jnp.where(self.here(t), regular, 0.0)


class Repayment(NamedTuple):
    """How K loans are repaid on their dates."""

    profile: Array
    """numbers of `amortisation.Profile`, [K, 1]"""
    stated: Array
    """payment that is stated, USD [K, P]: principal, or under an annuity interest and principal; 0
    where the profile gives it"""
    share: Array
    """principal as a share of the balance, sculpted loans, [K, P]"""


class Timetable(NamedTuple):
    """Dates of K loans on which one thing happens."""

    given: NDArray[np.float64]
    """[K, periods] 1.0 where a given date is reached at the close; as long as the last one needs"""
    dated: NDArray[np.float64]
    """[K, 1] 1.0 where dates are given, 0.0 where the cycle counts"""
    ahead: NDArray[np.float64]
    """[K, periods] given dates from the close of a period on"""
    gaps: NDArray[np.float64]
    """[K, dates - 1] years from each given date to the next one by day count; 0 where there is none
    """

    @classmethod
    def lower(
        cls, dates: Sequence[Sequence[date]], at: Lowerer, day_counts: Sequence[str] = ()
    ) -> "Timetable":
        """Structure of K timetables.

        Args:
            dates: of each loan; none where it has a cycle. Those before the plan are left out, and
                of several in one period the last counts.
            at: the plan.
            day_counts: conventions of the K loans, where level payments are asked for.
        """
        closes = [
            {int(np.ceil(at.position(day) - ROUNDING)): day.toordinal() for day in sorted(days)}
            for days in dates
        ]
        closes = [{t: day for t, day in row.items() if t >= 0} for row in closes]
        given = np.zeros((len(dates), max([at.periods, *(1 + max(c, default=0) for c in closes)])))
        gaps = np.zeros((len(dates), max([0, *(len(row) - 1 for row in closes)])))
        for k, row in enumerate(closes):
            given[k, list(row)] = 1.0
            if day_counts and row:
                days = list(row.values())
                gaps[k, : len(days) - 1] = year_fraction(days[:-1], days[1:], day_counts[k])
        ahead = np.cumsum(given[:, ::-1], axis=1)[:, ::-1]
        return cls(given, np.array([[float(len(days) > 0)] for days in dates]), ahead, gaps)

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
                Of given dates all count, also those after it: what they would repay is a balloon.
            month: this period.
        """
        dated = jnp.maximum(jnp.asarray(self.ahead)[:, month.period][:, None], 1.0)
        return jnp.where(jnp.asarray(self.dated) > 0.0, dated, cycle.remaining(month.t))

    def principal(
        self,
        terms: Repayment,
        left: Array,
        earned: Array,
        rate: Array,
        cycle: Cycle,
        month: Month,
    ) -> Array:
        """Principal of one of the dates, a balloon apart, USD [K, P].

        Below 0 where a stated payment is less than the interest. A level payment is that of equal
        periods where there is a cycle, and that of the given dates by day count where there are
        dates.

        Args:
            terms: how it is repaid.
            left: balance on schedule, USD [K, P].
            earned: interest on it up to now, USD [K, P].
            rate: per year, [K, P].
            cycle: what counts where no dates are given.
            month: this period.
        """
        period_rate = rate * month.years * whole(cycle.every)
        remaining = self.remaining(cycle, month)
        regular = regular_principal(terms.profile, left, period_rate, remaining, terms.share)
        annuity = terms.profile == Profile.ANNUITY
        level = self.level(left + earned, rate, month) - earned
        regular = jnp.where((jnp.asarray(self.dated) > 0.0) & annuity, level, regular)
        stated = jnp.minimum(terms.stated - jnp.where(annuity, earned, 0.0), left)
        return jnp.where(terms.stated > 0.0, stated, regular)

    def starts(self, cycle: Cycle, month: Month) -> Array:
        """Whether the period begins at one of the dates, or at the beginning of a cycle, [K, P]."""
        before = month._replace(t=month.t - 1.0, period=jnp.maximum(month.period - 1, 0))
        return self.here(cycle._replace(last=cycle.last + 2.0), before)

    def level(self, owed: Array, rate: Array, month: Month) -> Array:
        """Payment now which, made on all given dates from this one on, repays a debt, USD [K, P].

            payment (1 + v_1 + v_1 v_2 + ...) = owed,      v_i = 1 / (1 + rate gap_i)

        Args:
            owed: balance and interest on it up to now, USD [K, P].
            rate: per year, [K, P].
            month: this period, at whose close one of the dates is reached.
        """
        gaps = jnp.asarray(self.gaps)
        if gaps.shape[1] == 0:
            return owed
        left = jnp.asarray(self.ahead)
        here = (left[:, 0] - left[:, month.period])[:, None]
        ahead = jnp.arange(gaps.shape[1], dtype=jnp.float64)[None] >= here
        ahead = ahead & (gaps > 0.0)
        growth = jnp.where(ahead[:, :, None], 1.0 + gaps[:, :, None] * rate[:, None, :], 1.0)
        worth = jnp.cumprod(1.0 / growth, axis=1)
        return owed / (1.0 + jnp.sum(jnp.where(ahead[:, :, None], worth, 0.0), axis=1))


class LoanDates(NamedTuple):
    """Timetables of K loans."""

    pays: Timetable
    """of interest"""
    repays: Timetable
    """of principal"""
    fixes: Timetable
    """on which the rate is set"""

    @classmethod
    def lower(cls, terms: Sequence[Any], at: Lowerer) -> "LoanDates":
        """Structure of terms with the fields interest_dates, principal_dates, reset_dates."""
        day_counts = [term.day_count for term in terms]
        return cls(
            Timetable.lower([term.interest_dates for term in terms], at),
            Timetable.lower([term.principal_dates for term in terms], at, day_counts),
            Timetable.lower([term.reset_dates for term in terms], at),
        )


def whole(every: Array) -> Array:
    """A cycle as a whole number of periods, at least one, [K, P]."""
    return jnp.maximum(jnp.ceil(every - ROUNDING), 1.0)
