"""The same for programs, as JSON: what pages do, by subject.

The description is at `/api/v1/openapi.json`. What is wrong is told as `application/problem+json`.
"""

from fastapi import APIRouter

from offtake.web.api import closer, drafts, plans, runs, what_if
from offtake.web.api.shapes import WRONG

router = APIRouter(prefix="/api/v1", responses=WRONG)
for part in (plans, drafts, runs, closer, what_if):
    router.include_router(part.router)
