"""The answer on a terminal: who pays in one sentence, then in tables of at most 100 columns."""

from pathlib import Path
from typing import Any

from rich.console import Group, RenderableType
from rich.table import Table as RichTable
from rich.text import Text

from offtake.reports.guarantees import guarantees
from offtake.reports.levelised import levelised
from offtake.reports.market import market
from offtake.reports.pieces import laid_out, number, percent
from offtake.reports.plant import plant
from offtake.reports.readings import readings
from offtake.reports.structure import limits
from offtake.reports.tilt import tilt, worth
from offtake.results.results import Results
from offtake.results.sentence import sure
from offtake.results.table import Row, Table, money

READING = (
    "loses: present value, so money that comes back at less than the plan's rate counts as a loss; "
    "lost for good: what never comes back, undiscounted; worst 5 %: the futures with the most loss."
)

FACILITIES = (
    "DSCR and LLCR count all debt of the borrower that ranks senior or equal; LLCR is cash up to "
    "maturity over debt at its peak, below 1x where the rest is to be refinanced; LGD is what "
    "neither the borrower nor a sale of collateral brings; EL a year is the margin that pays it."
)


UNSPENT = "negative carry: the coupon on what is not spent yet, less what it earns; undiscounted."


def summary(results: Results, saved: Path | None = None, json_file: Path | None = None) -> Group:
    """Everything that `offtake run` prints.

    Args:
        saved: where the results were written, if they were.
        json_file: where they were written as JSON, if they were.
    """
    changes: list[str] = results.facts.get("changes", [])
    parts: list[RenderableType] = [
        Text(str(results.facts["plan"]), style="bold"),
        *([Text("Changed: " + "; ".join(changes))] if changes else []),
        Text(_frame(results)),
        *([Text(sure(results.facts["until"]))] if results.facts.get("until") else []),
        *tilt(results),
        Text(""),
        Text(results.headline(), style="bold"),
        Text(""),
        _who_pays(results.who_pays()),
        Text(READING, style="dim"),
    ]
    if len(results.structure()):
        parts += [Text(""), *limits(list(results.structure()))]
    if len(results.facilities()):
        parts += [Text(""), _facilities(results.facilities()), Text(FACILITIES, style="dim")]
    parts += worth(results)
    parts += guarantees(results)
    if len(results.unspent()):
        parts += [Text(""), _unspent(results.unspent()), Text(UNSPENT, style="dim")]
    if len(results.cohorts()):
        parts += [Text(""), _cohorts(results.cohorts()), Text(""), *levelised(results)]
    if built := plant(results):
        parts += [Text(""), *built]
    if len(results.market()):
        parts += [Text(""), *market(results)]
    parts += readings(results)
    parts += [Text(""), *_unknown(results), Text("")]
    if saved is not None:
        parts.append(Text(f'Results: {saved}   (offtake.Results.load("{saved}"))'))
    if json_file is not None:
        parts.append(Text(f"JSON: {json_file}"))
    parts.append(Text(_seconds(results.facts["seconds"])))
    return Group(*parts)


def _frame(results: Results) -> str:
    facts = results.facts
    return (
        f"{facts['paths']:,} futures of {facts['months']} {facts['periods']} from "
        f"{facts['start'][:7]}, seed {facts['seed']}{_drawn(facts)}; present values at "
        f"{100 * facts['discount_rate']:.4g} % a year."
    )


def _drawn(facts: dict[str, Any]) -> str:
    sampler = facts.get("sampler", "pseudo")
    return "" if sampler == "pseudo" else f", sampler {sampler}"


def _error(row: Row, key: str) -> str:
    """Two standard errors; empty where there is none or it is below a million."""
    error = row.get(f"{key}_se")
    return "" if error is None or float(error) < 5e5 else f"±{money(2 * float(error))}"


def _who_pays(table: Table) -> RichTable:
    rows = [
        [
            str(row["party"]),
            money(row["fronted_usd"]),
            money(row["returned_usd"]),
            money(row["net_usd"]),
            _error(row, "net_usd"),
            money(row["loss_usd"]),
            money(row["loss_usd_worst5"]),
            money(row["unreturned_usd"]),
            money(row["shortfall_usd"]),
        ]
        for row in table
    ]
    columns = [
        ("party", "left"),
        ("puts in", "right"),
        ("gets back", "right"),
        ("pays net", "right"),
        ("", "right"),
        ("loses", "right"),
        ("worst 5 %", "right"),
        ("lost for good", "right"),
        ("unpaid to it", "right"),
    ]
    return laid_out("Who pays (USD, present value, mean of all futures)", columns, rows)


def _unspent(table: Table) -> RichTable:
    columns = [
        ("account", "left"),
        ("paid in", "right"),
        ("waits, years", "right"),
        ("coupon", "right"),
        ("earned", "right"),
        ("negative carry", "right"),
        ("", "right"),
    ]
    rows = [
        [
            str(row["contract"]),
            money(row["raised_usd"]),
            f"{row['waits_years']:.2f}",
            money(row["coupon_usd"]),
            money(row["earned_usd"]),
            money(row["carry_usd"]),
            _error(row, "carry_usd"),
        ]
        for row in table
    ]
    return laid_out("Money raised before it is needed (mean of all futures)", columns, rows)


def _facilities(table: Table) -> RichTable:
    columns = [
        ("facility", "left"),
        ("size", "right"),
        ("drawn", "right"),
        ("least DSCR p50", "right"),
        ("p5", "right"),
        ("PD", "right"),
        ("LGD", "right"),
        ("EL", "right"),
        ("EL, bp a year", "right"),
        ("LLCR", "right"),
        ("IRR", "right"),
        ("repaid in time", "right"),
    ]
    rows = [
        [
            str(row["contract"]),
            money(row["size_usd"]),
            money(row["drawn_usd_mean"]),
            _ratio(row["min_dscr_p50"]),
            _ratio(row["min_dscr_p5"]),
            percent(row["pd"]),
            percent(row["lgd"]),
            money(row["el_usd"]),
            number(row["el_bp_per_year"]),
            _ratio(row["llcr_p50"]),
            percent(row["irr_lender_p50"]),
            percent(row["repaid_before_economic_end"]),
        ]
        for row in table
    ]
    title = "Facilities (in time: repaid before what secures it stops earning)"
    return laid_out(title, columns, rows)


def _cohorts(table: Table) -> RichTable:
    columns = [
        ("chips", "left"),
        ("pay back after (months) p5", "right"),
        ("p50", "right"),
        ("p95", "right"),
        ("never", "right"),
        ("economic life (months) p50", "right"),
        ("books", "right"),
        ("paid back in time", "right"),
    ]
    rows = [
        [
            str(row["cohort"]),
            number(row["payback_months_p5"]),
            number(row["payback_months_p50"]),
            number(row["payback_months_p95"]),
            percent(row["share_never"]),
            number(row["economic_life_months_p50"]),
            number(row["accounting_life_months"]),
            percent(row["share_payback_before_economic_end"]),
        ]
        for row in table
    ]
    return laid_out("Chips: paid back against how fast they lose their worth", columns, rows)


def _ratio(value: Any) -> str:
    if value is None:
        return "–"
    return f"{float(value):.2f}x" if float(value) >= 0.0 else "< 0"


def _unknown(results: Results) -> list[Text]:
    """What the run cannot tell, and what went into it unproved."""
    facts = results.facts
    lines = [
        f"Money was conserved: largest error {results.worst('conservation'):.0e} of a month's "
        f"flows; largest distance to exact clearing {results.worst('clearing_residual'):.0e}."
    ]
    if facts.get("unsourced"):
        lines.append(
            f"Numbers of the plan without a source: {facts['unsourced']}; marked as assumptions: "
            f"{_assumed(facts)}."
        )
    lines += [f"Note: {warning}" for warning in facts["warnings"]]
    lines.append(
        "An illustration from public reports and stated assumptions; not advice and not a forecast "
        "of any company."
    )
    return [Text(line) for line in lines]


def _assumed(facts: dict[str, Any]) -> int:
    return sum(source.get("confidence") == "assumption" for source in facts["sources"])


def _seconds(seconds: dict[str, float]) -> str:
    return "Time: " + ", ".join(f"{name} {value:.1f} s" for name, value in seconds.items())
