"""Stress on a terminal: who fails, loses and pays by shock; the least shock that does it."""

from collections.abc import Mapping
from typing import Any

from rich.console import Group, RenderableType
from rich.text import Text

from offtake.reports.pieces import laid_out, percent
from offtake.results.reverse import Least, Outcome
from offtake.results.stress import NOTE, Stress
from offtake.results.table import money

LEAST = (
    "Distance: root of the summed squares of sizes, as if yardsticks were standard deviations of "
    "independent normals. The nearest point that was found; that none is nearer is not proved. "
    "±: two standard errors. Dates act at the close of a period: one just past it acts at the next."
)

SMALL = 1e6
"""USD of change below which nothing is shown for a party or a facility."""
SAME = "–"
ACROSS = 6
"""Shocks side by side, so that a table stays within 80 columns."""
PAYERS = 3
"""Parties that are named as paying, at most."""


def stressed(frame: str, found: Stress) -> Group:
    """Everything that `offtake stress` prints.

    Args:
        frame: how it was run.
        found: outcomes with and without each shock.
    """
    parts: list[RenderableType] = [Text(found.plan, style="bold"), Text(frame), Text("")]
    if not len(found.summary()):
        parts += [Text("Nothing was run: the plan has nothing that these shocks act on."), Text("")]
    else:
        rows = list(found.summary())
        before = money(rows[0]["el_usd"])
        parts += [_summary(f"Without a shock financiers lose {before} (USD, value today)", rows)]
        parts += [Text(NOTE, style="dim"), Text("")]
        parts += [part for table in _moved(found) for part in (table, Text(""))]
    parts += [Text(_told(shock), style="dim") for shock in found.shocks]
    return Group(*parts)


def least(frame: str, found: Least) -> Group:
    """Everything that `offtake stress --reverse` prints.

    Args:
        frame: how it was run.
        found: the point, or that there is none.
    """
    runs = f"{frame}; {found.evaluations} sizes tried."
    parts: list[RenderableType] = [Text(found.plan, style="bold"), Text(runs), Text("")]
    parts += [Text(_answer(found), style="bold"), Text("")]
    if found.part:
        parts += [_point(found), Text("")]
    rest = [s for s in found.shocks if s not in found.part]
    small = [f"{s['shock']} {s['yardsticks']:.2g}" for s in rest if s["yardsticks"] > 0.0]
    others = [s for s in rest if not s["yardsticks"]]
    if small:
        parts.append(Text(f"Hardly part of it: {', '.join(small)}."))
    if others and found.distance != 0.0:
        parts.append(Text(f"Not part of it: {', '.join(map(_apart, others))}."))
    if found.here is not None and found.elsewhere is not None and found.short is not None:
        parts.append(
            Text(
                f"At the point: {_level(found, found.here)} on the futures of the search, "
                f"{_level(found, found.elsewhere)} on others (seed {found.seed + 1}); a twentieth "
                f"of a yardstick nearer: {_level(found, found.short)}; "
                f"without a shock: {_level(found, found.before)}."
            )
        )
    if found.unsure:
        parts.append(Text(f"Few futures decide this: take more than {found.paths:,} (--paths)."))
    parts += [Text(LEAST, style="dim")]
    parts += [Text(f"{s['shock']}: {s['yardstick']}", style="dim") for s in found.part]
    return Group(*parts)


def _answer(found: Least) -> str:
    if found.distance is None:
        before = _level(found, found.before)
        return (
            f'"{found.target}" is not reached within {found.farthest:g} yardsticks; '
            f"without a shock: {before}."
        )
    if found.distance == 0.0:
        return f'"{found.target}" is so without a shock: {_level(found, found.before)}.'
    return f'"{found.target}" is reached {found.distance:.2f} yardsticks from the plan.'


def _point(found: Least) -> RenderableType:
    columns = [("shock", "left"), ("yardsticks", "right"), ("alone", "right"), ("means", "left")]
    rows = [
        [
            str(shock["shock"]),
            f"{shock['yardsticks']:.2f}",
            f"> {found.farthest:g}" if shock["alone"] is None else f"{shock['alone']:.2f}",
            str(shock["means"]),
        ]
        for shock in found.part
    ]
    return laid_out("The least that does it, and how much each would take alone", columns, rows)


def _apart(shock: Mapping[str, Any]) -> str:
    if shock["alone"] is not None:
        return f"{shock['shock']} (alone: {shock['alone']:.2f})"
    return f"{shock['shock']}{'' if shock['moves'] else ' (does not move it)'}"


def _level(found: Least, outcome: Outcome) -> str:
    """An outcome with two standard errors; none where all futures are alike."""
    show = percent if found.what == "pd" else money
    wide = f" ± {show(2 * outcome.error)}" if outcome.error else ""
    return f"{show(outcome.value)}{wide}"


def _summary(title: str, rows: list[dict[str, Any]] | list[Any]) -> RenderableType:
    columns = [
        ("shock", "left"),
        ("newly fails", "left"),
        ("loss", "right"),
        ("±", "right"),
        ("worst 5 %", "right"),
        ("pays", "left"),
    ]
    shown = [
        [
            str(row["shock"]),
            "\n".join(
                f"{f['who']} {_whole(f['default'])} → {_whole(f['default_stressed'])} %"
                for f in row["newly_fails"]
            )
            or "nobody",
            signed(row["el_change_usd"]),
            error(row["el_change_usd_se"]),
            signed(row["worst5_change_usd"]),
            "\n".join(
                f"{p['party']} {100 * p['share']:.0f} %"
                for p in row["pays"][:PAYERS]
                if p["share"] >= 0.01
            )
            or "nobody",
        ]
        for row in rows
    ]
    return laid_out(title, columns, shown)


def _moved(found: Stress) -> list[RenderableType]:
    """Parties and facilities by shock: how many futures they fail in, and what they lose more."""
    rows = [
        *({"who": row["party"], **row} for row in found.parties_table()),
        *({"who": row["facility"], **row} for row in found.facilities_table()),
    ]
    shocks = list(found.runs)
    made: list[RenderableType] = []
    for title, key, show in (
        ("Fails in so many futures", "default", _fails),
        ("Expected loss, and its change (USD, value today)", "el_usd", _loses),
    ):
        for first in range(0, len(shocks), ACROSS):
            across = shocks[first : first + ACROSS]
            columns = [("", "left"), ("now", "right")]
            columns += [(shock.replace("_", " "), "right") for shock in across]
            shown: list[list[str]] = []
            for who in dict.fromkeys(row["who"] for row in rows):
                mine = {row["shock"]: row for row in rows if row["who"] == who}
                cells = [show(mine[shock]) for shock in across]
                if any(cell != SAME for cell in cells):
                    now = mine[across[0]][key]
                    shown.append([who, percent(now) if key == "default" else money(now), *cells])
            if shown:
                made.append(laid_out(title, columns, shown))
    return made


def _whole(share: float) -> str:
    """Per cent in two figures, without the sign."""
    return f"{100.0 * share:.0f}" if share == 0.0 or share >= 0.1 else f"{100.0 * share:.1f}"


def _fails(row: Mapping[str, Any]) -> str:
    """Share of futures in which it fails then; a dash where that moves within its error."""
    change = abs(row["default_stressed"] - row["default"])
    moved = change > max(2 * (row["default_change_se"] or 0.0), 5e-4)
    return percent(row["default_stressed"]) if moved else SAME


def _loses(row: Mapping[str, Any]) -> str:
    """Change of expected loss; a dash where it is no larger than its error."""
    change, wide = row["el_change_usd"], 2 * (row["el_change_usd_se"] or 0.0)
    return signed(change) if abs(change) > wide else SAME


def signed(usd: float) -> str:
    """A change in money; a dash below what is shown."""
    if abs(usd) < SMALL:
        return SAME
    return f"{'+' if usd > 0.0 else '-'}{money(abs(usd))}"


def error(usd: float | None) -> str:
    """Two standard errors; nothing below what is shown."""
    return "" if usd is None or 2 * usd < SMALL / 10 else money(2 * usd)


def _told(shock: Mapping[str, Any]) -> str:
    """What a shock is and by what it is measured, or that there is nothing for it to act on."""
    missing = shock["nothing_to_shock"]
    if missing is not None:
        return f"{shock['shock']}: nothing to shock, the plan has {missing}."
    places = [str(change["place"]) for change in shock["changes"]]
    more = f" and {len(places) - 2} more" if len(places) > 2 else ""
    told = f"{shock['shock']}: {shock['about']} ({', '.join(places[:2])}{more})."
    return f"{told} Yardstick: {shock['yardstick']}."
