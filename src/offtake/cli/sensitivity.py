"""`offtake sensitivity`: what moves a result, every number of the plan ranked."""

from pathlib import Path
from typing import Annotated

import typer

from offtake.cli.options import PlanArgument, ScenarioOption, SeedOption, SetOption, StackOption
from offtake.cli.show import console, writable, written


def sensitivity(
    plan: PlanArgument,
    of: Annotated[str, typer.Option("--of", help="Result, such as facilities.loan.el_usd or .pd.")],
    paths: Annotated[int, typer.Option(min=2, help="Number of futures.")] = 1024,
    seed: SeedOption = 1,
    check: Annotated[int, typer.Option(min=0, help="Largest effects to check by bumps.")] = 5,
    top: Annotated[int, typer.Option(min=1, help="Numbers to show.")] = 20,
    set_: SetOption = None,
    scenario: ScenarioOption = None,
    stack: StackOption = None,
    chart: Annotated[Path | None, typer.Option(help="Write the tornado chart as SVG.")] = None,
    json_: Annotated[
        Path | None, typer.Option("--json", help="Write all numbers as JSON; - for stdout.")
    ] = None,
) -> None:
    """Say what moves a result: every number of the plan, from one reverse pass, checked."""
    from offtake.plan.load import load

    loaded = load(plan, set_ or (), scenario, stack)
    for file in (chart, json_):
        writable(file)
    from offtake.reports.progress import staged
    from offtake.reports.sensitivity import svg, tornado
    from offtake.run.sensitivity import sensitivity as studied

    with staged(quiet=str(json_) == "-") as told:
        found = studied(loaded, of, paths, seed, check=check, told=told)
    if chart is not None:
        chart.write_text(svg(found, top))
    if not written(found.to_json, json_):
        out = console()
        out.print(tornado(found, top, out.width))
