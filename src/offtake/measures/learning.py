"""Learning: how fast the cost to solve a fixed problem falls, and the four ways in which it does.

With f(t) the level of a factor, and y the years from the plan's start to the close of a period

    yearly  = (f(t) / f(0))^(1 / y(t))          by how many times it improves in a year
    product = software x chips per dollar x chips per watt x model size
    cost    = software x model size / ((1 - w) / chips per dollar + w / chips per watt)

in the period that `learning.window` ends, or the last. The product takes both chip factors in full,
as published counts do that multiply them. Where the plan states the share w of power in the cost
of an hour, `cost` says by how much the bill falls: a dollar is not saved twice.
"""

from typing import NamedTuple

import numpy as np

from offtake.core.arrays import Array, jnp
from offtake.core.contract import IntArray
from offtake.core.measure import Book, Output, Record
from offtake.core.readings import FACTORS
from offtake.measures.selection import FloatArray, in_period

WINDOW, POWER_SHARE = "learning.window", "learning.power_share"


def names(book: Book) -> tuple[str, ...]:
    """What is reported of a plan, in order; nothing where it has no learning."""
    if not book.readings.factors:
        return ()
    return (*FACTORS, "product", *(("cost",) if POWER_SHARE in book.rows else ()))


OUTPUTS = {
    "yearly": Output(("factor",), "paths", "1/year", "Times by which it improves in a year.")
}


class Learning(NamedTuple):
    """The measure."""

    factor: IntArray
    """[4] observations in the order of `FACTORS`; empty without learning"""
    window: IntArray
    """[1] row, periods; empty where the horizon is the window"""
    power: IntArray
    """[1] row of the share of power in cost; empty where none is stated"""
    elapsed: FloatArray
    """[T]"""

    name = "learning"
    wanted = ("learning.*", "drivers.*")
    outputs = OUTPUTS

    @classmethod
    def build(cls, book: Book) -> "Learning":
        """The measure for one plan."""
        found = book.readings.factors

        def row(place: str) -> IntArray:
            return np.array([book.rows[place]] if found and place in book.rows else [], np.int64)

        places = [book.labels.observation(found[name]) for name in FACTORS] if found else []
        return cls(np.array(places, np.int64), row(WINDOW), row(POWER_SHARE), book.elapsed)

    def reduce(self, record: Record) -> dict[str, Array]:
        """Outputs of a block, [factor, P]."""
        paths = record.values.shape[-1]
        if not self.factor.shape[0]:
            return {"yearly": jnp.zeros((0, paths))}
        observed = jnp.maximum(record.months.observations[:, self.factor], 1e-300)
        last = float(observed.shape[0] - 1)
        end = jnp.full(paths, last)
        if self.window.shape[0]:
            end = jnp.clip(jnp.round(record.values[self.window[0]]), 1.0, last)
        years = in_period(jnp.broadcast_to(self.elapsed[:, None], observed[:, 0].shape), end)
        level = [in_period(observed[:, i], end) / observed[0, i] for i in range(len(FACTORS))]
        software, per_dollar, per_watt, size = level
        level.append(software * per_dollar * per_watt * size)
        if self.power.shape[0]:
            share = record.values[self.power[0]]
            level.append(software * size / ((1.0 - share) / per_dollar + share / per_watt))
        return {"yearly": jnp.exp(jnp.log(jnp.stack(level)) / years[None])}
