"""`offtake price`: what every contract is worth to each side, by simulation."""

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Group
from rich.text import Text

from offtake.cli.show import console, writable, written


def price(
    plan: Annotated[Path, typer.Argument(help="Plan folder or file.")],
    paths: Annotated[int, typer.Option(min=1, help="Number of futures.")] = 4096,
    seed: Annotated[int, typer.Option(min=0, help="Seed of every random stream.")] = 1,
    set_: Annotated[list[str] | None, typer.Option("--set", help="Change: place=value.")] = None,
    scenario: Annotated[str | None, typer.Option(help="Scenario of the plan.")] = None,
    stack: Annotated[str | None, typer.Option(help="Stack of contracts of the plan.")] = None,
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
