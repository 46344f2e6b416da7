"""`offtake stack`: the same site and the same futures under several capital stacks."""

from functools import partial
from pathlib import Path
from typing import Annotated

import typer

from offtake.cli.options import ScenarioOption, SeedOption, changes_of
from offtake.cli.show import console, writable, written


def stack(
    plan: Annotated[Path, typer.Argument(help="Plan folder or file, with stacks.")],
    stacks: Annotated[
        str | None, typer.Option(help="Stacks to compare, such as note,lease; all if left out.")
    ] = None,
    paths: Annotated[int, typer.Option(min=1, help="Number of futures.")] = 4096,
    seed: SeedOption = 1,
    set_: Annotated[
        list[str] | None, typer.Option("--set", help="Change in every stack: place=value.")
    ] = None,
    scenario: ScenarioOption = None,
    against: Annotated[
        str | None,
        typer.Option(help="Stack that cost is measured against; the one owners pay alone."),
    ] = None,
    issuer: Annotated[
        str | None, typer.Option(help="Company that is paid for; the only internal one.")
    ] = None,
    risk: Annotated[bool, typer.Option(help="Shock every stack: who carries which risk.")] = True,
    json_: Annotated[
        Path | None, typer.Option("--json", help="Write the comparison as JSON; - for stdout.")
    ] = None,
    chart: Annotated[Path | None, typer.Option(help="Write the chart as SVG.")] = None,
) -> None:
    """Compare capital stacks: cost to owners, losses of financiers, who carries which risk."""
    from offtake.plan.stacks import check_stacks, chosen

    checked = check_stacks(plan, set_ or (), scenario)
    only = chosen(checked, stacks)
    if against is not None:
        chosen(checked, against)
    for file in (json_, chart):
        writable(file)
    from offtake.reports.chart import svg
    from offtake.reports.progress import step_by_step
    from offtake.reports.stack import comparison
    from offtake.run.stack import compare

    plans = {name: found.plan for name, found in checked.items() if found.plan is not None}
    changes = tuple(changes_of(set_, scenario))
    run = partial(compare, plans, paths, seed, against=against, issuer=issuer, only=only)
    with step_by_step(quiet=str(json_) == "-") as told:
        found = run(shocks=risk, changes=changes, done=told)
    if chart is not None:
        chart.write_text(svg(found), "utf-8")
    if written(found.to_json, json_):
        return
    console().print(comparison(found))
