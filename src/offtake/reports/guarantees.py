"""Guarantees on a terminal: what they cost who gives them."""

from rich.console import RenderableType
from rich.text import Text

from offtake.reports.pieces import laid_out, percent
from offtake.results.results import Results
from offtake.results.table import money

READING = (
    "cost: paid less recovered less fees, value today at the plan's rate, of a government's "
    "guarantee at the risk-free rate (its subsidy cost); %: of the debt drawn; worst 5 %: the "
    "futures with the most loss; called: share of futures."
)


def guarantees(results: Results) -> list[RenderableType]:
    """The table and how to read it; nothing in a plan without guarantees."""
    table = results.guarantees()
    if not len(table):
        return []
    columns = [
        ("guarantee", "left"),
        ("fees", "right"),
        ("paid", "right"),
        ("recovered", "right"),
        ("cost", "right"),
        ("", "right"),
        ("%", "right"),
        ("p50", "right"),
        ("p95", "right"),
        ("worst 5 %", "right"),
        ("called", "right"),
    ]
    rows: list[list[str]] = []
    for row in table:
        error = row["cost_usd_se"]
        rows.append(
            [
                str(row["contract"]),
                *(money(row[f"{name}_usd"]) for name in ("fees", "paid", "recovered", "cost")),
                "" if error is None or error < 5e5 else f"±{money(2.0 * error)}",
                percent(row["cost_share"]),
                *(money(row[f"cost_usd_{name}"]) for name in ("p50", "p95", "worst5")),
                percent(row["called"]),
            ]
        )
    shown = laid_out("Guarantees (USD, value today, mean of all futures)", columns, rows)
    return [Text(""), shown, Text(READING, style="dim")]
