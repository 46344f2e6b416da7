"""Dates of bonds: counted back from maturity, or stated one by one with the principal due on each.

    principal(t) = B(t-1) x share(t) / (1 - shares of the dates before t)

so that a bond of which a part was redeemed early repays the rest in the same proportions. The last
date takes all that is left once nothing of the whole remains.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from offtake.core.arrays import Array, jnp
from offtake.core.contract import IntArray, Lowerer, Numbers
from offtake.core.errors import Mistake, Mistakes, mistake_at
from offtake.core.series import Series
from offtake.finance.facility import ROUNDING
from offtake.finance.timetable import Cycle, whole


def backwards(every: Array, begin: Array, last: Array) -> Cycle:
    """Dates after a beginning, so many periods apart, the last of them maturity.

    Args:
        every: periods between two dates, [K, P].
        begin: period after which the first lies, [K, P].
        last: period of maturity, [K, P].
    """
    dates = jnp.ceil((last - begin) / whole(every) - ROUNDING)
    return Cycle(every, last - dates * whole(every), last)


def schedule_mistake(dated: bool, schedule: Series | None) -> Mistake | Mistakes | None:
    """What is wrong with stated dates, if anything is.

    Args:
        dated: whether principal is to fall due on such dates.
        schedule: shares by date, None where there are none.
    """
    if dated != (schedule is not None):
        return Mistake(
            code="schedule-form",
            found="amortisation: scheduled without schedule" if dated else "a schedule unused",
            expected="schedule: exactly where amortisation: scheduled",
            mend="add schedule: with dates and shares" if dated else "delete schedule",
        )
    if schedule is None or schedule.labels:
        return None
    mistake = Mistake(
        code="schedule-form",
        found="one number or a driver",
        expected="dates with the share of principal due on each: {2029-06: 5 %, ...}",
        mend="write each date with its share",
    )
    return mistake_at(mistake, "schedule")


class Schedule(NamedTuple):
    """Stated dates of principal of K bonds."""

    stated: NDArray[np.float64]
    """[K, 1] 1.0 where a bond has such dates"""
    closes: NDArray[np.float64]
    """[K, dates] period of each date; beyond any where there are fewer"""

    @classmethod
    def lower(
        cls, schedules: Sequence[tuple[str, Series | None]], at: Lowerer
    ) -> tuple["Schedule", dict[str, IntArray]]:
        """Structure, and rows of the shares: share_j -> [K].

        Args:
            schedules: place in the plan and shares by date, None where there are no dates.
            at: the plan.
        """
        width = max([1, *(len(series.labels) for _, series in schedules if series)])
        closes = np.full((len(schedules), width), 1e9)
        rows = np.full((len(schedules), width), at.constant(0.0))
        for k, (place, series) in enumerate(schedules):
            dates = zip(series.knots, series.labels, strict=True) if series else ()
            for j, ((day, _), label) in enumerate(dates):
                closes[k, j] = np.ceil(at.position(day) - ROUNDING)
                rows[k, j] = at.number_at(f"{place}.{label}")
        stated = np.array([[float(series is not None)] for _, series in schedules])
        return cls(stated, closes), {f"share_{j}": rows[:, j] for j in range(width)}

    def principal(self, n: Numbers, left: Array, t: Array) -> Array:
        """Principal of the period by the stated dates, USD [K, P].

        Args:
            n: numbers with the shares.
            left: balance on schedule, USD [K, P].
            t: [] period.
        """
        closes = jnp.asarray(self.closes)[:, :, None]
        shares = jnp.stack([n[f"share_{j}"] for j in range(closes.shape[1])], axis=1)
        now = jnp.sum(jnp.where(closes == t, shares, 0.0), axis=1)
        rest = 1.0 - jnp.sum(jnp.where(closes < t, shares, 0.0), axis=1)
        more = rest > now
        part = jnp.where(more, now / jnp.where(more, rest, 1.0), 1.0)
        return left * jnp.where(now > 0.0, part, 0.0)
