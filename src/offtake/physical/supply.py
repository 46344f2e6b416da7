"""Vendors whose output is short: chips that are due and are not ready yet.

In a period of length y years a vendor that is open to the share o sends that share of the lesser of
what it makes, output x y and what its fabs make, and of what is due and was not sent:

    backlog(t) = units x due(t) - sent(t-1)
    sent(t)    = sent(t-1) + share of backlog(t)

A cohort of a lower `turn` is served first; those of one turn get the same share of their backlog.
What a vendor makes and nobody waits for is unsold: it is not kept, and may be sold elsewhere. A
vendor with neither a stated output nor fabs is short only while it is not fully open. What is not
of a vendor is always ready on its date.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from offtake.core.arrays import Array, jax, jnp
from offtake.core.contract import IntArray
from offtake.core.rows import ratio

DUE = 1e-9
"""Periods by which a date may lie after a close and still fall on it."""


class Sent(NamedTuple):
    """What vendors send in a period."""

    ready: Array
    """[F, P] share of each cohort that is ready"""
    so_far: Array
    """[F, P] chips sent by the close"""
    chips: Array
    """[F, P] chips sent in the period"""
    made: Array
    """[V, P] chips made; 0 where there is no limit"""
    unsold: Array
    """[V, P] chips made, let through and sent to no cohort"""


class Supply(NamedTuple):
    """V vendors and F cohorts; fields are indices of observations unless said otherwise."""

    output: IntArray
    """[V] chips a year; 0 where none is stated"""
    limited: NDArray[np.float64]
    """[V] 1.0 where an output is stated or a fab is of the vendor"""
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
        self,
        values: Array,
        observed: Array,
        sent: Array,
        fabs: Array,
        t: Array,
        years: Array,
    ) -> Sent:
        """What vendors send.

        Args:
            sent: [F, P] chips sent by the end of the period before.
            fabs: [V, P] chips that their fabs make.
            years: [] length of the period.
        """
        made = observed[self.output] * years + fabs
        if not self.vendor.shape[0]:
            return Sent(jnp.ones_like(sent), sent, jnp.zeros_like(sent), made, made)
        units = values[self.units]
        due = jnp.where(t >= values[self.deliver] - DUE, units, 0.0)
        backlog = jnp.maximum(due - sent, 0.0) * jnp.asarray(self.made)[:, None]
        pairs = self.vendor.shape[0]
        asked = jax.ops.segment_sum(backlog, self.queue, pairs)
        opened = observed[self.opened]
        whole = jax.ops.segment_sum(asked, self.vendor, self.output.shape[0])
        stated = jnp.asarray(self.limited)[:, None] > 0.5
        able = opened * jnp.where(stated, jnp.minimum(made, whole), whole)
        before = jnp.sum(jnp.asarray(self.earlier)[:, :, None] * asked[None], axis=1)
        room = jnp.clip(able[self.vendor] - before, 0.0, asked)
        chips = backlog * ratio(room, asked, 0.0)[self.queue]
        now = sent + chips
        there = jnp.asarray(self.made)[:, None] > 0.5
        ready = jnp.where(there, jnp.minimum(ratio(now, units), 1.0), 1.0)
        unsold = jnp.where(stated, jnp.maximum(opened * made - able, 0.0), 0.0)
        return Sent(ready, now, chips, made, unsold)
