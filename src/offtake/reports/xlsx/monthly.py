"""Sheets whose columns are periods."""

from offtake.reports.xlsx.formats import Formats, kind_word
from offtake.reports.xlsx.grid import ALL, CLOSES, NUMBER, TOP, YEAR, Column, Grid
from offtake.reports.xlsx.paper import A3, Worksheet, alarm, formula, landscape, link
from offtake.results.workbook.base_case import BaseCase
from offtake.results.workbook.cells import Row, blank
from offtake.results.workbook.sheets import Sheet


def write(
    sheet: Worksheet, shown: Sheet, built: BaseCase, grid: Grid, formats: Formats, cover: str
) -> None:
    """One sheet with its head, its sections and its rows."""
    _head(sheet, shown, built, grid, formats, cover)
    for section in shown.sections:
        title = f"{section.title}. {section.note}" if section.note else section.title
        line = grid.heading(section.rows[0])
        for column in range(grid.last):
            sheet.write_blank(line, column, None, formats.section())
        sheet.write_string(line, 0, title, formats.section())
        for row in section.rows:
            _row(sheet, row, built, grid, formats)


def _head(
    sheet: Worksheet, shown: Sheet, built: BaseCase, grid: Grid, formats: Formats, cover: str
) -> None:
    name = grid.name(shown)
    sheet.write_string(0, 0, shown.title, formats.title())
    sheet.write_string(1, 0, shown.about, formats.quiet())
    link(sheet, (2, 0), cover, formats.link(), "Back to the cover")
    words = ((NUMBER, "Period"), (CLOSES, "Closes"))
    for line, word in words:
        sheet.write_string(line, 0, word, formats.of(bold=True))
    for column, word in ((0, "Calendar year"), (1, "With, or a note"), (2, "Unit"), (3, "Kind")):
        sheet.write_string(YEAR, column, word, formats.of(bold=True, bottom=1))
    sheet.write_string(YEAR, ALL, "All", formats.of(bold=True, bottom=1, align="right"))
    for i, year in enumerate(grid.years):
        sheet.write_number(YEAR, grid.year_column(i), year, formats.of(bold=True, bottom=1))
    links = (
        (NUMBER, built.calendar.number, "number"),
        (CLOSES, built.calendar.closes, "date"),
        (YEAR, built.calendar.year, "year"),
    )
    for line, row, unit in links:
        form = formats.number("live", unit, strong=True)
        for t, value in enumerate(built.values.of(row)):
            cell = grid.cell(row, grid.column(t), name)
            formula(sheet, (line, grid.column(t)), cell, form, float(value))
    sheet.set_column(0, 0, 46)
    sheet.set_column(1, 1, 28)
    sheet.set_column(2, 3, 8)
    sheet.set_column(ALL, grid.last, 15)
    sheet.set_column(grid.year_column(len(grid.years)), grid.year_column(len(grid.years)), 2)
    sheet.freeze_panes(TOP, ALL)
    sheet.repeat_rows(0, TOP)
    sheet.repeat_columns(0, 3)
    landscape(sheet, A3, grid.pages)


def _row(sheet: Worksheet, row: Row, built: BaseCase, grid: Grid, formats: Formats) -> None:
    line = grid.line(row)
    name = grid.places[id(row)][0]
    strong = row.total
    words = formats.of(bold=strong)
    sheet.write_string(line, 0, row.label, words)
    sheet.write_string(line, 1, row.note, formats.quiet())
    sheet.write_string(line, 2, row.unit, formats.quiet())
    sheet.write_string(line, 3, kind_word(row.kind), formats.quiet())
    form = formats.number(row.kind, row.unit, strong=strong)
    for t, value in enumerate(built.values.of(row)):
        column = grid.column(t)
        if row.term is not None:
            text = row.term.text(Column(grid, name, column))
            formula(sheet, (line, column), text, form, float(value))
        elif not blank(value):
            sheet.write_number(line, column, float(value), form)
    if row.kind == "flag":
        ends = (line, grid.first), (line, grid.last)
        alarm(sheet, *ends, formats.alarm())
    _together(sheet, row, built, grid, formats)


def _together(sheet: Worksheet, row: Row, built: BaseCase, grid: Grid, formats: Formats) -> None:
    """What stands for all periods and for each calendar year."""
    line, form = grid.line(row), formats.number("live", row.unit, strong=row.total)
    mine, years = grid.across(line), grid.across(YEAR)
    whole = built.whole(row)
    if not blank(whole):
        text = f"SUM({mine})" if row.whole == "sum" else f"MIN({mine})"
        formula(sheet, (line, ALL), text, form, whole)
    if row.whole == "none":
        return
    ends = built.calendar.first if row.whole == "open" else built.calendar.last
    there = grid.span(ends, grid.places[id(row)][0])
    by_year = built.by_year(row)
    for i, year in enumerate(grid.years):
        column = grid.year_column(i)
        head = grid.year_head(i)
        text = f"SUMIF({years},{head},{mine})"
        if row.whole != "sum":
            text = f"SUMIFS({mine},{years},{head},{there},1)"
        formula(sheet, (line, column), text, form, by_year[year])
