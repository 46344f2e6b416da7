"""Fabs: wafers started, and the good chips that come of them.

A fab opens once it is built and paid for (`physical.works`). With r the periods since it opened,

    wafers(r) = capacity x min(r / ramp, 1) x utilisation
    chips(r)  = wafers(r - cycle) x dies per wafer x yield / dies per chip

each taken at the middle of the period, `cycle` being the time that a wafer takes. Utilisation and
yield are those of the period in which the chip is done. What a fab makes adds to the output of its
vendor (`physical.supply`).
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from offtake.core.arrays import Array, jax, jnp
from offtake.core.contract import IntArray


class Made(NamedTuple):
    """What fabs make in a period."""

    wafers: Array
    """[U, P] started"""
    chips: Array
    """[U, P] good ones done"""
    of_vendor: Array
    """[vendors, P] chips"""


class Fabs(NamedTuple):
    """U fabs; fields [U] are rows of the table unless said otherwise."""

    capacity: IntArray
    """wafers started a month"""
    ramp: IntArray
    """periods"""
    cycle: IntArray
    """periods"""
    dies_per_wafer: IntArray
    dies_per_chip: IntArray
    utilisation: IntArray
    """[U] observations"""
    good: IntArray
    """[U] observations: share of dies that work"""
    vendor: IntArray
    """[U] index of the vendor"""
    vendor_marks: NDArray[np.float64]
    """[vendors] zeros; its length is the number of vendors"""

    def init(self, paths: int) -> Array:
        """Periods since each fab opened, [U, P]."""
        return jnp.zeros((self.vendor.shape[0], paths))

    def make(
        self, values: Array, observed: Array, age: Array, active: Array, years: Array
    ) -> tuple[Made, Array]:
        """What is made in a period, and periods since each fab opened at its end.

        Args:
            observed: [observation, P] what stands before the market clears.
            age: [U, P] periods since each fab opened, at the start.
            active: [U, P] share of the period for which it is open.
            years: [] length of the period.
        """
        vendors = self.vendor_marks.shape[0]
        if not self.vendor.shape[0]:
            return Made(age, age, jnp.zeros((vendors, age.shape[-1]))), age
        middle = age + 0.5 * active
        most = values[self.capacity] * 12.0 * years * active * observed[self.utilisation]
        ramp = jnp.maximum(values[self.ramp], 1e-9)
        wafers = most * jnp.clip(middle / ramp, 0.0, 1.0)
        done = most * jnp.clip((middle - values[self.cycle]) / ramp, 0.0, 1.0)
        per_wafer = values[self.dies_per_wafer] / values[self.dies_per_chip]
        chips = done * per_wafer * observed[self.good]
        total = jax.ops.segment_sum(chips, self.vendor, vendors)
        return Made(wafers, chips, total), age + active
