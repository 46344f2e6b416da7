"""Plans: one of the user or one that comes with offtake, and what a run of it can be asked for."""

from typing import Annotated

from fastapi import APIRouter, Form, Request
from fastapi.responses import RedirectResponse, Response

from offtake.plan.examples import examples
from offtake.web.pages import page
from offtake.web.store import SavedPlan, Store
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
        return SavedPlan(shipped.id, shipped.title, 0, shipped.text, "", "")
    return store.plan(plan, version)


@router.get("/plans/{plan}")
def get_plan(
    request: Request,
    store: StoreOf,
    desk: DeskOf,
    settings: SettingsOf,
    plan: str,
    version: int | None = None,
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
    store.delete_plan(plan)
    return RedirectResponse("/", 303)
