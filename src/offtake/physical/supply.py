"""Vendors whose output is short: chips that are due and are not ready yet.

In a period of length y years a vendor that is open to the share o sends that share of the lesser of
what it makes, output x y, and of what is due and was not sent:

    backlog(t) = units x due(t) - sent(t-1)
    sent(t)    = sent(t-1) + share of backlog(t)

A cohort of a lower `turn` is served first; those of one turn get the same share of their backlog. A
vendor without a stated output is short only while it is not fully open. What is not of a vendor is
always ready on its date.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from offtake.core.arrays import Array, jax, jnp
from offtake.core.contract import IntArray

DUE = 1e-9
"""Periods by which a date may lie after a close and still fall on it."""


class Supply(NamedTuple):
    """V vendors and F cohorts; fields are indices of observations unless said otherwise."""

    output: IntArray
    """[V] chips a year; 0 where none is stated"""
    limited: NDArray[np.float64]
    """[V] 1.0 where an output is stated"""
    opened: IntArray
    """[V] share"""
    made: NDArray[np.float64]
    """[F] 1.0 where the cohort is of a vendor"""
    queue: IntArray
    """[F] index of its place among the G pairs of vendor and turn"""
    vendor: IntArray
    """[G] vendor of each such pair"""
    earlier: NDArray[np.float64]
    """[G, G] 1.0 where the second pair is of the same vendor and of an earlier turn"""
    units: IntArray
    """[F] rows"""
    deliver: IntArray
    """[F] rows, position of the date"""

    def init(self, paths: int) -> Array:
        """Chips sent of each cohort, [F, P]; nothing."""
        return jnp.zeros((self.made.shape[0], paths))

    def send(
        self, values: Array, observed: Array, sent: Array, t: Array, years: Array
    ) -> tuple[Array, Array]:
        """Share of each cohort that is ready [F, P], and chips sent so far [F, P]."""
        if not self.vendor.shape[0]:
            return jnp.ones_like(sent), sent
        units = values[self.units]
        due = jnp.where(t >= values[self.deliver] - DUE, units, 0.0)
        backlog = jnp.maximum(due - sent, 0.0) * jnp.asarray(self.made)[:, None]
        pairs = self.vendor.shape[0]
        asked = jax.ops.segment_sum(backlog, self.queue, pairs)
        vendors = self.output.shape[0]
        opened = observed[self.opened]
        whole = jax.ops.segment_sum(asked, self.vendor, vendors)
        stated = jnp.asarray(self.limited)[:, None] > 0.5
        makes = jnp.where(stated, observed[self.output] * years, jnp.inf)
        able = opened * jnp.minimum(makes, whole)
        before = jnp.sum(jnp.asarray(self.earlier)[:, :, None] * asked[None], axis=1)
        room = jnp.clip(able[self.vendor] - before, 0.0, asked)
        share = jnp.where(asked > 0.0, room / jnp.where(asked > 0.0, asked, 1.0), 0.0)
        now = sent + backlog * share[self.queue]
        there = jnp.asarray(self.made)[:, None] > 0.5
        ready = jnp.where(units > 0.0, now / jnp.where(units > 0.0, units, 1.0), 1.0)
        return jnp.where(there, jnp.minimum(ready, 1.0), 1.0), now
