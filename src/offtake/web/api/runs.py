"""Runs: asking for one, how far it is, its results and files; runs compared, and links to them."""

from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query, Request
from fastapi.responses import Response
from pydantic import BaseModel, Field

from offtake.core.random import Sampler
from offtake.web import folders, store
from offtake.web.api.shapes import Changes, Progress, RunName, RunOf, RunOut, Strict, Word
from offtake.web.compare import beside, comparable, wanted
from offtake.web.desk import as_json
from offtake.web.export import file_of, readable
from offtake.web.plans import plan_of
from offtake.web.problems import Refused
from offtake.web.texts import UNNAMED, keepable
from offtake.web.visit import ClientOf, DeskOf, SettingsOf, StoreOf, link_to

router = APIRouter(tags=["runs"])


class RunIn(Strict):
    """What is to be run: a plan that is kept, or the text of one."""

    plan: Annotated[str, Field(pattern=r"^[a-z0-9-]{1,40}$")] | None = None
    version: Annotated[int, Field(ge=0, lt=2**31)] | None = None
    text: str | None = None
    paths: Annotated[int, Field(ge=1, lt=2**31)] = 1_000
    seed: Annotated[int, Field(ge=0, lt=2**63)] = 1
    sampler: Sampler = "pseudo"
    set: Changes = Field(default_factory=list[str])
    scenario: Word | None = None
    stack: Word | None = None


class ShareIn(Strict):
    """Runs that a link is to show."""

    runs: Annotated[
        list[Annotated[str, Field(pattern=r"^[a-z0-9]{10}$")]], Field(min_length=1, max_length=4)
    ]


class ShareOut(BaseModel):
    """A link; told once."""

    token: str
    address: str


class Difference(BaseModel):
    """A figure of one run beside the first."""

    result: str
    before: float | None
    after: float | None
    change: float | None
    change_se: float | None
    change_95: float | None


class ComparedOut(BaseModel):
    """Runs beside the first."""

    names: list[str]
    same_futures: bool
    differences: list[list[Difference]]


@router.get("/runs", response_model=list[RunOut])
def get_runs(
    kept: StoreOf,
    plan: Annotated[str | None, Query(max_length=40)] = None,
    most: Annotated[int, Query(ge=1, le=500)] = 50,
) -> Any:
    """Runs, the newest first."""
    return [as_json(run) for run in kept.runs(plan=plan, most=most)]


@router.post("/runs", status_code=202, response_model=RunOut)
def post_run(
    given: RunIn, kept: StoreOf, desk: DeskOf, settings: SettingsOf, client: ClientOf
) -> Any:
    """Ask for a run; it is queued, and its progress can be asked for."""
    if (given.plan is None) == (given.text is None):
        raise Refused(422, "name a plan that is kept here, or give the text of one, not both")
    how = given.model_dump(include={"paths", "seed", "sampler", "scenario", "stack"})
    how["set"] = tuple(given.set)
    if given.plan is not None:
        asked = plan_of(kept, given.plan, given.version).asked(**how)
    else:
        text = keepable(given.text or "", settings.limits)
        asked = store.Request(text=text, title=UNNAMED, **how)
    return as_json(desk.submit(asked, client))


@router.get("/runs/{run}", response_model=RunOut)
def get_run(run: RunName, kept: StoreOf) -> Any:
    """A run."""
    return as_json(kept.run(run))


@router.get("/runs/{run}/progress", response_model=Progress)
def get_progress(run: RunName, kept: StoreOf, desk: DeskOf) -> Any:
    """How far a run is."""
    return desk.progress(kept.run(run))


@router.post("/runs/{run}/cancel", status_code=202, response_model=Progress)
def post_cancel(run: RunName, kept: StoreOf, desk: DeskOf) -> Any:
    """Stop a run; nothing where it has ended."""
    desk.cancel(kept.run(run).id)
    return desk.progress(kept.run(run))


@router.delete("/runs/{run}", status_code=204)
def delete_run(run: RunName, kept: StoreOf, desk: DeskOf) -> Response:
    """Forget a run and its files."""
    desk.forget(kept.run(run))
    return Response(status_code=204)


@router.get("/runs/{run}/results")
def get_results(seen: RunOf) -> Response:
    """Results, as `offtake run --json` writes them (docs/results.schema.json)."""
    readable(seen.run)
    text = (seen.folder / folders.JSON).read_text("utf-8")
    return Response(text, media_type="application/json")


@router.get(
    "/runs/{run}/files/{kind}",
    responses={200: {"description": "the file", "content": {"application/octet-stream": {}}}},
    response_class=Response,
)
def get_file(seen: RunOf, kind: Literal["html", "xlsx", "json", "nc"], desk: DeskOf) -> Response:
    """A run as a report, a workbook, JSON, or the dataset."""
    return file_of(seen, desk, kind)


@router.get("/compare", response_model=ComparedOut)
def get_compare(
    runs: Annotated[str, Query(max_length=100, description="Two to four ids, with commas.")],
    kept: StoreOf,
    desk: DeskOf,
    settings: SettingsOf,
) -> Any:
    """Every figure of runs beside the first, with the error of each difference."""
    found = [kept.run(run) for run in wanted(runs)]
    asked = beside(settings, comparable(found))
    return desk.small("offtake.web.tasks:differences_of", **asked)


@router.post("/shares", status_code=201, response_model=ShareOut)
def post_share(request: Request, given: ShareIn, kept: StoreOf) -> Any:
    """Make a link that shows runs to whoever has it, for reading only; told once."""
    for run in given.runs:
        kept.run(run)
    token = kept.share(given.runs)
    return {"token": token, "address": link_to(request, token)}


@router.delete("/runs/{run}/shares", status_code=204)
def delete_shares(run: RunName, kept: StoreOf) -> Response:
    """Make all links to a run invalid."""
    kept.unshare(kept.run(run).id)
    return Response(status_code=204)
