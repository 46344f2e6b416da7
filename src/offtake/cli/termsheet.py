"""`offtake termsheet`: a compute note in plain language."""

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Group

from offtake.cli.show import PLAN_IS_WRONG, complain, console


def termsheet(
    plan: Annotated[Path, typer.Argument(help="Plan folder or file.")],
    contract: Annotated[str, typer.Argument(help="Id of a compute note.")],
    set_: Annotated[list[str] | None, typer.Option("--set", help="Change: place=value.")] = None,
    stack: Annotated[str | None, typer.Option(help="Stack of contracts of the plan.")] = None,
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
