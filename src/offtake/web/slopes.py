"""Slopes of runs, worked out one after another in a process of their own when asked for."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from offtake.web import folders
from offtake.web.child import Child, Failure
from offtake.web.settings import Settings
from offtake.web.store import Run

FILE = "what_if.json"


class Slopes:
    """Whatever slopes are there, being worked out, or waiting.

    Args:
        settings: of the server.
    """

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._child = Child(settings.limits.memory_bytes)
        self._said: dict[str, dict[str, Any]] = {}
        self._asking = threading.Lock()
        self._queue = ThreadPoolExecutor(1, "slopes")

    def close(self) -> None:
        """End the process."""
        self._queue.shutdown(wait=False, cancel_futures=True)
        self._child.close()

    def of(self, run: Run) -> dict[str, Any]:
        """How far the slopes of a run are; asked for where they are not there yet."""
        kept = folders.read_json(folders.folder_of(self._settings.runs, run.id) / FILE)
        if kept is not None:
            return {"state": "ready", **kept}
        with self._asking:
            if run.id not in self._said and run.state == "done":
                self._said[run.id] = {"state": "waiting", "stage": "waiting"}
                self._queue.submit(self._do, run)
            return dict(self._said.get(run.id, {"state": "waiting", "stage": "saving the run"}))

    def _do(self, run: Run) -> None:
        said = self._said[run.id]

        def told(what: Mapping[str, Any]) -> None:
            said.update(what)

        asked = {
            "text": run.request.text,
            "folder": str(folders.folder_of(self._settings.runs, run.id)),
            "changes": list(run.request.set),
            "scenario": run.request.scenario,
            "stack": run.request.stack,
            "seed": run.request.seed,
        }
        said["state"] = "computing"
        seconds = 60.0 * self._settings.limits.minutes
        try:
            self._child.do("offtake.web.whatif:slopes", asked, seconds=seconds, told=told)
        except Failure as why:
            said.update(state="failed", stage=why.said)
