"""`offtake contagion`: who owes whom, and what the failure of a party does to the others."""

from pathlib import Path
from typing import Annotated

import typer

from offtake.cli.options import PlanArgument, ScenarioOption, SeedOption, SetOption, StackOption
from offtake.cli.show import console, writable, written


def contagion(
    plan: PlanArgument,
    month: Annotated[
        str | None, typer.Option(help="Such as 2028-06; that in which most is owed if left out.")
    ] = None,
    fail: Annotated[
        str | None, typer.Option(help="Party to tell in full; the most systemic if left out.")
    ] = None,
    window: Annotated[int, typer.Option(min=1, help="Months whose claims are cleared.")] = 12,
    recovery: Annotated[
        float, typer.Option(min=0.0, max=1.0, help="Share that the failing party pays.")
    ] = 0.0,
    paths: Annotated[int, typer.Option(min=1, help="Number of futures.")] = 512,
    seed: SeedOption = 1,
    set_: SetOption = None,
    scenario: ScenarioOption = None,
    stack: StackOption = None,
    json_: Annotated[
        Path | None, typer.Option("--json", help="Write what is found as JSON; - for stdout.")
    ] = None,
) -> None:
    """Say who owes whom, who would hurt most by failing, and what would stop it."""
    from offtake.plan.load import load

    loaded = load(plan, set_ or (), scenario, stack)
    writable(json_)
    from offtake.reports.contagion import spreading
    from offtake.reports.progress import counted
    from offtake.run.contagion import contagion as spread

    with counted(paths, quiet=str(json_) == "-") as advance:
        found = spread(
            loaded, month, fail, paths, seed, window=window, recovery=recovery, done=advance
        )
    if not written(found.to_json, json_):
        console().print(spreading(found))
