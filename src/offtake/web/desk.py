"""Who runs what: a queue, processes that run plans, and one that does small tasks.

Runs wait in the order in which they came and are done by `workers` processes. A further process
reads plans and makes files of results, so that neither waits for a run.
"""

from __future__ import annotations

import contextlib
import logging
import threading
import time
from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from functools import lru_cache
from typing import Any

from sqlalchemy.exc import SQLAlchemyError

from offtake.plan.examples import examples
from offtake.web import folders
from offtake.web.child import Child, Failure
from offtake.web.problems import Refused
from offtake.web.settings import Settings
from offtake.web.store import UNDER_WAY, ListedRun, Request, Run, Store
from offtake.web.texts import fitting

MOST_SMALL = 16
"""Small tasks that may wait; fewer than the threads that answer, so that some always can."""
TRIES, TRY_SECONDS = 60, 5.0
"""How often, and after how long, a database that does not answer is asked again."""
LOG = logging.getLogger("offtake.web")
STATUS = {"refused": 422, "time": 503, "died": 503, "cancelled": 503, "fault": 500}


class Desk:
    """Runs and small tasks of one server.

    Args:
        settings: of the server.
        store: what it remembers.
    """

    def __init__(self, settings: Settings, store: Store) -> None:
        self.settings, self.store = settings, store
        self._waiting: deque[str] = deque()
        self._running: dict[str, dict[str, Any]] = {}
        self._cancelled: set[str] = set()
        self._changed = threading.Condition()
        self._closed = False
        self._small = Child(settings.limits.memory_bytes)
        self._room = threading.BoundedSemaphore(MOST_SMALL)
        self._quick = Child(settings.limits.memory_bytes)
        self._quick_room = threading.BoundedSemaphore(MOST_SMALL)
        self._checked = lru_cache(maxsize=64)(self._check)
        self._workers = [Child(settings.limits.memory_bytes) for _ in range(settings.workers)]
        self._threads = [
            threading.Thread(target=self._serve, args=(child,), daemon=True, name=f"worker {i}")
            for i, child in enumerate(self._workers)
        ]
        self.ready = threading.Event()
        """Set once a worker has compiled what it is to compile at its start."""

    def start(self) -> None:
        """Start all processes; runs that a server left under way are marked."""
        left = self.store.interrupt()
        if left:
            LOG.info("%d runs were under way when the server last ended", len(left))
        threading.Thread(target=self._get_ready, daemon=True).start()
        for thread in self._threads:
            thread.start()

    def _get_ready(self) -> None:
        """Have the first small task done, before anybody waits for one."""
        with contextlib.suppress(Refused):  # the server may end first
            self.small("offtake.web.tasks:get_ready")

    def close(self) -> None:
        """End all processes; what runs is marked as interrupted."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()
        for child in (*self._workers, self._small, self._quick):
            child.close()
        for thread in self._threads:
            thread.join(5.0)
        self.store.interrupt()

    # ------------------------------------------------------------------------------ small tasks

    def small(self, task: str, **asked: Any) -> Any:
        """Have a small task done, in a process of its own.

        Args:
            task: `module:function` of (told, **asked) that gives plain data.
            asked: its arguments.

        Raises:
            Refused: it could not be done.
        """
        return self._have(self._small, self._room, task, asked)

    def quick(self, task: str, **asked: Any) -> Any:
        """The same in a process that does nothing that takes long: for who is typing."""
        return self._have(self._quick, self._quick_room, task, asked)

    def _have(
        self, child: Child, room: threading.Semaphore, task: str, asked: Mapping[str, Any]
    ) -> Any:
        if not room.acquire(blocking=False):
            raise Refused(503, "the server is busy; try again in a moment")
        try:
            return child.do(task, asked, seconds=self.settings.limits.check_seconds)
        except Failure as why:
            found = [problem.to_json() for problem in why.problems]
            raise Refused(STATUS[why.why], why.said, found) from None
        finally:
            room.release()

    def check(
        self,
        text: str,
        changes: Sequence[str] = (),
        scenario: str | None = None,
        stack: str | None = None,
    ) -> dict[str, Any]:
        """What is to be said about a plan (`tasks.check`), worked out once for each text.

        Raises:
            Refused: it could not be read in time.
        """
        return self._checked(text, tuple(changes), scenario, stack)

    def _check(
        self, text: str, changes: tuple[str, ...], scenario: str | None, stack: str | None
    ) -> dict[str, Any]:
        task = "offtake.web.tasks:check"
        return self.small(task, text=text, changes=changes, scenario=scenario, stack=stack)

    # ------------------------------------------------------------------------------------- runs

    def submit(self, request: Request, client: str) -> Run:
        """Queue a run.

        Raises:
            Refused: it asks for more than the limits allow, or too many wait.
        """
        self._refuse_beyond_limits(request, client)
        run = self.store.add_run(request, client)
        with self._changed:
            self._waiting.append(run.id)
            self._changed.notify()
        return run

    def _refuse_beyond_limits(self, request: Request, client: str) -> None:
        limits = self.settings.limits
        if request.paths > limits.paths:
            said = f"{request.paths:,} futures; a run here may have at most {limits.paths:,}"
            raise Refused(422, said)
        fitting(request.text, limits)
        if len(request.set) > limits.changes:
            raise Refused(422, f"{len(request.set)} changes; a run may have {limits.changes}")
        waiting = self.store.runs(states=UNDER_WAY, most=10_000)
        if len(waiting) >= limits.queued:
            raise Refused(503, f"{len(waiting)} runs wait already; try again later")
        if sum(run.client == client for run in waiting) >= limits.queued_by_one:
            said = f"{limits.queued_by_one} of your runs wait or run already: wait, or cancel one"
            raise Refused(429, said)

    def cancel(self, run: str) -> None:
        """Stop a run, whether it waits or runs; nothing where it has ended."""
        with self._changed:
            if run in self._waiting:
                self._waiting.remove(run)
                self.store.mark(run, "cancelled", "cancelled before it began")
            elif run in self._running and "facts" not in self._running[run]:
                self._cancelled.add(run)  # one that has its answer is being saved

    def forget(self, run: Run) -> None:
        """Forget a run, the links to it and its files.

        Raises:
            Refused: it is under way.
        """
        if run.under_way:
            raise Refused(409, "the run is under way; cancel it first")
        self.store.unshare(run.id)
        self.store.delete_run(run.id)
        folders.remove(folders.folder_of(self.settings.runs, run.id))

    def progress(self, run: Run) -> dict[str, Any]:
        """How far a run is: stage, futures done, place in the queue."""
        with self._changed:
            live = dict(self._running.get(run.id, {}))
            ahead = list(self._waiting).index(run.id) if run.id in self._waiting else 0
        return {
            "id": run.id,
            "state": run.state,
            "stage": live.get("stage", run.stage),
            "done": live.get("done", run.done),
            "of": run.request.paths,
            "ahead": ahead + len(self._running) if run.state == "queued" else 0,
            "cancelling": run.id in self._cancelled,
        }

    # ---------------------------------------------------------------------------------- workers

    def _serve(self, child: Child) -> None:
        """One worker's life: warm up, then run after run."""
        child.start()
        for name in self.settings.warm:
            if self._closed or self._waiting:
                break
            self._warm(child, name)
        self.ready.set()
        while (run := self._next()) is not None:
            try:
                self._do(child, self.store.run(run))
            except Exception:  # one run must not end the worker
                LOG.exception("run %s", run)
                self._lost(run)
            finally:
                with self._changed:
                    self._running.pop(run, None)
                    self._cancelled.discard(run)

    def _lost(self, run: str) -> None:
        """Say that what became of a run could not be kept, once the database answers again."""
        said = "what became of it could not be kept; the server's log says more"
        for _ in range(TRIES):
            try:
                self.store.mark(run, "failed", said)
            except SQLAlchemyError:
                time.sleep(TRY_SECONDS)
            else:
                return

    def _warm(self, child: Child, name: str) -> None:
        try:
            child.do("offtake.web.tasks:warm", {"text": examples()[name].text}, seconds=300.0)
        except Failure as why:
            LOG.warning("warming up with %s: %s", name, why.said)

    def _next(self) -> str | None:
        """The run that has waited longest, once there is one; None when the server ends."""
        with self._changed:
            while not self._waiting and not self._closed:
                self._changed.wait()
            if self._closed:
                return None
            run = self._waiting.popleft()
            self._running[run] = {"stage": "starting"}
            return run

    def _do(self, child: Child, run: Run) -> None:
        """Run a plan and keep what becomes of it."""
        self.store.mark(run.id, "running")
        live = self._running[run.id]

        def told(what: Mapping[str, Any]) -> None:
            live.update(what)
            if "facts" in what:
                self.store.mark(
                    run.id, "answered", "saving", done=run.request.paths, facts=what["facts"]
                )

        try:
            facts = child.do(
                "offtake.web.tasks:run",
                self._asked(run),
                seconds=60.0 * self.settings.limits.minutes,
                told=told,
                cancelled=lambda: run.id in self._cancelled,
            )
        except Failure as why:
            self._failed(run, why, live)
            return
        self.store.mark(run.id, "done", "done", done=run.request.paths, facts=facts)

    def _asked(self, run: Run) -> dict[str, Any]:
        asked = run.request
        shipped = examples().get(asked.plan or "")
        same = shipped is not None and shipped.text == asked.text
        return {
            "text": asked.text,
            "folder": str(folders.folder_of(self.settings.runs, run.id)),
            "paths": asked.paths,
            "seed": asked.seed,
            "sampler": asked.sampler,
            "changes": list(asked.set),
            "scenario": asked.scenario,
            "stack": asked.stack,
            "said": run.changes,
            "cannot_show": shipped.cannot_show if shipped is not None and same else [],
            "most_cells": self.settings.limits.cells,
        }

    def _failed(self, run: Run, why: Failure, live: Mapping[str, Any]) -> None:
        """Keep why a run did not end well."""
        if self._closed:
            return  # `close` marks it
        state = "cancelled" if why.why == "cancelled" else "failed"
        problems = [problem.to_json() for problem in why.problems]
        done = int(live.get("done", 0))
        self.store.mark(run.id, state, why.said, done=done, problems=problems)
        if why.why == "fault":
            LOG.error("run %s: %s", run.id, why.said)
        folders.remove(folders.folder_of(self.settings.runs, run.id))


def as_json(run: ListedRun) -> dict[str, Any]:
    """A run as plain data."""
    asked = {**asdict(run.request), "set": list(run.request.set)}
    asked.pop("text", None)
    return {
        "id": run.id,
        **asked,
        "state": run.state,
        "stage": run.stage,
        "problems": list(run.problems),
        "created": run.created,
        "started": run.started,
        "finished": run.finished,
        "changes": run.changes,
        "headline": run.facts.get("headline"),
        "seconds": run.facts.get("seconds"),
    }


def names_of(runs: Sequence[ListedRun]) -> list[str]:
    """What each of several runs is called beside the others: a letter, and what sets it apart."""
    plans = {run.request.title for run in runs}
    told = [
        ": ".join(
            [run.request.title] * (len(plans) > 1) + [", ".join(run.changes) or "as it stands"]
        )
        for run in runs
    ]
    letters = "ABCDEFGH"
    return [f"{letter} {name}" for letter, name in zip(letters, told, strict=False)]
