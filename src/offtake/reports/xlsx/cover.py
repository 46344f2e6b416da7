"""The first sheet: what this is, whether it holds, how it is read, where everything stands."""

from collections.abc import Mapping, Sequence

from offtake.reports.xlsx.formats import KINDS, KNOWN, Formats, kind_word
from offtake.reports.xlsx.grid import Grid, below
from offtake.reports.xlsx.names import quoted
from offtake.reports.xlsx.paper import A4, Worksheet, alarm, formula, landscape, link
from offtake.results.overview import verdicts
from offtake.results.results import Results
from offtake.results.workbook.base_case import BaseCase

READ = (
    "The sheets by period are the base case: one future, every uncertain number at its median, "
    "every shock zero. Who pays shows the mean of all futures beside it.",
    "Interest, fees, principal, balances, waterfalls, covers and rates of return are formulas. "
    "Change an input (blue on yellow, on Assumptions; base rates on Timeline) and they follow.",
    "Sales, costs, taxes, reserves and timings are values of the engine (grey): they do not "
    "follow. The table below says how many rows of each sheet are formulas.",
    "Where money is called for what a party cannot pay, or all that is left is handed out, that "
    "amount takes up the change. A limit, a test or a tax that would change is not followed: it "
    "raises a flag, and then the plan has to be run again.",
)


def write(
    sheet: Worksheet,
    results: Results,
    built: BaseCase,
    grid: Grid,
    formats: Formats,
    totals: Mapping[str, str],
) -> None:
    """The cover."""
    sheet.set_column(0, 0, 34)
    sheet.set_column(1, 1, 24)
    sheet.set_column(2, 7, 16)
    sheet.write_string(0, 0, results.facts["plan"], formats.title())
    line = _text(sheet, 1, [results.facts["about"], results.headline()], formats)
    line = _state(sheet, below(line), built, grid, formats, totals)
    line = _run(sheet, below(line), results, formats)
    line = _verdicts(sheet, below(line), results, formats)
    line = _heading(sheet, below(line), "How to read it", formats)
    line = _text(sheet, line, READ, formats)
    line = _colours(sheet, below(line), formats)
    _sheets(sheet, below(line), built, grid, formats)
    landscape(sheet, A4, 1)


def _heading(sheet: Worksheet, line: int, text: str, formats: Formats) -> int:
    for column in range(8):
        sheet.write_blank(line, column, None, formats.section())
    sheet.write_string(line, 0, text, formats.section())
    return below(line)


def _text(sheet: Worksheet, line: int, texts: Sequence[str], formats: Formats) -> int:
    for text in filter(None, texts):
        sheet.merge_range(line, 0, line, 7, "", formats.wrapped())
        sheet.write_string(line, 0, text, formats.wrapped())
        sheet.set_row(line, 26)
        line = below(line)
    return line


def _state(
    sheet: Worksheet,
    line: int,
    built: BaseCase,
    grid: Grid,
    formats: Formats,
    totals: Mapping[str, str],
) -> int:
    line = _heading(sheet, line, "Does it hold?", formats)
    on = f"{quoted(grid.fixed['Checks'])}!"
    words = (
        ("always", "Checks", "All checks hold.", "A check is off: see Checks."),
        (
            "engine",
            "Against the engine",
            "Every formula gives what the engine has.",
            "An input was changed: this is no longer the engine's run.",
        ),
        (
            "flags",
            "Triggers",
            "None has flipped.",
            "RUN THE PLAN AGAIN: a trigger has flipped; Checks says which.",
        ),
    )
    for name, label, good, bad in words:
        cell = f"{on}{totals[name]}"
        count = built.off(name)
        sheet.write_string(line, 0, label, formats.of(bold=True))
        form = formats.number("flag", "number")
        formula(sheet, (line, 1), cell, form, float(count))
        text = f'IF({cell}=0,"{good}","{bad}")'
        told = formats.of(bold=True, align="left", indent=1)
        formula(sheet, (line, 2), text, told, bad if count else good)
        alarm(sheet, (line, 1), (line, 1), formats.alarm())
        line = below(line)
    return line


def _run(sheet: Worksheet, line: int, results: Results, formats: Formats) -> int:
    line, facts = _heading(sheet, line, "The run", formats), results.facts
    rows = (
        ("Futures", f"{facts['paths']:,}"),
        ("Seed", str(facts["seed"])),
        ("Starts", facts["start"]),
        ("Periods", f"{facts['months']} {facts['periods']} and the opening"),
        ("Changes to the plan", ", ".join(facts.get("changes") or ["none"])),
    )
    for label, text in rows:
        sheet.write_string(line, 0, label, formats.of(bold=True))
        sheet.write_string(line, 1, text, formats.of())
        line = below(line)
    return line


def _verdicts(sheet: Worksheet, line: int, results: Results, formats: Formats) -> int:
    line = _heading(sheet, line, "Each facility, over all futures", formats)
    for row in verdicts(results):
        sheet.write_string(line, 0, str(row["contract"]), formats.of(bold=True))
        sheet.write_string(line, 1, str(row["verdict"]), formats.of())
        sheet.merge_range(line, 2, line, 7, "", formats.wrapped())
        sheet.write_string(line, 2, str(row["says"]), formats.wrapped())
        sheet.set_row(line, 38)
        line = below(line)
    return line


def _colours(sheet: Worksheet, line: int, formats: Formats) -> int:
    line = _heading(sheet, line, "Colours", formats)
    for kind, (ink, ground, meaning) in KINDS.items():
        form = formats.of(font_color=ink, bg_color=ground, bold=True)
        sheet.write_string(line, 0, kind_word(kind), form)
        sheet.write_string(line, 1, meaning, formats.of())
        line = below(line)
    for name, (ground, meaning) in KNOWN.items():
        sheet.write_string(line, 0, name, formats.of(bg_color=ground, bold=True))
        sheet.write_string(line, 1, f"{meaning} On Assumptions.", formats.of())
        line = below(line)
    return line


def _sheets(sheet: Worksheet, line: int, built: BaseCase, grid: Grid, formats: Formats) -> None:
    line = _heading(sheet, line, "Sheets", formats)
    words = ("Sheet", "Rows that are formulas", "Rows of the engine")
    for column, word in enumerate(words):
        sheet.write_string(line, column, word, formats.head(align="right" if column else "left"))
    counts = built.counted()
    mine = {grid.name(shown): shown for shown in built.sheets}
    for name in grid.order():
        line = below(line)
        link(sheet, (line, 0), name, formats.link())
        if name in mine:
            live, engine = counts[id(mine[name])]
            sheet.write_number(line, 1, live, formats.of())
            sheet.write_number(line, 2, engine, formats.of())
            sheet.write_string(line, 3, mine[name].about, formats.quiet(align="left", indent=1))
