"""Who pays, in one sentence."""

from collections.abc import Mapping, Sequence
from typing import Any

from offtake.results.table import money

NAMED = 3
"""Parties named on either side of the sentence."""


def headline(rows: Sequence[Mapping[str, Any]]) -> str:
    """Who pays and who is paid, on average; and who loses when it goes wrong.

    Args:
        rows: of the table of who pays.
    """
    if not rows:
        return "Nobody pays: the plan has no parties."
    payers = _largest(rows, "net_usd", 1.0)
    paid = _largest(rows, "net_usd", -1.0)
    losers = _largest(rows, "loss_usd_worst5", 1.0)
    first = f"Paid by {_listed(payers, 'net_usd')}; paid to {_listed(paid, 'net_usd')}"
    if not losers:
        return f"{first}; no financier loses, even in the worst 5 % of futures."
    worst = _listed(losers, "loss_usd_worst5")
    return f"{first}; in the worst 5 % of futures most is lost by {worst}."


def _largest(rows: Sequence[Mapping[str, Any]], key: str, sign: float) -> list[Mapping[str, Any]]:
    total = sum(max(sign * row[key], 0.0) for row in rows)
    ordered = sorted(rows, key=lambda row: -sign * row[key])
    return [row for row in ordered[:NAMED] if sign * row[key] > 0.02 * total]


def _listed(rows: Sequence[Mapping[str, Any]], key: str) -> str:
    parts = [f"{row['party']} ({money(abs(row[key]))})" for row in rows] or ["nobody"]
    return parts[0] if len(parts) == 1 else ", ".join(parts[:-1]) + " and " + parts[-1]


def sure(looked: Mapping[str, Any]) -> str:
    """How sure a figure is that a run was to go on for."""
    share = looked["share"]
    known = "its error is not known" if share is None else f"± {100.0 * share:.2g} % (95 %)"
    asked = f"{100.0 * looked['within']:.3g} %"
    end = f"within {asked}" if looked["met"] else f"not yet within {asked}: all futures were used"
    return f"{looked['figure']}: {known} after {looked['paths']:,} futures, {end}."
