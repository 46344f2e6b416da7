"""Plans: one of the user or one that comes with offtake, and what a run of it can be asked for."""

from typing import Annotated

from fastapi import APIRouter, Form, Query, Request
from fastapi.responses import RedirectResponse, Response

from offtake.core.names import nearest
from offtake.plan.examples import examples
from offtake.web.pages import page
from offtake.web.problems import Refused
from offtake.web.store import Missing, SavedPlan, Store
from offtake.web.texts import keepable, titled
from offtake.web.visit import DeskOf, SettingsOf, StoreOf

router = APIRouter(include_in_schema=False)


def plan_of(store: Store, plan: str, version: int | None = None) -> SavedPlan:
    """A plan of the user, or one of the package, which is version 0 of itself.

    Raises:
        Missing: there is none.
    """
    shipped = examples().get(plan)
    if shipped is not None and not version:
        return SavedPlan(shipped.id, shipped.title, 0, "", "", shipped.text)
    try:
        return store.plan(plan, version)
    except Missing as why:
        meant = nearest(plan, [*examples(), *(own.id for own in store.plans())])
        if meant in (None, plan):
            raise
        message = f"{why}: did you mean {meant}?"
        raise Missing(message) from None


def own_plan(store: Store, plan: str) -> str:
    """Id of a plan that can be changed and forgotten.

    Raises:
        Missing: there is none.
        Refused: it comes with offtake.
    """
    if plan in examples():
        raise Refused(409, f"{plan} comes with offtake and stays as it is; keep a plan of your own")
    return plan_of(store, plan).id


@router.get("/plans/{plan}")
def get_plan(
    request: Request,
    store: StoreOf,
    desk: DeskOf,
    settings: SettingsOf,
    plan: str,
    version: Annotated[int | None, Query(ge=0, lt=2**31)] = None,
) -> Response:
    """A plan and how to run it."""
    found = plan_of(store, plan, version)
    shipped = examples().get(plan)
    checked = desk.check(found.text)
    return page(
        request,
        "plan.html.j2",
        plan=found,
        shipped=shipped,
        checked=checked,
        runs=store.runs(plan=plan, most=10),
        limits=settings.limits,
    )


@router.post("/plans")
def post_plan(
    store: StoreOf,
    settings: SettingsOf,
    text: Annotated[str, Form()],
    name: Annotated[str, Form()] = "",
) -> Response:
    """Keep a new plan; what is wrong with it is told on its page."""
    made = store.add_plan(titled(name), keepable(text, settings.limits))
    return RedirectResponse(f"/plans/{made.id}", 303)


@router.post("/plans/{plan}/delete")
def delete_plan(store: StoreOf, plan: str) -> Response:
    """Forget a plan; its runs stay."""
    store.delete_plan(own_plan(store, plan))
    return RedirectResponse("/", 303)
