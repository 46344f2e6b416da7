"""How futures are drawn, as an option of commands."""

from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

import typer

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
