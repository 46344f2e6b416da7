"""`offtake risk`: how each party's losses change under one shock at a time."""

from pathlib import Path
from typing import Annotated

import typer

from offtake.cli.options import PlanArgument, ScenarioOption, SeedOption, SetOption, StackOption
from offtake.cli.show import PLAN_IS_WRONG, complain, console, writable, written


def risk(
    plan: PlanArgument,
    paths: Annotated[int, typer.Option(min=1, help="Number of futures.")] = 4096,
    seed: SeedOption = 1,
    set_: SetOption = None,
    scenario: ScenarioOption = None,
    stack: StackOption = None,
    json_: Annotated[
        Path | None, typer.Option("--json", help="Write the table as JSON; - for stdout.")
    ] = None,
) -> None:
    """Say who bears which risk: price, volume, technology, delay, rates, counterparties."""
    from offtake.core.errors import render
    from offtake.plan.load import check

    checked = check(plan, set_ or (), scenario, stack)
    if checked.plan is None:
        complain(render(checked.errors))
        raise typer.Exit(PLAN_IS_WRONG)
    writable(json_)
    from offtake.reports.progress import step_by_step
    from offtake.reports.risk import allocation
    from offtake.run.risk import risk as allocated

    with step_by_step(quiet=str(json_) == "-") as told:
        found = allocated(checked.plan, paths, seed, told)
    name = checked.plan.plan.name + (f", {stack}" if stack else "")
    head = {"plan": name, "paths": paths, "seed": seed}
    if written(lambda: {**head, **found.to_json()}, json_):
        return
    frame = f"{paths:,} futures, the same for every shock, seed {seed}."
    console().print(allocation(name, frame, found))
