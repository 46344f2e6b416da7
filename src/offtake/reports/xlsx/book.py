"""A run as a workbook: `write(results, file)`."""

from pathlib import Path

from offtake.reports.xlsx import assumptions, cover, monthly, tables
from offtake.reports.xlsx.formats import Formats
from offtake.reports.xlsx.grid import Grid
from offtake.reports.xlsx.paper import Workbook
from offtake.results.overview import inputs
from offtake.results.results import Results
from offtake.results.workbook.base_case import base_case, live_inputs

BEFORE = ("Cover", "Key figures", "Assumptions")
AFTER = ("Who pays", "Checks")
AS_TEXT = {
    "strings_to_formulas": False,
    "strings_to_urls": False,
    "strings_to_numbers": False,
    "nan_inf_to_errors": False,
}
"""What a plan says is text, whatever it starts with."""


def write(results: Results, file: Path) -> None:
    """Write a run as a workbook.

    Args:
        results: of a run that kept what is needed (`results.workbook.record.kept`).
        file: to write.
    """
    built = base_case(results)
    numbers = {row["place"]: row for row in results.facts["inputs"]}
    rows = [{**numbers[row["place"]], **row} for row in inputs(results)]
    grid = Grid(built, BEFORE, AFTER, [row["place"] for row in rows])
    with Workbook(str(file), AS_TEXT) as book:
        formats = Formats(book)
        pages = {name: book.add_worksheet(name) for name in grid.order()}
        fixed = {name: pages[given] for name, given in grid.fixed.items()}
        book.set_properties({"title": results.facts["plan"], "comments": "Written by offtake."})
        live = frozenset(one.place for one in live_inputs(built))
        assumptions.write(book, fixed["Assumptions"], rows, live, grid, formats)
        for shown in built.sheets:
            page = pages[grid.name(shown)]
            monthly.write(page, shown, built, grid, formats, grid.fixed["Cover"])
        tables.key_figures(fixed["Key figures"], built, grid, formats)
        tables.who_pays(fixed["Who pays"], results, built, grid, formats)
        totals = tables.checks(fixed["Checks"], built, grid, formats)
        cover.write(fixed["Cover"], results, built, grid, formats, totals)
