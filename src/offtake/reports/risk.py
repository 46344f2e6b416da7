"""Who bears which risk, on a terminal: party by shock."""

from collections.abc import Mapping
from typing import Any

from rich.console import Group, RenderableType
from rich.text import Text

from offtake.reports.pieces import laid_out
from offtake.results.allocation import NOTE, Allocation
from offtake.results.table import money

SMALL = 1e3
"""USD of change below which nothing is shown for a party."""


def allocation(name: str, frame: str, found: Allocation) -> Group:
    """Everything that `offtake risk` prints.

    Args:
        name: of the plan.
        frame: how it was run.
        found: losses with and without each shock.
    """
    parts: list[RenderableType] = [Text(name, style="bold"), Text(frame), Text("")]
    rows = list(found.table())
    for what, title in (
        ("el_change_usd", "Expected loss, and its change under each shock (USD, value today)"),
        ("worst5_change_usd", "Worst 5 % of each party, and its change"),
        (
            "value_change_usd",
            "Change of value: received less paid, what it bought and supplied included",
        ),
    ):
        parts += [_table(title, what, rows), Text("")]
    parts.append(Text(NOTE, style="dim"))
    parts += [Text(f"{s['shock']}: {_said(s)}", style="dim") for s in found.shocks]
    return Group(*parts)


def _said(shock: Mapping[str, Any]) -> str:
    """What a shock does, or that there is nothing for it to act on."""
    missing = shock["nothing_to_shock"]
    if missing is not None:
        return f"nothing to shock, the plan has {missing}"
    places = [str(change["place"]) for change in shock["changes"]]
    more = f" and {len(places) - 3} more" if len(places) > 3 else ""
    return f"{shock['about']} ({', '.join(places[:3])}{more})"


def _table(title: str, what: str, rows: list[Mapping[str, Any]]) -> RenderableType:
    shocks = list(dict.fromkeys(row["shock"] for row in rows))
    before = what.replace("_change", "")
    columns = [("party", "left")]
    columns += [("now", "right")] if before != "value_usd" else []
    columns += [(str(shock), "right") for shock in shocks]
    shown: list[list[str]] = []
    for party in dict.fromkeys(row["party"] for row in rows):
        mine = {row["shock"]: row for row in rows if row["party"] == party}
        if all(abs(row[what]) < SMALL for row in mine.values()):
            continue
        first = next(iter(mine.values()))
        now = [money(first[before])] if before in first else []
        shown.append([str(party), *now, *(_signed(mine[shock][what]) for shock in shocks)])
    return laid_out(title, columns, shown)


def _signed(usd: float) -> str:
    if abs(usd) < SMALL:
        return "–"
    return f"{'+' if usd > 0.0 else '-'}{money(abs(usd))}"
