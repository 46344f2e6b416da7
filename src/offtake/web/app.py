"""The application: settings, what it remembers, who runs what, and everything that answers."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Any

from fastapi import APIRouter, FastAPI

import offtake
from offtake.core.errors import WrongRequest
from offtake.web import (
    api,
    compare,
    drill,
    export,
    forms,
    home,
    pages,
    plans,
    problems,
    runs,
    session,
)
from offtake.web.desk import Desk
from offtake.web.guard import Guard
from offtake.web.settings import Settings
from offtake.web.slopes import Slopes
from offtake.web.store import Store

ROUTERS: tuple[APIRouter, ...] = (
    pages.router,
    session.router,
    home.router,
    plans.router,
    forms.router,
    runs.router,
    compare.router,
    api.router,
)
"""All that answers, in the order in which addresses are looked up."""
SHOWS_RUNS: tuple[APIRouter, ...] = (runs.shown, drill.shown, compare.shown, export.shown)
"""What shows a run, for those who have a link to it too (`web.visit`)."""


def create_app(settings: Settings) -> FastAPI:
    """The application of one server.

    Args:
        settings: of the server.

    Raises:
        WrongRequest: its folder or its database cannot be used.
    """
    try:
        settings.runs.mkdir(parents=True, exist_ok=True)
    except OSError as failure:
        why = failure.strerror or failure
        message = f"{settings.data} cannot hold plans and runs ({why}); name another --data"
        raise WrongRequest(message) from None
    store = Store(settings.url)
    desk = Desk(settings, store)
    slopes = Slopes(settings)

    @asynccontextmanager
    async def life(app: FastAPI) -> AsyncGenerator[None]:
        desk.start()
        yield
        slopes.close()
        desk.close()
        store.close()

    app = FastAPI(
        title="offtake",
        version=offtake.__version__,
        description="Plans, runs and results. Errors are application/problem+json (RFC 9457).",
        openapi_url="/api/v1/openapi.json",
        docs_url=None,
        redoc_url=None,
        lifespan=life,
    )
    app.state.settings, app.state.store, app.state.desk = settings, store, desk
    app.state.slopes = slopes
    problems.settle(app)
    for router in ROUTERS:
        app.include_router(router)
    for router in SHOWS_RUNS:
        app.include_router(router)
        app.include_router(router, prefix="/shared/{token}")
    guard: Any = Guard
    app.add_middleware(guard, settings=settings)
    return app
