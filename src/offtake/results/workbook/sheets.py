"""Sheets of rows by period, in sections."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from offtake.results.workbook.cells import Row


@dataclass(eq=False)
class Section:
    """Rows under one heading."""

    title: str
    rows: list[Row] = field(default_factory=list[Row])
    note: str = ""
    of: str = ""
    """the contract that they tell of, where the sheet tells of several"""


@dataclass(eq=False)
class Sheet:
    """One sheet whose columns are periods.

    Attributes:
        name: as wished; who writes it makes it legal and unique.
        title: heading.
        about: what it shows, in a sentence.
        sections: from the top.
        group: what kind of sheet it is, for the list of sheets.
    """

    name: str
    title: str
    about: str
    sections: list[Section]

    def rows(self) -> Iterator[Row]:
        """All rows from the top."""
        for section in self.sections:
            yield from section.rows

    def named(self) -> Iterator[tuple[Row, str]]:
        """All rows with their names for who does not see what stands around them."""
        for section in self.sections:
            for row in section.rows:
                yield row, f"{section.of}: {row.label}" if section.of else row.label
