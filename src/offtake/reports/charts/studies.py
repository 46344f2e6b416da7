"""Charts of studies that were run beside: what moves a result, and stress."""

from collections.abc import Sequence
from typing import Any

from offtake.reports.charts.chart import (
    MONEY,
    PLAIN,
    Chart,
    Panel,
    bars_by_row,
    grid,
    named,
    rows_axis,
    tip,
    value_axis,
)
from offtake.results.studies import Study
from offtake.results.table import Row, money


def tornado(study: Study) -> Chart:
    """What moves a result."""
    found, table = study.found, study.tornado()
    usd = found["unit"] == "USD"
    value = f"{money(found['value'])} USD" if usd else f"{found['value']:.4g}"
    return Chart(
        key=f"tornado-{found['result'].replace('.', '-')}",
        title=f"What moves {found['result']}",
        measures=f"Change of {found['result']} ({value}) when a number of the plan rises by 1 % of "
        "itself, all else as it was; the twenty numbers that move it most.",
        source=f"offtake sensitivity, {found['paths']:,} futures, seed {found['seed']}; errors and "
        "all other numbers in its JSON.",
        cannot="Large moves, moves of several numbers together, and how likely a move is. What is "
        "sized stays as it was signed. Dates and durations, which are moved by steps.",
        panels=(Panel(_bars(tuple(table), usd=usd), height="rows", rows=len(table)),),
        table=table,
    )


def _bars(rows: Sequence[Row], *, usd: bool) -> dict[str, Any]:
    form = MONEY if usd else PLAIN
    return {
        "tooltip": tip(form),
        "grid": grid(right=72, top=8),
        "xAxis": value_axis(form),
        "yAxis": rows_axis([row["place"].removeprefix("contracts.") for row in rows]),
        "series": [
            {
                "type": "bar",
                "name": "change",
                "barMaxWidth": 16,
                "data": [
                    {
                        "value": row["effect"],
                        "itemStyle": {"color": named("accent" if row["effect"] > 0 else "warn")},
                        "label": {
                            "position": "right" if row["effect"] > 0 else "left",
                            "formatter": money(row["effect"]) if usd else f"{row['effect']:.3g}",
                        },
                    }
                    for row in rows
                ],
                "label": {"show": True},
            }
        ],
    }


def stress(study: Study) -> Chart:
    """What shocks do to the losses of financiers."""
    found, table = study.found, study.shocks()
    return Chart(
        key="stress",
        title="Stress",
        measures="Change of the expected loss of all financiers together under each shock, on the "
        "same futures with and without it; value today. The table says who newly fails and who "
        "pays.",
        source=f"offtake stress, {found['paths']:,} futures, seed {found['seed']}.",
        cannot="How likely a shock is. Financiers lose less where a shock keeps their money from "
        "being put in. Shocks that find nothing to act on in this plan are left out.",
        panels=(Panel(_changes(tuple(table)), height="rows", rows=len(table)),),
        table=table,
    )


def _changes(rows: Sequence[Row]) -> dict[str, Any]:
    columns = ("mean", "el_change_usd", "accent"), ("worst 5 %", "worst5_change_usd", "warn")
    return bars_by_row(
        [row["shock"] for row in rows],
        [
            {
                "name": name,
                "color": named(tone),
                "barMaxWidth": 12,
                "data": [row[column] for row in rows],
            }
            for name, column, tone in columns
        ],
    )
