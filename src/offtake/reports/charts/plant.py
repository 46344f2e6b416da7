"""Charts of plant: the clocks of chips, power built against plan, capacity."""

from collections.abc import Sequence
from typing import Any

from offtake.reports.charts.chart import (
    BAND,
    PLAIN,
    Chart,
    Panel,
    fan,
    grid,
    line,
    named,
    rows_axis,
)
from offtake.results import overview
from offtake.results.results import Results
from offtake.results.table import Row


def clocks(results: Results) -> Chart:
    """Contract, debt and economic life of every cohort, and when it has paid for itself."""
    table = overview.clocks(results)
    return Chart(
        key="clocks",
        title="The three clocks of the chips",
        measures="Months from the planned delivery of each cohort until its contract ends "
        "(median), its debt is repaid (median), it stops earning its cash cost "
        "(economic life) and it has paid for itself; bars span 90 % of futures, the "
        "mark is the median, an arrow goes on beyond the plan. Figures on the right: 5 "
        "% / median / 95 %.",
        source="Sales, costs and margins of each cohort in every simulated future; the table of "
        "chips.",
        cannot="What lies beyond the plan: lives that still run are longer than shown. Chips that "
        "share a site share what it earns by capacity.",
        panels=tuple(
            Panel(
                _gantt(row),
                title=f"{row['cohort']}: months from delivery, {row['delivery']}",
                height="short",
            )
            for row in table
        ),
        table=table,
        keys=(("span", "90 % of futures"), ("median", "median")),
    )


def _gantt(row: Row) -> dict[str, Any]:
    clocks = (
        ("contract", row["contract_months"], row["contract_months"], row["contract_months"]),
        ("debt", row["debt_months"], row["debt_months"], row["debt_months"]),
        ("economic life", *(row[f"economic_life_months_{q}"] for q in ("p5", "p50", "p95"))),
        ("paid back", *(row[f"payback_months_{q}"] for q in ("p5", "p50", "p95"))),
        ("books", *(row["accounting_life_months"] for _ in range(3))),
    )
    shown = [clock for clock in clocks if clock[0] in ("economic life", "paid back") or clock[1]]
    return {
        "grid": grid(right=84, top=6),
        "xAxis": {
            "type": "value",
            "min": 0,
            "axisLabel": {"hideOverlap": True},
        },
        "yAxis": rows_axis([clock[0] for clock in shown]),
        "series": [
            {
                "type": "custom",
                "name": "months from delivery",
                "renderItem": named("span"),
                "encode": {"x": [1, 2, 3], "y": 0},
                "data": [[*clock, _said(clock)] for clock in shown],
                "silent": True,
            }
        ],
    }


def _said(clock: tuple[Any, ...]) -> str:
    _, low, middle, high = clock
    if low == middle == high and middle is not None:
        return f"{middle:.0f} months"
    if middle is None:
        return "beyond the plan"
    return f"{low:.0f} / {middle:.0f} / {'beyond' if high is None else format(high, '.0f')}"


def build(results: Results) -> Chart:
    """Power at the end of each year against what was planned."""
    table = overview.build(results)
    whole = [row for row in table if row["site"] == "all sites"]
    return Chart(
        key="build",
        title="Built against plan",
        measures="Critical IT power of all sites that is switched on and paid for at the end of "
        "each year, median and 90 % of futures, against what is planned by then; and "
        "running capacity in H100 equivalents.",
        source="Phases of the plan with their dates; delays, payments and power in every simulated "
        "future.",
        cannot="Months between. A delay has one cause for all phases that share it, so late "
        "futures are late together.",
        panels=(
            Panel(_against(whole), title="Power, MW of IT"),
            *_running(tuple(results.capacity_by_year())),
        ),
        table=table,
        keys=(*BAND, ("dash", "planned")),
    )


def _running(rows: Sequence[Row]) -> list[Panel]:
    """Running capacity; no picture where no chips run."""
    if not any(row["h100e"] for row in rows):
        return []
    option = fan(rows, "year", "h100e", PLAIN, inner=False, min=0)
    return [Panel(option, title="Running capacity, H100e")]


def _against(rows: Sequence[Row]) -> dict[str, Any]:
    planned = line(
        [(str(row["year"]), row["planned_mw"]) for row in rows],
        "planned",
        color=named("warn"),
        lineStyle={"type": "dashed", "width": 2},
        endLabel={"show": True, "formatter": "planned", "color": named("warn")},
    )
    made = fan(rows, "year", "mw", PLAIN, inner=False, lines=[planned], min=0)
    return {**made, "grid": {**made["grid"], "right": 64}}
