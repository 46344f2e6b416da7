"""Charts of funds: sources and uses, capital raised, debt owed and due, funding gap."""

from collections.abc import Sequence
from typing import Any

from offtake.reports.charts.chart import (
    BAND,
    MONEY,
    Chart,
    Panel,
    bars_by_row,
    fan,
    named,
    names_axis,
    stacked,
)
from offtake.results import overview
from offtake.results.results import Results
from offtake.results.table import Row, Table, money

PAYMENTS = "Payments of every contract in every simulated future"


def sources_and_uses(results: Results) -> Chart:
    """Where the money of all companies of the plan comes from, and where it goes, by year."""
    table = overview.outside_money(results)
    return Chart(
        key="sources-uses",
        title="Sources and uses by year",
        measures="What all companies of the plan together get from others (up) and pay to others "
        "(down) in each calendar year, by kind of money; nominal, mean of all futures.",
        source=f"{PAYMENTS}; what the companies pay one another falls out.",
        cannot="Which company has the money: the table of sources and uses by company is among the "
        "results. Cash carried from year to year is the difference of the columns.",
        panels=(Panel(_mirrored(tuple(table)), height="tall"),),
        table=table,
    )


def _mirrored(rows: Sequence[Row]) -> dict[str, Any]:
    made = stacked([r for r in rows if r["side"] == "source"], "year", "money", "net_usd", MONEY)
    down = stacked([r for r in rows if r["side"] == "use"], "year", "money", "net_usd", MONEY)
    years = sorted({row["year"] for row in rows})
    found = {(row["side"], row["money"], row["year"]): row["net_usd"] for row in rows}
    series = [
        {
            **one,
            "name": f"{word} {one['name']}",
            "data": [found.get((side, one["name"], y)) for y in years],
        }
        for side, word, half in (("source", "from", made), ("use", "to", down))
        for one in half["series"]
    ]
    return {**made, "xAxis": names_axis(years), "series": series}


def capital(results: Results) -> Chart:
    """What every contract brought in, by company and layer."""
    table = overview.capital(results)
    return Chart(
        key="capital",
        title="Capital stack",
        measures="Capital that each contract brings a company of the plan over the whole plan, "
        "nominal, mean of all futures; senior debt first, then junior and other debt, then shares. "
        "What is drawn again after it was repaid counts again.",
        source="Payments of class capital in, of every contract in every simulated future.",
        cannot="What is promised and never drawn; cash that the companies had at the start; what "
        "they earn and spend again.",
        panels=(Panel(_layers(tuple(table)), height="rows", rows=len(table)),),
        table=table,
    )


TONES = {
    "senior debt": "accent",
    "junior debt": "second",
    "other debt": "third",
    "shares and other capital": "fourth",
}


def _layers(rows: Sequence[Row]) -> dict[str, Any]:
    places = [f"{row['contract']} → {row['party']}" for row in rows]
    return bars_by_row(
        places,
        [
            {
                "stack": "all",
                "name": layer,
                "color": named(tone),
                "barMaxWidth": 18,
                "data": [_raised(row) if row["layer"] == layer else None for row in rows],
            }
            for layer, tone in TONES.items()
            if any(row["layer"] == layer for row in rows)
        ],
    )


def _raised(row: Row) -> dict[str, Any]:
    label = {"show": True, "position": "right", "formatter": money(row["raised_usd"])}
    return {"value": row["raised_usd"], "label": label}


def debt(results: Results) -> Chart:
    """What is owed at the end of each year."""
    table = overview.maturities(results)
    return Chart(
        key="debt",
        title="Debt outstanding",
        measures="Balance of every facility at the end of each year, nominal, mean of all futures.",
        source="Balances that the facilities keep in every simulated future.",
        cannot="Obligations that are no debt: rent, reservations and orders. A mean hides futures "
        "in which nothing was drawn, or nothing repaid.",
        panels=(Panel(stacked(tuple(table), "year", "contract", "owed_usd", MONEY)),),
        table=table,
    )


def maturities(results: Results) -> Chart:
    """What falls due in each year."""
    table = overview.maturities(results)
    return Chart(
        key="maturities",
        title="Maturity wall",
        measures="Principal of every facility that falls due in the year for the first time, by "
        "its schedule, at its maturity or because it is called; nominal, mean of all "
        "futures.",
        source="What the facilities ask for in every simulated future, arrears counted once.",
        cannot="Who repays it: what another facility takes out falls due there again. Interest.",
        panels=(Panel(stacked(tuple(table), "year", "contract", "due_usd", MONEY)),),
        table=table,
    )


def funding_gap(results: Results) -> Chart:
    """What companies need beyond all that is promised to them."""
    found = overview.gaps(results)
    return Chart(
        key="funding-gap",
        title="Funding gap",
        measures="Cash that a company needs in the year beyond its liquidity and all money "
        "promised to it, nominal: what it has to raise from those who have promised "
        "nothing. Median, and the band of 90 % of futures.",
        source="Promises and payments of every simulated future, year by year; docs/measures.md.",
        cannot="Whether somebody would pay it, and at what price. Sums over years: a gap is "
        "counted in its own year only. Companies without a gap in 95 % of futures are "
        "left out.",
        panels=tuple(
            Panel(fan(rows, "year", "gap", MONEY, inner=False, min=0), title=name)
            for name, rows in found.items()
        ),
        table=Table("Funding gap (USD, nominal)", tuple(results.funding_gap())),
        keys=BAND,
    )
