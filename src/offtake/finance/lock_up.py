"""Lock-up: facilities that keep money from owners while they are in trouble.

An issuer is locked up while one of the facilities that an owner's contract names in `lock_up` is in
arrears, called or traps cash, or has a trailing cover ratio below `lock_up_dscr`.
"""

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from offtake.core.arrays import Array, jnp
from offtake.core.contract import IntArray, Lowerer, Month
from offtake.core.flows import PAID_TOLERANCE
from offtake.finance.facility import padded, published_by


class LockUp(NamedTuple):
    """What K holdings watch."""

    arrears: IntArray
    """[K, facilities] observation of each facility in `lock_up`; zero where there are fewer"""
    accelerated: IntArray
    """[K, facilities] observation"""
    trapped: IntArray
    """[K, facilities] observation; zero for kinds that trap no cash"""
    dscr: IntArray
    """[K, facilities] observation"""
    watched: NDArray[np.float64]
    """[K, facilities] 1.0 for a facility, 0.0 for padding"""

    @classmethod
    def lower(cls, terms: Sequence[Any], at: Lowerer) -> "LockUp":
        """Terms of K holdings, with fields `issuer` and `lock_up`, to structure."""
        facilities = [term.lock_up for term in terms]
        width = max([1, *map(len, facilities)])
        zero = at.observe("zero")

        def watch_some(value: str) -> IntArray:
            """Of facilities whose kind publishes it."""
            known = [{name for name, _ in at.debts(term.issuer, value)} for term in terms]
            return padded(
                [
                    [at.observe(f"contracts.{f}.{value}") if f in names else zero for f in row]
                    for row, names in zip(facilities, known, strict=True)
                ],
                at,
            )

        return cls(
            arrears=published_by(facilities, "arrears", at),
            accelerated=published_by(facilities, "accelerated", at),
            trapped=watch_some("trapped"),
            dscr=published_by(facilities, "dscr", at),
            watched=np.array([[float(j < len(row)) for j in range(width)] for row in facilities]),
        )

    def locked(self, needed: Array, month: Month) -> Array:
        """Whether money is kept from an owner, [K, P].

        Args:
            needed: cover ratio below which it is, [K, P].
            month: this period.
        """
        below = month.obs[self.dscr] < needed[:, None] * (1.0 - PAID_TOLERANCE)
        trouble = (month.obs[self.arrears] > 0.0) | (month.obs[self.accelerated] > 0.0)
        trouble = trouble | (month.obs[self.trapped] > 0.0) | below
        return jnp.any(trouble & (jnp.asarray(self.watched) > 0.5)[:, :, None], axis=1)
