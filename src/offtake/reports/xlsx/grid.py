"""Where everything stands: the same period in the same column of every sheet.

    A what | B with whom | C unit | D kind | E all | F.. calendar years | blank | periods ..

The blank column lets the period before the first one be nothing.
"""

from collections.abc import Sequence

from offtake.reports.xlsx.names import cell_name, quoted, sheet_names
from offtake.reports.xlsx.paper import xl_col_to_name
from offtake.results.workbook.base_case import BaseCase
from offtake.results.workbook.cells import Input, Row
from offtake.results.workbook.sheets import Sheet

ALL, YEARS = 4, 5
"""Columns of what stands for all periods, and of the first calendar year."""
NUMBER, CLOSES, YEAR, TOP = 3, 4, 5, 7
"""Rows of the head of a sheet, and the first below it."""
PERIODS_OF_A_PAGE = 24
"""Where a sheet is printed; the calendar years have a page of their own."""
ASSUMPTIONS_HEAD, ASSUMPTIONS_TOP = 4, 5
INPUT_COLUMN = 1


class Grid:
    """Places of a workbook; rows and columns count from 0, as the writer counts.

    Args:
        built: its rows.
        before: names of sheets that come before those of rows.
        after: names of sheets that come after them.
        inputs: places of the numbers on the sheet of assumptions, in order.
    """

    def __init__(
        self, built: BaseCase, before: Sequence[str], after: Sequence[str], inputs: Sequence[str]
    ) -> None:
        count = self.ahead = len(before)
        wished = [*before, *(sheet.name for sheet in built.sheets), *after]
        names = sheet_names(wished)
        self.fixed = dict(zip(before, names[:count], strict=True))
        self.fixed |= dict(zip(after, names[count + len(built.sheets) :], strict=True))
        self.years = sorted({int(year) for year in built.calendar.years})
        self.periods = built.record.count
        self.first = YEARS + len(self.years) + 1
        self.last = self.first + self.periods - 1
        self.sheets = dict[int, str]()
        self.places = dict[int, tuple[str, int]]()
        for sheet, name in zip(built.sheets, names[count:], strict=False):
            self.sheets[id(sheet)] = name
            self._lay(sheet, name)
        self.pages = 2 + self.periods // PERIODS_OF_A_PAGE
        self.inputs = {place: ASSUMPTIONS_TOP + i for i, place in enumerate(inputs)}
        self.calendar = built.calendar

    def _lay(self, sheet: Sheet, name: str) -> None:
        line = TOP
        for section in sheet.sections:
            line += 1
            for row in section.rows:
                self.places[id(row)] = (name, line)
                line += 1
            line += 1

    def order(self) -> list[str]:
        """Names of all sheets in the order of the workbook."""
        fixed, rows = list(self.fixed.values()), list(self.sheets.values())
        return [*fixed[: self.ahead], *rows, *fixed[self.ahead :]]

    def name(self, sheet: Sheet) -> str:
        """A sheet's name."""
        return self.sheets[id(sheet)]

    def column(self, t: int) -> int:
        """Column of a period."""
        return self.first + t

    def year_column(self, index: int) -> int:
        """Column of a calendar year."""
        return YEARS + index

    def year_head(self, index: int) -> str:
        """Cell above a calendar year."""
        return f"{xl_col_to_name(self.year_column(index))}${YEAR + 1}"

    def line(self, row: Row) -> int:
        """Line of a row on its sheet."""
        return self.places[id(row)][1]

    def heading(self, row: Row) -> int:
        """Line above a row."""
        return self.places[id(row)][1] - 1

    def cell(self, row: Row, column: int, sheet: str) -> str:
        """A row's cell in a column, as a sheet names it."""
        name, line = self.places[id(row)]
        return f"{_on(name, sheet)}{xl_col_to_name(column)}{line + 1}"

    def span(self, row: Row, sheet: str) -> str:
        """All periods of a row, as a sheet names them."""
        name, line = self.places[id(row)]
        return f"{_on(name, sheet)}{self.across(line)}"

    def across(self, line: int) -> str:
        """All periods of a line."""
        start, end = xl_col_to_name(self.first, True), xl_col_to_name(self.last, True)
        return f"${start[1:]}${line + 1}:${end[1:]}${line + 1}"

    def input(self, place: str, sheet: str) -> str:
        """Cell of a number of the plan."""
        line = self.inputs[place] + 1
        name = self.fixed["Assumptions"]
        return f"{_on(name, sheet)}${xl_col_to_name(INPUT_COLUMN)}${line}"

    def input_name(self, place: str) -> tuple[str, str]:
        """Defined name of a number of the plan, and what it stands for."""
        return cell_name(place), f"={self.input(place, '')}"

    def block(self, rows: Sequence[Row], column: int, sheet: str) -> str | None:
        """Cells of rows that stand together in a column; None if they do not."""
        places = [self.places[id(row)] for row in rows]
        if len(places) < 2 or len({name for name, _ in places}) > 1:
            return None
        lines = [line for _, line in places]
        if lines != list(range(lines[0], lines[0] + len(lines))):
            return None
        letter, name = xl_col_to_name(column), places[0][0]
        return f"{_on(name, sheet)}{letter}{lines[0] + 1}:{letter}{lines[-1] + 1}"


def _on(name: str, sheet: str) -> str:
    return "" if name == sheet else f"{quoted(name)}!"


class Column:
    """Places as one column of one sheet sees them (`cells.Place`)."""

    def __init__(self, grid: Grid, sheet: str, column: int) -> None:
        self._grid, self._sheet, self._column = grid, sheet, column

    def row(self, row: Row, shift: int) -> str:
        """The cell of a row in this period, or `shift` periods later."""
        return self._grid.cell(row, self._column + shift, self._sheet)

    def whole(self, row: Row) -> str:
        """All periods of a row."""
        return self._grid.span(row, self._sheet)

    def input(self, one: Input) -> str:
        """The cell of a number of the plan."""
        return self._grid.input(one.place, self._sheet)

    def block(self, rows: Sequence[Row]) -> str | None:
        """The cells of rows in this period if they stand together."""
        return self._grid.block(rows, self._column, self._sheet)


def below(line: int, lines: int = 1) -> int:
    """A line further down."""
    return line + lines


def a1(line: int, column: int) -> str:
    """A cell by its name."""
    return f"{xl_col_to_name(column)}{line + 1}"
