"""`offtake sweep`: figures over a range of a plan's numbers, on the same futures."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from offtake.cli.draws import Drawn, SamplerOption, futures
from offtake.cli.options import PlanArgument, ScenarioOption, SeedOption, SetOption, StackOption
from offtake.cli.show import PLAN_IS_WRONG, complain, console, writable, written

if TYPE_CHECKING:
    from offtake.plan.schema import Plan
OfOption = Annotated[
    list[str] | None,
    typer.Option(
        help="Figure, such as facilities.loan.el_usd; may be repeated. Left out: PD, EL and least "
        "DSCR of the debt; without debt, what the largest parties pay and lose.",
        show_default=False,
    ),
]


def sweep(
    plan: PlanArgument,
    over: Annotated[
        list[str],
        typer.Option(help="What is moved: PLACE=LOW..HIGH UNIT; several make a grid."),
    ],
    of: OfOption = None,
    grid: Annotated[int | None, typer.Option(min=2, help="Points along each range; 5.")] = None,
    lhs: Annotated[
        int | None, typer.Option(min=2, help="Points of a Latin hypercube in place of a grid.")
    ] = None,
    paths: Annotated[int, typer.Option(min=1, help="Futures at each point.")] = 4096,
    seed: SeedOption = 1,
    set_: SetOption = None,
    scenario: ScenarioOption = None,
    stack: StackOption = None,
    sampler: SamplerOption = Drawn.pseudo,
    json_: Annotated[
        Path | None, typer.Option("--json", help="Write all points as JSON; - for stdout.")
    ] = None,
    chart: Annotated[Path | None, typer.Option(help="Write heat maps as SVG.")] = None,
) -> None:
    """Move numbers of a plan through ranges and say what becomes of results."""
    from offtake.plan.axis import Axis
    from offtake.plan.load import load

    axes = [Axis.read(said) for said in over]
    if grid and lhs:
        complain("error: --grid and --lhs are two ways to lay points; leave one out")
        raise typer.Exit(PLAN_IS_WRONG)
    if chart is not None and (lhs or len(axes) != 2):
        complain("error: --chart draws a grid of two ranges; give --over twice and no --lhs")
        raise typer.Exit(PLAN_IS_WRONG)
    for file in (json_, chart):
        writable(file)
    from offtake.reports import sweep as reports
    from offtake.reports.progress import step_by_step
    from offtake.run import sweep as runs

    def read(changes: Sequence[str]) -> "Plan":
        return load(plan, (*(set_ or ()), *changes), scenario, stack)

    along = None if lhs else (grid or 5,) * len(axes)
    points = runs.grid_of(axes, along) if along else runs.hypercube_of(axes, lhs or 0, seed)
    drawn = futures(sampler)
    with step_by_step(quiet=str(json_) == "-") as told:
        found = runs.sweep(
            read, axes, points, of or (), paths, seed, grid=along, sampler=drawn, done=told
        )
    if chart is not None:
        chart.write_text(reports.svg(found), "utf-8")
    if written(found.to_json, json_):
        return
    console().print(reports.sweep(found))
