"""Plans: one of the user or one that comes with offtake, and what a run of it can be asked for."""

from typing import Annotated

from fastapi import APIRouter, Form, Request
from fastapi.responses import RedirectResponse, Response

from offtake.plan.examples import examples
from offtake.web.pages import page
from offtake.web.problems import Refused
from offtake.web.settings import Settings
from offtake.web.store import SavedPlan, Store
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


def keepable(text: str, settings: Settings) -> str:
    """The text of a plan as it is kept: with the ends of lines that plans have.

    Raises:
        Refused: it is empty, too large, or holds what no text holds.
    """
    if not text.strip():
        raise Refused(422, "the plan is empty; write its YAML")
    if "\x00" in text or any("\ud800" <= sign <= "\udfff" for sign in text):
        raise Refused(422, "the plan holds signs that no text holds; save it as UTF-8")
    if len(text.encode("utf-8")) > settings.limits.text_bytes:
        raise Refused(413, f"the plan is larger than {settings.limits.text_bytes:,} bytes")
    return text.replace("\r\n", "\n")


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
    kept = keepable(text, settings)
    made = store.add_plan(name.strip()[:200] or "Plan without a name", kept)
    return RedirectResponse(f"/plans/{made.id}", 303)


@router.post("/plans/{plan}/delete")
def delete_plan(store: StoreOf, plan: str) -> Response:
    """Forget a plan; its runs stay."""
    store.delete_plan(plan)
    return RedirectResponse("/", 303)
