"""Signing in where a token is needed, and out again; whether the server is up."""

import time
from typing import Annotated

from fastapi import APIRouter, Form, Request
from fastapi.responses import RedirectResponse, Response

from offtake.web.guard import COOKIE, SESSION_SECONDS, same, session
from offtake.web.pages import page
from offtake.web.visit import DeskOf, SettingsOf

router = APIRouter(include_in_schema=False)


def _within(to: str) -> str:
    """An address of this server; its first page where it is none."""
    return to if to.startswith("/") and not to.startswith(("//", "/\\")) else "/"


@router.get("/login")
def get_login(request: Request, settings: SettingsOf, to: str = "/") -> Response:
    """The form that asks for the token."""
    if settings.token is None:
        return RedirectResponse("/", 303)
    return page(request, "login.html.j2", to=_within(to), wrong=False)


@router.post("/login")
def post_login(
    request: Request,
    settings: SettingsOf,
    token: Annotated[str, Form()] = "",
    to: Annotated[str, Form()] = "/",
) -> Response:
    """Sign in."""
    if settings.token is None or not same(token.strip(), settings.token):
        return page(request, "login.html.j2", 401, to=_within(to), wrong=True)
    answer = RedirectResponse(_within(to), 303)
    answer.set_cookie(
        COOKIE,
        session(settings.token, time.time()),
        max_age=SESSION_SECONDS,
        httponly=True,
        samesite="lax",
        secure=request.url.scheme == "https",
    )
    return answer


@router.post("/logout")
def post_logout() -> Response:
    """Sign out."""
    answer = RedirectResponse("/login", 303)
    answer.delete_cookie(COOKIE)
    return answer


@router.get("/health")
def get_health(desk: DeskOf) -> dict[str, bool]:
    """Whether the server is up, and whether a worker is warm."""
    return {"up": True, "warm": desk.ready.is_set()}
