"""Learning and macro readings on a terminal, each with the assumption on which it rests."""

from collections.abc import Iterable, Mapping
from typing import Any

from rich.console import RenderableType
from rich.text import Text

from offtake.reports.pieces import laid_out, percent
from offtake.results.results import Results
from offtake.results.table import Table, money

MOST_GROUPS = 12
"""Groups of supply in the table; the JSON output has all."""


def readings(results: Results) -> list[RenderableType]:
    """What `offtake run` says of learning and macro readings; nothing where none is asked for."""
    tables = (
        (results.learning(), lambda: [_learning(results), Text(""), _published(results)]),
        (results.thresholds(), lambda: [_thresholds(results), Text(""), _passed(results)]),
        (
            results.token_output(),
            lambda: [
                _output(results),
                Text(""),
                _ends("Change a year", results.token_output_growth(), 100.0),
            ],
        ),
        (
            results.income_shares(),
            lambda: [
                _income(results),
                Text(""),
                _ends("In the last month", results.income_shares_at_the_end(), 1.0),
            ],
        ),
        (results.supply_shares(), lambda: [_supply(results)]),
    )
    parts: list[RenderableType] = []
    for table, show in tables:
        if len(table):
            parts += [Text(""), *show(), *_rests(table)]
    return parts


def _rests(table: Table) -> list[Text]:
    """The assumptions of a table."""
    rows = [(str(r["threshold"]), str(r["assumption"])) for r in table if "assumption" in r]
    lines = [f"{name} rests on: {why}" for name, why in rows] or [f"Rests on: {table.note}"]
    return [Text(line, style="dim") for line in lines if line != "Rests on: "]


def _times(value: Any) -> str:
    return "–" if value is None else f"{float(value):.3g}x"


def _learning(results: Results) -> RenderableType:
    rows = [
        [str(row["factor"]).replace("_", " "), *(_times(row[key]) for key in ("p5", "p50", "p95"))]
        for row in results.learning()
    ]
    columns = [("", "left"), ("p5", "right"), ("p50", "right"), ("p95", "right")]
    return laid_out("Learning (times better a year)", columns, rows)


def _published(results: Results) -> RenderableType:
    rows = [
        [
            str(row["source"]).split(",")[0],
            str(row["date"]),
            _range(row),
            percent(row["share_below"]),
            percent(row["share_within"]),
            percent(row["share_above"]),
        ]
        for row in results.learning_published()
    ]
    columns = [("published", "left"), ("date", "left"), ("a year", "right")]
    columns += [("below", "right"), ("within", "right"), ("above", "right")]
    return laid_out(
        "Product of the four beside what was published (shares of futures)", columns, rows
    )


def _range(row: Mapping[str, Any]) -> str:
    low, high = float(row["low"]), float(row["high"])
    return f"{low:.3g}x" if low == high else f"{low:.3g}–{high:.3g}x"


def _thresholds(results: Results) -> RenderableType:
    keys = ("p5", "p25", "p50", "p75", "p95")
    rows = [
        [
            str(row["threshold"]),
            f"{row['driver']} {row['side']} {row['level']}",
            *(_month(row[key], results.facts["start"]) for key in keys),
            percent(row["share_never"]),
        ]
        for row in results.thresholds()
    ]
    columns = [("threshold", "left"), ("passed when", "left"), *((key, "right") for key in keys)]
    title = "Thresholds: first month (– beyond the horizon)"
    return laid_out(title, [*columns, ("never", "right")], rows)


def _month(month: Any, start: str) -> str:
    """A month; a dash beyond the horizon."""
    if month is None:
        return "–"
    return "at start" if str(month) < start[:7] else str(month)


def _amount(value: Any) -> str:
    """Money, with a power of ten where words end."""
    return money(float(value)) if abs(float(value)) < 1e16 else f"{float(value):.1e}"


def _chosen(years: Iterable[str]) -> list[str]:
    """At most eight years, the first and the last among them."""
    every = list(dict.fromkeys(years))
    step = max(1, -(-len(every) // 8))
    return list(dict.fromkeys([*every[::-1][::step][::-1]]))


def _passed(results: Results) -> RenderableType:
    table = results.thresholds_by_year()
    years = _chosen(str(row["year"]) for row in table)
    names = dict.fromkeys(str(row["threshold"]) for row in table)
    found = {(row["threshold"], row["year"]): row["share_passed"] for row in table}
    rows = [[name, *(percent(found[name, year]) for year in years)] for name in names]
    columns = [("passed by the end of", "left"), *((year, "right") for year in years)]
    return laid_out("Share of futures that have passed", columns, rows)


def _output(results: Results) -> RenderableType:
    rows = [
        [
            str(row["year"]),
            _amount(row["nominal"]),
            f"{float(row['deflator']):.3g}",
            _amount(row["real"]),
            f"{float(row['quality_deflator']):.3g}",
            _amount(row["quality_adjusted"]),
        ]
        for row in results.token_output()
    ]
    columns = [("December", "left"), ("nominal", "right"), ("deflator", "right")]
    columns += [("real", "right"), ("per work done", "right"), ("quality adjusted", "right")]
    return laid_out("Output of tokens (USD a year; deflators 1 in the first month)", columns, rows)


def _ends(title: str, table: Table, size: float) -> RenderableType:
    """Quantiles over futures; in per cent where `size` is 100."""
    unit = " %" if size == 100.0 else ""
    rows = [
        [
            str(row["what"]).replace("_", " "),
            *(f"{size * float(row[key]):.3g}{unit}" for key in ("p5", "p50", "p95")),
        ]
        for row in table
    ]
    return laid_out(title, [("", "left"), *((k, "right") for k in ("p5", "p50", "p95"))], rows)


def _income(results: Results) -> RenderableType:
    rows = [
        [
            str(row["year"]),
            *(percent(row[key]) for key in ("labour_share", "capital_share")),
            *(f"{float(row[key]):.3f}" for key in ("output", "wage")),
        ]
        for row in results.income_shares()
    ]
    columns = [("December", "left"), ("labour", "right"), ("capital", "right")]
    columns += [("output", "right"), ("wage", "right")]
    return laid_out("Who gets the income (1: start)", columns, rows)


def _supply(results: Results) -> RenderableType:
    table = results.supply_shares()
    years = _chosen(str(row["year"]) for row in table)
    found = {(row["kind"], row["group"], row["year"]): row["share"] for row in table}
    groups = list(dict.fromkeys((str(row["kind"]), str(row["group"])) for row in table))
    rows = [
        [f"{kind}: {group}", *(percent(found[kind, group, year]) for year in years)]
        for kind, group in groups[:MOST_GROUPS]
    ]
    columns = [("in December", "left"), *((year, "right") for year in years)]
    return laid_out("Shares of supply", columns, rows)
