"""Runs: asking for one, watching it, its answer, links to it."""

from typing import Annotated, Any

from fastapi import APIRouter, Form, Request
from fastapi.responses import RedirectResponse, Response
from markupsafe import Markup

from offtake.core.random import SAMPLERS
from offtake.reports.html.page import PARTS
from offtake.web import folders, store
from offtake.web.export import KINDS
from offtake.web.pages import page
from offtake.web.plans import plan_of
from offtake.web.problems import Refused
from offtake.web.visit import ClientOf, DeskOf, StoreOf, Visit, VisitOf, link_to

router = APIRouter(include_in_schema=False)
shown = APIRouter(include_in_schema=False)
"""What shows a run; also by a link that was shared."""


@router.get("/runs")
def get_runs(request: Request, kept: StoreOf) -> Response:
    """All runs."""
    return page(request, "runs.html.j2", runs=kept.runs(most=200))


@router.post("/runs")
def post_run(
    kept: StoreOf,
    desk: DeskOf,
    client: ClientOf,
    plan: Annotated[str, Form()],
    version: Annotated[int | None, Form(ge=0, lt=2**31)] = None,
    paths: Annotated[int, Form(ge=1)] = 1_000,
    seed: Annotated[int, Form(ge=0, lt=2**63)] = 1,
    sampler: Annotated[str, Form()] = "pseudo",
    scenario: Annotated[str, Form()] = "",
    stack: Annotated[str, Form()] = "",
    changes: Annotated[str, Form()] = "",
) -> Response:
    """Ask for a run; changes are lines of `place=value`."""
    if sampler not in SAMPLERS:
        raise Refused(422, f"there is no sampler {sampler!r}; one of {', '.join(SAMPLERS)}")
    asked = plan_of(kept, plan, version).asked(
        paths=paths,
        seed=seed,
        sampler=sampler,
        set=tuple(line.strip() for line in changes.splitlines() if line.strip()),
        scenario=scenario.strip() or None,
        stack=stack.strip() or None,
    )
    run = desk.submit(asked, client)
    return RedirectResponse(f"/runs/{run.id}", 303)


@router.post("/runs/{run}/cancel")
def post_cancel(kept: StoreOf, desk: DeskOf, run: str) -> Response:
    """Stop a run."""
    desk.cancel(kept.run(run).id)
    return RedirectResponse(f"/runs/{run}", 303)


@router.post("/runs/{run}/again")
def post_again(kept: StoreOf, desk: DeskOf, client: ClientOf, run: str) -> Response:
    """Run the same once more."""
    made = desk.submit(kept.run(run).request, client)
    return RedirectResponse(f"/runs/{made.id}", 303)


@router.post("/runs/{run}/delete")
def post_delete(visit: VisitOf, desk: DeskOf) -> Response:
    """Forget a run and its files."""
    desk.forget(visit.run)
    return RedirectResponse("/runs", 303)


@router.post("/runs/{run}/share")
def post_share(request: Request, kept: StoreOf, run: str) -> Response:
    """Make a link to a run that needs nothing else; told once."""
    found = kept.run(run)
    address = link_to(request, kept.share([found.id]))
    return page(request, "shared.html.j2", address=address, runs=[found])


@router.post("/runs/{run}/unshare")
def post_unshare(kept: StoreOf, run: str) -> Response:
    """Make all links to a run invalid."""
    kept.unshare(kept.run(run).id)
    return RedirectResponse(f"/runs/{run}", 303)


@router.get("/shared/{token}")
def get_shared(kept: StoreOf, token: str) -> Response:
    """What a link shows: a run, or several side by side."""
    seen = kept.shared(token)
    where = f"runs/{seen[0]}" if len(seen) == 1 else f"compare?runs={','.join(seen)}"
    return RedirectResponse(f"/shared/{token}/{where}", 303)


@shown.get("/runs/{run}")
def get_run(request: Request, visit: VisitOf, desk: DeskOf) -> Response:
    """A run: how far it is, or its answer."""
    return page(
        request,
        "run.html.j2",
        said=None,
        run=visit.run,
        visit=visit,
        progress=desk.progress(visit.run),
        offered=_offered(visit.run),
        **_answer(visit),
    )


@shown.get("/runs/{run}/progress")
def get_progress(request: Request, visit: VisitOf, desk: DeskOf, said: str = "") -> Response:
    """How far a run is, for the page that shows it; which is asked to load again at the end.

    Args:
        request: asked.
        visit: of the run.
        desk: that does it.
        said: what the page says is being done.
    """
    answer = page(
        request,
        "progress.html.j2",
        said=said,
        run=visit.run,
        visit=visit,
        progress=desk.progress(visit.run),
    )
    if visit.run.state not in ("queued", "running"):
        answer.headers["HX-Refresh"] = "true"
    return answer


@shown.get("/runs/{run}/actions")
def get_actions(request: Request, visit: VisitOf) -> Response:
    """What can be done with a run, for the page that shows it while it is being saved."""
    return page(
        request, "run_actions.html.j2", run=visit.run, visit=visit, offered=_offered(visit.run)
    )


def _offered(run: store.Run) -> list[str]:
    return list(KINDS) if run.state == "done" else []


def _answer(visit: Visit) -> dict[str, Any]:
    """The parts of the answer, as far as they are there."""
    head = folders.read_json(visit.folder / folders.HEAD) if visit.run.readable else None
    parts = {name: Markup(folders.read_part(visit.folder, name) or "") for name in PARTS}
    return {"head": head, "parts": parts if head else {}}
