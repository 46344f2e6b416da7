"""`offtake size`: how much debt a plan carries, and which limit binds."""

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Group
from rich.text import Text

from offtake.cli.options import PlanArgument, StackOption
from offtake.cli.show import PLAN_IS_WRONG, complain, console, writable, written


def size(
    plan: PlanArgument,
    set_: Annotated[
        list[str] | None,
        typer.Option("--set", help="Change: place=value, e.g. contracts.loan.sizing.dscr=1.4."),
    ] = None,
    stack: StackOption = None,
    json_: Annotated[
        Path | None, typer.Option("--json", help="Write the structure as JSON; - for stdout.")
    ] = None,
) -> None:
    """Size and sculpt what the plan leaves open, and say which limit binds."""
    from offtake.core.errors import render
    from offtake.plan.load import check

    checked = check(plan, set_ or (), stack=stack)
    if checked.plan is None:
        complain(render(checked.errors))
        raise typer.Exit(PLAN_IS_WRONG)
    if not checked.plan.sized:
        complain(
            "Nothing in this plan is sized.\n"
            "  expected: amount: sized on a loan, with sizing: {dscr: 1.3}\n"
            "  to mend:  write them in the plan, or try --set contracts.LOAN.amount=sized "
            "--set contracts.LOAN.sizing.dscr=1.3"
        )
        raise typer.Exit(PLAN_IS_WRONG)
    writable(json_)
    from offtake.reports.structure import limits, schedules
    from offtake.run.structuring import structure

    made = structure(checked.plan).structure
    plain, name = made.plain(), checked.plan.plan.name
    if written(lambda: {"plan": name, **plain}, json_):
        return
    found = plain["facilities"]
    head = Text(name, style="bold")
    tail = Text(f"\nSettled within 1e-9 after {made.rounds} rounds, {made.seconds:.1f} s.")
    console().print(Group(head, Text(""), *limits(found), *schedules(found), tail))
