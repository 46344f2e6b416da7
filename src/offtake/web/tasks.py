"""What is done in processes of their own: reading a plan, running one, and writing a run down.

Every task is a function of (told, ...) that gives plain data (`web.child`). A plan is only ever a
text here: no task opens a file that a plan names, as a plan cannot name one.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

from offtake.core.errors import PlanErrors, WrongRequest
from offtake.plan.load import Checked, check_text

if TYPE_CHECKING:
    from offtake.results.results import Results
    from offtake.results.side_by_side import SideBySide
    from offtake.run.simulate import Outcome
    from offtake.web.child import Told

PLAN = "plan"
"""How messages call a plan that is no file."""


def get_ready(told: Told) -> None:
    """Import what small tasks need, so that the first of them need not."""
    del told
    for name in ("web.kept", "run.compare", "reports.html.side_by_side", "contracts"):
        import_module(f"offtake.{name}")
    import_module("xarray")


def check(
    told: Told,
    *,
    text: str,
    changes: Sequence[str] = (),
    scenario: str | None = None,
    stack: str | None = None,
) -> dict[str, Any]:
    """What is to be said about a plan: problems, numbers without a source, what it holds."""
    del told
    try:
        checked = check_text(text, PLAN, changes, scenario, stack)
    except PlanErrors as wrong:
        found = [problem.to_json() for problem in wrong.problems]
        return {"valid": False, "problems": found, "unsourced": [], "about": None}
    return {
        "valid": checked.plan is not None,
        "problems": [problem.to_json() for problem in checked.problems],
        "unsourced": [{"place": place, "number": said} for place, said in checked.unsourced],
        "about": _about(checked),
    }


def _about(checked: Checked) -> dict[str, Any] | None:
    """What lists say of a plan."""
    plan = checked.plan
    if plan is None:
        return None
    return {
        "name": plan.plan.name,
        "about": plan.plan.about,
        "periods": plan.calendar.count,
        "parties": len(plan.parties),
        "sites": len(plan.sites),
        "contracts": len(plan.contracts),
        "scenarios": list(plan.scenarios),
        "stacks": list(plan.stacks),
    }


def warm(told: Told, *, text: str) -> None:
    """Compile a plan, so that its next run need not."""
    from offtake.run.simulate import Runner

    told({"stage": "warming up"})
    checked = check_text(text, PLAN)
    if checked.plan is not None:
        Runner(checked.plan).compile()


def run(
    told: Told,
    *,
    text: str,
    folder: str,
    paths: int,
    seed: int,
    sampler: Any,
    changes: Sequence[str],
    scenario: str | None,
    stack: str | None,
    said: Sequence[str],
    cannot_show: Sequence[str],
    most_cells: int,
) -> dict[str, Any]:
    """Run a plan and write the answer down; what lists say of it.

    Args:
        told: takes `stage`, `done`, `of`, and `facts` once there is an answer to read.
        text: of the plan.
        folder: of the run.
        paths: number of futures.
        seed: of every random stream.
        sampler: how futures are drawn.
        changes: each `place=value`.
        scenario: of the plan.
        stack: of the plan.
        said: the changes in words.
        cannot_show: what the author of the plan says it cannot show.
        most_cells: contracts times periods that a run may have.
    """
    from offtake.run.api import labelled
    from offtake.run.simulate import check_paths, simulate

    check_paths(paths, sampler)
    started = time.perf_counter()
    told({"stage": "reading the plan"})
    checked = check_text(text, PLAN, changes, scenario, stack)
    if checked.plan is None:
        raise PlanErrors(checked.problems)
    _refuse_large(checked, most_cells)
    loaded = time.perf_counter() - started
    told({"stage": "compiling"})

    def progress(done: int, of: int) -> None:
        told({"stage": "simulating", "done": done, "of": of})

    outcome = simulate(checked.plan, paths, seed, sampler=sampler, progress=progress)
    told({"stage": "writing the answer"})
    results = labelled(outcome, {}, errors=False)
    results = results.with_facts(
        seconds={"load": loaded, **results.facts["seconds"]},
        warnings=[*map(str, checked.warnings), *results.facts["warnings"]],
        unsourced=len(checked.unsourced),
        unsourced_places=[place for place, _ in checked.unsourced],
        cannot_show=list(cannot_show),
        changes=list(said),
    )
    return _written(told, Path(folder), outcome, results)


def _refuse_large(checked: Checked, most_cells: int) -> None:
    plan = checked.plan
    assert plan is not None
    cells = len(plan.contracts) * plan.calendar.count
    if cells > most_cells:
        message = (
            f"the plan has {len(plan.contracts):,} contracts over {plan.calendar.count:,} periods, "
            f"{cells:,} cells; a run here may have {most_cells:,}: shorten the horizon, write "
            "quarters or years as its periods, or run it with 'offtake run'"
        )
        raise WrongRequest(message)


def _written(told: Told, folder: Path, outcome: Outcome, results: Results) -> dict[str, Any]:
    """Write the answer, and then all that is made of it later."""
    from offtake.run.compare import figured_of
    from offtake.web import folders

    started = time.perf_counter()
    folder.mkdir(parents=True, exist_ok=True)
    head = folders.write_answer(folder, results)
    folders.write_json(folder / folders.JSON, results.to_json())
    seconds = {**results.facts["seconds"], "write": time.perf_counter() - started}
    facts = {"headline": head["headline"], "plan": head["plan"], "seconds": seconds}
    told({"stage": "saving", "facts": facts})
    results.save(folder / folders.RESULTS)
    folders.write_json(folder / folders.FIGURES, figured_of(outcome, results).to_json())
    return facts


def compare(
    told: Told,
    *,
    file: str,
    runs: Sequence[str],
    names: Sequence[str],
    futures: Sequence[tuple[int, int, Any]],
) -> None:
    """Write down several runs beside one another, from what each kept.

    Args:
        told: not needed.
        file: to write.
        runs: folder of each.
        names: of each.
        futures: number, seed and sampler of each.
    """
    del told
    from offtake.reports.html.side_by_side import side_by_side
    from offtake.web import folders

    Path(file).parent.mkdir(parents=True, exist_ok=True)
    folders.write_text(Path(file), side_by_side(_beside(runs, names, futures)))


def differences_of(
    told: Told, *, runs: Sequence[str], names: Sequence[str], futures: Sequence[Any]
) -> dict[str, Any]:
    """The same as plain data; arguments as of `compare`."""
    del told
    found = _beside(runs, names, futures)
    return {
        "names": list(found.names),
        "same_futures": found.same_futures,
        "differences": [[dict(row) for row in one.rows] for one in found.differences],
    }


def _beside(runs: Sequence[str], names: Sequence[str], futures: Sequence[Any]) -> SideBySide:
    from offtake.results.side_by_side import SideBySide
    from offtake.run.compare import Figured, differences
    from offtake.web import folders

    kept = [Figured.from_json(folders.read_json(Path(run) / folders.FIGURES)) for run in runs]
    same = len(set(futures)) == 1
    if not same:
        kept = [Figured(one.whole, ()) for one in kept]
    paths, seed, sampler = futures[0]
    found = tuple(
        differences(kept[0], other, paths, seed, plan=names[0], said=name, sampler=sampler)
        for other, name in zip(kept[1:], names[1:], strict=True)
    )
    return SideBySide(tuple(names), tuple(one.whole for one in kept), found, same)


def page(told: Told, *, folder: str) -> str:
    """Write the report of a run; the name of its file."""
    del told
    from offtake.reports.html.page import report
    from offtake.web import folders
    from offtake.web.kept import results_of

    folders.write_text(Path(folder) / folders.REPORT, report(results_of(folder)))
    return folders.REPORT


def workbook(told: Told, *, folder: str) -> str:
    """Write the workbook of a run; the name of its file."""
    del told
    from offtake.reports.xlsx.book import write
    from offtake.web import folders
    from offtake.web.kept import results_of

    part = Path(folder) / f".{folders.WORKBOOK}"
    write(results_of(folder), part)
    part.replace(Path(folder) / folders.WORKBOOK)
    return folders.WORKBOOK
