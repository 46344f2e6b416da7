"""What loan facilities have in common: the claims they make, their timetable, their rate.

Positions are periods on the plan's axis (plan start 0, close of period t is t). A commitment is
signed at the close of the first period that reaches its date; what is stated as a time from signing
counts from there.
"""

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from offtake.core.arrays import Array, jnp
from offtake.core.contract import IntArray, Line, Lowerer, Month
from offtake.core.flows import Flow, Rank
from offtake.core.quantity import FloatingRate

SENIORITY = ("senior", "junior")
"""Places in a borrower's waterfall, first paid first."""
ROUNDING = 1e-9
"""Periods by which a date may miss the close of a period and still count as being there."""


def debt_lines(
    borrower: IntArray, lender: IntArray, seniority: Sequence[str]
) -> tuple[Line, Line, Line]:
    """Claims of lenders: "fee", "interest" and "principal", at the ranks of their seniority.

    Args:
        borrower: payers, [K].
        lender: payees, [K].
        seniority: "senior" or "junior", [K].
    """
    junior = np.array([word == "junior" for word in seniority])

    def line(name: str, flow: Flow, senior: Rank, low: Rank) -> Line:
        return Line(name, flow, borrower, lender, np.where(junior, int(low), int(senior)))

    return (
        line("fee", Flow.FEE, Rank.SENIOR_FEE, Rank.JUNIOR_FEE),
        line("interest", Flow.INTEREST, Rank.SENIOR_INTEREST, Rank.JUNIOR_INTEREST),
        line("principal", Flow.PRINCIPAL, Rank.SENIOR_PRINCIPAL, Rank.JUNIOR_PRINCIPAL),
    )


def sweep_line(borrower: IntArray, lender: IntArray) -> Line:
    """What excess cash flow repays early: a residual claim "sweep" of class principal."""
    rank = np.full(len(borrower), int(Rank.SWEEP))
    return Line("sweep", Flow.PRINCIPAL, borrower, lender, rank, form="residual")


def counts_with(other: str, own: str) -> bool:
    """Whether debt of one seniority ranks senior to or equal with debt of another (`own`)."""
    return SENIORITY.index(other) <= SENIORITY.index(own)


def published_by(contracts: Sequence[Sequence[str]], value: str, at: Lowerer) -> IntArray:
    """What contracts publish, a list for each of K, [K, longest]; zero where there are fewer."""
    return padded([[at.observe(f"contracts.{c}.{value}") for c in row] for row in contracts], at)


def padded(rows: Sequence[Sequence[int]], at: Lowerer) -> IntArray:
    """Observations of K contracts, a list for each, [K, longest]; zero where there are fewer."""
    table = np.full((len(rows), max([1, *map(len, rows)])), at.observe("zero"))
    for k, row in enumerate(rows):
        table[k, : len(row)] = row
    return table


def values_of(collateral: Sequence[Sequence[str]], at: Lowerer) -> IntArray:
    """Market values of the cohorts among what is pledged for each of K, USD [K, longest]."""
    return padded(
        [[at.observe(f"chips.{c}.value") for c in row if at.is_cohort(c)] for row in collateral], at
    )


def power_of(terms: Sequence[Any], at: Lowerer) -> IntArray:
    """Power of the sites that K contracts name, [K, longest] observations, MW.

    Args:
        terms: with fields `sites` and `counts`.
        at: the plan.
    """
    value = {"energised": "power_mw", "running": "running_mw"}
    return padded(
        [[at.observe(f"sites.{site}.{value[t.counts]}") for site in t.sites] for t in terms], at
    )


class Beside(NamedTuple):
    """Other debt of the borrowers of K loans that ranks senior to or equal with each loan."""

    service: IntArray
    """[K, debts] observation of the service due on each; zero where there are fewer"""

    @classmethod
    def lower(cls, items: Sequence[tuple[str, Any]], at: Lowerer) -> "Beside":
        """Names and terms of K loans, with fields `borrower` and `seniority`, to structure."""
        rows = [
            [
                at.observe(f"contracts.{name}.service_due")
                for name, seniority in at.debts(terms.borrower, "service_due")
                if name != own and counts_with(seniority, terms.seniority)
            ]
            for own, terms in items
        ]
        return cls(padded(rows, at))

    def due(self, month: Month) -> Array:
        """Interest and principal scheduled on it this month, [K, P] USD."""
        return jnp.sum(month.obs[self.service], axis=1)


def draw_line(
    lender: IntArray,
    borrower: IntArray,
    tier: int,
    protects: tuple[tuple[str, ...], ...],
    protected_flows: tuple[Flow, ...] = (),
) -> Line:
    """Money put in when named claims fall short, a support called "draw" (semantics §5.6)."""
    ones = np.ones(len(lender), np.int64)
    return Line(
        "draw",
        Flow.CAPITAL_IN,
        lender,
        borrower,
        ones * int(Rank.CAPITAL_IN),
        form="support",
        tier=ones * tier,
        protects=protects,
        protected_flows=protected_flows,
    )


def closing(position: Array) -> Array:
    """Period at whose close a position is reached, as a float, [K, P]."""
    return jnp.ceil(position - ROUNDING)


def signing(start: Array) -> Array:
    """Period of signing, not before the plan's start, [K, P]."""
    return closing(jnp.maximum(start, 0.0))


class Interest(NamedTuple):
    """Rates and day counts of K loans."""

    base: IntArray
    """[K] observation of the base rate; zero for a fixed rate"""
    floating: NDArray[np.float64]
    """[K] 1.0 where the rate floats"""
    accrual: NDArray[np.float64]
    """[K, T] day count fractions, years"""

    @classmethod
    def lower(
        cls, rates: Sequence[FloatingRate], day_counts: Sequence[str], at: Lowerer
    ) -> "Interest":
        """Rates and day count conventions of K loans to structure."""
        return cls(
            base=np.array([at.base_rate(rate.base) for rate in rates]),
            floating=np.array([float(rate.base is not None) for rate in rates]),
            accrual=np.stack([at.accrual(convention) for convention in day_counts]),
        )

    def yearly(self, margin: Array, floor: Array, month: Month) -> Array:
        """Rate per year, [K, P]: the margin; where it floats, base rate not below its floor added.

        Args:
            margin: or fixed rate, [K, P].
            floor: least value of the base rate, [K, P].
            month: this period.
        """
        base = jnp.maximum(month.obs[self.base], floor)
        return margin + jnp.asarray(self.floating)[:, None] * base

    def years(self, index: Array) -> Array:
        """Day count fraction of a period, [K, 1]. index: [] period, an integer."""
        return jnp.asarray(self.accrual)[:, index][:, None]
