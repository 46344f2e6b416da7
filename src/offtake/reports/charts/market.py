"""Charts of the market: price, use, tokens, what is not served; drivers where no market clears."""

from collections.abc import Iterable, Sequence
from itertools import cycle
from typing import Any

from offtake.reports.charts.chart import (
    PERCENT,
    PLAIN,
    Chart,
    Panel,
    grid,
    line,
    named,
    names_axis,
    tip,
    value_axis,
)
from offtake.results import overview
from offtake.results.results import Results
from offtake.results.table import Row, Table

TONES = ("accent", "warn", "third", "fourth", "second")


def market(results: Results) -> Chart:
    """The market that clears, month by month."""
    table = results.market()
    rows = tuple(table)
    return Chart(
        key="market",
        title="The market for compute",
        measures="Month by month, mean of all futures: price of an H100e-hour (mean, in the "
        "hours of peak and of valley demand), share of capacity in use, what each "
        "segment of demand gets, and what it would take at the price and does not get.",
        source="Clearing of the plan's market in every simulated future; the table of the market.",
        cannot="Spread over futures: these are means, the error of the price is in the table. "
        "Prices follow from assumed demand, elasticities and supply of others.",
        panels=(
            Panel(_lines(rows, _unlike(rows, PRICES), PLAIN), title="Price, USD/H100e/h"),
            Panel(_lines(rows, ("utilisation",), PERCENT, max=1), title="Capacity in use"),
            *_sold(results),
            Panel(_lines(rows, ("unserved",), PLAIN), title="Demand not served, H100e"),
        ),
        table=results.market_by_year(),
    )


PRICES = ("price", "peak_price", "valley_price")


def _unlike(rows: Sequence[Row], columns: Sequence[str]) -> list[str]:
    """The first column, and those that say something else to the eye."""
    told = {name: [f"{row[name]:.3g}" for row in rows] for name in columns}
    return [name for name in columns if name == columns[0] or told[name] != told[columns[0]]]


def _sold(results: Results) -> list[Panel]:
    """Tokens and compute that segments get; tokens only where some are asked for."""
    rows = tuple(results.segments())
    pictures = ("tokens", "Tokens sold, a year"), ("compute", "Compute served, H100e")
    return [
        Panel(_segments(rows, what), title=title)
        for what, title in pictures
        if any(row[what] for row in rows)
    ]


def _lines(
    rows: Sequence[Row], columns: Sequence[str], form: dict[str, str], **axis: Any
) -> dict[str, Any]:
    months = [row["month"] for row in rows]
    named_rows = {column.replace("_", " "): [row[column] for row in rows] for column in columns}
    return _drawn(months, named_rows.items(), form, **axis)


def _drawn(
    places: Sequence[str],
    lines: Iterable[tuple[str, Sequence[float | None]]],
    form: dict[str, str],
    **axis: Any,
) -> dict[str, Any]:
    """Lines with their names at their ends."""
    series = [
        line(
            list(zip(places, values, strict=True)),
            name,
            color=named(tone),
            lineStyle={"width": 2, "type": style},
        )
        for (name, values), tone, style in zip(lines, cycle(TONES), cycle(STYLES), strict=False)
    ]
    return {
        "tooltip": tip(form),
        "legend": {"show": len(series) > 1, "top": 0, "left": 0},
        "grid": grid(right=16, top=36),
        "xAxis": names_axis(places, boundaryGap=False),
        "yAxis": value_axis(form, min=0, **axis),
        "series": series,
    }


STYLES = ("solid", "dashed", "dotted", "solid", "dashed")


def _segments(rows: Sequence[Row], what: str) -> dict[str, Any]:
    months = list(dict.fromkeys(row["month"] for row in rows))
    by = {
        name: [row[what] for row in rows if row["segment"] == name]
        for name in dict.fromkeys(row["segment"] for row in rows)
    }
    return _drawn(months, by.items(), PLAIN)


def drivers(results: Results) -> Chart:
    """Drivers of a plan without a market that clears."""
    table = overview.drivers(results)
    by = {
        name: [row for row in table if row["driver"] == name]
        for name in dict.fromkeys(row["driver"] for row in table)
    }
    return Chart(
        key="drivers",
        title="Prices and other drivers",
        measures="Level of every driver of the plan at the end of each year, in its own unit, "
        "mean of all futures.",
        source="Processes, series and formulas of the plan, drawn in every simulated future.",
        cannot="Spread over futures: these are means, their error is in the table. Where no market "
        "clears, prices do not answer to what is built.",
        panels=tuple(
            Panel(_driver(rows), title=name, height="short")
            for name, rows in by.items()
            if len({row["mean"] for row in rows}) > 1
        ),
        table=Table(table.title, table.rows, table.note),
    )


def _driver(rows: Sequence[Row]) -> dict[str, Any]:
    return _drawn(
        [str(row["year"]) for row in rows], [(rows[0]["driver"], [r["mean"] for r in rows])], PLAIN
    )
