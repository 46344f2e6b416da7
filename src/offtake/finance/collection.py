"""Guarantees of collection: what is pledged for a debt is sold before the guarantor pays."""

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from offtake.core.arrays import Array, jnp
from offtake.core.contract import IntArray, Lowerer, Month
from offtake.finance.facility import padded


class Collection(NamedTuple):
    """Sales that K guarantors wait for; none where a guarantee is one of payment."""

    sold: IntArray
    """[K, debts] observation: whether collateral was sold; zero where none is waited for"""
    awaited: NDArray[np.float64]
    """[K, debts] 1.0 where there is some, 0.0 for padding"""

    @classmethod
    def lower(cls, terms: Sequence[Any], at: Lowerer) -> "Collection":
        """Terms of K guarantees, with fields `contracts` and `collection`, to structure."""
        pledges = [[p for x in t.contracts if (p := at.pledge(x))] * t.collection for t in terms]
        sold = padded(
            [
                [at.observe(f"contracts.{p.contract}/{p.assets[0]}.sold") for p in row]
                for row in pledges
            ],
            at,
        )
        awaited = [[float(j < len(row)) for j in range(sold.shape[1])] for row in pledges]
        return cls(sold, np.array(awaited))

    def waits(self, month: Month) -> Array:
        """[K, P] True while something is still to be sold."""
        left = (jnp.asarray(self.awaited)[:, :, None] > 0.5) & (month.obs[self.sold] <= 0.0)
        return jnp.any(left, axis=1)
