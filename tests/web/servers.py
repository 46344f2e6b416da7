"""Servers for tests, which do their tasks in this process, by threads."""

import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from fastapi.testclient import TestClient

from offtake.web import child, desk, slopes
from offtake.web.app import create_app
from offtake.web.settings import Settings
from offtake.web.store import ENDED

HOST = "http://127.0.0.1:8321"
TOKEN = "a token of more than sixteen"
BEARER = {"Authorization": f"Bearer {TOKEN}"}


class Here(child.Child):
    """Does tasks where it stands, and never starts its process."""

    def start(self) -> None:
        pass

    def do(
        self,
        task: str,
        asked: Mapping[str, Any],
        *,
        seconds: float,
        told: Callable[[Mapping[str, Any]], None] | None = None,
        cancelled: Callable[[], bool] | None = None,
    ) -> Any:
        def tell(what: Mapping[str, Any]) -> None:
            if cancelled is not None and cancelled():
                raise child.Stopped
            if told is not None:
                told(what)

        kind, value = child._done(task, asked, tell)
        if kind == "done":
            return value
        raise value


def settings(folder: Path, **more: Any) -> Settings:
    return Settings(data=folder, **{"warm": (), **more})


def guarded(folder: Path) -> Settings:
    """Those of a server that asks for `TOKEN`."""
    return settings(folder, host="0.0.0.0", token=TOKEN)


def client(made: Settings, monkeypatch: Any, **headers: str) -> TestClient:
    """A client of a server whose tasks are done in this process; use it as a context manager."""
    for module in (desk, slopes):
        monkeypatch.setattr(module, "Child", Here)
    return TestClient(create_app(made), base_url=HOST, headers=headers, follow_redirects=False)


def ended(of: TestClient, run: str, seconds: float = 120.0) -> dict[str, Any]:
    """A run once it has ended."""
    last = time.monotonic() + seconds
    while time.monotonic() < last:
        found = of.get(f"/api/v1/runs/{run}").json()
        if found["state"] in ENDED:
            return found
        time.sleep(0.05)
    raise AssertionError(found)
