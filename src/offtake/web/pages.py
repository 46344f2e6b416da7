"""Pages: Jinja templates with escaping on, and the files that they load."""

import hashlib
from collections.abc import Mapping
from datetime import UTC, datetime
from functools import cache
from importlib.resources import files
from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, Response
from jinja2 import Environment
from starlette.exceptions import HTTPException

import offtake
from offtake.reports.html.page import file_of, reader

router = APIRouter(include_in_schema=False)

REPORT = ("style.css", "charts.js", "vendor/echarts.min.js")
"""Files of the report that pages share with it."""
KINDS = {"css": "text/css", "js": "text/javascript", "svg": "image/svg+xml"}
A_YEAR = "public, max-age=31536000, immutable"


@cache
def _text(name: str) -> str:
    """A file of this folder, or of the report: `static/NAME`, `vendor/NAME`, `report/NAME`."""
    room, _, rest = name.partition("/")
    if room == "report" and rest in REPORT:
        return file_of(rest)
    found = files("offtake.web").joinpath(*name.split("/"))
    return found.read_text("utf-8")


@cache
def _served() -> frozenset[str]:
    """Names of all files that may be asked for."""
    own = [
        f"{room}/{file.name}"
        for room in ("static", "vendor")
        for file in files("offtake.web").joinpath(room).iterdir()
        if file.name.rpartition(".")[2] in KINDS
    ]
    return frozenset([*own, *(f"report/{name}" for name in REPORT)])


@cache
def asset(name: str) -> str:
    """Address of a file, which changes when the file does, so that browsers may keep it."""
    digest = hashlib.sha256(_text(name).encode("utf-8")).hexdigest()
    return f"/assets/{name}?v={digest[:12]}"


@router.get("/assets/{name:path}")
def get_asset(name: str) -> Response:
    """A style, a script."""
    if name not in _served():
        raise HTTPException(404, "there is no such file")
    kind = KINDS[name.rpartition(".")[2]]
    return Response(_text(name), media_type=kind, headers={"Cache-Control": A_YEAR})


def _template(name: str) -> str:
    """A template of this room, or `parts/..` of the report."""
    if name.startswith("parts/"):
        return file_of(name)
    return files("offtake.web").joinpath("templates", *name.split("/")).read_text("utf-8")


def when(moment: str | None) -> str:
    """A moment of the database as people read it."""
    if not moment:
        return ""
    return datetime.fromisoformat(moment).astimezone(UTC).strftime("%Y-%m-%d %H:%M UTC")


@cache
def environment() -> Environment:
    """What reads the templates."""
    made = reader(_template)
    made.filters["when"] = when
    made.globals.update(asset=asset, version=offtake.__version__)  # pyright: ignore[reportArgumentType]
    return made


def rendered(name: str, what: Mapping[str, Any]) -> str:
    """A template with what it shows."""
    return environment().get_template(name).render(what)


def page(request: Request, name: str, status: int = 200, **what: Any) -> HTMLResponse:
    """The answer to a request: a template, with what every page may ask for.

    Args:
        request: asked.
        name: of the template.
        status: of HTTP.
        what: it shows.
    """
    state = request.scope.get("state", {})
    seen = {"visitor": state.get("visitor", "owner"), "path": request.url.path}
    return HTMLResponse(rendered(name, {**seen, **what}), status)
