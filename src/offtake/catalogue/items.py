"""What the catalogue holds: numbers with their sources, chips, sites, ratings; its two errors."""

from __future__ import annotations

import datetime as dt
import difflib
import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Literal, get_args

Confidence = Literal["reported", "announced", "estimate", "assumption", "derived"]
CONFIDENCES: tuple[Confidence, ...] = get_args(Confidence)
Basis = Literal["on_demand", "one_year_contract", "three_year_contract", "index"]
BASES: tuple[Basis, ...] = get_args(Basis)


def fold(name: str) -> str:
    """A name without what people vary in writing it: case, blanks, dashes, underscores."""
    return name.casefold().translate(str.maketrans("", "", " -_"))


class CatalogueError(ValueError):
    """The data of the catalogue is malformed: says the file, the place and what is wrong."""


class UnknownNameError(LookupError):
    """A name that the catalogue does not have: says which are near it."""

    def __init__(self, kind: str, name: str, known: Iterable[str]) -> None:
        self.kind = kind
        self.name = name
        self.known = tuple(known)
        folded = {fold(known_name): known_name for known_name in self.known}
        near = difflib.get_close_matches(fold(name), folded, n=1, cutoff=0.5)
        self.suggestion: str | None = folded[near[0]] if near else None
        hint = f"did you mean {self.suggestion!r}? " if self.suggestion else ""
        super().__init__(
            f"the catalogue has no {kind} {name!r}; {hint}it has: {', '.join(self.known)}"
        )


class MissingQuantityError(LookupError):
    """A quantity of a chip that no source states: says which, and what to do."""


@dataclass(frozen=True)
class Number:
    """One number of the catalogue, with where it comes from."""

    value: float
    unit: str
    source: str
    """Who says so, with the address."""
    date: str
    """When it was so: 2025, 2025-10 or 2025-10-28."""
    confidence: Confidence
    note: str = ""
    low: float | None = None
    """Lower end, where the number is a band."""
    high: float | None = None
    """Upper end, where the number is a band."""
    basis: Basis | None = None
    """What was bought at this price, where prices of one thing differ by it."""


@dataclass(frozen=True)
class Chip:
    """One accelerator, as it is bought: dense rates, no sparsity; power per chip.

    What no source states is None; `needed` is for those who cannot do without.
    """

    name: str
    vendor: str
    released: dt.date | None
    """When it came out; None as long as its vendor has announced it only."""
    dense_16bit: Number | None
    """FLOP/s."""
    dense_8bit: Number | None
    """FLOP/s or OP/s, whichever 8-bit format is faster."""
    dense_4bit: Number | None
    """FLOP/s."""
    memory: Number
    """byte."""
    bandwidth: Number
    """byte/s."""
    tdp: Number | None
    """W."""
    all_in_power: Number | None
    """W of utility power per chip: chip, its share of server and network, and of cooling."""
    h100e: Number
    """H100e of one chip: dense 8-bit rate relative to one H100 SXM."""
    expected: str = ""
    """What its vendor announced about when it ships."""

    def needed(self, quantity: str) -> Number:
        """The quantity of that name, such as `all_in_power`.

        Raises:
            MissingQuantityError: no source states it.
        """
        number: Number | None = getattr(self, quantity)
        if number is None:
            message = (
                f"the catalogue has no {quantity} of {self.name}: no source that states it is "
                f"known; give it in the plan as chip: {{h100e: {self.h100e.value:.4g}, watts: ...}}"
            )
            raise MissingQuantityError(message)
        return number


@dataclass(frozen=True)
class BuildStep:
    """State of a site from a date on."""

    date: dt.date
    power: Number
    """MW, of the facility."""
    buildings: Number
    """Buildings in operation, 1."""
    h100e: Number
    """H100e."""
    compute_cost: Number
    """USD, cumulative."""
    construction_cost: Number
    """USD, cumulative: site, shell, power and cooling."""
    forecast: bool
    """Whether the step lay ahead when the source was made."""


@dataclass(frozen=True)
class Site:
    """One site with its dated build path."""

    name: str
    title: str
    owner: str
    users: str
    build_path: tuple[BuildStep, ...]
    later_reports: Mapping[str, Number] = field(default_factory=dict[str, Number])
    """What was reported after the build path was made."""


@dataclass(frozen=True)
class Shape:
    """How demand of one class of workload moves over the day."""

    name: str
    about: str
    factors: tuple[Number, ...]
    """24 factors of mean 1, from midnight on, 1; low and high are the 5 % and 95 % day."""


@dataclass(frozen=True)
class Shipments:
    """Chips of one vendor shipped up to the end of each quarter; bands are 5 % to 95 %."""

    vendor: str
    since: dt.date
    """First day that is counted."""
    units: tuple[Number, ...]
    """chip, cumulative; the value is the median."""
    h100e: tuple[Number, ...]
    """H100e, cumulative."""
    power: tuple[Number, ...]
    """MW, cumulative: TDP of the chips alone."""


@dataclass(frozen=True)
class Rating:
    """A whole-letter rating with its history of defaults."""

    name: str
    cumulative_default: tuple[tuple[float, Number], ...]
    """(years, share of issuers that defaulted by then)."""

    @property
    def one_year_default(self) -> Number:
        """Share of issuers that default within a year, 1/year."""
        return self.cumulative_default[0][1]

    @property
    def hazard(self) -> Number:
        """Constant default intensity with the same share of defaults after five years, 1/year.

        λ = −ln(1 − Q(5)) / 5. For investment grade it is above the first year's intensity, for B
        and CCC below it: `hazards` has the term structure.
        """
        years, number = next(knot for knot in self.cumulative_default if knot[0] == 5.0)
        return Number(
            value=-math.log1p(-number.value) / years,
            unit="1/year",
            source=number.source,
            date=number.date,
            confidence="derived",
            note=f"constant over five years, from {number.value:.2%} defaulted by then",
        )

    def hazards(self) -> tuple[tuple[float, float], ...]:
        """Default intensity by (years from, 1/year), constant until the next; the last holds on.

        From cumulative shares Q at years h, λ = ln((1 − Q(h₁)) / (1 − Q(h₂))) / (h₂ − h₁).
        """
        knots = [(0.0, 0.0), *((years, number.value) for years, number in self.cumulative_default)]
        return tuple(
            (from_years, math.log((1.0 - q0) / (1.0 - q1)) / (to_years - from_years))
            for (from_years, q0), (to_years, q1) in pairwise(knots)
        )
