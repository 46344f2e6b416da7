"""Sites: how much of what they have runs.

A site runs on the power of its energised phases, on what its sources supply (`physical.power`), and
on the share of its power that is paid for: the share of what was claimed for its power and its
running cost that was paid in the period before.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from offtake.core.arrays import Array, jax, jnp
from offtake.core.contract import IntArray
from offtake.core.flows import PAID_TOLERANCE
from offtake.core.rows import ratio

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


class Phases(NamedTuple):
    """H phases of all sites; fields [H] are rows of the table unless said otherwise."""

    site: IntArray
    """[H] index of the site"""
    power: IntArray
    """MW of critical IT power"""
    pue: IntArray
    site_marks: NDArray[np.float64]
    """[sites] zeros; its length is the number of sites"""

    def energised(self, values: Array, active: Array) -> Array:
        """IT power that is switched on, and power of the whole facility when fully used, MW.

        Args:
            active: [H, P] share of the period for which a phase is switched on.

        Returns:
            [2, sites, P].
        """
        power = active * values[self.power]
        facility = power * values[self.pue]
        sites = self.site_marks.shape[0]
        return jnp.stack([jax.ops.segment_sum(x, self.site, sites) for x in (power, facility)])


def pue(power: Array) -> Array:
    """[sites, P] facility power over IT power, of [2, sites, P] IT and facility power; or 0."""
    return ratio(power[1], power[0], 0.0)
