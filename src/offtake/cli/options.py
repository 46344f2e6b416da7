"""Arguments and options that many commands share, each written once."""

from pathlib import Path
from typing import Annotated

import typer

PlanArgument = Annotated[Path, typer.Argument(help="Plan folder or file.")]
SeedOption = Annotated[int, typer.Option(min=0, help="Seed of all random streams.")]
SetOption = Annotated[
    list[str] | None,
    typer.Option("--set", help="Change: place=value, e.g. contracts.loan.rate='SOFR + 300 bp'."),
]
ScenarioOption = Annotated[str | None, typer.Option(help="Scenario of the plan.")]
StackOption = Annotated[str | None, typer.Option(help="Stack of contracts of the plan.")]


def changes_of(
    set_: list[str] | None, scenario: str | None = None, stack: str | None = None
) -> list[str]:
    """How a plan was changed by these options, as results tell it."""
    named = [f"scenario {scenario}"] * bool(scenario) + [f"stack {stack}"] * bool(stack)
    return named + (set_ or [])
