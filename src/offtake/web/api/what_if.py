"""What if: numbers of a run moved, estimates at once, and the true run beside them."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from fastapi import APIRouter
from pydantic import BaseModel, Field

from offtake.web import sliders
from offtake.web.api.shapes import Progress, RunName, RunOf, RunOut, Strict
from offtake.web.desk import as_json
from offtake.web.visit import ClientOf, DeskOf, SlopesOf, StoreOf

router = APIRouter(prefix="/runs/{run}", tags=["what if"])


class MovesIn(Strict):
    """Numbers that are moved."""

    moves: Annotated[
        dict[str, float],
        Field(max_length=20, description="Place of a number -> per cent of itself."),
    ]


class SliderOut(BaseModel):
    """A number that can be moved."""

    place: str
    written: str
    at: str = Field(description="Where the number itself is written, for `set` of a run.")
    down: float = Field(description="How far down, per cent of itself.")
    up: float
    marks: list[float] = Field(description="Per cent at which true moves were made.")


class EstimateRow(BaseModel):
    """A headline result of the run, and as it is estimated."""

    result: str
    about: str = Field(description="Facility, party or cohort.")
    says: str
    unit: str
    run: float | None
    estimate: float | None
    change: float | None
    error: float | None
    shown: dict[str, str] = Field(description="The same numbers as people read them.")


class RanRow(EstimateRow):
    """The same beside a true run."""

    ran: float | None
    moved: float | None = Field(description="By what the run moved it.")
    off: float | None = Field(description="How far the estimate was from the run.")


class SlopesOut(BaseModel):
    """The numbers that move a run most, or how far they are."""

    state: Literal["waiting", "computing", "ready", "failed"]
    stage: str = Field("", description="What is being done, or why it failed.")
    done: int = 0
    of: int = 0
    numbers: list[SliderOut] = Field([], description="The largest effect first.")
    rows: list[EstimateRow] = []


class EstimateOut(BaseModel):
    """Headline results with numbers moved."""

    rows: list[EstimateRow]
    beyond: list[str] = Field(description="Numbers moved farther than was tried.")
    written: dict[str, str] = Field(description="Place -> the number as it would be written.")


class BesideOut(BaseModel):
    """Estimates beside a true run, once that is done."""

    state: str = Field(description="Of the true run.")
    progress: Progress | None
    rows: list[RanRow]


@router.get("/slopes", response_model=SlopesOut)
def get_slopes(visit: RunOf, slopes: SlopesOf) -> Any:
    """The numbers that move a run most; they are worked out when they are first asked for."""
    return sliders.offered(slopes, visit.run)


@router.post("/estimate", response_model=EstimateOut)
def post_estimate(visit: RunOf, given: MovesIn) -> Any:
    """Headline results with numbers moved, at once: between true moves of each number alone."""
    return sliders.estimated(visit, given.moves)


@router.post("/rerun", status_code=202, response_model=RunOut)
def post_rerun(visit: RunOf, desk: DeskOf, client: ClientOf, given: MovesIn) -> Any:
    """Run the plan with the numbers moved, on the same futures."""
    return as_json(desk.submit(sliders.asked(visit, given.moves), client))


@router.post("/estimate/{other}", response_model=BesideOut)
def post_beside(visit: RunOf, kept: StoreOf, desk: DeskOf, other: RunName, given: MovesIn) -> Any:
    """How far a run of the same moves (`rerun`) is; beside its estimate once it is done."""
    return sliders.beside(visit, given.moves, kept.run(other), desk)
