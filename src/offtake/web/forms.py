"""Writing a plan: its form beside its YAML, checked while one types."""

from typing import Annotated, Any

from fastapi import APIRouter, Form, Request
from fastapi.responses import JSONResponse, RedirectResponse, Response

from offtake.core.quantity import CONFIDENCES
from offtake.plan.examples import examples
from offtake.web.pages import page
from offtake.web.plans import plan_of
from offtake.web.problems import Refused
from offtake.web.texts import fitting, keepable, titled
from offtake.web.visit import DeskOf, SettingsOf, StoreOf

router = APIRouter(include_in_schema=False)
Text = Annotated[str, Form()]


@router.get("/plans/{plan}/edit")
def get_edit(request: Request, store: StoreOf, plan: str, at: str = "") -> Response:
    """The page on which a plan is written."""
    found = plan_of(store, plan)
    own = plan not in examples()
    return page(request, "edit.html.j2", plan=found, own=own, at=at)


@router.post("/plans/{plan}/edit")
def post_edit(
    store: StoreOf,
    settings: SettingsOf,
    plan: str,
    text: Text,
    name: Text,
    then: Annotated[str, Form()] = "",
) -> Response:
    """Keep what was written: a new version, or a plan of one's own where it was another's."""
    words, called = keepable(text, settings.limits), titled(name)
    if plan in examples():
        saved = store.add_plan(called, words)
    else:
        saved = store.change_plan(plan, called, words)
    return RedirectResponse(f"/plans/{saved.id}{'' if then == 'run' else '/edit'}", 303)


@router.post("/draft/check")
def post_check(
    desk: DeskOf, settings: SettingsOf, text: Text, whole: Annotated[bool, Form()] = False
) -> Response:
    """What `offtake check` says."""
    asked = {"text": fitting(text, settings.limits), "whole": whole}
    return JSONResponse(desk.quick("offtake.web.drafts:check", **asked))


@router.post("/draft/form")
def post_form(
    request: Request, desk: DeskOf, settings: SettingsOf, text: Text, place: Text = ""
) -> Response:
    """The form of one item, and the outline beside it."""
    asked = {"text": fitting(text, settings.limits), "place": place}
    try:
        shown = desk.quick("offtake.web.drafts:form", **asked)
    except Refused as why:
        if why.status != 422:
            raise
        return Response(status_code=204)  # no YAML now: the form stays as it was
    return page(request, "form.html.j2", **shown, confidences=CONFIDENCES)


@router.post("/draft/change")
def post_change(
    desk: DeskOf,
    settings: SettingsOf,
    text: Text,
    place: Text,
    value: Annotated[str, Form()] = "",
) -> Response:
    """The text with one place written anew; an empty value deletes it."""
    asked = {"text": fitting(text, settings.limits), "place": place, "value": value.strip() or None}
    return _json(desk, "offtake.web.drafts:change", asked)


@router.post("/draft/add")
def post_add(desk: DeskOf, settings: SettingsOf, text: Text, kind: Text, name: Text) -> Response:
    """The text with one more contract."""
    asked = {"text": fitting(text, settings.limits), "kind": kind, "name": name.strip()}
    return _json(desk, "offtake.web.drafts:add", asked)


def _json(desk: Any, task: str, asked: dict[str, Any]) -> Response:
    try:
        return JSONResponse(desk.quick(task, **asked))
    except Refused as why:
        if why.status != 422:
            raise
        return JSONResponse({"said": why.detail})  # an answer like any other, told on the page
