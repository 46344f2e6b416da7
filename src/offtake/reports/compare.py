"""Two plans on the same futures, on a terminal: what changes, largest first, with its error."""

from collections.abc import Mapping
from typing import Any

from rich.console import Group, RenderableType
from rich.text import Text

from offtake.reports.named import apart, column_of, shown, signed
from offtake.reports.pieces import laid_out, wide
from offtake.results.differences import NOTE, Differences, moved, section_of
from offtake.results.named import QUANTILE

MOST = 12
"""Rows of a table that are shown where not all are asked for."""
TITLES = {
    "who_pays": "Who pays",
    "facilities": "Facilities",
    "facility_details": "Facilities in detail",
    "contracts": "Value of contracts to each side",
    "cohorts": "Chips",
    "levelised": "Levelised cost of compute",
    "market_by_year": "Market by year",
    "energy": "Energy by source",
    "capacity_by_year": "Capacity by year",
}


def differences(found: Differences, *, every: bool = False) -> Group:
    """Everything that `offtake compare` prints.

    Args:
        found: the differences.
        every: all figures, not the largest changes of each table alone.
    """
    parts: list[RenderableType] = [
        Text(f"{found.plan}: {found.other}", style="bold"),
        Text(f"{found.paths:,} futures, the same on both sides, seed {found.seed}{_drawn(found)}."),
        Text(""),
    ]
    for section in found.sections():
        rows = [row for row in found.table(section) if every or moved(row) or _asked_first(row)]
        if rows:
            parts += [_table(section, rows if every else rows[:MOST], len(rows)), Text("")]
    return Group(*parts, *(Text(line, style="dim") for line in _notes(found)))


def _drawn(found: Differences) -> str:
    return "" if found.sampler == "pseudo" else f", sampler {found.sampler}"


def _table(section: str, rows: list[Mapping[str, Any]], of: int) -> RenderableType:
    title = TITLES.get(section, section.replace("_", " ").capitalize())
    if len(rows) < of:
        title += f" (the {len(rows)} largest of {of} changes)"
    lines = [
        [
            _about(row),
            _column(row),
            shown(row["result"], row["before"]),
            shown(row["result"], row["after"]),
            signed(row["result"], row["change"]),
            _error(row),
        ]
        for row in rows
    ]
    columns = [("", "left"), ("", "left")]
    columns += [(name, "right") for name in ("before", "after", "change", "± 95 %")]
    return laid_out(title, columns, lines)


def _asked_first(row: Mapping[str, Any]) -> bool:
    """Whether a figure is shown though its change may be chance, if there is one."""
    asked = section_of(row) == "facilities" and column_of(row["result"]) in ("pd", "lgd", "el_usd")
    return asked and bool(row["change"])


def _about(row: Mapping[str, Any]) -> str:
    """What a figure is about: the contract, the party, the year."""
    return ", ".join(str(row["result"]).split(".")[1:-1]) if not _sided(row) else _side(row)


def _sided(row: Mapping[str, Any]) -> bool:
    """Whether the last part of a name is a party, not a column."""
    return section_of(row) == "contracts"


def _side(row: Mapping[str, Any]) -> str:
    _, contract, _, party = str(row["result"]).split(".", 3)
    return f"{contract}, {party}"


def _column(row: Mapping[str, Any]) -> str:
    words = [word for word in column_of(row["result"]).split("_") if word != "usd"]
    return " ".join(words).replace(" worst5", ", worst 5 %")


def _error(row: Mapping[str, Any]) -> str:
    reach = row["change_95"]
    if reach is None:
        return "not known"
    if reach <= 1e-9 * abs(float(row["change"] or 0.0)):
        return "in all groups" if QUANTILE.search(column_of(row["result"])) else "exact"
    unsure = "" if moved(row) else ", may be chance"
    return f"±{apart(row['result'], reach)}{unsure}"


def _notes(found: Differences) -> list[str]:
    changed = sum(moved(row) for row in found.rows)
    same = sum(row["change"] == 0.0 for row in found.rows)
    unknown = sum(row["change"] is None for row in found.rows)
    lines = [
        f"{len(found.rows):,} figures compared: {changed:,} moved by more than their 95 % "
        f"interval, {same:,} are the same, {unknown:,} are not known on one side. "
        "One figure in twenty that does not move passes for moved. A name is TABLE.ROW.COLUMN of "
        "--json.",
        NOTE,
        *wide(found.paths, found.reach),
    ]
    for what, names in (("Only before", found.gone), ("Only after", found.new)):
        if names:
            rows = dict.fromkeys(".".join(name.split(".")[:2]) for name in names)
            more = f" and {len(rows) - 8} more" if len(rows) > 8 else ""
            lines.append(f"{what}: {', '.join(list(rows)[:8])}{more}.")
    return lines
