"""Where a figure's variance, or its difference, comes from, on a terminal."""

from typing import Any

from rich.console import Group
from rich.text import Text

from offtake.reports.named import apart, shown, signed
from offtake.reports.pieces import laid_out, wide
from offtake.results.sources import VARIANCE, ChangeShares, VarianceShares

MOST = 20
"""Sources that are shown."""


def variance(found: VarianceShares) -> Group:
    """Everything that `offtake attribute` prints of one plan."""
    head = [
        Text(f"{found.plan}: what moves {found.figure}", style="bold"),
        Text(
            f"Mean {shown(found.figure, found.mean)}, standard deviation over futures "
            f"{shown(found.figure, found.sd)}; {found.runs} runs of {found.paths:,} futures, seed "
            f"{found.seed}."
        ),
        Text(""),
    ]
    if not found.rows:
        return Group(*head, Text("Nothing that is drawn moves it: it is the same in all futures."))
    rows = [
        [
            str(row["source"]),
            str(row["kind"]),
            _share(row["first"]),
            _error(row["first_se"], found.reach),
            _share(row["total"]),
            _error(row["total_se"], found.reach),
            "█" * round(20 * min(float(row["total"]), 1.0)),
        ]
        for row in found.rows[:MOST]
    ]
    columns = [("source", "left"), ("", "left"), ("alone", "right"), ("± 95 %", "right")]
    columns += [("with others", "right"), ("± 95 %", "right"), ("", "left")]
    more = len(found.rows) - MOST
    rest = [Text(f"{more} more sources move it less.", style="dim")] if more > 0 else []
    made = laid_out("Share of the variance over futures", columns, rows)
    notes = [Text(note, style="dim") for note in (VARIANCE, *wide(found.paths, found.reach))]
    return Group(*head, made, Text(""), *rest, *notes)


def difference(found: ChangeShares) -> Group:
    """Everything that `offtake attribute --with` prints."""
    figure, whole = found.figure, found.after - found.before
    one_way = all(float(row["share"]) * whole > 0.0 for row in found.rows)
    how = (
        f"all {found.sets} sets of changes"
        if found.orders is None
        else f"{found.orders} orders drawn, each both ways: {found.sets} sets of changes"
    )
    rows = [
        [
            str(row["change"]),
            signed(figure, float(row["share"])),
            ""
            if row["share_se"] is None
            else f"±{apart(figure, found.reach * float(row['share_se']))}",
            _share(float(row["share"]) / whole) if one_way else "",
        ]
        for row in found.rows
    ]
    columns = [("change", "left"), ("explains", "right"), ("± 95 %", "right"), ("", "right")]
    return Group(
        Text(f"{found.plan}: {figure} under scenario {found.scenario}", style="bold"),
        Text(
            f"{shown(figure, found.before)} before, {shown(figure, found.after)} after, "
            f"{signed(figure, whole)}; {found.paths:,} futures, the same in every run, seed "
            f"{found.seed}; {how}."
        ),
        Text(""),
        laid_out("What each change adds, averaged over the orders of making them", columns, rows),
        *(Text(note, style="dim") for note in wide(found.paths, found.reach)),
    )


def _share(value: Any) -> str:
    return f"{100.0 * float(value):.1f} %"


def _error(value: Any, reach: float) -> str:
    return "" if value is None else f"±{100.0 * reach * float(value):.1f} %"
