"""The table of numbers: every number of the plan is one row, found by its place in the file.

Structure refers to rows, never to values, so a number can be changed, drawn per path, sized, slid
and differentiated without compiling anything again (DESIGN §3).
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from offtake.core.calendar import Calendar
from offtake.core.distribution import Distribution
from offtake.core.names import suggestion
from offtake.core.quantity import Quantity, Source, When
from offtake.core.random import Sampler, uniforms


@dataclass(frozen=True)
class Row:
    """One number of the plan."""

    place: str
    unit: str
    """Canonical unit; durations and dates are in periods here."""
    value: float
    """Median."""
    distribution: Distribution | None
    scale: float
    """Factor from the canonical unit of the distribution to the unit of the table."""
    source: Source | None
    text: str


@dataclass
class NumberTable:
    """Rows in order of first mention."""

    periods: Calendar
    rows: list[Row] = field(default_factory=list[Row])
    index: dict[str, int] = field(default_factory=dict[str, int])

    def add(self, place: str, number: Quantity | When) -> int:
        """Row of a number; added if its place is new."""
        if place in self.index:
            return self.index[place]
        self.index[place] = len(self.rows)
        self.rows.append(self._row(place, number))
        return self.index[place]

    def _row(self, place: str, number: Quantity | When) -> Row:
        if isinstance(number, When):
            position = self.periods.index_of(number.date)
            return Row(place, "date", position, None, 1.0, number.source, str(number))
        unit, scale = number.unit, 1.0
        if unit == "month":
            unit, scale = "period", 1.0 / self.periods.months
        return Row(
            place,
            unit,
            number.value * scale if number.value else 0.0,
            number.distribution,
            scale,
            number.source,
            str(number),
        )

    def constant(self, value: float) -> int:
        """Row of a number that the plan does not write."""
        return self.add(f"constant {value!r}", Quantity(value, "1", text=repr(value)))

    def at(self, place: str) -> int:
        """Row of a place.

        Raises:
            KeyError: no number is written there; the message names the nearest place.
        """
        if place in self.index:
            return self.index[place]
        mend = suggestion(place, places(self.rows), otherwise="the plan has no numbers")
        message = f"no number at {place!r}: {mend}"
        raise KeyError(message)

    def medians(self) -> NDArray[np.float64]:
        """[row] every number at its median."""
        return np.array([row.value for row in self.rows])

    def with_value(self, place: str, value: float) -> "NumberTable":
        """The table with one number changed, in the unit of the table, and certain."""
        rows = list(self.rows)
        at = self.at(place)
        rows[at] = replace(rows[at], value=value, distribution=None)
        return NumberTable(self.periods, rows, self.index)

    def draw(
        self, seed: int, first: int, paths: int, sampler: Sampler = "pseudo"
    ) -> NDArray[np.float64]:
        """[row, path] every uncertain number drawn from its distribution, the others repeated."""
        values = np.repeat(self.medians()[:, None], paths, axis=1)
        for i, row in enumerate(self.rows):
            if row.distribution is not None:
                u = uniforms(seed, f"number {row.place}", first, paths, sampler)
                values[i] = row.distribution.ppf(u) * row.scale
        return values


def counted_place(contract: str) -> str:
    """Place of the share of a merchant contract's revenue that counts; no plan writes it."""
    return f"constant counted {contract}"


def places(rows: Sequence[Row]) -> list[str]:
    """Places of the numbers that the plan writes, constants left out."""
    return [row.place for row in rows if not row.place.startswith("constant ")]
