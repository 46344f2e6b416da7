"""What a client is told when something is wrong: where, found, expected, how to mend it.

Programs get `application/problem+json` (RFC 9457); people get a page that says the same.
"""

import logging
from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, Response
from sqlalchemy.exc import DataError, IntegrityError, OperationalError, SQLAlchemyError
from starlette.exceptions import HTTPException

from offtake.core.errors import PlanErrors, UnknownFigure, WrongRequest
from offtake.web.pages import page
from offtake.web.store import Missing

LOG = logging.getLogger("offtake.web")
NOT_KEPT: tuple[tuple[type[SQLAlchemyError], tuple[int, str]], ...] = (
    (DataError, (422, "the request holds signs or numbers that the database cannot keep")),
    (IntegrityError, (409, "somebody else changed the same at this moment; try again")),
    (OperationalError, (503, "the database does not answer; try again in a moment")),
)
"""What a database may refuse, and what is told then."""


class Refused(Exception):
    """A request that cannot be served; raised by any handler.

    Args:
        status: of HTTP.
        detail: what is wrong and what to do, in one sentence.
        problems: the same item by item, where there is more to say.
    """

    def __init__(
        self, status: int, detail: str, problems: Sequence[Mapping[str, Any]] = ()
    ) -> None:
        super().__init__(detail)
        self.status, self.detail, self.problems = status, detail, tuple(problems)


def wants_json(request: Request) -> bool:
    """Whether a program asks, not a person."""
    return request.url.path.startswith("/api/")


def told(
    request: Request, status: int, detail: str, problems: Sequence[Mapping[str, Any]] = ()
) -> Response:
    """The answer to a request that cannot be served."""
    title = HTTPStatus(status).phrase
    if wants_json(request):
        body: dict[str, Any] = {"type": "about:blank", "title": title, "status": status}
        body |= {"detail": detail, "problems": list(problems)}
        return JSONResponse(body, status, media_type="application/problem+json")
    return page(request, "problem.html.j2", status, title=title, detail=detail, problems=problems)


def settle(app: FastAPI) -> None:
    """Have all exceptions that handlers raise told in this way."""

    async def refused(request: Request, why: Refused) -> Response:
        return told(request, why.status, why.detail, why.problems)

    async def missing(request: Request, why: Missing) -> Response:
        return told(request, 404, str(why))

    async def wrong_plan(request: Request, why: PlanErrors) -> Response:
        found = [problem.to_json() for problem in why.problems]
        return told(request, 422, "the plan is not right", found)

    async def wrong_request(request: Request, why: Exception) -> Response:
        return told(request, 422, str(why.args[0]))

    async def not_kept(request: Request, why: SQLAlchemyError) -> Response:
        status, said = next(answer for kind, answer in NOT_KEPT if isinstance(why, kind))
        LOG.warning("%s", why)
        return told(request, status, said)

    async def of_http(request: Request, why: HTTPException) -> Response:
        answer = told(request, why.status_code, str(why.detail))
        answer.headers.update(why.headers or {})
        return answer

    async def not_valid(request: Request, why: RequestValidationError) -> Response:
        found = [_of_field(error) for error in why.errors()]
        return told(request, 422, "the request is not right", found)

    async def fault(request: Request, why: Exception) -> Response:
        return told(request, 500, "this is a fault of offtake; the server's log says more")

    app.exception_handler(Exception)(fault)
    app.exception_handler(Refused)(refused)
    app.exception_handler(Missing)(missing)
    app.exception_handler(PlanErrors)(wrong_plan)
    for kind, _ in NOT_KEPT:
        app.exception_handler(kind)(not_kept)
    app.exception_handler(WrongRequest)(wrong_request)
    app.exception_handler(UnknownFigure)(wrong_request)
    app.exception_handler(HTTPException)(of_http)
    app.exception_handler(RequestValidationError)(not_valid)


def _of_field(error: Mapping[str, Any]) -> dict[str, Any]:
    place = ".".join(str(step) for step in error["loc"])
    shown = repr(error.get("input"))[:80]
    return {
        "severity": "error",
        "place": place,
        "where": place,
        "line": None,
        "column": None,
        "code": f"request-{error['type']}",
        "found": shown,
        "expected": str(error["msg"]),
        "mend": "see /api/v1/openapi.json for what may stand here",
    }
