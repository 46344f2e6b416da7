"""Up to four runs beside one another."""

import hashlib
from pathlib import Path
from typing import Annotated, Any

from fastapi import APIRouter, Form, Query, Request
from fastapi.responses import RedirectResponse, Response
from markupsafe import Markup

import offtake
from offtake.web import folders
from offtake.web.desk import Desk, names_of
from offtake.web.export import saved
from offtake.web.pages import page
from offtake.web.plans import plan_of
from offtake.web.problems import Refused
from offtake.web.settings import Settings
from offtake.web.store import Request as Asked
from offtake.web.store import Run
from offtake.web.visit import ClientOf, DeskOf, SettingsOf, StoreOf, base_of, chosen, link_to

router = APIRouter(include_in_schema=False)
shown = APIRouter(include_in_schema=False)
"""What a link that was shared shows too."""

MOST = 4
AS_IT_STANDS = "as it stands"


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
    base, _ = base_of(request)
    if run:
        return RedirectResponse(f"{base}/compare?runs={','.join(run)}", 303)
    if not runs.strip(","):
        found = [one for one in store.runs(most=200) if one.readable]
        return page(request, "choose.html.j2", runs=found)
    found = chosen(request, store, wanted(runs))
    if any(one.under_way for one in found):
        return _waiting(request, desk, "waiting.html.j2", base, found)
    part = Path(made(desk, settings, comparable(found))).read_text("utf-8")
    named = list(zip(names_of(found), found, strict=True))
    return page(request, "compare.html.j2", runs=named, base=base, part=Markup(part))


def _waiting(request: Request, desk: Desk, name: str, base: str, found: list[Run]) -> Response:
    """How far runs are that are to be compared."""
    named = zip(names_of(found), found, strict=True)
    told = [(said, run, desk.progress(run)) for said, run in named]
    address = f"{base}/compare/progress?runs={','.join(run.id for run in found)}"
    return page(request, name, told=told, base=base, address=address)


@shown.get("/compare/progress")
def get_progress(request: Request, store: StoreOf, desk: DeskOf, runs: str = "") -> Response:
    """The same for the page that shows it; which is asked to load again at the end."""
    base, _ = base_of(request)
    found = chosen(request, store, wanted(runs))
    answer = _waiting(request, desk, "waiting_list.html.j2", base, found)
    if not any(run.under_way for run in found):
        answer.headers["HX-Refresh"] = "true"
    return answer


@router.post("/compare")
def post_compare(
    store: StoreOf,
    desk: DeskOf,
    client: ClientOf,
    plan: Annotated[str, Form()],
    version: Annotated[int | None, Form(ge=0, lt=2**31)] = None,
    paths: Annotated[int, Form(ge=257)] = 1_000,
    seed: Annotated[int, Form(ge=0, lt=2**63)] = 1,
    way: Annotated[list[str] | None, Form()] = None,
) -> Response:
    """Run a plan in several ways on the same futures.

    A way is `scenario:NAME`, `stack:NAME`, or `as it stands`.
    """
    ways = list(dict.fromkeys(way or ()))
    if not 2 <= len(ways) <= MOST:
        raise Refused(422, f"{len(ways)} ways to compare; choose two to {MOST}")
    found = plan_of(store, plan, version)
    asks: list[Asked] = []
    for one in ways:
        kind, _, name = one.partition(":")
        if one != AS_IT_STANDS and (kind not in ("scenario", "stack") or not name):
            raise Refused(422, f"no way {one!r}: 'as it stands', 'scenario:NAME' or 'stack:NAME'")
        named = {} if one == AS_IT_STANDS else {kind: name}
        asks.append(found.asked(paths=paths, seed=seed, **named))
    made = [desk.submit(one, client).id for one in asks]
    return RedirectResponse(f"/compare?runs={','.join(made)}", 303)


def wanted(runs: str) -> list[str]:
    """Ids of the runs that are to be compared, as an address names them.

    Raises:
        Refused: they are too few or too many.
    """
    found = list(dict.fromkeys(part for part in runs.split(",") if part))
    if not 2 <= len(found) <= MOST:
        raise Refused(422, f"{len(found)} runs to compare; choose two to {MOST}")
    return found


def comparable(runs: list[Run]) -> list[Run]:
    """Runs of which each has its figures.

    Raises:
        Refused: one has not.
    """
    for run in runs:
        saved(run)
    return runs


def beside(settings: Settings, runs: list[Run]) -> dict[str, Any]:
    """What tasks that compare are asked for: folder, name and futures of each run."""
    return {
        "runs": [str(folders.folder_of(settings.runs, run.id)) for run in runs],
        "names": names_of(runs),
        "futures": [(r.request.paths, r.request.seed, r.request.sampler) for r in runs],
    }


def made(desk: Desk, settings: Settings, runs: list[Run]) -> str:
    """File with the part of the page that shows these runs, made the first time it is asked for."""
    said = ",".join([offtake.__version__, *(run.id for run in runs)])
    digest = hashlib.sha256(said.encode()).hexdigest()[:32]
    file = settings.data / "compared" / f"{digest}.html"
    if not file.exists():
        desk.small("offtake.web.tasks:compare", file=str(file), **beside(settings, runs))
    return str(file)


@router.post("/compare/share")
def post_share(request: Request, store: StoreOf, runs: str = "") -> Response:
    """Make a link to runs beside one another."""
    found = comparable([store.run(run) for run in wanted(runs)])
    address = link_to(request, store.share([run.id for run in found]))
    return page(request, "shared.html.j2", address=address, runs=found)
