"""Cost of compute on a terminal: per hour, per watt and per token; break-even; whose chips."""

from collections.abc import Mapping
from typing import Any

from rich.console import RenderableType
from rich.text import Text

from offtake.reports.pieces import laid_out, number, percent
from offtake.results.results import Results
from offtake.results.table import money

READING = (
    "hour: median cost of an H100e-hour delivered, discounted at the owner's rate; parts are "
    "means; of work: of an hour of an H100's work sold; W: capital per W of IT power; W-year: all "
    "cost. Taxes are left out, and what no contract charges."
)


def levelised(results: Results) -> list[RenderableType]:
    """What `offtake run` says of the cost of chips; by cohort, or by chip where there are many."""
    parts = [_costs(results), Text(READING, style="dim")]
    if len(results.token_costs()):
        parts += [Text(""), _tokens(results)]
    if len(results.break_even()):
        parts += [Text(""), _break_even(results)]
    years = results.dependence_by_year()
    if years and len(years[-1]["makers"]) > 1:
        parts += [Text(""), _dependence(results)]
    return parts


def _unit(value: Any) -> str:
    """A price of one thing; a dash for none."""
    return "–" if value is None else f"{float(value):.3g}"


MOST = 8
"""Cohorts that are shown one by one."""


def _by(results: Results) -> str:
    return "cohort" if len(results.cohorts()) <= MOST else "chip"


def _costs(results: Results) -> RenderableType:
    by = _by(results)
    columns = [
        (by, "left"),
        ("hour", "right"),
        ("5 to 95 %", "right"),
        ("chips", "right"),
        ("design", "right"),
        ("building", "right"),
        ("energy", "right"),
        ("running", "right"),
        ("of work", "right"),
        ("W", "right"),
        ("W-year", "right"),
    ]
    parts = ("chips", "design", "building", "energy", "running")
    rows = [
        [
            str(row["name"]),
            _unit(row["usd_per_h100e_hour_p50"]),
            f"{_unit(row['usd_per_h100e_hour_p5'])}-{_unit(row['usd_per_h100e_hour_p95'])}",
            *(_unit(row[f"{part}_usd_per_h100e_hour"]) for part in parts),
            _unit(row["usd_per_hour_of_work_p50"]),
            _unit(row["capital_usd_per_w"]),
            _unit(row["usd_per_w_year_p50"]),
        ]
        for row in results.levelised()
        if row["by"] == by
    ]
    return laid_out("Cost of compute (USD, levelised)", columns, rows)


def _tokens(results: Results) -> RenderableType:
    by = _by(results)
    rows = [row for row in results.token_costs() if row["by"] == by]
    products = list(dict.fromkeys(str(row["product"]) for row in rows))
    found: dict[str, dict[str, Mapping[str, Any]]] = {}
    for row in rows:
        found.setdefault(str(row["name"]), {})[str(row["product"])] = row
    columns = [(by, "left"), *((product, "right") for product in products)]
    columns += [(f"{product} per J", "right") for product in products]
    body = [
        [
            name,
            *(_unit(of[product]["usd_per_m_token_p50"]) for product in products),
            *(_unit(of[product]["token_per_joule"]) for product in products),
        ]
        for name, of in found.items()
    ]
    title = "Cost of a million tokens (USD, median), and tokens per joule"
    return laid_out(title, columns, body)


def _break_even(results: Results) -> RenderableType:
    columns = [
        ("design paid by", "left"),
        ("fixed cost", "right"),
        ("own, of work", "right"),
        ("bought, of work", "right"),
        ("pays from chips p5", "right"),
        ("p50", "right"),
        ("p95", "right"),
        ("share of plan", "right"),
        ("pays", "right"),
        ("never", "right"),
    ]
    rows = [
        [
            str(row["contract"]),
            money(float(row["fixed_whole_usd"] or 0.0)),
            _unit(row["own_usd_per_hour_of_work_p50"]),
            _unit(row["other_usd_per_hour_of_work_p50"]),
            *(number(row[f"chips_{q}"]) for q in ("p5", "p50", "p95")),
            percent(row["share_of_plan_p50"]),
            percent(row["share_pays"]),
            percent(row["share_never"]),
        ]
        for row in results.break_even()
    ]
    title = "Own chips: volume at which their design pays (never: an hour of work costs no less)"
    return laid_out(title, columns, rows)


def _dependence(results: Results) -> RenderableType:
    years = results.dependence_by_year()
    makers = list(years[-1]["makers"])
    columns = [
        ("year", "left"),
        ("makers", "right"),
        ("countries", "right"),
        *((maker, "right") for maker in makers),
        *((f"{maker} held back", "right") for maker in makers),
    ]
    rows = [
        [
            str(row["year"]),
            _unit(row["maker_concentration"]),
            _unit(row["country_concentration"]),
            *(percent(row["makers"][maker]) for maker in makers),
            *(number(row["held_back_h100e"][maker]) for maker in makers),
        ]
        for row in years
    ]
    title = (
        "Whose chips, at the end of each year (1: all of one maker or country; held back: H100e)"
    )
    return laid_out(title, columns, rows)
