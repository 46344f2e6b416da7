"""The first page: plans of the user, plans that come with offtake, the newest runs."""

from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import Response

from offtake.plan.examples import examples
from offtake.web.pages import page
from offtake.web.visit import StoreOf

router = APIRouter(include_in_schema=False)


@router.get("/")
def get_home(request: Request, store: StoreOf) -> Response:
    """Plans, and the newest runs."""
    return page(
        request,
        "home.html.j2",
        own=store.plans(),
        examples=list(examples().values()),
        runs=store.runs(most=8),
    )


@router.get("/api")
def get_api(request: Request) -> Response:
    """What programs can ask for."""
    paths: dict[str, dict[str, dict[str, Any]]] = request.app.openapi()["paths"]
    rows = [
        (method.upper(), path, found.get("description") or found.get("summary") or "")
        for path, methods in paths.items()
        for method, found in methods.items()
    ]
    return page(request, "api.html.j2", rows=rows)
