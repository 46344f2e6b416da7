"""What if: numbers of a run slid, estimates at once, and then the true run that replaces them."""

from typing import Annotated, Any

from fastapi import APIRouter, Body, Request
from fastapi.responses import JSONResponse, Response

from offtake.plan.slide import as_written, share_of
from offtake.results.whatif import WhatIf, against, shown
from offtake.web import folders
from offtake.web.problems import Refused
from offtake.web.slopes import FILE, Slopes
from offtake.web.store import Request as Asked
from offtake.web.visit import ClientOf, DeskOf, StoreOf, Visit, VisitOf

router = APIRouter(include_in_schema=False)
Moves = Annotated[dict[str, float], Body(embed=True, max_length=20)]


@router.get("/runs/{run}/slopes")
def get_slopes(request: Request, visit: VisitOf) -> Response:
    """The numbers that can be slid, or how far they are."""
    kept: Slopes = request.app.state.slopes
    found = kept.of(visit.run)
    if found["state"] != "ready":
        return JSONResponse(found)
    rows = _rows(visit, WhatIf.from_json(found["slopes"]).estimate({}, _known(visit)))
    spans = {n["place"]: n["span"] for n in found["slopes"]["numbers"]}
    numbers = [{**n, "span": spans[n["place"]]} for n in found["numbers"]]
    return JSONResponse({"state": "ready", "numbers": numbers, "rows": rows})


@router.post("/runs/{run}/estimate")
def post_estimate(visit: VisitOf, moves: Moves) -> Response:
    """Headline results with numbers moved, by first order. moves: place -> per cent of itself."""
    found, written, shares = _slid(visit, moves)
    try:
        rows = _rows(visit, found.estimate(shares, _known(visit)))
        beyond = found.beyond(shares)
    except KeyError:
        raise Refused(422, "a number that has no slopes") from None
    return JSONResponse({"rows": rows, "beyond": beyond, "written": written})


@router.post("/runs/{run}/rerun")
def post_rerun(visit: VisitOf, desk: DeskOf, client: ClientOf, moves: Moves) -> Response:
    """Run the plan with the numbers moved."""
    _, written, shares = _slid(visit, moves)
    asked = visit.run.request
    changes = [f"{place}={written[place]}" for place, share in shares.items() if share]
    made = desk.submit(
        Asked(
            asked.text,
            asked.title,
            asked.plan,
            asked.version,
            asked.paths,
            asked.seed,
            asked.sampler,
            (*asked.set, *changes),
            asked.scenario,
            asked.stack,
        ),
        client,
    )
    return JSONResponse({"run": made.id})


@router.post("/runs/{run}/rerun/{other}")
def post_ran(visit: VisitOf, store: StoreOf, desk: DeskOf, other: str, moves: Moves) -> Response:
    """How far a true run is; beside its estimate once it is done."""
    ran = store.run(other)
    if ran.state != "done":
        return JSONResponse({"state": ran.state, "progress": desk.progress(ran)})
    found, _, shares = _slid(visit, moves)
    known = _known(visit)
    true = _figures(visit.folder.parent / other)
    rows = _rows(visit, against(found.estimate(shares, known), true, known))
    return JSONResponse({"state": "done", "rows": rows, "at": f"/runs/{other}"})


def _slid(visit: Visit, moves: dict[str, float]) -> tuple[WhatIf, dict[str, str], dict[str, float]]:
    """Slopes of a run, the numbers as they would be written, and the shares they move by."""
    kept = folders.read_json(visit.folder / FILE)
    if kept is None:
        raise Refused(409, "the slopes of this run are not there yet")
    known = {number["place"]: number["written"] for number in kept["numbers"]}
    if not set(moves) <= set(known):
        raise Refused(422, "a number that has no slopes")
    written = {place: as_written(known[place], by) for place, by in moves.items()}
    shares = {place: share_of(by) for place, by in moves.items()}
    return WhatIf.from_json(kept["slopes"]), written, shares


def _figures(folder: Any) -> dict[str, float | None]:
    kept = folders.read_json(folder / folders.FIGURES)
    return {} if kept is None else kept["whole"]


def _known(visit: Visit) -> dict[str, float | None]:
    return _figures(visit.folder)


def _rows(visit: Visit, table: Any) -> list[dict[str, Any]]:
    """Rows with their numbers as people read them."""
    del visit
    columns = ("run", "estimate", "change", "error", "ran", "moved", "off")
    return [
        {
            **row,
            "shown": {c: _shown(row[c], row["unit"], c) for c in columns if c in row},
        }
        for row in table
    ]


def _shown(value: float | None, unit: str, column: str) -> str:
    return shown(value, unit, sign=column in ("change", "moved", "off"))
