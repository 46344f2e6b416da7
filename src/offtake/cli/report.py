"""`offtake report`: a run as one HTML page that opens offline."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from offtake.cli.options import ScenarioOption, SeedOption, SetOption, StackOption, changes_of
from offtake.cli.show import PLAN_IS_WRONG, complain, console, writable

if TYPE_CHECKING:
    from offtake.results.results import Results


def report(
    run: Annotated[
        Path, typer.Argument(help="Results of a run (.nc), or a plan, which is run first.")
    ],
    out: Annotated[
        Path | None, typer.Option("--out", "-o", help="Page to write; NAME.html if left out.")
    ] = None,
    sensitivity: Annotated[
        list[Path] | None,
        typer.Option(help="JSON of `offtake sensitivity`, for a tornado; may be repeated."),
    ] = None,
    stress: Annotated[
        list[Path] | None, typer.Option(help="JSON of `offtake stress`, for the stress table.")
    ] = None,
    paths: Annotated[
        int | None, typer.Option(min=1, help="Futures, where a plan is run; 10,000.")
    ] = None,
    seed: SeedOption = 1,
    set_: SetOption = None,
    scenario: ScenarioOption = None,
    stack: StackOption = None,
) -> None:
    """Show a run to others: one page with charts, tables and sources that needs nothing else."""
    from offtake.results.studies import Study

    target = out or Path(f"{(run if run.is_dir() else run.with_suffix('')).name}.html")
    if target.suffix not in (".html", ".htm"):
        complain(
            f"error: {target} is to be written as {target.suffix or 'nothing'}; a report is "
            f"written as .html: -o {target.with_suffix('.html')}"
        )
        raise typer.Exit(PLAN_IS_WRONG)
    studies = [
        *(Study.read(file, "sensitivity") for file in sensitivity or ()),
        *(Study.read(file, "stress") for file in stress or ()),
    ]
    changes = changes_of(set_, scenario, stack)
    saved = run.suffix == ".nc"
    if saved and (changes or paths is not None):
        complain(
            f"error: {run} holds a run; --paths, --set, --scenario and --stack are for a plan "
            "that is still to be run: name the plan instead"
        )
        raise typer.Exit(PLAN_IS_WRONG)
    writable(target)
    if saved:
        results = _saved(run)
    else:
        results = _run(run, paths or 10_000, seed, set_, scenario, stack, changes)
    from offtake.reports.html.page import report as page

    target.write_text(page(results, studies), "utf-8")
    first = "" if saved else f"{run} was run first, over {results.facts['paths']:,} futures. "
    console().print(f"{first}Report: {target}", soft_wrap=True)


def _saved(run: Path) -> "Results":
    """Results of a run that was saved."""
    from offtake.results.overview import complete
    from offtake.results.results import Results

    try:
        results = Results.load(run)
    except (OSError, ValueError) as why:
        what = "there is no such file" if isinstance(why, FileNotFoundError) else str(why)
        complain(
            f"error: {run} cannot be read as results ({what}); offtake run PLAN "
            "writes them and says where; or name the plan in their place"
        )
        raise typer.Exit(PLAN_IS_WRONG) from None
    if not complete(results):
        complain(
            f"error: {run} was saved by an offtake that kept less than a report shows; run the "
            "plan again, or name the plan"
        )
        raise typer.Exit(PLAN_IS_WRONG)
    return results


def _run(
    plan: Path,
    paths: int,
    seed: int,
    set_: list[str] | None,
    scenario: str | None,
    stack: str | None,
    changes: list[str],
) -> "Results":
    """Results of a plan that is run for its report; told on stderr."""
    from offtake.core.errors import PlanErrors
    from offtake.plan.load import check

    checked = check(plan, set_ or (), scenario, stack)
    if checked.plan is None:
        raise PlanErrors(checked.problems)
    from offtake.reports.progress import watched_run

    return watched_run(checked, paths, seed, 0.0, changes=changes, quiet=False)
