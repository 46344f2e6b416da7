"""`offtake run`: thousands of futures of a plan, and who pays."""

import time
from pathlib import Path
from typing import Annotated

import typer

from offtake.cli.show import PLAN_IS_WRONG, complain, console, writable, written


def run(
    plan: Annotated[Path, typer.Argument(help="Plan folder or file.")],
    paths: Annotated[int, typer.Option(min=1, help="Number of futures.")] = 10_000,
    seed: Annotated[int, typer.Option(min=0, help="Seed of all random streams.")] = 1,
    set_: Annotated[
        list[str] | None,
        typer.Option(
            "--set", help="Change: place=value, e.g. contracts.loan.rate='SOFR + 300 bp'."
        ),
    ] = None,
    scenario: Annotated[str | None, typer.Option(help="Scenario of the plan.")] = None,
    stack: Annotated[str | None, typer.Option(help="Stack of contracts of the plan.")] = None,
    json_: Annotated[
        Path | None, typer.Option("--json", help="Write results as JSON; - for stdout.")
    ] = None,
    out: Annotated[
        Path | None,
        typer.Option(
            help="Results file; default results/NAME.nc, with scenario and stack in its name."
        ),
    ] = None,
    save: Annotated[bool, typer.Option(help="Save the results.")] = True,
) -> None:
    """Simulate a plan over many futures and say who pays."""
    started = time.perf_counter()
    from offtake.core.errors import render
    from offtake.plan.load import check

    checked = check(plan, set_ or (), scenario, stack)
    if checked.plan is None:
        complain(render(checked.errors))
        raise typer.Exit(PLAN_IS_WRONG)
    loaded = time.perf_counter() - started
    writable(json_)
    from offtake.reports.progress import watched_run
    from offtake.reports.terminal import summary

    changes = [f"scenario {scenario}"] * bool(scenario) + [f"stack {stack}"] * bool(stack)
    changes += set_ or ()
    results = watched_run(checked, paths, seed, loaded, changes=changes, quiet=str(json_) == "-")
    saved = None
    if save:
        name = checked.file.parent.name if checked.file.name == "plan.yaml" else checked.file.stem
        name += f"-{scenario}" if scenario else ""
        name += f"-{stack}" if stack else ""
        name += "-changed" if set_ else ""
        saved = results.save(out or Path("results") / f"{name}.nc")
    if written(results.to_json, json_):
        return
    console().print(summary(results, saved, json_))
