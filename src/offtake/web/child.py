"""A process of ours that does one task at a time, and can be stopped.

Plans are read, run and shown in such processes: what a plan of a stranger costs in time and memory
is taken from them and not from the server, which stays free to answer. A task that is asked to stop
ends at its next word to us; one that does not in `GRACE_SECONDS` is killed with its process, and
another process is started for what comes next.
"""

from __future__ import annotations

import contextlib
import logging
import os
import signal
import threading
import time
from collections.abc import Callable, Mapping
from importlib import import_module
from multiprocessing import get_context
from multiprocessing.connection import Connection
from typing import Any, Literal

from offtake.core.errors import PlanErrors, Problem, UnknownFigure, WrongRequest

GRACE_SECONDS = 2.0
POLL_SECONDS = 0.05

Told = Callable[[Mapping[str, Any]], None]
"""Takes what a task says on its way; raises `Stopped` in the process that does the task."""
Why = Literal["cancelled", "time", "died", "fault", "refused"]


DIED: tuple[Why, str] = (
    "died",
    "its process ended; the plan may need more memory than a run may take",
)


class Stopped(BaseException):
    """Raised in a task that was asked to stop; not an `Exception`, so that nothing holds it up."""


class Failure(Exception):
    """A task that did not end well.

    Args:
        why: "cancelled"; "time" where it took too long; "died" where its process ended, as it does
            beyond its memory; "refused" where it was not right; "fault" where offtake is wrong.
        said: in words.
        problems: item by item, where a plan is not right.
    """

    def __init__(self, why: Why, said: str, problems: tuple[Problem, ...] = ()) -> None:
        super().__init__(why, said, problems)  # what is sent to another process
        self.why: Why = why
        self.said, self.problems = said, problems


class Child:
    """One process.

    Args:
        memory_bytes: that it may use; None for no limit.
    """

    def __init__(self, memory_bytes: int | None = None) -> None:
        self._memory = memory_bytes
        self._context = get_context("spawn")
        self._process: Any = None
        self._line: Any = None
        self._stop: Any = None
        self._one = threading.Lock()

    def start(self) -> None:
        """Start the process unless it runs."""
        if self._process is not None and self._process.is_alive():
            return
        self._line, other = self._context.Pipe()
        self._stop = self._context.Event()
        self._process = self._context.Process(
            target=serve, args=(other, self._stop, self._memory, os.getpid()), daemon=True
        )
        self._process.start()
        other.close()

    def close(self) -> None:
        """End the process."""
        process, self._process = self._process, None
        if process is None:
            return
        process.kill()
        process.join(5.0)
        self._line.close()

    @property
    def pid(self) -> int | None:
        """Of the process."""
        return None if self._process is None else self._process.pid

    def do(
        self,
        task: str,
        asked: Mapping[str, Any],
        *,
        seconds: float,
        told: Callable[[Mapping[str, Any]], None] | None = None,
        cancelled: Callable[[], bool] | None = None,
    ) -> Any:
        """Have a task done; one at a time, others wait.

        Args:
            task: `module:function`, a function of (told, **asked) that gives plain data.
            asked: its arguments.
            seconds: that it may take.
            told: takes what the task says on its way.
            cancelled: whether it is to stop.

        Raises:
            Failure: it did not end well.
        """
        with self._one:
            self.start()
            self._stop.clear()
            try:
                self._line.send((task, dict(asked)))
                return self._wait(time.monotonic() + seconds, seconds, told, cancelled)
            except (EOFError, OSError):
                self.close()
                raise Failure(*DIED) from None

    def _wait(
        self,
        end: float,
        seconds: float,
        told: Callable[[Mapping[str, Any]], None] | None,
        cancelled: Callable[[], bool] | None,
    ) -> Any:
        """What the task gives."""
        stopping: Failure | None = None
        killed_at = 0.0
        while True:
            if self._line.poll(POLL_SECONDS):
                kind, value = self._line.recv()
                if kind != "told":
                    if stopping is not None:
                        raise stopping
                    if kind == "done":
                        return value
                    raise value
                if told is not None and stopping is None:
                    told(value)
            # Also while it talks: one that never falls silent is stopped all the same.
            now = time.monotonic()
            if stopping is not None:
                if now > killed_at:
                    self.close()
                    raise stopping
                continue
            if cancelled is not None and cancelled():
                stopping = Failure("cancelled", "cancelled")
            elif now > end:
                stopping = Failure("time", f"it took longer than {seconds:,.0f} seconds")
            if stopping is not None:
                self._stop.set()
                killed_at = now + GRACE_SECONDS


def serve(line: Connection, stop: Any, memory_bytes: int | None, parent: int) -> None:
    """What the process does: tasks, one after another, until the line is cut."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the server says when to end
    threading.Thread(target=_end_with, args=(parent,), daemon=True).start()
    _limit(memory_bytes)

    def told(what: Mapping[str, Any]) -> None:
        if stop.is_set():
            raise Stopped
        line.send(("told", dict(what)))

    while True:
        try:
            task, asked = line.recv()
        except (EOFError, OSError):
            return
        line.send(_done(task, asked, told))


def _done(task: str, asked: Mapping[str, Any], told: Told) -> tuple[str, Any]:
    module, _, name = task.partition(":")
    try:
        return "done", getattr(import_module(module), name)(told, **asked)
    except Stopped:
        return "failed", Failure("cancelled", "cancelled")
    except Failure as why:  # the task says itself why it cannot be done
        return "failed", why
    except PlanErrors as wrong:
        return "failed", Failure("refused", "the plan is not right", wrong.problems)
    except (WrongRequest, UnknownFigure) as wrong:
        return "failed", Failure("refused", str(wrong.args[0]))
    except (MemoryError, OSError, ArithmeticError) as failure:
        return "failed", Failure("died", f"{failure or 'out of memory'}")
    except Exception as fault:  # told to the user as a fault of ours, and the server goes on
        logging.getLogger("offtake.web").exception(task)
        return "failed", Failure("fault", f"{type(fault).__name__}: {fault}"[:500])


def _end_with(parent: int) -> None:
    """End once the server is gone, however it went."""
    while os.getppid() == parent:
        time.sleep(1.0)
    os._exit(1)


def _limit(memory_bytes: int | None) -> None:
    """Have the system refuse memory beyond a limit, where it can."""
    if memory_bytes is None:
        return
    with contextlib.suppress(ImportError, ValueError, OSError):
        import resource

        resource.setrlimit(resource.RLIMIT_DATA, (memory_bytes, memory_bytes))
