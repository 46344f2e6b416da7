"""The writer of workbooks, with the types that it does not state itself."""

# XlsxWriter has annotations but no marker that says so, and its formulas may give text.
# pyright: reportMissingTypeStubs=false

from typing import Any, cast

from xlsxwriter import Workbook
from xlsxwriter.format import Format
from xlsxwriter.utility import xl_col_to_name
from xlsxwriter.worksheet import Worksheet

from offtake.reports.xlsx.names import quoted
from offtake.results.workbook.cells import blank

__all__ = [
    "A3",
    "A4",
    "Format",
    "Workbook",
    "Worksheet",
    "alarm",
    "formula",
    "landscape",
    "link",
    "name_of",
    "xl_col_to_name",
]

A3, A4 = 8, 9
"""Sizes of paper as the file numbers them."""


def name_of(sheet: Worksheet) -> str:
    """Name of a sheet."""
    return cast("Any", sheet).name


def formula(
    sheet: Worksheet, cell: tuple[int, int], text: str, form: Format, value: float | str
) -> None:
    """A formula with the value that it shows before anybody recomputes it; NaN is an empty text."""
    shown = "" if isinstance(value, float) and blank(value) else value
    cast("Any", sheet).write_formula(*cell, f"={text}", form, shown)


def link(sheet: Worksheet, cell: tuple[int, int], to: str, form: Format, text: str = "") -> None:
    """A way to the top of another sheet; the sheet's name unless there is a text."""
    sheet.write_url(*cell, f"internal:{quoted(to)}!A1", form, text or to)


def landscape(sheet: Worksheet, paper: int, wide: int) -> None:
    """Landscape, so many pages wide and as long as it needs."""
    sheet.set_landscape()
    sheet.set_paper(paper)
    sheet.fit_to_pages(wide, 0)
    sheet.set_footer("&L&F&C&A&R&P of &N")
    sheet.hide_gridlines(2)


def alarm(sheet: Worksheet, first: tuple[int, int], last: tuple[int, int], form: Format) -> None:
    """Cells look like this where they are not 0."""
    rule = {"type": "cell", "criteria": "!=", "value": 0, "format": form}
    cast("Any", sheet).conditional_format(*first, *last, rule)
