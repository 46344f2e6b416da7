"""`offtake termsheet`: a compute note in plain language."""

from typing import Annotated

import typer
from rich.console import Group

from offtake.cli.options import PlanArgument, SetOption, StackOption
from offtake.cli.show import PLAN_IS_WRONG, complain, console


def termsheet(
    plan: PlanArgument,
    contract: Annotated[str, typer.Argument(help="Id of a compute note.")],
    set_: SetOption = None,
    stack: StackOption = None,
) -> None:
    """Print the term sheet of a compute note, with the numbers of the plan."""
    from offtake.plan.load import load
    from offtake.reports.termsheet import NotANoteError, term_sheet
    from offtake.run.structuring import sized_plan

    loaded = load(plan, set_ or (), stack=stack)
    try:
        sheet = term_sheet(sized_plan(loaded).plan, contract)
    except NotANoteError as unknown:
        complain(str(unknown))
        raise typer.Exit(PLAN_IS_WRONG) from None
    console().print(Group(*sheet))
