"""Works: what is built, paid for, delayed and switched on: phases, sources of power, fabs.

A work is built from `date - build` on. Its delay D is lognormal with stated median and P90,
D = median exp(s z), s = ln(p90 / median) / 1.2816, where z = sum sqrt(w_c) Z_c
+ sqrt(1 - sum w_c) e mixes causes Z_c shared by all works that name them with chance of its own;
so late works are late together. The share of its cost due by period t follows a curve of the share
u of building time elapsed:

    smooth  u^2 (3 - 2u)      even  u      early  u (2 - u)      late  u^2

It is switched on at `date + D` if the money came: progress credited in period t is what was paid by
t - 1; a work that is not paid for is not switched on (semantics §5.10).
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from offtake.core.arrays import Array, jnp
from offtake.core.contract import IntArray

Z90 = 1.2815515655446004
"""90 % quantile of the standard normal."""
COMPLETE = 1.0 - 1e-6
"""Paid share from which a work counts as paid for: one dollar in a million may be outstanding."""
CURVES = {
    "smooth": (0.0, 3.0, -2.0),
    "even": (1.0, 0.0, 0.0),
    "early": (2.0, -1.0, 0.0),
    "late": (0.0, 1.0, 0.0),
}
"""Name of a spend curve -> factors of u, u^2 and u^3."""


class WorkView(NamedTuple):
    """Works in one period, every leaf [H, P]."""

    due: Array
    """share of the cost that is due by the end of the period"""
    active: Array
    """share of the period for which the work is switched on"""


class Works(NamedTuple):
    """H works; fields [H] are rows of the table unless said otherwise."""

    date: IntArray
    """position of the planned date"""
    build: IntArray
    """periods"""
    curve: NDArray[np.float64]
    """[3, H] factors of the spend curve"""
    delay_median: IntArray
    """periods"""
    delay_p90: IntArray
    """periods"""
    cause_weight: IntArray
    """[H, causes] share of the variance of the delay that is due to a shared cause"""
    cause_stream: IntArray
    """[causes] stream drawn once per path"""
    own_stream: IntArray
    """[H] stream drawn once per path"""
    paid_signal: IntArray
    """[H] signal that carries the share of the cost paid so far"""
    funded: NDArray[np.float64]
    """[H] 1.0 where some contract pays for the work; others follow their dates alone"""

    def delay(self, values: Array, once: Array) -> Array:
        """Delay of every work, [H, P] periods."""
        weight = values[self.cause_weight]
        shared = jnp.sum(_root(weight) * once[self.cause_stream][None], axis=1)
        own = _root(1.0 - jnp.sum(weight, axis=1)) * once[self.own_stream]
        z = shared + own
        median, p90 = values[self.delay_median], values[self.delay_p90]
        known = (median > 0.0) & (p90 > 0.0)
        ratio = jnp.where(known, p90 / jnp.where(known, median, 1.0), 1.0)
        spread = jnp.log(jnp.maximum(ratio, 1.0)) / Z90
        # A median of zero says "usually on time": the upper half of a normal with the stated P90.
        sometimes = jnp.maximum(p90 * z / Z90, 0.0)
        return jnp.where(known, median * jnp.exp(spread * z), sometimes)

    def view(self, values: Array, delay: Array, paid: Array, t: Array) -> WorkView:
        """What a period sees of every work.

        Args:
            delay: [H, P] from `delay`.
            paid: [H, P] share of the cost paid by the end of the period before.
        """
        ready = values[self.date] + delay
        length = jnp.maximum(values[self.build] + delay, 1e-9)
        begin = values[self.date] - values[self.build]
        u = jnp.clip((t - begin) / length, 0.0, 1.0)
        money = (paid >= COMPLETE) | (jnp.asarray(self.funded) < 0.5)[:, None]
        active = jnp.where(money, jnp.clip(t - ready, 0.0, 1.0), 0.0)
        first, second, third = jnp.asarray(self.curve)[:, :, None]
        return WorkView(u * (first + u * (second + u * third)), active)


def _root(share: Array) -> Array:
    """Square root, 0 from zero down, with a finite derivative there."""
    some = share > 0.0
    return jnp.where(some, jnp.sqrt(jnp.where(some, share, 1.0)), 0.0)
