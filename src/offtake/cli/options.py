"""Arguments and options that many commands share, each written once."""

from pathlib import Path
from typing import Annotated

import typer

PlanArgument = Annotated[Path, typer.Argument(help="Plan folder or file.")]
SeedOption = Annotated[int, typer.Option(min=0, help="Seed of all random streams.")]
SetOption = Annotated[list[str] | None, typer.Option("--set", help="Change: place=value.")]
ScenarioOption = Annotated[str | None, typer.Option(help="Scenario of the plan.")]
StackOption = Annotated[str | None, typer.Option(help="Stack of contracts of the plan.")]
