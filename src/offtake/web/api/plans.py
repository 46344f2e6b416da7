"""Plans: those that are kept, those that come with offtake, and what is to be said about one."""

from typing import Annotated, Any

from fastapi import APIRouter, Query
from fastapi.responses import Response
from pydantic import BaseModel, Field

from offtake.plan.examples import examples
from offtake.web.api.shapes import Changes, PlanName, ProblemOut, Strict, Word
from offtake.web.plans import own_plan, plan_of
from offtake.web.store import ListedPlan
from offtake.web.texts import keepable
from offtake.web.visit import DeskOf, SettingsOf, StoreOf

router = APIRouter(tags=["plans"])


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
    set: Changes = Field(default_factory=list[str])
    scenario: Word | None = None
    stack: Word | None = None


class CheckOut(BaseModel):
    """What is to be said about a plan."""

    valid: bool
    problems: list[ProblemOut]
    unsourced: list[dict[str, str]]
    about: dict[str, Any] | None


def _plan(found: ListedPlan) -> dict[str, Any]:
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
    own = own_plan(kept, plan)
    return _plan(kept.change_plan(own, given.name, keepable(given.text, settings.limits)))


@router.delete("/plans/{plan}", status_code=204)
def delete_plan(plan: PlanName, kept: StoreOf) -> Response:
    """Forget a plan; its runs stay."""
    kept.delete_plan(own_plan(kept, plan))
    return Response(status_code=204)


@router.post("/check", response_model=CheckOut)
def post_check(given: CheckIn, desk: DeskOf, settings: SettingsOf) -> Any:
    """Say everything about a plan that `offtake check` says."""
    text = keepable(given.text, settings.limits)
    return desk.check(text, given.set, given.scenario, given.stack)
