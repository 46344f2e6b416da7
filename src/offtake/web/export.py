"""A run as a file: report, workbook, JSON, the dataset."""

from pathlib import Path

from fastapi import APIRouter
from fastapi.responses import FileResponse, Response

from offtake.web import folders
from offtake.web.problems import Refused
from offtake.web.store import Run
from offtake.web.visit import DeskOf, Visit, VisitOf

shown = APIRouter(include_in_schema=False)

KINDS = {
    "html": (folders.REPORT, "text/html; charset=utf-8"),
    "xlsx": (
        folders.WORKBOOK,
        "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    ),
    "json": (folders.JSON, "application/json"),
    "nc": (folders.RESULTS, "application/x-netcdf"),
}
"""Kind of file -> its name in the folder of a run, and its type."""
MADE = {"html": "offtake.web.tasks:page", "xlsx": "offtake.web.tasks:workbook"}
"""Kinds that are made when they are first asked for."""


@shown.get("/runs/{run}/as/{kind}")
def get_file(visit: VisitOf, desk: DeskOf, kind: str) -> Response:
    """A run as a file of one kind."""
    return file_of(visit, desk, kind)


def file_of(visit: Visit, desk: DeskOf, kind: str) -> FileResponse:
    """A run as a file.

    Raises:
        Refused: there is no such kind, or not yet.
    """
    if kind not in KINDS:
        raise Refused(404, f"no file of the kind {kind!r}; one of {', '.join(KINDS)}")
    readable(visit.run)
    name, media = KINDS[kind]
    file = visit.folder / name
    if kind in MADE and not file.exists():
        if not (visit.folder / folders.RESULTS).exists():
            raise Refused(409, "the results are still being saved; try again in a moment")
        desk.small(MADE[kind], folder=str(visit.folder))
    if not file.exists():
        raise Refused(409, "this file is still being written; try again in a moment")
    return FileResponse(file, media_type=media, filename=f"{_title(visit)}.{kind}")


def _title(visit: Visit) -> str:
    """A name for the file, of letters and digits that every system takes."""
    said = "".join(c if c.isascii() and c.isalnum() else "-" for c in visit.run.request.title)
    return f"{Path(said).name.strip('-').lower()[:60] or 'run'}-{visit.run.id}"


def saved(run: Run) -> None:
    """Refuse a run whose results cannot be opened.

    Raises:
        Refused: it has none, or not yet.
    """
    readable(run)
    if run.state != "done":
        said = f"the results of {run.request.title} are still being saved; try again in a moment"
        raise Refused(409, said)


def readable(run: Run) -> None:
    """Refuse a run that has no answer.

    Raises:
        Refused: it has none, or not yet.
    """
    if run.under_way and run.state != "answered":
        raise Refused(409, "the run is still under way")
    if not run.readable:
        raise Refused(409, f"the run has no answer: it is {run.state} ({run.stage})")
