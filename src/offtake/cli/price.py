"""`offtake price`: what every contract is worth to each side, by simulation."""

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Group
from rich.text import Text

from offtake.cli.options import PlanArgument, ScenarioOption, SeedOption, SetOption, StackOption
from offtake.cli.show import console, writable, written


def price(
    plan: PlanArgument,
    paths: Annotated[int, typer.Option(min=1, help="Number of futures.")] = 4096,
    seed: SeedOption = 1,
    set_: SetOption = None,
    scenario: ScenarioOption = None,
    stack: StackOption = None,
    json_: Annotated[
        Path | None, typer.Option("--json", help="Write the values as JSON; - for stdout.")
    ] = None,
) -> None:
    """Value contracts under the plan's measure and under market prices of risk."""
    from offtake.plan.load import load
    from offtake.reports.pricing import priced
    from offtake.run.pricing import plain
    from offtake.run.pricing import price as valued

    loaded = load(plan, set_ or (), scenario, stack)
    writable(json_)
    made = plain(loaded, valued(loaded, paths, seed), paths, seed)
    if written(lambda: made, json_):
        return
    console().print(Group(Text(loaded.plan.name, style="bold"), Text(""), *priced(made)))
