"""A run that shows how far it is."""

import sys
from collections.abc import Callable, Generator, Sequence
from contextlib import contextmanager
from functools import partial

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn

from offtake.core.random import Sampler
from offtake.plan.load import Checked
from offtake.plan.readme import cannot_show
from offtake.results.results import Results
from offtake.run.api import run
from offtake.run.until import Until


@contextmanager
def counted(total: int | None = None, *, quiet: bool) -> Generator[Callable[[int, int], None]]:
    """A progress bar on stderr, and the function that moves it: (futures done, futures in all).

    Args:
        total: futures in all, where that is known before.
        quiet: no bar; also none where stderr is no terminal.
    """
    bar = Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        TaskProgressColumn(),
        TextColumn("{task.completed:,.0f} of {task.total:,.0f} futures"),
        TimeRemainingColumn(),
        console=Console(file=sys.stderr),
        transient=True,
        disable=quiet or not sys.stderr.isatty(),
    )
    with bar:
        task = bar.add_task("Preparing", total=total or 0)

        def advance(done: int, of: int) -> None:
            bar.update(task, completed=done, total=of, description="Simulating")

        yield advance


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

    Raises:
        ValueError: the plan has errors.
    """
    if checked.plan is None:
        message = "a plan with errors cannot be run"
        raise ValueError(message)
    with counted(paths, quiet=quiet) as advance:
        ask = partial(run, sampler=sampler, until=until, errors=errors)
        results = ask(checked.plan, paths, seed, progress=advance)
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
