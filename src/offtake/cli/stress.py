"""`offtake stress`: named shocks alone and together, and the least that brings about an outcome."""

from pathlib import Path
from typing import Annotated

import typer

from offtake.cli.options import (
    PlanArgument,
    ScenarioOption,
    SeedOption,
    SetOption,
    StackOption,
    changes_of,
)
from offtake.cli.show import PLAN_IS_WRONG, complain, console, writable, written


def stress(
    plan: PlanArgument,
    shocks: Annotated[
        str | None,
        typer.Option(help="Such as rates_up,scenario:NAME; the whole library if left out."),
    ] = None,
    together: Annotated[bool, typer.Option(help="Only all of them joined.")] = False,
    reverse: Annotated[
        str | None,
        typer.Option(help='Such as "lab defaults in 20 % of futures": the least that does it.'),
    ] = None,
    paths: Annotated[int, typer.Option(min=1, help="Number of futures.")] = 2048,
    seed: SeedOption = 1,
    set_: SetOption = None,
    scenario: ScenarioOption = None,
    stack: StackOption = None,
    json_: Annotated[
        Path | None, typer.Option("--json", help="Write what is found as JSON; - for stdout.")
    ] = None,
) -> None:
    """Shock a plan: who newly fails, who loses, who pays; or find the shock that does it."""
    from offtake.plan.load import load

    names = None if shocks is None else [name.strip() for name in shocks.split(",")]
    own = [name.removeprefix("scenario:") for name in names or () if name.startswith("scenario:")]
    library = None if names is None else [n for n in names if not n.startswith("scenario:")]
    if reverse is not None and own:
        complain("--reverse moves shocks of the library in size; a scenario has none: leave it out")
        raise typer.Exit(PLAN_IS_WRONG)
    if own and scenario is not None:
        complain(f"--scenario {scenario} and scenario:{own[0]} are two scenarios; name one of them")
        raise typer.Exit(PLAN_IS_WRONG)
    loaded = load(plan, set_ or (), scenario, stack)
    others = {name: load(plan, set_ or (), name, stack) for name in own}
    writable(json_)
    from offtake.reports.progress import step_by_step
    from offtake.reports.stress import least, stressed
    from offtake.run.reverse import reverse as sought
    from offtake.run.stress import stress as shocked

    changes = changes_of(set_, scenario, stack)
    frame = f"{paths:,} futures, seed {seed}" + (
        f"; changed: {', '.join(changes)}" if changes else ""
    )
    with step_by_step(quiet=str(json_) == "-") as told:
        if reverse is not None:
            point = sought(loaded, reverse, library, paths, seed, told)
            plain, shown = point.to_json, lambda: least(frame, point)
        else:
            found = shocked(
                loaded, library, paths, seed, scenarios=others, together=together, done=told
            )
            plain, shown = found.to_json, lambda: stressed(frame, found)
    if not written(plain, json_):
        console().print(shown())
