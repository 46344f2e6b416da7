"""How futures are drawn, as an option of commands."""

from collections.abc import Generator
from contextlib import contextmanager
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

import typer

from offtake.cli.show import PLAN_IS_WRONG, complain
from offtake.core.errors import UnknownFigure, WrongRequest

if TYPE_CHECKING:
    from offtake.core.random import Sampler


class Drawn(StrEnum):
    """Samplers of `offtake.core.random`."""

    pseudo = "pseudo"
    antithetic = "antithetic"
    sobol = "sobol"


SamplerOption = Annotated[
    Drawn,
    typer.Option(help="How futures are drawn; all but pseudo take a multiple of 4,096 of them."),
]


def futures(sampler: Drawn) -> "Sampler":
    """The sampler by its name."""
    names: dict[Drawn, Sampler] = {
        Drawn.pseudo: "pseudo",
        Drawn.antithetic: "antithetic",
        Drawn.sobol: "sobol",
    }
    return names[sampler]


@contextmanager
def refuse() -> Generator[None]:
    """What a command was asked wrongly is complained about, without a traceback."""
    try:
        yield
    except (WrongRequest, UnknownFigure) as wrong:
        complain(f"error: {wrong.args[0]}")
        raise typer.Exit(PLAN_IS_WRONG) from wrong
