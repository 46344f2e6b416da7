"""Interest on cash in an account of its own, paid to the owner by the bank that holds it.

    interest(t) = rate x years(t) x cash(t-1)

The bank is a party; where none is named the cash earns nothing.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from offtake.core.arrays import Array, jnp
from offtake.core.contract import IntArray, Line, Lowerer, Month
from offtake.core.flows import Flow, Rank


class Deposit(NamedTuple):
    """Of K accounts."""

    earns: NDArray[np.float64]
    """[K] 1.0 where a bank is named"""

    @classmethod
    def lower(
        cls, banks: Sequence[str | None], account: IntArray, owner: IntArray, at: Lowerer
    ) -> tuple["Deposit", Line]:
        """Structure, and the line on which interest is paid to the owner."""
        payer = account.copy()
        for k, bank in enumerate(banks):
            if bank is not None:
                payer[k] = at.party(bank)
        earns = np.array([float(bank is not None) for bank in banks])
        rank = np.full(len(banks), int(Rank.OPERATING))
        return cls(earns), Line("interest", Flow.INTEREST, payer, owner, rank)

    def interest(self, rate: Array, cash: Array, month: Month) -> Array:
        """USD of the period [K, P]; rate: 1/year, cash: USD at its start."""
        return jnp.asarray(self.earns)[:, None] * rate * month.years * cash
