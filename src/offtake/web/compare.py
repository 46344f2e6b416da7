"""Up to four runs beside one another."""

import hashlib
from dataclasses import replace
from pathlib import Path
from typing import Annotated, Any

from fastapi import APIRouter, Form, Query, Request
from fastapi.responses import RedirectResponse, Response
from markupsafe import Markup

import offtake
from offtake.web import folders
from offtake.web.desk import Desk, names_of
from offtake.web.export import readable
from offtake.web.pages import page
from offtake.web.plans import plan_of
from offtake.web.problems import Refused
from offtake.web.settings import Settings
from offtake.web.store import Missing, Run, Store
from offtake.web.store import Request as Asked
from offtake.web.visit import ClientOf, DeskOf, SettingsOf, StoreOf, base_of

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
    chosen = [store.run(one) for one in wanted]
    if any(one.under_way for one in chosen):
        return _waiting(request, desk, base, chosen)
    chosen = compared(store, wanted)
    part = Path(made(desk, settings, chosen)).read_text("utf-8")
    named = list(zip(names_of(chosen), chosen, strict=True))
    return page(request, "compare.html.j2", runs=named, base=base, part=Markup(part))


def _waiting(request: Request, desk: Desk, base: str, chosen: list[Run]) -> Response:
    """How far runs are that are to be compared."""
    told = _told(desk, chosen)
    address = f"{base}/compare/progress?runs={','.join(run.id for run in chosen)}"
    return page(request, "waiting.html.j2", told=told, base=base, address=address)


def _told(desk: Desk, chosen: list[Run]) -> list[tuple[str, Run, dict[str, Any]]]:
    named = zip(names_of(chosen), chosen, strict=True)
    return [(name, run, desk.progress(run)) for name, run in named]


@shown.get("/compare/progress")
def get_progress(request: Request, store: StoreOf, desk: DeskOf, runs: str = "") -> Response:
    """The same for the page that shows it; which is asked to load again at the end."""
    base, seen = base_of(request)
    wanted = [part for part in runs.split(",") if part][:MOST]
    if seen is not None and not set(wanted) <= set(seen):
        message = "this link does not show those runs"
        raise Missing(message)
    chosen = [store.run(one) for one in wanted]
    told = _told(desk, chosen)
    address = f"{base}/compare/progress?runs={','.join(wanted)}"
    answer = page(request, "waiting_list.html.j2", told=told, base=base, address=address)
    if not any(run.under_way for run in chosen):
        answer.headers["HX-Refresh"] = "true"
    return answer


@router.post("/compare")
def post_compare(
    store: StoreOf,
    desk: DeskOf,
    client: ClientOf,
    plan: Annotated[str, Form()],
    version: Annotated[int | None, Form()] = None,
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
    asked = Asked(
        found.text, found.name, plan=found.id, version=found.version, paths=paths, seed=seed
    )
    asks: list[Asked] = []
    for one in ways:
        kind, _, name = one.partition(":")
        if one != AS_IT_STANDS and (kind not in ("scenario", "stack") or not name):
            raise Refused(422, f"no way {one!r}: 'as it stands', 'scenario:NAME' or 'stack:NAME'")
        named = {} if one == AS_IT_STANDS else {kind: name}
        asks.append(replace(asked, **named))
    made = [desk.submit(one, client).id for one in asks]
    return RedirectResponse(f"/compare?runs={','.join(made)}", 303)


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
    said = ",".join([offtake.__version__, *(run.id for run in runs)])
    digest = hashlib.sha256(said.encode()).hexdigest()[:32]
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
