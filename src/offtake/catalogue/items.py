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


@dataclass(frozen=True)
class Chip:
    """One accelerator, as it is bought: dense rates, no sparsity; power per chip."""

    name: str
    vendor: str
    released: dt.date
    dense_16bit: Number
    """FLOP/s."""
    dense_8bit: Number | None
    """FLOP/s or OP/s, whichever 8-bit format is faster."""
    dense_4bit: Number | None
    """FLOP/s."""
    memory: Number
    """byte."""
    bandwidth: Number
    """byte/s."""
    tdp: Number
    """W."""
    all_in_power: Number
    """W of utility power per chip: chip, its share of server and network, and of cooling."""
    h100e: Number
    """H100e of one chip: dense 8-bit rate relative to one H100 SXM."""


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
