"""Up to four runs beside one another."""

import hashlib
from pathlib import Path
from typing import Annotated

from fastapi import APIRouter, Query, Request
from fastapi.responses import RedirectResponse, Response
from markupsafe import Markup

from offtake.web import folders
from offtake.web.desk import Desk, names_of
from offtake.web.export import readable
from offtake.web.pages import page
from offtake.web.problems import Refused
from offtake.web.settings import Settings
from offtake.web.store import Missing, Run, Store
from offtake.web.visit import DeskOf, SettingsOf, StoreOf, base_of

router = APIRouter(include_in_schema=False)
shown = APIRouter(include_in_schema=False)
"""What a link that was shared shows too."""

MOST = 4


@shown.get("/compare")
def get_compare(
    request: Request,
    store: StoreOf,
    desk: DeskOf,
    settings: SettingsOf,
    runs: str = "",
    run: Annotated[list[str] | None, Query()] = None,
) -> Response:
    """Runs beside one another: `runs=A,B,..`; a form sends `run=A&run=B`."""
    base, seen = base_of(request)
    if run:
        return RedirectResponse(f"{base}/compare?runs={','.join(run)}", 303)
    wanted = list(dict.fromkeys(part for part in runs.split(",") if part))
    if seen is not None and not set(wanted) <= set(seen):
        message = "this link does not show those runs"
        raise Missing(message)
    if not wanted:
        found = [one for one in store.runs(most=200) if one.readable]
        return page(request, "choose.html.j2", runs=found)
    chosen = compared(store, wanted)
    part = Path(made(desk, settings, chosen)).read_text("utf-8")
    named = list(zip(names_of(chosen), chosen, strict=True))
    return page(request, "compare.html.j2", runs=named, base=base, part=Markup(part))


def compared(store: Store, wanted: list[str]) -> list[Run]:
    """The runs that are to be compared.

    Raises:
        Missing: there is no such run.
        Refused: one has no answer, or they are too few or too many.
    """
    if not 2 <= len(wanted) <= MOST:
        raise Refused(422, f"{len(wanted)} runs to compare; choose two to {MOST}")
    found = [store.run(run) for run in wanted]
    for run in found:
        readable(run)
        if run.state != "done":
            raise Refused(409, f"the figures of {run.request.title} are still being worked out")
    return found


def made(desk: Desk, settings: Settings, runs: list[Run]) -> str:
    """File with the part of the page that shows these runs, made the first time it is asked for."""
    digest = hashlib.sha256(",".join(run.id for run in runs).encode()).hexdigest()[:32]
    file = settings.data / "compared" / f"{digest}.html"
    if not file.exists():
        desk.small(
            "offtake.web.tasks:compare",
            file=str(file),
            runs=[str(folders.folder_of(settings.runs, run.id)) for run in runs],
            names=names_of(runs),
            futures=[(r.request.paths, r.request.seed, r.request.sampler) for r in runs],
        )
    return str(file)


@router.post("/compare/share")
def post_share(request: Request, store: StoreOf, runs: str = "") -> Response:
    """Make a link to runs beside one another."""
    chosen = compared(store, [part for part in runs.split(",") if part])
    token = store.share([run.id for run in chosen])
    address = f"{str(request.base_url).rstrip('/')}/shared/{token}"
    return page(request, "shared.html.j2", address=address, runs=chosen)
