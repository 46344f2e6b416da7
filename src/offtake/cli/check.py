"""`offtake check`: everything that is wrong with a plan, at once."""

from typing import Annotated

import typer

from offtake.cli.options import PlanArgument, ScenarioOption, SetOption
from offtake.cli.show import PLAN_IS_WRONG, complain, console


def check(
    plan: PlanArgument,
    set_: SetOption = None,
    scenario: ScenarioOption = None,
    sources: Annotated[bool, typer.Option(help="List numbers without a source.")] = False,
) -> None:
    """Tell every problem of a plan: where, what was found, what was expected, how to mend it."""
    from offtake.core.errors import count, render
    from offtake.plan.load import check as check_plan

    checked = check_plan(plan, set_ or (), scenario)
    if checked.problems:
        complain(render(checked.problems))
    out = console()
    if sources:
        for place, text in checked.unsourced:
            out.print(f"no source: {place} = {text}", soft_wrap=True)
    if checked.plan is None:
        raise typer.Exit(PLAN_IS_WRONG)
    found = checked.plan
    out.print(
        f"{found.plan.name}: {len(found.parties)} parties, {len(found.contracts)} contracts, "
        f"{found.calendar.count - 1} periods from {found.plan.start}. "
        f"{count(checked.problems) if checked.problems else 'No problems.'}"
    )
    if checked.unsourced and not sources:
        out.print(f"{len(checked.unsourced)} numbers have no source (list them with --sources).")
