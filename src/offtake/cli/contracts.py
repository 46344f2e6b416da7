"""`offtake contracts`: the instruments there are, and the fields of one."""

from typing import Annotated

import typer

from offtake.cli.show import PLAN_IS_WRONG, complain, console


def contracts(
    kind: Annotated[
        str | None, typer.Argument(help="Kind of contract; all kinds if left out.")
    ] = None,
) -> None:
    """List the kinds of contract, or print the fields, units and formula of one."""
    from offtake.reports.instruments import instrument_fields, instrument_list

    out = console()
    if kind is None:
        out.print(instrument_list())
        out.print("Fields and formula of one: offtake contracts KIND")
        return
    try:
        out.print(instrument_fields(kind))
    except KeyError as unknown:
        complain(str(unknown.args[0]))
        raise typer.Exit(PLAN_IS_WRONG) from None
