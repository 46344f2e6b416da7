"""Dated numbers: step functions and straight lines between the knots that a plan writes."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from offtake.core.arrays import Array, jnp
from offtake.core.contract import IntArray


class SeriesGroup(NamedTuple):
    """S numbers over time. In period t a series is `(1 - w) values[before] + w values[after]`."""

    before: IntArray
    """[S, T] row of the knot in force, in the table of numbers."""
    after: IntArray
    """[S, T] row of the next knot."""
    weight: NDArray[np.float64]
    """[S, T] weight of the next knot; 0 for a step function."""

    def at(self, values: Array, t: Array) -> Array:
        """Values of all series in period t, [S, P].

        Args:
            values: [row, P] the plan's numbers.
        """
        weight = jnp.asarray(self.weight)[:, t][:, None]
        before = values[jnp.asarray(self.before)[:, t]]
        after = values[jnp.asarray(self.after)[:, t]]
        return (1.0 - weight) * before + weight * after
