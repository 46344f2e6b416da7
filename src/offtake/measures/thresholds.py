"""Thresholds: the first month in which a driver passes a level, as a distribution.

    month  = months from the plan's start to the close of the first period in which the driver is at
             or beyond the level; 0 where it is so at the start, inf where never within the plan
    passed = share of paths that have passed by the close of a period

A driver that falls back afterwards has passed all the same. What never passes within the horizon is
a share of its own and no date.
"""

from typing import NamedTuple

import numpy as np

from offtake.core.arrays import Array, jnp, lax
from offtake.core.contract import IntArray
from offtake.core.measure import Book, Output, Record
from offtake.measures.selection import FloatArray

MONTHS_PER_YEAR = 12.0


def names(book: Book) -> tuple[str, ...]:
    """Thresholds of a plan."""
    return tuple(book.readings.thresholds)


OUTPUTS = {
    "month": Output(("threshold",), "paths", "month", "From the start; inf where never."),
    "passed": Output(("period", "threshold"), "mean", "1", "Share of paths that have passed."),
}


class Thresholds(NamedTuple):
    """The measure; first axis [threshold]."""

    watched: IntArray
    """observation"""
    level: IntArray
    """row"""
    sign: FloatArray
    """1.0 where the level is passed from below, -1.0 from above"""
    months: FloatArray
    """[] months of a period"""

    name = "thresholds"
    wanted = ("drivers.*",)
    outputs = OUTPUTS

    @classmethod
    def build(cls, book: Book) -> "Thresholds":
        """The measure for one plan."""
        found = list(book.readings.thresholds.values())
        return cls(
            np.array([book.labels.observation(seen) for seen, _, _ in found], np.int64),
            np.array([book.rows[place] for _, place, _ in found], np.int64),
            np.array([1.0 if rises else -1.0 for _, _, rises in found]),
            np.array(MONTHS_PER_YEAR * book.years[-1]),
        )

    def reduce(self, record: Record) -> dict[str, Array]:
        """Outputs of a block, [threshold, P] and [T, threshold, P]."""
        observed = record.months.observations[:, self.watched]
        level = record.values[self.level]
        sign = jnp.asarray(self.sign)[:, None]
        beyond = jnp.where(sign[None] * (observed - level[None]) >= 0.0, 1.0, 0.0)
        passed = lax.cummax(beyond, axis=0)
        before = jnp.sum(1.0 - passed, axis=0)
        month = jnp.where(passed[-1] > 0.5, before * self.months, jnp.inf)
        return {"month": month, "passed": passed}
