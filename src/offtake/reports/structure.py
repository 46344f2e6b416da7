"""What structuring found, on a terminal: size, what binds, how it is repaid."""

from collections.abc import Mapping, Sequence
from typing import Any

from rich.console import RenderableType
from rich.text import Text

from offtake.reports.pieces import laid_out, percent
from offtake.results.table import money

Made = Mapping[str, Any]

MEANING = (
    "allows: the size if this limit stood alone; slack: how much more than the size that is. Sized "
    "in the stated cases, then the same on every path."
)
NAMES = {
    "dscr": "DSCR",
    "llcr": "LLCR",
    "gearing": "gearing",
    "advance_rate": "advance rate",
    "loan_to_value": "loan to value",
    "economic_life": "economic life",
    "maximum": "maximum",
    "share": "hours of the site",
    "uses": "what is left to pay",
    "together": "all covers together",
}


def limits(facilities: Sequence[Made]) -> list[RenderableType]:
    """Size of each facility and what every limit allows; nothing where nothing was sized."""
    if not facilities:
        return []
    rows: list[list[str]] = []
    for made in facilities:
        for position, limit in enumerate(made["limits"]):
            allows, slack = limit["allows_usd"], limit["slack"]
            binds = (limit["limit"], limit["case"]) == (made["binding"], made["case"])
            rows.append(
                [
                    str(made["contract"]) if position == 0 else "",
                    money(made["amount_usd"]) if position == 0 else "",
                    NAMES[limit["limit"]] + (f", {limit['case']}" if limit["case"] else ""),
                    "no limit" if allows is None else money(allows),
                    "binds" if binds else "–" if slack is None else percent(slack),
                ]
            )
    columns = [
        ("sized", "left"),
        ("size", "right"),
        ("limit", "left"),
        ("allows", "right"),
        ("slack", "right"),
    ]
    return [laid_out("Structure (USD)", columns, rows), Text(MEANING, style="dim")]


def schedules(facilities: Sequence[Made]) -> list[RenderableType]:
    """Balance and principal by calendar year of what is sculpted."""
    found: list[RenderableType] = []
    for made in facilities:
        rows = repaid_by_year(made)
        if rows:
            shown = [[str(year), money(owed), money(paid)] for year, owed, paid in rows]
            columns = [("year", "left"), ("owed before it", "right"), ("principal", "right")]
            title = f"{made['contract']}: repayment, sculpted (USD)"
            found += [Text(""), laid_out(title, columns, shown)]
    return found


def repaid_by_year(made: Made) -> list[tuple[int, float, float]]:
    """(year, owed before its first payment, principal of the year) of a sculpted facility, USD."""
    rows: dict[int, tuple[float, float]] = {}
    balance = float(made["amount_usd"])
    if not any(entry["share_of_balance"] for entry in made["schedule"]):
        return []
    for entry in made["schedule"]:
        year = int(entry["from"][:4])
        owed, paid = rows.get(year, (balance, 0.0))
        principal = entry["share_of_balance"] * balance
        rows[year] = (owed, paid + principal)
        balance -= principal
    return [(year, owed, paid) for year, (owed, paid) in rows.items()]
