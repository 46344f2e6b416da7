"""What a buyer of capacity can choose between, on a terminal: the frontier, and a chart of it."""

from collections.abc import Sequence

from rich.console import Group, RenderableType
from rich.text import Text

from offtake.reports.pieces import count, laid_out, percent
from offtake.reports.scatter import Axis, scatter
from offtake.results.table import Row, money
from offtake.run.reserve import Reserved

READING = (
    "Cost: present value of what the buyer pays for compute less what resale brings; ±: its "
    "standard error; worst 5 %: the futures that cost most, and those with most unserved. Best "
    "from: USD that an unserved H100e-hour has to cost the buyer for this to be the cheapest in "
    "the mean, up to the next. {left} of {all} candidates are left out: another costs no more, in "
    "the mean and in the worst 5 %, and leaves no more unserved."
)


def summary(found: Reserved, *, whole: bool = False, json_file: str | None = None) -> Group:
    """Everything that `offtake reserve` prints.

    Args:
        found: all candidates.
        whole: whether candidates that another beats are listed too.
        json_file: where all was written as JSON, if it was.
    """
    rows = found.rows()
    shown = [row for row in rows if row["frontier"] or whole]
    shown.sort(key=lambda row: (-row["unserved"], row["cost_usd"]))
    parts: list[RenderableType] = [
        Text(found.plan, style="bold"),
        Text(
            f"{len(rows):,} candidates, each on the same {found.paths:,} futures, seed "
            f"{found.seed}; {found.buyer} needs {count(found.needed)} H100e-hours; present values "
            f"at {100 * found.discount_rate:.4g} % a year."
        ),
        Text(""),
        _table(found, shown, whole=whole),
        Text(READING.format(left=len(rows) - len(shown), all=len(rows)), style="dim"),
        Text(""),
        *_chart(rows),
    ]
    unpaid = max(row["short"] for row in rows)
    if unpaid > 0.0:
        told = f"{found.buyer} leaves bills unpaid in up to {percent(unpaid)} of futures."
        parts += [Text(""), Text(told, style="bold")]
    if json_file is not None:
        parts += [Text(""), Text(f"JSON: {json_file}")]
    seconds = ", ".join(f"{name} {value:.1f} s" for name, value in found.seconds.items())
    return Group(*parts, Text(f"Time: {seconds}."))


def _table(found: Reserved, rows: Sequence[Row], *, whole: bool) -> RenderableType:
    axes = found.candidates.axes
    columns = [(axis, "left") for axis in axes]
    columns += [("cost", "right"), ("±", "right"), ("worst 5 %", "right")]
    columns += [("unserved", "right"), ("worst 5 %", "right"), ("best from", "right")]
    columns += [("", "left")] if whole else []
    lines = [
        [
            *(str(row["choices"][axis]) for axis in axes),
            money(row["cost_usd"]),
            "–" if row["cost_usd_se"] is None else money(row["cost_usd_se"]),
            money(row["cost_usd_worst5"]),
            percent(row["unserved"]),
            percent(row["unserved_worst5"]),
            _worth(row["best_from_usd_per_h100e_hour"]),
            *(["frontier" if row["frontier"] else ""] if whole else []),
        ]
        for row in rows
    ]
    title = "All candidates (USD)" if whole else "The frontier (USD)"
    return laid_out(title, columns, lines)


def _worth(value: float | None) -> str:
    return "" if value is None else f"{value:.2f}"


def _chart(rows: Sequence[Row]) -> list[RenderableType]:
    """Mean cost against unserved demand: o on the frontier, . beaten by another."""
    across, up = ([float(row[key]) for row in rows] for key in ("unserved", "cost_usd"))
    marks = ["o" if row["frontier"] else "." for row in rows]
    drawn = scatter(
        sorted(zip(marks, across, up, strict=True), key=lambda point: point[0] == "o"),
        Axis(min(across), max(across), percent(min(across)), percent(max(across))),
        Axis(min(up), max(up), money(min(up)), money(max(up))),
    )
    title = Text("Cost against unserved demand (o frontier, . beaten)", style="bold")
    return [title, *(Text(line) for line in drawn)]
