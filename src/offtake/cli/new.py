"""`offtake new`: a small commented plan that runs as it is."""

from pathlib import Path
from typing import Annotated

import typer

from offtake.cli.show import PLAN_IS_WRONG, complain, console


def new(
    folder: Annotated[Path, typer.Argument(help="Folder to make; it must not hold a plan yet.")],
) -> None:
    """Write a small commented plan that runs as it is."""
    from offtake.plan.template import write_template

    try:
        written = write_template(folder)
    except FileExistsError as taken:
        complain(str(taken))
        raise typer.Exit(PLAN_IS_WRONG) from None
    console().print(f"Wrote {written}. Run it: offtake run {folder}", soft_wrap=True)
