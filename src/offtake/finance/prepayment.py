"""Prepayment: a borrower repays a loan early out of a refinancing that is cheaper.

    prepays = rate - offered - premium / years left >= saving  and  capacity >= left x (1 + premium)

with rate that of the loan, offered what a refinancing asks, its fee spread over its term
(`contracts.refinancing`), premium the call premium of the day. The loan then asks for all that is
left, interest to the day and the premium; the refinancing meets what cash does not. Decided anew
every month after `no_call`, by a borrower that is not in arrears, on what is known in the month.
"""

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from offtake.core.arrays import Array, jnp
from offtake.core.contract import IntArray, Lowerer, Month, Numbers
from offtake.finance.exercise import prepays
from offtake.finance.servicing import Debt

FIELDS = ("prepayment_saving", "no_call")
"""Numbers that every loan has."""


class Early(NamedTuple):
    """A prepayment, every leaf [K, P]."""

    now: Array
    """True where the loan is prepaid in this period"""
    premium: Array
    """USD"""


class Prepayment(NamedTuple):
    """Right of K borrowers to prepay."""

    named: NDArray[np.float64]
    """[K] 1.0 where a refinancing is named"""
    capacity: IntArray
    """[K] observation: what it would lend, USD; zero where none is named"""
    offered: IntArray
    """[K] observation: what it asks, per year"""
    premium: IntArray
    """[K] observation: call premium as a share of what is prepaid"""
    per_year: NDArray[np.float64]
    """[K] periods in a year"""

    @classmethod
    def lower(cls, items: Sequence[tuple[str, Any]], at: Lowerer) -> "Prepayment":
        """Names and terms of K loans to structure."""

        def seen(value: str) -> IntArray:
            by = [term.prepaid_by for _, term in items]
            names = ["zero" if x is None else f"contracts.{x}.{value}" for x in by]
            return np.array([at.observe(name) for name in names])

        return cls(
            named=np.array([float(term.prepaid_by is not None) for _, term in items]),
            capacity=seen("capacity"),
            offered=seen("offered"),
            premium=np.array([at.series(name, "call_premium") for name, _ in items]),
            per_year=np.full(len(items), float(at.periods_per_year)),
        )

    def early(
        self, n: Numbers, debt: Debt, rate: Array, begin: Array, last: Array, month: Month
    ) -> Early:
        """Whether the loans are prepaid in this period, and what that costs.

        Args:
            n: numbers, with `FIELDS`.
            debt: state at the start of the period.
            rate: of the loan, per year [K, P].
            begin: period from which `no_call` counts, [K, P].
            last: maturity, [K, P].
            month: this period.
        """
        clean = (debt.arrears + debt.overdue == 0.0) & (debt.accelerated == 0.0)
        clean = clean & (debt.balance > 0.0) & (jnp.asarray(self.named)[:, None] > 0.5)
        free = (month.t > begin + n["no_call"] - 1e-9) & (month.t > begin) & (month.t < last)
        premium = month.obs[self.premium]
        years = jnp.maximum(last - month.t, 1.0) / jnp.asarray(self.per_year)[:, None]
        wants = prepays(rate, month.obs[self.offered] + premium / years, n["prepayment_saving"])
        needed = debt.balance * (1.0 + premium)
        now = clean & free & (wants > 0.0) & (month.obs[self.capacity] >= needed)
        return Early(now, jnp.where(now, premium * debt.balance, 0.0))
