"""Charts of several runs beside one another."""

from collections.abc import Mapping, Sequence
from typing import Any

from offtake.reports.charts.chart import (
    MONEY,
    PERCENT,
    Chart,
    Panel,
    grid,
    rows_axis,
    tip,
    value_axis,
)
from offtake.results.side_by_side import SideBySide
from offtake.results.table import Table

SOURCE = "Figures that each run kept; nothing was run again."


def charts(found: SideBySide) -> list[Chart]:
    """What several runs say of who pays, who loses and who is repaid."""
    made = [
        _bars(
            found,
            ("who_pays", "net_usd"),
            MONEY,
            title="Who pays",
            measures="What each party pays net over the plan, present value at the plan's rate, "
            "mean of all futures. Right of zero pays, left of zero is paid.",
            cannot="How sure each bar is: see the table of figures below for errors.",
        ),
        _bars(
            found,
            ("who_pays", "loss_usd_worst5"),
            MONEY,
            title="Loss in the worst 5 % of futures",
            measures="Mean loss of each financier in the 5 % of futures of its run in which the "
            "sum of losses is largest, present value.",
            cannot="That the worst futures of one run are those of another: each has its own.",
        ),
        _bars(
            found,
            ("facilities", "pd"),
            PERCENT,
            title="Default of facilities",
            measures="Share of futures in which a facility is accelerated, or unpaid at its "
            "maturity after grace.",
            cannot="How much is lost then: expected loss stands in the table of figures below.",
        ),
    ]
    return [chart for chart in made if len(chart.table)]


def _bars(
    found: SideBySide,
    of: tuple[str, str],
    form: Mapping[str, str],
    *,
    title: str,
    measures: str,
    cannot: str,
) -> Chart:
    """One figure of each item and run as bars."""
    table = found.column(*of)
    rows = table.rows
    series = [{"name": name, "data": [row[name] for row in rows]} for name in found.names]
    panel = Panel(
        _drawn([row["item"] for row in rows], series, form),
        height="rows",
        rows=len([name for _ in rows for name in found.names]),
    )
    key = "-".join(of).replace("_", "-")
    shown = Table(title, tuple(_named(row, of[1]) for row in rows))
    return Chart(f"side-{key}", title, measures, SOURCE, cannot, (panel,), shown)


def _named(row: Mapping[str, Any], column: str) -> dict[str, Any]:
    """A row whose columns say what they hold, so that a table writes it as money or a share."""
    return {"item": row["item"]} | {
        f"{name}:_{column}": value for name, value in row.items() if name != "item"
    }


def _drawn(
    items: Sequence[str], series: Sequence[Mapping[str, Any]], form: Mapping[str, str]
) -> dict[str, Any]:
    return {
        "aria": {"enabled": True, "decal": {"show": True}},
        "tooltip": {**tip(form), "axisPointer": {"type": "shadow"}},
        "legend": {"top": 0, "left": 0, "type": "scroll"},
        "grid": grid(right=24, top=44),
        "xAxis": value_axis(form),
        "yAxis": rows_axis(items),
        "series": [{"type": "bar", "barMaxWidth": 16, **one} for one in series],
    }
