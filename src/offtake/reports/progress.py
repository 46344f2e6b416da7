"""A run that shows how far it is."""

import sys
import time
from collections.abc import Callable, Generator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from typing import Literal, TextIO

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn

from offtake.core.random import Sampler
from offtake.plan.load import Checked
from offtake.plan.readme import cannot_show
from offtake.results.results import Results
from offtake.run.api import run
from offtake.run.devices import Device
from offtake.run.scale import Kept
from offtake.run.until import Until


@dataclass(frozen=True)
class Scale:
    """Where shards of a run are kept, and what computes them (`offtake.run`)."""

    kept: Kept | None = None
    workers: Literal["ray"] | None = None
    device: Device = "cpu"


@contextmanager
def counted(total: int | None = None, *, quiet: bool) -> Generator[Callable[[int, int], None]]:
    """A progress bar on stderr, and the function that moves it: (futures done, futures in all).

    Where stderr is no terminal, a line now and then instead.

    Args:
        total: futures in all, where that is known before.
        quiet: nothing at all.
    """
    if quiet or not sys.stderr.isatty():
        yield _ignored if quiet else Lines(sys.stderr)
        return
    bar = Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        TaskProgressColumn(),
        TextColumn("{task.completed:,.0f} of {task.total:,.0f} futures{task.fields[rate]}"),
        TimeRemainingColumn(),
        console=Console(file=sys.stderr),
        transient=True,
    )
    with bar:
        task = bar.add_task("Preparing", total=total or 0, rate="")
        pace = Pace()

        def advance(done: int, of: int) -> None:
            if pace.told(done):
                bar.update(task, completed=done, total=of)
            else:  # what was done before is no speed
                bar.reset(task, completed=done, total=of)
            rate = f", {pace.rate:,.0f}/s" if pace.rate else ""
            bar.update(task, description="Simulating", rate=rate)

        yield advance


def _carrying_on(kept: Kept | None, then: Callable[[int, int], None]) -> Callable[[int, int], None]:
    """Says, the first time it is called, how much was done before."""
    said = kept is None

    def tell(done: int, of: int) -> None:
        nonlocal said
        if not said and kept is not None and kept.found:
            print(f"{kept.found:,} of {of:,} futures are in {kept.folder}.", file=sys.stderr)
        said = True
        then(done, of)

    return tell


class Pace:
    """Futures a second since the first time that it was told how many are done."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._begin: tuple[float, int] | None = None
        self.rate = 0.0

    def told(self, done: int) -> bool:
        """Take in how many are done; whether there was a time before."""
        now = self._clock()
        if self._begin is None:
            self._begin = now, done
            return False
        seconds = now - self._begin[0]
        self.rate = (done - self._begin[1]) / seconds if seconds > 0.0 else 0.0
        return True


class Lines:
    """Progress as lines of text, at most one in `EVERY_SECONDS`.

    Args:
        out: where they go.
        clock: seconds.
    """

    EVERY_SECONDS = 30.0

    def __init__(self, out: TextIO, clock: Callable[[], float] = time.monotonic) -> None:
        self._out, self._clock, self._pace = out, clock, Pace(clock)
        self._last = clock()

    def __call__(self, done: int, of: int) -> None:
        """Say how far it is, if the last line is long enough ago."""
        self._pace.told(done)
        now = self._clock()
        if now - self._last < self.EVERY_SECONDS or not self._pace.rate or done == of:
            return
        self._last = now
        left = _duration((of - done) / self._pace.rate)
        print(
            f"{done:,} of {of:,} futures, {self._pace.rate:,.0f}/s, {left} left",
            file=self._out,
            flush=True,
        )


def _duration(seconds: float) -> str:
    minutes = round(seconds / 60.0)
    if minutes < 1:
        return "less than a minute"
    return f"{minutes} min" if minutes < 120 else f"{minutes // 60} h {minutes % 60} min"


def _ignored(done: int, of: int) -> None:
    del done, of


def watched_run(
    checked: Checked,
    paths: int,
    seed: int,
    loaded: float,
    *,
    changes: Sequence[str] = (),
    quiet: bool,
    sampler: Sampler = "pseudo",
    until: Until | None = None,
    errors: bool = False,
    scale: Scale | None = None,
    tilt: Sequence[str] | None = None,
) -> Results:
    """Run a checked plan with a progress bar on stderr.

    Args:
        checked: a plan without errors.
        loaded: seconds it took to load it.
        changes: what was changed about the plan as it stands in its file, as the user said it.
        quiet: no bar; also none where stderr is no terminal.
        sampler: how futures are drawn.
        until: a figure, and how sure it is to be.
        errors: whether to work out the error of every figure.
        scale: where shards are kept, and what computes them.
        tilt: where futures are drawn from instead.

    Raises:
        ValueError: the plan has errors.
    """
    if checked.plan is None:
        message = "a plan with errors cannot be run"
        raise ValueError(message)
    with counted(paths, quiet=quiet) as advance:
        on = scale or Scale()
        ask = partial(run, sampler=sampler, until=until, errors=errors, tilt=tilt)
        ask = partial(ask, folder=on.kept, workers=on.workers, device=on.device)
        tell = advance if quiet else _carrying_on(on.kept, advance)
        results = ask(checked.plan, paths, seed, progress=tell)
    seconds = {"load": loaded, **results.facts["seconds"]}
    warnings = [str(problem) for problem in checked.warnings]
    return results.with_facts(
        seconds=seconds,
        warnings=[*warnings, *results.facts["warnings"]],
        unsourced=len(checked.unsourced),
        unsourced_places=[place for place, _ in checked.unsourced],
        cannot_show=cannot_show(checked.file),
        changes=list(changes),
    )


@contextmanager
def step_by_step(*, quiet: bool) -> Generator[Callable[[str], None]]:
    """What has been done, on one line of stderr; nothing where stderr is no terminal.

    Args:
        quiet: nothing at all.

    Yields:
        To be told what has been done.
    """
    console = Console(file=sys.stderr)
    if quiet or not sys.stderr.isatty():
        yield lambda _: None
        return
    with console.status("Preparing") as status:
        yield lambda done: status.update(f"Done: {done}")


@contextmanager
def staged(*, quiet: bool) -> Generator[Callable[[str, int, int], None]]:
    """A progress bar on stderr for work in stages, and the function that moves it.

    Args:
        quiet: no bar; also none where stderr is no terminal.

    Yields:
        To be told the stage, how much of it is done and how much there is.
    """
    bar = Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        TaskProgressColumn(),
        TimeRemainingColumn(),
        console=Console(file=sys.stderr),
        transient=True,
        disable=quiet or not sys.stderr.isatty(),
    )
    with bar:
        task = bar.add_task("Preparing", total=None)
        now = ""

        def advance(stage: str, done: int, of: int) -> None:
            nonlocal now
            if stage != now:
                bar.reset(task, description=stage, total=of)
                now = stage
            bar.update(task, completed=done, total=of)

        yield advance
