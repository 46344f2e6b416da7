"""The comparison of capital stacks on a terminal: what each costs, who gets what, who carries what.

The chart sets the cost of the money to owners against what financiers lose in the worst 5 % of
futures, as a share of what was raised: to the left cheap, below safe.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from rich.console import Group, RenderableType
from rich.text import Text

from offtake.reports.pieces import laid_out, percent
from offtake.reports.scatter import Axis, scatter
from offtake.results.comparison import Comparison
from offtake.results.table import money

Row = Mapping[str, Any]

STACKS = (
    "cost: what the money costs owners a year, on mean flows, against paying for all themselves; "
    "p5 and p95 over futures; equity: rate and value of what owners put in; loses: financiers "
    "together, value today; runs short: futures in which the issuer leaves something unpaid."
)
FINANCIERS = (
    "return: on mean flows, compute taken counted at its price of the day; p5, p95 over futures."
)
CARRIERS = (
    "Whose value falls by the shock alone, on the same futures, and by which share of all that "
    "falls: the two who carry most."
)
LETTERS = "abcdefghijklmnopqrstuvwxyz"


def comparison(found: Comparison) -> Group:
    """Everything that `offtake stack` prints."""
    parts: list[RenderableType] = [
        Text(found.plan, style="bold"),
        *([Text("Changed: " + "; ".join(found.changes))] if found.changes else []),
        Text(_frame(found)),
        Text(""),
        _stacks(found),
        Text(STACKS, style="dim"),
        Text(""),
        _financiers(found),
        Text(FINANCIERS, style="dim"),
    ]
    if len(found.facilities()):
        parts += [Text(""), _facilities(found)]
    if len(found.carriers()):
        parts += [Text(""), _carriers(found), Text(CARRIERS, style="dim")]
    if points := points_of(found):
        parts += [Text(""), Text(_scatter(points))]
    return Group(*parts)


def _frame(found: Comparison) -> str:
    rate = f"present values at {percent(found.discount_rate)} a year"
    start = f"{found.paths:,} futures, the same for every stack, seed {found.seed}; {rate}."
    if found.against is None:
        return f"{start} No stack is paid by owners alone, so that cost cannot be told."
    return f"{start} Cost against {found.against}."


def _stacks(found: Comparison) -> RenderableType:
    columns = [
        ("stack", "left"),
        *((name, "right") for name in ("raised", "cost", "p5", "p95", "equity", "value")),
        *((name, "right") for name in ("loses", "worst 5 %", "runs short")),
    ]
    rows = [
        [
            str(row["stack"]),
            _usd(row["raised_usd"]),
            _rate(row["cost_mean"]),
            _rate(row["cost_p5"]),
            _rate(row["cost_p95"]),
            _rate(row["equity_irr_mean"]),
            money(row["equity_npv_usd"]),
            money(row["financiers_loss_usd"]),
            money(row["financiers_loss_usd_worst5"]),
            percent(row["runs_short"]),
        ]
        for row in found.table()
    ]
    return laid_out("Stacks (USD)", columns, rows)


def _financiers(found: Comparison) -> RenderableType:
    columns = [
        ("stack", "left"),
        ("financier", "left"),
        *((name, "right") for name in ("puts in", "return", "p5", "p95", "loses", "worst 5 %")),
    ]
    rows = [
        [
            str(row["stack"]),
            str(row["party"]),
            money(row["in_usd"]),
            _rate(row["return_mean"]),
            _rate(row["return_p5"]),
            _rate(row["return_p95"]),
            money(row["loss_usd"]),
            money(row["loss_usd_worst5"]),
        ]
        for row in found.financiers()
    ]
    return laid_out("Financiers (USD, present value)", columns, rows)


def _facilities(found: Comparison) -> RenderableType:
    columns = [
        ("stack", "left"),
        ("facility", "left"),
        *((name, "right") for name in ("size", "PD", "LGD", "EL")),
    ]
    rows = [
        [
            str(row["stack"]),
            str(row["contract"]),
            money(row["size_usd"]),
            percent(row["pd"]),
            percent(row["lgd"]),
            money(row["el_usd"]),
        ]
        for row in found.facilities()
    ]
    return laid_out("Facilities (USD)", columns, rows)


def _carriers(found: Comparison) -> RenderableType:
    told = {(row["stack"], row["shock"]): row["carriers"] for row in found.carriers()}
    shocks = list(dict.fromkeys(shock for _, shock in told))
    rows: list[list[str]] = []
    for stack in dict.fromkeys(stack for stack, _ in told):
        rows.append([str(stack), *(_carry(told.get((stack, shock), [])) for shock in shocks)])
    columns = [("stack", "left"), *((shock, "left") for shock in shocks)]
    return laid_out("Who carries which risk", columns, rows)


def _carry(carriers: Sequence[Row]) -> str:
    """The two who carry most, one under the other."""
    shown = [row for row in carriers[:2] if row["share"] >= 0.005]
    return "\n".join(f"{row['party']} {100 * row['share']:.0f} %" for row in shown) or "nobody"


def _rate(value: Any) -> str:
    """A rate; a dash for none."""
    return "–" if value is None else f"{100.0 * float(value):.1f} %"


def _usd(value: Any) -> str:
    return "–" if value is None else money(float(value))


# ------------------------------------------------------------------------------------------ chart


def points_of(found: Comparison) -> list[tuple[str, float, float]]:
    """(stack, cost, worst loss as a share of what was raised) of every stack that raises money."""
    return [
        (
            str(row["stack"]),
            float(row["cost_mean"]),
            float(row["financiers_loss_usd_worst5"]) / float(row["raised_usd"]),
        )
        for row in found.table()
        if row["cost_mean"] is not None and row["raised_usd"]
    ]


def span(values: Sequence[float]) -> tuple[float, float]:
    """Ends of an axis, with a margin on both sides."""
    low, high = min(values), max(values)
    margin = max(0.1 * (high - low), 0.01)
    return low - margin, high + margin


def _scatter(points: Sequence[tuple[str, float, float]]) -> str:
    """The chart as text; a letter for each stack."""
    left, right = span([x for _, x, _ in points])
    bottom, top = span([y for _, _, y in points])
    named = list(zip(LETTERS, points, strict=False))
    lines = scatter(
        [(letter, x, y) for letter, (_, x, y) in named],
        Axis(left, right, _rate(left), _rate(right)),
        Axis(bottom, top, _rate(bottom), _rate(top)),
        apart=True,
    )
    head = "Loss of financiers in the worst 5 % of futures, share of what was raised"
    names = [f"{letter} {name}" for letter, (name, _, _) in named]
    return "\n".join([head, *lines, " " * 10 + "cost of the money to owners", *names])
