"""Contagion on a terminal: who owes whom, who would hurt most, and one failure round by round."""

from rich.console import Group, RenderableType
from rich.text import Text

from offtake.reports.pieces import laid_out, percent
from offtake.results.contagion import NOTE, Contagion
from offtake.results.table import money

MOST = 12
"""Pairs of parties that are shown, and failures."""


def spreading(found: Contagion) -> Group:
    """Everything that `offtake contagion` prints."""
    frame = (
        f"Claims that fall due in the {found.window} months from {found.month}, means of "
        f"{found.paths:,} futures, seed {found.seed}; who is made to fail pays "
        f"{percent(found.recovery)} of what it owes."
    )
    parts: list[RenderableType] = [Text(found.plan, style="bold"), Text(frame), Text("")]
    parts += [_exposures(found), Text("")]
    if not found.caused:
        return Group(*parts, Text("Nobody's failure costs anybody else anything in this window."))
    parts += [_systemic(found), Text(NOTE, style="dim"), Text("")]
    parts += [_rounds(found), Text(_stops(found)), Text(""), _variants(found)]
    return Group(*parts)


def _exposures(found: Contagion) -> RenderableType:
    rows = list(found.exposures())
    columns = [
        ("owes", "left"),
        ("to", "left"),
        ("window", "right"),
        ("from then on", "right"),
        ("most at once", "right"),
        ("in", "right"),
    ]
    shown = [
        [
            row["owes"],
            row["to"],
            money(row["window_usd"]),
            money(row["from_then_on_usd"]),
            money(row["most_usd"]),
            str(row["most_in"]),
        ]
        for row in rows[:MOST]
    ]
    more = f"; {len(rows) - MOST} smaller pairs left out" if len(rows) > MOST else ""
    return laid_out(f"Who owes whom (USD, undiscounted{more})", columns, shown)


def _systemic(found: Contagion) -> RenderableType:
    columns = [
        ("if it fails", "left"),
        ("others lose", "right"),
        ("±", "right"),
        ("round 1", "right"),
        ("round 2", "right"),
        ("later", "right"),
        ("follow", "right"),
        ("DebtRank", "right"),
    ]
    shown = [
        [
            row["party"],
            money(row["lost_usd"]),
            "" if row["lost_usd_se"] is None else money(2 * row["lost_usd_se"]),
            money(row["round_1_usd"]),
            money(row["round_2_usd"]),
            money(row["later_usd"]),
            percent(row["follow"]),
            f"{row['debt_rank']:.3f}",
        ]
        for row in list(found.systemic())[:MOST]
    ]
    return laid_out("Most systemic first", columns, shown)


def _rounds(found: Contagion) -> RenderableType:
    columns = [
        ("creditor", "left"),
        ("round 1", "right"),
        ("round 2", "right"),
        ("later", "right"),
        ("in all", "right"),
        ("fails", "right"),
        ("in round", "right"),
        ("capital", "right"),
    ]
    shown = [
        [
            row["creditor"],
            money(row["by_round_usd"][0]),
            money(row["by_round_usd"][1]),
            money(sum(row["by_round_usd"][2:])),
            money(row["lost_usd"]),
            percent(row["fails"]),
            "–" if row["in_round"] is None else f"{row['in_round']:.1f}",
            money(row["capital_usd"]),
        ]
        for row in found.rounds()
    ]
    return laid_out(f"If {found.told.party} fails: who loses, and who follows", columns, shown)


def _stops(found: Contagion) -> str:
    needed = float(found.told.capital.sum())
    if needed <= 0.0:
        return "Nobody follows; no capital is needed to stop it."
    return (
        f"{money(needed)} of capital, placed as in the last column, would stop it after the first "
        f"round (mean of all futures)."
    )


def _variants(found: Contagion) -> RenderableType:
    columns = [
        ("network", "left"),
        ("owed in all", "right"),
        ("lost anyway", "right"),
        ("others lose more", "right"),
    ]
    shown = [[v.what, money(v.owed), money(v.lost_anyway), money(v.lost)] for v in found.variants]
    return laid_out("Netted, and with friction", columns, shown)
