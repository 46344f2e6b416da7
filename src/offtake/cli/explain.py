"""`offtake explain`: one contract as it is understood, and its cash flows in the base case."""

from pathlib import Path
from typing import Annotated

import typer

from offtake.cli.options import ScenarioOption, SetOption
from offtake.cli.show import PLAN_IS_WRONG, complain, console


def explain(
    plan: Annotated[
        Path, typer.Argument(help="Plan folder or file, or the name of one in plans/.")
    ],
    contract: Annotated[str, typer.Argument(help="Id of the contract.")],
    set_: SetOption = None,
    scenario: ScenarioOption = None,
) -> None:
    """Print a contract's terms as understood, its formula and its base-case cash flows by month."""
    from offtake.plan.load import load
    from offtake.reports.contract import UnknownContractError, explained

    named = Path("plans") / plan
    place = named if not plan.exists() and named.exists() else plan
    try:
        console().print(explained(load(place, set_ or (), scenario), contract))
    except UnknownContractError as unknown:
        complain(str(unknown))
        raise typer.Exit(PLAN_IS_WRONG) from None
