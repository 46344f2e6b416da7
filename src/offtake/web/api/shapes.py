"""What operations share: names in addresses, how errors are described, how runs are told."""

from typing import Annotated, Any, Literal

from fastapi import Depends, Path, Request
from pydantic import BaseModel, ConfigDict, Field

from offtake.web.visit import Visit, visit

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

PlanName = Annotated[str, Path(pattern=r"^[a-z0-9-]{1,40}$", description="Id of a plan.")]
RunName = Annotated[str, Path(pattern=r"^[a-z0-9]{10}$", description="Id of a run.")]
ItemName = Annotated[
    str,
    Path(pattern=r"^[A-Za-z][A-Za-z0-9_-]{0,63}$", description="Name of an item of the plan."),
]
Word = Annotated[str, Field(max_length=200)]
Changes = Annotated[list[Word], Field(max_length=50, description="Each place=value.")]
Text = Annotated[str, Field(description="The plan, as YAML.")]


class Strict(BaseModel):
    """Takes nothing that it does not know."""

    model_config = ConfigDict(extra="forbid")


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


def _visit(request: Request, run: RunName) -> Visit:
    return visit(request, run)


RunOf = Annotated[Visit, Depends(_visit)]
"""The run of an address."""
