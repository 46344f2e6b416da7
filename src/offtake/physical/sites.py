"""Sites: phases of power that are built, paid for, delayed and energised.

A phase is built from `energise - build` on. Its delay D is lognormal with stated median and P90,
D = median exp(s z), s = ln(p90 / median) / 1.2816, where z = sum sqrt(w_c) Z_c
+ sqrt(1 - sum w_c) e mixes causes Z_c shared by all phases that name them with chance of its own;
so late sites are late together. The share of its cost due by period t follows the smooth curve
u^2 (3 - 2u) of the share u of building time elapsed. It is energised at `energise + D` if the money
came: progress credited in period t is what was paid by t - 1; a phase that is not paid for is not
switched on (DESIGN §5.10).

A site runs on the share of its power that is paid for: the share of what was claimed for its power
and its running cost that was paid in the period before.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from offtake.core.arrays import Array, jnp
from offtake.core.contract import IntArray
from offtake.core.flows import PAID_TOLERANCE
from offtake.core.rows import ratio

Z90 = 1.2815515655446004
"""90 % quantile of the standard normal."""
COMPLETE = 1.0 - 1e-6
"""Paid share from which a phase counts as paid for: one dollar in a million may be outstanding."""


RUNNING_SIGNALS = ("running_claimed", "running_paid")
"""USD claimed for power and running cost of a site, arrears included, and paid of it."""


def running_signals(sites: Sequence[str | None]) -> dict[str, tuple[str | None, ...]]:
    """Targets of the running signals of K claims: signal -> [K], None where a claim is of no site.

    Args:
        sites: [K] site whose running the claim is for.
    """
    return {
        what: tuple(None if site is None else f"sites.{site}.{what}" for site in sites)
        for what in RUNNING_SIGNALS
    }


def open_share(claimed: Array, paid: Array) -> Array:
    """Share of a site's power that runs: what was paid of its running claims a period before.

    Args:
        claimed: [sites, P] USD claimed for power and running cost, arrears included.
        paid: [sites, P] USD paid of it.
    """
    share = ratio(paid, claimed)
    return jnp.where(share >= 1.0 - PAID_TOLERANCE, 1.0, share)


class PhaseView(NamedTuple):
    """Phases in one period, every leaf [H, P]."""

    due: Array
    """share of the building cost that is due by the end of the period"""
    active: Array
    """share of the period for which the phase is energised"""


class Phases(NamedTuple):
    """H phases of all sites; fields [H] are rows of the table unless said otherwise."""

    site: IntArray
    """[H] index of the site"""
    power: IntArray
    """MW of critical IT power"""
    pue: IntArray
    energise: IntArray
    """position of the planned date"""
    build: IntArray
    """periods"""
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
    """[H] 1.0 where some contract pays for the phase; others follow their dates alone"""

    def delay(self, values: Array, once: Array) -> Array:
        """Delay of every phase, [H, P] periods."""
        weight = values[self.cause_weight]
        shared = jnp.sum(jnp.sqrt(weight) * once[self.cause_stream][None], axis=1)
        own = jnp.sqrt(jnp.maximum(1.0 - jnp.sum(weight, axis=1), 0.0)) * once[self.own_stream]
        z = shared + own
        median, p90 = values[self.delay_median], values[self.delay_p90]
        known = (median > 0.0) & (p90 > 0.0)
        ratio = jnp.where(known, p90 / jnp.where(known, median, 1.0), 1.0)
        spread = jnp.log(jnp.maximum(ratio, 1.0)) / Z90
        # A median of zero says "usually on time": the upper half of a normal with the stated P90.
        sometimes = jnp.maximum(p90 * z / Z90, 0.0)
        return jnp.where(known, median * jnp.exp(spread * z), sometimes)

    def view(self, values: Array, delay: Array, paid: Array, t: Array) -> PhaseView:
        """What a period sees of every phase.

        Args:
            delay: [H, P] from `delay`.
            paid: [H, P] share of the cost paid by the end of the period before.
        """
        ready = values[self.energise] + delay
        length = jnp.maximum(values[self.build] + delay, 1e-9)
        begin = values[self.energise] - values[self.build]
        u = jnp.clip((t - begin) / length, 0.0, 1.0)
        money = (paid >= COMPLETE) | (jnp.asarray(self.funded) < 0.5)[:, None]
        active = jnp.where(money, jnp.clip(t - ready, 0.0, 1.0), 0.0)
        return PhaseView(u * u * (3.0 - 2.0 * u), active)
