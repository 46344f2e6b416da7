"""`offtake compare`: a plan against a changed plan on the same futures, with errors."""

from pathlib import Path
from typing import Annotated

import typer

from offtake.cli.draws import Drawn, SamplerOption, futures
from offtake.cli.options import PlanArgument, SeedOption
from offtake.cli.show import console, writable, written


def compare(
    plan: PlanArgument,
    with_: Annotated[
        list[str],
        typer.Option(
            "--with",
            help="The other plan: scenario:NAME, stack:NAME, set:PLACE=VALUE, or a folder or file. "
            "Given several times, all changes are made together.",
        ),
    ],
    paths: Annotated[int, typer.Option(min=1, help="Number of futures.")] = 4096,
    seed: SeedOption = 1,
    set_: Annotated[
        list[str] | None, typer.Option("--set", help="Change on both sides: place=value.")
    ] = None,
    scenario: Annotated[str | None, typer.Option(help="Scenario of the first plan.")] = None,
    stack: Annotated[str | None, typer.Option(help="Stack of contracts of both plans.")] = None,
    sampler: SamplerOption = Drawn.pseudo,
    every: Annotated[
        bool, typer.Option("--all", help="Every figure, not the largest changes alone.")
    ] = False,
    json_: Annotated[
        Path | None, typer.Option("--json", help="Write the differences as JSON; - for stdout.")
    ] = None,
) -> None:
    """Say what a change does to every result, on the same futures, and how sure that is."""
    from offtake.plan.load import load
    from offtake.plan.other import other_plan

    before = load(plan, set_ or (), scenario, stack)
    after = other_plan(plan, with_, set_ or (), scenario, stack)
    writable(json_)
    from offtake.reports.compare import differences
    from offtake.reports.progress import step_by_step
    from offtake.run.compare import compare_plans

    drawn = futures(sampler)
    with step_by_step(quiet=str(json_) == "-") as told:
        found = compare_plans(
            before, after, paths, seed, said=" and ".join(with_), sampler=drawn, done=told
        )
    if written(found.to_json, json_):
        return
    console().print(differences(found, every=every))
