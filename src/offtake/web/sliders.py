"""What if: numbers of a run slid, estimates at once, and then the true run that replaces them.

Pages ask the JSON API for it (`web.api.what_if`, `static/sliders.js`), as programs do.
"""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple

from offtake.core.names import suggestion
from offtake.plan.slide import as_written, share_of
from offtake.results.table import Table
from offtake.results.whatif import WhatIf, against, shown
from offtake.web import folders
from offtake.web.desk import Desk
from offtake.web.export import readable
from offtake.web.problems import Refused
from offtake.web.slopes import FILE, Slopes
from offtake.web.store import Request, Run
from offtake.web.visit import Visit

SHOWN = ("run", "estimate", "change", "error", "ran", "moved", "off")
SIGNED = ("change", "moved", "off")


def offered(slopes: Slopes, run: Run) -> dict[str, Any]:
    """The numbers of a run that can be slid, or how far they are.

    Raises:
        Refused: the run has no answer.
    """
    readable(run)
    kept = slopes.of(run)
    if kept["state"] != "ready":
        return kept
    found = WhatIf.from_json(kept["slopes"])
    marks = found.marks_per_cent()
    numbers = [{**n, "marks": marks[n["place"]]} for n in kept["numbers"]]
    return {"state": "ready", "numbers": numbers, "rows": _rows(found.estimate({}, kept["known"]))}


def estimated(visit: Visit, moves: Mapping[str, float]) -> dict[str, Any]:
    """Headline results with numbers moved.

    Args:
        visit: of the run.
        moves: place -> per cent of itself.

    Raises:
        Refused: there is no such slider, or it does not reach so far.
    """
    slid = _slid(visit, moves)
    rows = _rows(slid.found.estimate(slid.shares, slid.known))
    return {"rows": rows, "beyond": slid.found.beyond(slid.shares), "written": slid.written}


def asked(visit: Visit, moves: Mapping[str, float]) -> Request:
    """The run with the numbers moved; arguments and errors as of `estimated`."""
    slid = _slid(visit, moves)
    changes = [f"{slid.at[p]}={slid.written[p]}" for p, share in slid.shares.items() if share]
    of = visit.run.request
    return replace(of, set=(*of.set, *changes))


def beside(visit: Visit, moves: Mapping[str, float], ran: Run, desk: Desk) -> dict[str, Any]:
    """How far a true run is; beside its estimate once it is done.

    Args:
        visit: of the run.
        moves: place -> per cent of itself.
        ran: the run with the numbers moved.
        desk: that does it.

    Raises:
        Refused: as of `estimated`; or it is no run of those moves.
    """
    if ran.request != asked(visit, moves):
        raise Refused(422, f"{ran.id} is no run of these moves: ask for one (rerun)")
    if ran.state != "done":
        return {"state": ran.state, "progress": desk.progress(ran), "rows": []}
    slid = _slid(visit, moves)
    estimate = slid.found.estimate(slid.shares, slid.known)
    found = against(estimate, _figures(visit.folder.parent / ran.id), slid.known)
    return {"state": "done", "progress": None, "rows": _rows(found)}


class Slid(NamedTuple):
    """What is slid."""

    found: WhatIf
    known: Mapping[str, float | None]
    """Results of the run."""
    written: dict[str, str]
    """Place -> the number as it would be written."""
    at: Mapping[str, str]
    """Place -> where the number itself is written."""
    shares: dict[str, float]
    """Place -> share of itself by which it moves."""


def _slid(visit: Visit, moves: Mapping[str, float]) -> Slid:
    kept = folders.read_json(visit.folder / FILE)
    if kept is None:
        raise Refused(409, "the sensitivities of this run are not there yet: ask for its slopes")
    numbers = {number["place"]: number for number in kept["numbers"]}
    for place, by in moves.items():
        if place not in numbers:
            said = suggestion(place, numbers, otherwise="this run has none")
            raise Refused(422, f"there is no slider for {place!r}: {said}")
        if not -numbers[place]["down"] <= by <= numbers[place]["up"]:
            said = f"{place} can be slid from -{numbers[place]['down']} to {numbers[place]['up']} %"
            raise Refused(422, said)
    return Slid(
        WhatIf.from_json(kept["slopes"]),
        kept["known"],
        {place: as_written(numbers[place]["written"], by) for place, by in moves.items()},
        {place: number["at"] for place, number in numbers.items()},
        {place: share_of(by) for place, by in moves.items()},
    )


def _figures(folder: Path) -> dict[str, float | None]:
    """Every figure of a run by name."""
    kept = folders.read_json(folder / folders.FIGURES)
    return {} if kept is None else dict(zip(kept["names"], kept["whole"], strict=True))


def _rows(table: Table) -> list[dict[str, Any]]:
    """Rows with their numbers as people read them."""
    return [
        {
            **row,
            "shown": {
                c: shown(row[c], row["unit"], sign=c in SIGNED, points=c == "error")
                for c in SHOWN
                if c in row
            },
        }
        for row in table
    ]
