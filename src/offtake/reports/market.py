"""The market on a terminal: price and shortage by year, who is served, who gains."""

from collections.abc import Mapping
from typing import Any

from rich.console import RenderableType
from rich.text import Text

from offtake.reports.pieces import count, laid_out, percent
from offtake.results.results import Results
from offtake.results.table import money

READING = (
    "price: USD per H100e-hour, mean over hours and futures; new chips: what an hour of the newest "
    "costs in full; short: share of hours in which somebody who would pay the price is not served."
)


def market(results: Results) -> list[RenderableType]:
    """What `offtake run` says of a market that clears."""
    parts = [_years(results), Text(READING, style="dim"), Text(""), _segments(results)]
    stated = {str(row["item"]): row["usd"] for row in results.welfare()}
    # Without the cost of capacity outside the plan the account would not be whole.
    return [*parts, Text(""), _welfare(results)] if stated["capital outside the plan"] else parts


def _years(results: Results) -> RenderableType:
    columns = [
        ("year", "left"),
        ("price", "right"),
        ("peak", "right"),
        ("valley", "right"),
        ("new chips", "right"),
        ("capacity H100e", "right"),
        ("busy", "right"),
        ("short", "right"),
        ("unserved H100e", "right"),
    ]
    rows = [
        [
            str(row["year"]),
            *(f"{float(row[k]):.2f}" for k in ("price", "peak_price", "valley_price")),
            f"{float(row['generation_price']):.2f}",
            count(row["capacity"]),
            percent(row["utilisation"]),
            percent(row["short"]),
            count(row["unserved"]),
        ]
        for row in results.market_by_year()
    ]
    return laid_out("Market for compute, by year", columns, rows)


def _price(row: Mapping[str, Any]) -> str:
    """A price per million tokens, or per hour where compute itself is bought."""
    if not float(row["tokens"]):
        return f"{float(row['price']):.2f} /h"
    return f"{1e6 * float(row['price']):.3g} /M"


def _segments(results: Results) -> RenderableType:
    rows = list(results.segment_summary())
    first, last = rows[0]["first_month"], rows[0]["last_month"]
    columns = [
        ("segment", "left"),
        (f"price {first}", "right"),
        (last, "right"),
        (f"H100e {first}", "right"),
        (last, "right"),
        (f"served {first}", "right"),
        (last, "right"),
        ("mean", "right"),
    ]
    body = [
        [
            row["segment"],
            *(_price(row[when]) for when in ("first", "last")),
            *(count(row[when]["compute"]) for when in ("first", "last")),
            *(percent(row[when]["served"]) for when in ("first", "last")),
            percent(row["mean_served"]),
        ]
        for row in rows
    ]
    title = "Who is served (share of what is asked at the price; prices in USD)"
    return laid_out(title, columns, body)


def _welfare(results: Results) -> RenderableType:
    rows = [
        [
            str(row["item"]),
            money(row["usd"]),
            "" if row["se"] is None else f"±{money(2 * float(row['se']))}",
        ]
        for row in results.welfare()
    ]
    title = "Who gains (USD, present value, mean of all futures)"
    return laid_out(title, [("", "left"), ("", "right"), ("", "right")], rows)
