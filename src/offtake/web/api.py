"""The same for programs: plans, checks, runs, results, comparisons, links, as JSON.

The description is at `/api/v1/openapi.json`. What is wrong is told as `application/problem+json`.
"""

from typing import Annotated, Any, Literal

from fastapi import APIRouter, Path, Query, Request
from fastapi.responses import Response
from pydantic import BaseModel, ConfigDict, Field

from offtake.core.random import Sampler
from offtake.plan.examples import examples
from offtake.web import folders, store
from offtake.web.compare import beside, comparable, wanted
from offtake.web.desk import as_json
from offtake.web.export import file_of, readable
from offtake.web.plans import plan_of
from offtake.web.problems import Refused
from offtake.web.store import SavedPlan
from offtake.web.texts import UNNAMED, keepable
from offtake.web.visit import ClientOf, DeskOf, SettingsOf, StoreOf, link_to, visit

WRONG: dict[int | str, dict[str, Any]] = {
    status: {"description": said, "content": {"application/problem+json": {}}}
    for status, said in (
        (400, "the request cannot be read"),
        (401, "the server needs its token"),
        (403, "a page of another site asks"),
        (404, "there is nothing under this name"),
        (409, "not in this state"),
        (413, "too large"),
        (422, "the plan or the request is not right"),
        (429, "too many runs of this client wait"),
        (503, "the server is busy, or the task took too long"),
    )
}
router = APIRouter(prefix="/api/v1", responses=WRONG)

PlanName = Annotated[str, Path(pattern=r"^[a-z0-9-]{1,40}$", description="Id of a plan.")]
RunName = Annotated[str, Path(pattern=r"^[a-z0-9]{10}$", description="Id of a run.")]
Word = Annotated[str, Field(max_length=200)]


class Strict(BaseModel):
    """Takes nothing that it does not know."""

    model_config = ConfigDict(extra="forbid")


class PlanIn(Strict):
    """A plan to keep."""

    name: Annotated[str, Field(min_length=1, max_length=200)]
    text: Annotated[str, Field(min_length=1, description="The plan, as YAML.")]


class PlanOut(BaseModel):
    """A plan."""

    id: str
    name: str
    version: int = Field(description="0 for plans that come with offtake.")
    shipped: bool = Field(description="Whether it comes with offtake and cannot be changed.")
    created: str
    changed: str


class PlanWithText(PlanOut):
    """A plan and its YAML."""

    text: str


class CheckIn(Strict):
    """A plan to check, with changes."""

    text: str
    set: Annotated[list[Word], Field(max_length=50, description="Each place=value.")] = []
    scenario: Word | None = None
    stack: Word | None = None


class ProblemOut(BaseModel):
    """Something wrong with a plan: where, what was found, what was expected, how to mend it."""

    severity: Literal["error", "warning"]
    place: str
    where: str
    line: int | None
    column: int | None
    code: str
    found: str
    expected: str
    mend: str


class CheckOut(BaseModel):
    """What is to be said about a plan."""

    valid: bool
    problems: list[ProblemOut]
    unsourced: list[dict[str, str]]
    about: dict[str, Any] | None


class RunIn(Strict):
    """What is to be run: a plan that is kept, or the text of one."""

    plan: Annotated[str, Field(pattern=r"^[a-z0-9-]{1,40}$")] | None = None
    version: Annotated[int, Field(ge=0, lt=2**31)] | None = None
    text: str | None = None
    paths: Annotated[int, Field(ge=1, lt=2**31)] = 1_000
    seed: Annotated[int, Field(ge=0, lt=2**63)] = 1
    sampler: Sampler = "pseudo"
    set: Annotated[list[Word], Field(max_length=50)] = []
    scenario: Word | None = None
    stack: Word | None = None


class RunOut(BaseModel):
    """A run and how far it is."""

    id: str
    title: str
    plan: str | None
    version: int | None
    paths: int
    seed: int
    sampler: str
    set: list[str]
    scenario: str | None
    stack: str | None
    state: Literal["queued", "running", "answered", "done", "failed", "cancelled", "interrupted"]
    stage: str
    problems: list[ProblemOut]
    created: str
    started: str | None
    finished: str | None
    changes: list[str]
    headline: str | None
    seconds: dict[str, float] | None


class Progress(BaseModel):
    """How far a run is."""

    id: str
    state: str
    stage: str
    done: int
    of: int
    ahead: int
    cancelling: bool


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


def _plan(found: SavedPlan) -> dict[str, Any]:
    return {**vars(found), "shipped": found.version == 0}


@router.get("/plans", response_model=list[PlanOut])
def get_plans(kept: StoreOf) -> Any:
    """All plans: those that are kept here, and those that come with offtake."""
    shipped = [plan_of(kept, name) for name in examples()]
    return [_plan(plan) for plan in (*kept.plans(), *shipped)]


@router.post("/plans", status_code=201, response_model=PlanOut)
def post_plan(given: PlanIn, kept: StoreOf, settings: SettingsOf) -> Any:
    """Keep a new plan, right or wrong."""
    return _plan(kept.add_plan(given.name, keepable(given.text, settings.limits)))


@router.get("/plans/{plan}", response_model=PlanWithText)
def get_plan(
    plan: PlanName, kept: StoreOf, version: Annotated[int | None, Query(ge=0, lt=2**31)] = None
) -> Any:
    """A plan as it is now, or as it was."""
    return _plan(plan_of(kept, plan, version))


@router.put("/plans/{plan}", response_model=PlanOut)
def put_plan(plan: PlanName, given: PlanIn, kept: StoreOf, settings: SettingsOf) -> Any:
    """Keep a new version of a plan."""
    return _plan(kept.change_plan(plan, given.name, keepable(given.text, settings.limits)))


@router.delete("/plans/{plan}", status_code=204)
def delete_plan(plan: PlanName, kept: StoreOf) -> Response:
    """Forget a plan; its runs stay."""
    kept.delete_plan(plan)
    return Response(status_code=204)


@router.post("/check", response_model=CheckOut)
def post_check(given: CheckIn, desk: DeskOf, settings: SettingsOf) -> Any:
    """Say everything about a plan that `offtake check` says."""
    text = keepable(given.text, settings.limits)
    return desk.check(text, given.set, given.scenario, given.stack)


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
        asked = store.Request(keepable(given.text or "", settings.limits), UNNAMED, **how)
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
def get_results(request: Request, run: RunName) -> Response:
    """Results, as `offtake run --json` writes them (docs/results.schema.json)."""
    seen = visit(request, run)
    readable(seen.run)
    text = (seen.folder / folders.JSON).read_text("utf-8")
    return Response(text, media_type="application/json")


@router.get(
    "/runs/{run}/files/{kind}",
    responses={200: {"description": "the file", "content": {"application/octet-stream": {}}}},
    response_class=Response,
)
def get_file(
    request: Request, run: RunName, kind: Literal["html", "xlsx", "json", "nc"], desk: DeskOf
) -> Response:
    """A run as a report, a workbook, JSON, or the dataset."""
    return file_of(visit(request, run), desk, kind)


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
