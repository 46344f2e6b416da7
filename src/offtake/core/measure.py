"""The protocol of measures: what a measure may know of a plan and how it reduces a block of paths.

A measure is a NamedTuple of index arrays with a method `reduce(record) -> {output: array}`. It runs
inside the compiled block, so nothing of a block outlives it but what `reduce` returns. Every array
it returns has its paths last. What happens to an output across blocks is said by its `Output`:

* "paths": kept for every path (quantiles, worst sets); per-path scalars only, so keep them few;
* "mean":  only count, mean and variance over paths are kept; for anything with a period axis;
* "worst": only the largest value over all paths is kept (checks).
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar, Literal, Protocol

import numpy as np
from numpy.typing import NDArray

from offtake.core.arrays import Array
from offtake.core.labels import Labels
from offtake.core.readings import Readings


@dataclass(frozen=True)
class Output:
    """One named array that a measure returns."""

    dims: tuple[str, ...]
    """Names of the axes before the paths, such as ("party",) or ("period", "site")."""
    keep: Literal["paths", "mean", "worst"]
    unit: str
    meaning: str
    """One sentence; it becomes an attribute of the result."""


@dataclass(frozen=True)
class Facility:
    """A contract that lends money, as measures see it."""

    contract: str
    kind: str
    lender: str
    borrower: str
    collateral: tuple[str, ...]
    """Names of cohorts, sites or contracts that are pledged; empty if none is stated."""
    size_row: int
    """Row of its amount in the table of numbers; -1 if none is stated."""
    start_row: int = -1
    """Row of the date from which its times count; -1 for the start of the plan."""
    units_row: int = -1
    """Row of the number of chips whose price it lends; -1 if it lends an amount."""
    price_row: int = -1
    """Row of the price of each."""
    down_row: int = -1
    """Row of the share of the price that is paid down."""


@dataclass(frozen=True)
class Chip:
    """What a cohort is made of, as measures see it."""

    kind: str
    """Name of the chip; of the cohort where the chip has none."""
    maker: str
    """The origin of the cohort, else its vendor, else who the catalogue says makes the chip."""
    country: str
    """Where its vendor's chips come from; "" where that is not stated."""
    h100e: int
    """Row of its capacity, H100e."""
    bandwidth: tuple[int, int]
    """Rows of the memory bandwidth relative to an H100, and of what it is divided by to be per
    H100e."""


@dataclass(frozen=True)
class Book:
    """What measures know of a plan."""

    labels: Labels
    roles: Mapping[str, str]
    """party -> role; "" where none is stated"""
    owners: Mapping[str, str]
    """account party -> its owner"""
    kinds: Mapping[str, str]
    """contract -> kind"""
    facilities: tuple[Facility, ...]
    cohorts: Mapping[str, str]
    """cohort -> site"""
    discount_row: int
    """Row of the plan's discount rate, 1/year."""
    hurdle_rows: Mapping[str, int]
    """party -> row of its own hurdle rate; the plan's rate where it states none"""
    elapsed: NDArray[np.float64]
    """[T] years from the start to the close of each period"""
    years: NDArray[np.float64]
    """[T] length of each period in years"""
    calendar_years: NDArray[np.int64]
    """[T] calendar year in which each period lies"""
    rows: Mapping[str, int]
    """place -> row of the table of numbers"""
    terms: Mapping[str, Any] = field(default_factory=dict[str, Any])
    """contract -> terms as read; for facts that are not numbers"""
    readings: Readings = field(default_factory=Readings)
    chips: Mapping[str, Chip] = field(default_factory=dict[str, Chip])
    """cohort -> what it is made of, in the order of `cohorts`"""
    products: tuple[str, ...] = ()
    """Segments of demand that ask for tokens."""

    def claims(self, **wanted: Any) -> list[int]:
        """Indices of the claims whose label has all the wanted attributes (contract, line, ...)."""
        return [
            i
            for i, claim in enumerate(self.labels.claims)
            if all(getattr(claim, key) == value for key, value in wanted.items())
        ]


class Record(Protocol):
    """What a block of paths leaves behind (`offtake.engine.simulate.Record`).

    months.claimed, months.paid: [T, C, P]; months.observations: [T, O, P] in the order of
    `Labels.observations`; months.cash: [T, N, P] closing; months.stopped: [T, M, P];
    closing: [V, P] published values after the last period, in the order of `Labels.published`;
    checks: [check, P]; values: [row, P] the numbers of the plan.
    """

    months: Any
    closing: Array
    checks: Array
    values: Array


class Measure(Protocol):
    """One measure of a plan; a NamedTuple of arrays, hence a pytree."""

    name: ClassVar[str]
    outputs: ClassVar[Mapping[str, Output]]
    wanted: ClassVar[tuple[str, ...]]
    """Patterns (fnmatch) of the observations it needs in the record, such as "sites.*.power_mw"."""

    @classmethod
    def build(cls, book: Book) -> "Measure":
        """The measure for one plan."""
        ...

    def reduce(self, record: Record) -> Mapping[str, Array]:
        """Outputs of a block, name -> [.., P]."""
        ...
