"""Chips that change hands: pledged cohorts that are offered for sale, and those that were sold.

A cohort that was sold stays where it stands and runs for its buyer, who pays for its power: the
market keeps its capacity, the site and its owner do not. The month in which it is sold still counts
for the owner.
"""

from typing import NamedTuple

from offtake.core.arrays import Array, jnp
from offtake.core.contract import IntArray
from offtake.core.rows import total

SIGNALS = ("for_sale", "sold")
"""1.0 for a cohort that will be offered in the next period; for one that was sold in this one."""


class Resale(NamedTuple):
    """Signals by which F cohorts are sold; [F] index of the signal, -1 for none."""

    for_sale: IntArray
    sold: IntArray

    def owned(self, before: Array, signals: Array) -> Array:
        """[F, P] 1.0 while a cohort belongs to its first owner.

        Args:
            before: the same a period before.
            signals: [1 + signal, P] ones, then the signals of the period before.
        """
        return jnp.where(_heard(self.sold, signals) > 0.0, 0.0, before)

    def offered(self, h100e: Array, owned: Array, signals: Array) -> Array:
        """[P] H100e that are offered for sale in this period.

        Args:
            h100e: [F, P] of cohorts with all their chips running.
            owned: [F, P] from `owned`.
            signals: as for `owned`.
        """
        there = jnp.minimum(_heard(self.for_sale, signals), 1.0)
        return total(h100e * owned * there)


def _heard(which: IntArray, signals: Array) -> Array:
    """[F, P] values of signals; 0 where there is none."""
    return jnp.where((jnp.asarray(which) >= 0)[:, None], signals[jnp.asarray(which) + 1], 0.0)
