"""Every number that went in, coloured by how it is known; some drive formulas."""

from collections.abc import Mapping, Sequence
from typing import Any

from offtake.reports.xlsx.formats import KINDS, KNOWN, NUMBERS, Formats
from offtake.reports.xlsx.grid import ASSUMPTIONS_HEAD as HEAD
from offtake.reports.xlsx.grid import ASSUMPTIONS_TOP, INPUT_COLUMN, Grid
from offtake.reports.xlsx.paper import A3, Workbook, Worksheet, landscape
from offtake.results.tables.limits import ASSUMED, DEFAULT

COLUMNS = (
    ("Number of the plan", 46),
    ("Value", 18),
    ("Unit", 10),
    ("As written", 26),
    ("Drawn per future", 10),
    ("How it is known", 16),
    ("Formulas follow", 10),
    ("Source", 46),
    ("Date", 12),
    ("Note", 46),
)
UNITS = {"1/year": "per year", "1": "", "period": "periods", "date": ""}


def ground(known: str) -> str:
    """Which of three kinds a number is: sourced, assumed, derived."""
    if known in ("derived", DEFAULT):
        return "derived"
    return "assumed" if known in ASSUMED else "sourced"


def write(
    book: Workbook,
    sheet: Worksheet,
    rows: Sequence[Mapping[str, Any]],
    live: frozenset[str],
    grid: Grid,
    formats: Formats,
) -> None:
    """The sheet of assumptions.

    Args:
        book: to define names in.
        sheet: to write on.
        rows: numbers with their sources, as the run kept them, with `known`.
        live: places of those that formulas refer to.
        grid: where each stands.
        formats: of the workbook.
    """
    sheet.write_string(0, 0, "Assumptions", formats.title())
    sheet.write_string(
        1,
        0,
        "Every number that went in. Those in blue on yellow drive formulas; all others are what "
        "the run was made with: change them in the plan and run it again.",
        formats.quiet(),
    )
    for column, (name, (colour, _)) in enumerate(KNOWN.items(), 1):
        sheet.write_string(2, column, name, formats.of(bg_color=colour, bold=True))
    for column, (word, width) in enumerate(COLUMNS):
        sheet.write_string(HEAD, column, word, formats.head())
        sheet.set_column(column, column, width)
    for row in rows:
        _row(book, sheet, row, row["place"] in live, grid, formats)
    sheet.freeze_panes(ASSUMPTIONS_TOP, 1)
    sheet.repeat_rows(HEAD)
    landscape(sheet, A3, 1)


def _row(
    book: Workbook,
    sheet: Worksheet,
    row: Mapping[str, Any],
    drives: bool,
    grid: Grid,
    formats: Formats,
) -> None:
    line, unit = grid.inputs[row["place"]], row["unit"]
    colour, _ = KNOWN[ground(row["known"])]
    sheet.write_string(line, 0, row["place"], formats.of(bg_color=colour))
    if row["number"] is not None:
        shown = NUMBERS.get(unit, "#,##0.######")
        form = formats.of(num_format=shown)
        if drives:
            ink, yellow, _ = KINDS["input"]
            form = formats.of(num_format=shown, font_color=ink, bg_color=yellow, border=1)
            name, where = grid.input_name(row["place"])
            book.define_name(name, where)
        sheet.write_number(line, INPUT_COLUMN, row["number"], form)
    texts = (
        (2, UNITS.get(unit, unit)),
        (3, row["value"]),
        (4, "yes, median here" if row["uncertain"] else ""),
        (6, "yes" if drives else ""),
        (7, row.get("source")),
        (8, row.get("date")),
        (9, row.get("note")),
    )
    sheet.write_string(line, 5, row["known"], formats.of(bg_color=colour))
    for column, text in texts:
        sheet.write_string(line, column, str(text or ""), formats.wrapped())
