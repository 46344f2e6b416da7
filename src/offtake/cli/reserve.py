"""`offtake reserve`: how much capacity to reserve, for how long, now or later."""

from pathlib import Path
from typing import Annotated

import typer

from offtake.cli.options import PlanArgument, ScenarioOption, SeedOption
from offtake.cli.show import PLAN_IS_WRONG, complain, console, writable, written


def reserve(
    plan: PlanArgument,
    paths: Annotated[int, typer.Option(min=1, help="Number of futures.")] = 2_000,
    seed: SeedOption = 1,
    set_: Annotated[
        list[str] | None,
        typer.Option(
            "--set", help="Change: place=value, e.g. contracts.cloud.price='2 USD/H100e/h'."
        ),
    ] = None,
    scenario: ScenarioOption = None,
    all_: Annotated[
        bool, typer.Option("--all", help="List candidates that another beats, too.")
    ] = False,
    json_: Annotated[
        Path | None, typer.Option("--json", help="Write all candidates as JSON; - for stdout.")
    ] = None,
) -> None:
    """Compare reservations of a buyer: cost against demand left unserved."""
    from offtake.core.errors import render
    from offtake.plan.load import check
    from offtake.plan.reserve import no_section

    checked = check(plan, set_ or (), scenario)
    if checked.plan is None:
        complain(render(checked.errors))
        raise typer.Exit(PLAN_IS_WRONG)
    if checked.plan.reserve is None:
        complain(render([no_section(str(checked.file))]))
        raise typer.Exit(PLAN_IS_WRONG)
    writable(json_)
    from offtake.reports.progress import counted
    from offtake.reports.reserve import summary
    from offtake.run.reserve import reserve as run

    with counted(quiet=str(json_) == "-") as advance:
        found = run(checked.plan, paths, seed, progress=advance)
    if written(found.to_json, json_):
        return
    console().print(summary(found, whole=all_, json_file=None if json_ is None else str(json_)))
