"""Sheets that are tables: key figures, who pays, checks and flags."""

from collections.abc import Sequence

from offtake.reports.xlsx.formats import Formats
from offtake.reports.xlsx.grid import Column, Grid, a1, below
from offtake.reports.xlsx.paper import A4, Worksheet, alarm, formula, landscape, link, name_of
from offtake.results.results import Results
from offtake.results.workbook.base_case import BaseCase
from offtake.results.workbook.cells import blank
from offtake.results.workbook.figures import Figure

TOP, HEAD = 5, 4
WHO_PAYS = (
    ("party", "Party", ""),
    ("role", "Role", ""),
    ("fronted_usd", "Put in", "USD"),
    ("returned_usd", "Got back", "USD"),
    ("net_usd", "Net, mean of all futures", "USD"),
    ("net_usd_se", "Standard error", "USD"),
    ("net_usd_worst5", "Net, worst 5 %", "USD"),
    ("loss_usd", "Loss, mean", "USD"),
    ("loss_usd_worst5", "Loss, worst 5 %", "USD"),
    ("shortfall_usd", "Promised and unpaid", "USD"),
)


def heads(
    sheet: Worksheet, line: int, words: Sequence[tuple[str, int]], numbers: int, formats: Formats
) -> None:
    """Headings of columns, and their widths; from column `numbers` on they stand above numbers."""
    for column, (word, width) in enumerate(words):
        side = "right" if column >= numbers else "left"
        sheet.write_string(line, column, word, formats.head(align=side))
        sheet.set_column(column, column, width)


def page(sheet: Worksheet, title: str, about: str, formats: Formats, line: int = TOP) -> None:
    """Title, what it shows, how it prints."""
    sheet.write_string(0, 0, title, formats.title())
    sheet.write_string(1, 0, about, formats.quiet())
    sheet.freeze_panes(line, 1)
    landscape(sheet, A4, 1)


def _figure(
    sheet: Worksheet,
    cell: tuple[int, int],
    one: Figure,
    built: BaseCase,
    grid: Grid,
    formats: Formats,
) -> None:
    text = one.text(Column(grid, name_of(sheet), 0))
    form = formats.number("live", one.unit)
    formula(sheet, cell, text, form, one.value(built.values))


def key_figures(sheet: Worksheet, built: BaseCase, grid: Grid, formats: Formats) -> None:
    """Covers and rates of return of the base case."""
    page(sheet, "Key figures", "Of the base case; live. Rows behind them: Ratios.", formats)
    words = (("What", 40), ("Figure", 24), ("Unit", 10), ("Value", 16), ("Engine", 16))
    heads(sheet, HEAD, words, 3, formats)
    for line, one in enumerate(built.figures, TOP):
        sheet.write_string(line, 0, one.about, formats.of())
        sheet.write_string(line, 1, one.label, formats.of())
        sheet.write_string(line, 2, one.unit, formats.quiet())
        _figure(sheet, (line, 3), one, built, grid, formats)
        if one.engine is not None and not blank(one.engine):
            sheet.write_number(line, 4, one.engine, formats.number("engine", one.unit))


def who_pays(
    sheet: Worksheet, results: Results, built: BaseCase, grid: Grid, formats: Formats
) -> None:
    """What every party pays, in all futures and in the base case."""
    about = "Present values at the plan's rate. All futures: results of the run. Base case: live."
    page(sheet, "Who pays", about, formats)
    words = [(word, 17) for _, word, _ in WHO_PAYS]
    heads(sheet, HEAD, [("Party", 26), ("Role", 12), *words[2:]], 2, formats)
    rows = list(results.who_pays())
    for line, row in enumerate(rows, TOP):
        for column, (key, _, unit) in enumerate(WHO_PAYS):
            value = row.get(key)
            if unit and value is not None:
                sheet.write_number(line, column, value, formats.number("engine", unit))
            elif value:
                sheet.write_string(line, column, str(value), formats.of())
    line = below(TOP, below(len(rows), 2))
    sheet.write_string(line, 0, "Base case: received less paid, present value", formats.section())
    first = below(line)
    for line, (party, figure) in enumerate(built.parties, first):
        sheet.write_string(line, 0, party, formats.of())
        _figure(sheet, (line, 4), figure, built, grid, formats)
    last = below(first, len(built.parties))
    sheet.write_string(
        last, 0, "All parties: zero, as what one pays another receives", formats.of(bold=True)
    )
    text = f"SUM({a1(first, 4)}:{a1(below(last, -1), 4)})"
    total = built.parties_together
    formula(sheet, (last, 4), text, formats.number("live", "USD", strong=True), total)


def checks(sheet: Worksheet, built: BaseCase, grid: Grid, formats: Formats) -> dict[str, str]:
    """What has to be zero, and what says that the plan must be run again.

    Returns:
        Cells of the totals by name: always, engine, flags.
    """
    page(
        sheet,
        "Checks",
        "All are zero as shipped. Those against the engine say, once an input was changed, how far "
        "this workbook has moved from its run.",
        formats,
        below(TOP, 4),
    )
    totals = {"always": a1(2, 3), "engine": a1(3, 3), "flags": a1(4, 3)}
    words = (("What", 52), ("Sheet", 24), ("Difference", 16), ("Off", 10), ("Tolerance", 14))
    line = below(TOP, 2)
    heads(sheet, line, words, 2, formats)
    spans = dict[str, tuple[int, int]]()
    for name, always in (("always", True), ("engine", False)):
        mine = [check for check in built.checks if check.always == always]
        first = below(line)
        for line, check in enumerate(mine, first):
            _check_line(sheet, line, check.label, grid.name(check.sheet), formats)
            _figure(sheet, (line, 2), check.figure, built, grid, formats)
            sheet.write_number(line, 4, check.tolerance, formats.of(num_format="0.0E+00"))
            text = f"IF({a1(line, 2)}<={a1(line, 4)},0,1)"
            off = float(check.off(built.values))
            formula(sheet, (line, 3), text, formats.number("flag", "1 or 0"), off)
        spans[name] = (first, line)
    line = below(line, 2)
    words = (("Run the plan again when", 52), ("Sheet", 24), ("Periods", 16), ("Off", 10))
    heads(sheet, line, words, 2, formats)
    first = below(line)
    for line, flag in enumerate(built.flags, first):
        _check_line(sheet, line, flag.row.label, grid.name(flag.sheet), formats)
        _figure(sheet, (line, 2), flag.figure, built, grid, formats)
        text = f"IF({a1(line, 2)}>0,1,0)"
        up = float(flag.up(built.values))
        formula(sheet, (line, 3), text, formats.number("flag", "1 or 0"), up)
    spans["flags"] = (first, line)
    labels = {
        "always": "Checks that always hold: off",
        "engine": "Rows that are no longer the engine's",
        "flags": "Triggers that have flipped: run the plan again",
    }
    for i, (name, (start, end)) in enumerate(spans.items(), 2):
        sheet.write_string(i, 0, labels[name], formats.of(bold=True))
        text = f"SUM({a1(start, 3)}:{a1(end, 3)})" if end >= start else "0"
        form = formats.number("flag", "1 or 0")
        formula(sheet, (i, 3), text, form, float(built.off(name)))
    for start, end in ((2, 4), *spans.values()):
        if end >= start:
            alarm(sheet, (start, 3), (end, 3), formats.alarm())
    return totals


def _check_line(sheet: Worksheet, line: int, label: str, where: str, formats: Formats) -> None:
    sheet.write_string(line, 0, label, formats.of())
    link(sheet, (line, 1), where, formats.link())
