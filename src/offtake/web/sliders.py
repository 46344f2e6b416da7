"""What if: numbers of a run slid, estimates at once, and then the true run that replaces them."""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Annotated, Any, NamedTuple

from fastapi import APIRouter, Body, Request
from fastapi.responses import JSONResponse, Response

from offtake.plan.slide import as_written, share_of
from offtake.results.table import Table
from offtake.results.whatif import WhatIf, against, shown
from offtake.web import folders
from offtake.web.problems import Refused
from offtake.web.slopes import FILE, Slopes
from offtake.web.visit import ClientOf, DeskOf, StoreOf, Visit, VisitOf

router = APIRouter(include_in_schema=False)
SHOWN = ("run", "estimate", "change", "error", "ran", "moved", "off")
SIGNED = ("change", "moved", "off")
Moves = Annotated[dict[str, float], Body(embed=True, max_length=20)]


@router.get("/runs/{run}/slopes")
def get_slopes(request: Request, visit: VisitOf) -> Response:
    """The numbers that can be slid, or how far they are."""
    kept: Slopes = request.app.state.slopes
    found = kept.of(visit.run)
    if found["state"] != "ready":
        return JSONResponse(found)
    rows = _rows(WhatIf.from_json(found["slopes"]).estimate({}, found["known"]))
    spans = {n["place"]: n["span"] for n in found["slopes"]["numbers"]}
    numbers = [{**n, "span": spans[n["place"]]} for n in found["numbers"]]
    return JSONResponse({"state": "ready", "numbers": numbers, "rows": rows})


@router.post("/runs/{run}/estimate")
def post_estimate(visit: VisitOf, moves: Moves) -> Response:
    """Headline results with numbers moved, by first order. moves: place -> per cent of itself."""
    slid = _slid(visit, moves)
    rows = _rows(slid.found.estimate(slid.shares, slid.known))
    beyond = slid.found.beyond(slid.shares)
    return JSONResponse({"rows": rows, "beyond": beyond, "written": slid.written})


@router.post("/runs/{run}/rerun")
def post_rerun(visit: VisitOf, desk: DeskOf, client: ClientOf, moves: Moves) -> Response:
    """Run the plan with the numbers moved."""
    slid = _slid(visit, moves)
    asked = visit.run.request
    changes = [f"{slid.at[p]}={slid.written[p]}" for p, share in slid.shares.items() if share]
    made = desk.submit(replace(asked, set=(*asked.set, *changes)), client)
    return JSONResponse({"run": made.id})


@router.post("/runs/{run}/rerun/{other}")
def post_ran(visit: VisitOf, store: StoreOf, desk: DeskOf, other: str, moves: Moves) -> Response:
    """How far a true run is; beside its estimate once it is done."""
    ran = store.run(other)
    if ran.state != "done":
        return JSONResponse({"state": ran.state, "progress": desk.progress(ran)})
    slid = _slid(visit, moves)
    estimate = slid.found.estimate(slid.shares, slid.known)
    rows = _rows(against(estimate, _figures(visit.folder.parent / other), slid.known))
    return JSONResponse({"state": "done", "rows": rows, "at": f"/runs/{other}"})


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
        raise Refused(409, "the sensitivities of this run are not there yet")
    numbers = {number["place"]: number for number in kept["numbers"]}
    for place, by in moves.items():
        if place not in numbers:
            raise Refused(422, f"there is no slider for {place!r}")
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
            "shown": {c: shown(row[c], row["unit"], sign=c in SIGNED) for c in SHOWN if c in row},
        }
        for row in table
    ]
