"""What handlers ask of a request: the store, the desk, and the run that is to be shown.

What shows a run stands at two addresses: `/runs/ID` for those who may come in, and
`/shared/TOKEN/runs/ID` for those who have a link, for reading only.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

from fastapi import Depends, Request

from offtake.web.desk import Desk
from offtake.web.folders import folder_of
from offtake.web.settings import Settings
from offtake.web.slopes import Slopes
from offtake.web.store import Missing, Run, Store


def settings_of(request: Request) -> Settings:
    """Settings of the server."""
    return request.app.state.settings


def store_of(request: Request) -> Store:
    """What the server remembers."""
    return request.app.state.store


def desk_of(request: Request) -> Desk:
    """Who runs what."""
    return request.app.state.desk


def slopes_of(request: Request) -> Slopes:
    """Who works out slopes."""
    return request.app.state.slopes


def client_of(request: Request) -> str:
    """Who asks."""
    state: dict[str, Any] = request.scope["state"]
    return state["client"]


SettingsOf = Annotated[Settings, Depends(settings_of)]
StoreOf = Annotated[Store, Depends(store_of)]
DeskOf = Annotated[Desk, Depends(desk_of)]
SlopesOf = Annotated[Slopes, Depends(slopes_of)]
ClientOf = Annotated[str, Depends(client_of)]


@dataclass(frozen=True)
class Visit:
    """A run that is shown to somebody."""

    run: Run
    folder: Path
    base: str
    """What stands before `/runs/` in addresses: nothing, or `/shared/TOKEN`."""

    @property
    def guest(self) -> bool:
        """Whether it is shown by a link, for reading only."""
        return bool(self.base)

    @property
    def at(self) -> str:
        """Address of the run."""
        return f"{self.base}/runs/{self.run.id}"


def base_of(request: Request) -> tuple[str, list[str] | None]:
    """What stands before addresses, and the runs that may be seen; None for all.

    Raises:
        Missing: the link is not valid.
    """
    token = request.path_params.get("token")
    if token is None:
        return "", None
    return f"/shared/{token}", store_of(request).shared(token)


def chosen(request: Request, store: Store, runs: list[str]) -> list[Run]:
    """Several runs of an address.

    Raises:
        Missing: there is no such run, or the link does not show it.
    """
    _, seen = base_of(request)
    if seen is not None and not set(runs) <= set(seen):
        message = "this link does not show those runs"
        raise Missing(message)
    return [store.run(run) for run in runs]


def link_to(request: Request, token: str) -> str:
    """Address of a link that was shared."""
    return f"{str(request.base_url).rstrip('/')}/shared/{token}"


def visit(request: Request, run: str) -> Visit:
    """The run of an address.

    Raises:
        Missing: there is none, or the link does not show it.
    """
    base, seen = base_of(request)
    if seen is not None and run not in seen:
        message = "this link does not show that run"
        raise Missing(message)
    found = store_of(request).run(run)
    return Visit(found, folder_of(settings_of(request).runs, found.id), base)


VisitOf = Annotated[Visit, Depends(visit)]
