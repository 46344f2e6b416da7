"""`offtake report`: a run as one HTML page that opens offline, or as a workbook."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from offtake.cli.options import ScenarioOption, SeedOption, SetOption, StackOption, changes_of
from offtake.cli.show import PLAN_IS_WRONG, complain, console, writable

if TYPE_CHECKING:
    from offtake.results.results import Results
    from offtake.results.studies import Study

WORKBOOK = ".xlsx"


def report(
    run: Annotated[
        Path, typer.Argument(help="Results of a run (.nc), or a plan, which is run first.")
    ],
    out: Annotated[
        Path | None,
        typer.Option(
            "--out",
            "-o",
            help="File to write: .html a page, .xlsx a workbook; NAME.html if left out.",
        ),
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
    """Show a run to others: a page that needs nothing else, or a workbook with live formulas."""
    from offtake.results.studies import Study

    target = _target(out or Path(f"{(run if run.is_dir() else run.with_suffix('')).name}.html"))
    if target.suffix == WORKBOOK and (sensitivity or stress):
        complain(
            f"error: {target} is a workbook, which has no charts; --sensitivity and --stress are "
            f"for a page: leave them out, or write -o {target.with_suffix('.html')}"
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
        results = _saved(run, workbook=target.suffix == WORKBOOK)
    else:
        results = _run(run, paths or 10_000, seed, set_, scenario, stack, changes)
    _write(results, studies, target)
    first = "" if saved else f"{run} was run first, over {results.facts['paths']:,} futures. "
    console().print(f"{first}Report: {target}", soft_wrap=True)


def _target(file: Path) -> Path:
    """The file, if its name says what it is to be."""
    if file.suffix not in (".html", ".htm", WORKBOOK):
        complain(
            f"error: {file} is to be written as {file.suffix or 'nothing'}; a report is "
            f"written as .html or {WORKBOOK}: -o {file.with_suffix('.html')}"
        )
        raise typer.Exit(PLAN_IS_WRONG)
    return file


def _write(results: "Results", studies: "list[Study]", target: Path) -> None:
    """The report in the form that the file's name asks for."""
    if target.suffix == WORKBOOK:
        from offtake.reports.xlsx.book import write

        write(results, target)
        return
    from offtake.reports.html.page import report as page

    target.write_text(page(results, studies), "utf-8")


def _saved(run: Path, *, workbook: bool) -> "Results":
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
    from offtake.results.workbook.record import kept

    if not complete(results) or (workbook and not kept(results)):
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
