"""Charts of parties: who pays, who loses, who pays whom."""

from collections.abc import Mapping, Sequence
from typing import Any

from offtake.reports.charts.chart import (
    MONEY,
    Chart,
    Panel,
    bars_by_row,
    grid,
    named,
    rows_axis,
    tip,
    value_axis,
    words_axis,
)
from offtake.results import overview
from offtake.results.results import Results
from offtake.results.table import Row, Table, money


def who_pays(results: Results) -> Chart:
    """Net payment of every party, on average and in the worst futures."""
    table = overview.net_payers(results)
    return Chart(
        key="who-pays",
        title="Who pays",
        measures="What each party pays net over the plan: all it pays less all it receives, "
        "present value at the plan's rate, mean of all futures (whiskers: two standard "
        "errors). Diamonds: the same in the 5 % of futures in which financiers lose "
        "most. Right of zero pays, left of zero is paid.",
        source="Payments of every contract in every simulated future; the table of who pays.",
        cannot="Worth that is not paid in money: what users gain by the tokens, what chips and "
        "shares are worth after the plan. Timing beyond the discount rate.",
        panels=(Panel(_diverging(tuple(table)), height="rows", rows=len(table)),),
        table=results.who_pays(),
    )


def _diverging(rows: Sequence[Row]) -> dict[str, Any]:
    return {
        "tooltip": tip(MONEY),
        "legend": {
            "top": 0,
            "left": 0,
            "data": [
                "mean of all futures",
                {"name": "worst 5 % of futures", "icon": "diamond"},
            ],
        },
        "grid": grid(right=8, top=36),
        "xAxis": value_axis(MONEY),
        "yAxis": [
            rows_axis([row["party"] for row in rows]),
            words_axis([money(row["net_usd"]) for row in rows]),
        ],
        "series": [
            {
                "type": "bar",
                "name": "mean of all futures",
                "data": [_pays(row) for row in rows],
                "barMaxWidth": 18,
                "color": named("accent"),
            },
            _whiskers(rows),
            {
                "type": "scatter",
                "name": "worst 5 % of futures",
                "symbol": "diamond",
                "symbolSize": 11,
                "color": named("warn"),
                "data": [[row["net_usd_worst5"], row["party"]] for row in rows],
                "z": 5,
            },
        ],
    }


def _pays(row: Row) -> dict[str, Any]:
    pays = row["net_usd"] >= 0.0
    return {
        "value": row["net_usd"],
        "itemStyle": {"color": named("accent" if pays else "paid")},
    }


def _whiskers(rows: Sequence[Row]) -> dict[str, Any]:
    return {
        "type": "custom",
        "name": "two standard errors",
        "renderItem": named("whisker"),
        "data": [[row["net_low_usd"], row["net_high_usd"], row["party"]] for row in rows],
        "encode": {"x": [0, 1], "y": 2},
        "silent": True,
        "tooltip": {"show": False},
        "z": 4,
    }


def losses(results: Results) -> Chart:
    """Loss of every financier, on average and in the worst futures."""
    table = overview.losers(results)
    return Chart(
        key="losses",
        title="Loss by bearer",
        measures="What each financier puts in and pays under supports, less what comes back and "
        "what is still owed to it, where that is more than nothing; present value at the plan's "
        "rate. Mean of all futures, and mean of the 5 % with the largest sum of losses, the same "
        "futures for all.",
        source="Payments of every contract in every simulated future; the table of who pays.",
        cannot="Losses of those who financed nothing (what was promised to them and not paid is in "
        "the table, as shortfall). Money that comes back at less than the plan's rate counts as a "
        "loss. The error of the worst 5 % leaves out that other futures would be other ones.",
        panels=(Panel(_pairs(tuple(table)), height="rows", rows=len(table)),),
        table=table,
    )


def _pairs(rows: Sequence[Row]) -> dict[str, Any]:
    names = ("mean of all futures", "loss_usd"), ("worst 5 % of futures", "loss_usd_worst5")
    tones = {"loss_usd": "accent", "loss_usd_worst5": "warn"}
    return bars_by_row(
        [row["party"] for row in rows],
        [
            {
                "name": name,
                "color": named(tones[column]),
                "data": [row[column] for row in rows],
                "barMaxWidth": 12,
                "label": {"show": True, "position": "right", "formatter": named("label")},
            }
            for name, column in names
        ],
    )


def money_flow(results: Results) -> Chart:
    """Who pays whom."""
    table = overview.money_flow(results)
    shown = [row for row in table if not row["small"]]
    return Chart(
        key="money-flow",
        title="Who pays whom",
        measures="Present value of all that each party pays another, mean of all futures. Parties "
        "outside the plan stand on the left where they pay and on the right where they are paid; "
        "companies of the plan in between, and once more on the right where money runs back to "
        "one that it has passed. Marked: money that goes in a circle, which is a financier's own "
        "money on its way back.",
        source="Payments of every contract in every simulated future, by payer and payee; own "
        f"money as traced on {results.facts['traced_paths']:,} futures.",
        cannot="The order in time; payments below 0.2 % of all that moves (they are in the table). "
        "Own money is spread over all that a financier receives in proportion.",
        panels=(Panel(_sankey(shown), height="tall", wide=True),),
        table=Table(table.title, tuple(map(_without_marks, table)), table.note),
        keys=(
            ("accent", "pays"),
            ("ink", "company of the plan"),
            ("paid", "is paid"),
            ("circular", "money that goes in a circle"),
        ),
    )


def _without_marks(row: Row) -> Row:
    marks = ("from_outside", "to_outside", "small", "own_small")
    return {key: value for key, value in row.items() if key not in marks}


def _sankey(rows: Sequence[Row]) -> dict[str, Any]:
    links = [link for row in rows for link in _links(row)]
    names = dict.fromkeys(link[end] for link in links for end in ("source", "target"))
    return {
        "tooltip": {"trigger": "item", "confine": True, "valueFormatter": MONEY},
        "series": [
            {
                "type": "sankey",
                "left": 4,
                "right": 150,
                "top": 8,
                "bottom": 8,
                "nodeAlign": "justify",
                "nodeGap": 12,
                "nodeWidth": 12,
                "layoutIterations": 64,
                "draggable": False,
                "emphasis": {"focus": "adjacency"},
                "label": {"formatter": named("party")},
                "data": [{"name": name, "itemStyle": _node(name)} for name in names],
                "links": links,
            }
        ],
    }


def _node(name: str) -> Mapping[str, Any]:
    tones = {"from": "accent", "in": "ink", "to": "paid", "again": "ink"}
    return {"color": named(tones[name.split(":", 1)[0]])}


def _links(row: Row) -> list[dict[str, Any]]:
    """One link, or two where a part of it is the payee's own money."""
    start = f"{'from' if row['from_outside'] else 'in'}:{row['payer']}"
    inward = "again" if row["closes_circle"] else "in"
    end = f"{'to' if row['to_outside'] else inward}:{row['payee']}"
    parts = [(row["others_usd"], False), (row["own_usd"], True)]
    if row["own_small"]:
        parts = [(row["usd"], False)]
    return [
        {
            "source": start,
            "target": end,
            "value": usd,
            "money": row["money"],
            "lineStyle": {
                "color": named("circular" if circular else "flow"),
                "opacity": 0.85 if circular else 0.35,
            },
        }
        for usd, circular in parts
        if usd > 0.0
    ]
