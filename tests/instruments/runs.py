"""Runs of the plan of everything, and their gradients, compiled once for all tests that share them.

A module of its own: pytest knows a file of tests by another name than an import does, so what a
test file holds would be compiled again for each file that imports it.
"""

from collections.abc import Callable
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from offtake.core.arrays import Array, jax, jnp
from offtake.engine.simulate import Draws, Record, simulate
from offtake.lowering.lower import LoweredPlan, lower
from offtake.run.draw import draw
from tests.instruments.everything import contract_id, everything

PATHS = 256
POINTS = 16
"""Paths of a reverse pass."""


@cache
def lowered(copies: int) -> LoweredPlan:
    return lower(everything(copies))


@cache
def runner(copies: int, *, well: bool = False) -> Callable[[Draws], Record]:
    """The compiled plan.

    Args:
        copies: of every contract.
        well: as a user's run compiles it, which pays where it is run some hundred times.
    """
    plan = lowered(copies)

    def run(draws: Draws) -> Record:
        return simulate(plan.program, plan.shape, draws)

    options = {"xla_backend_optimization_level": 3, "xla_cpu_use_fusion_emitters": True}
    return jax.jit(run, compiler_options=options if well else None)


@cache
def draws(copies: int) -> Draws:
    return Draws(*draw(lowered(copies), 11, 0, PATHS, PATHS))


@cache
def record(copies: int) -> Record:
    """The plain run."""
    return runner(copies)(draws(copies))


def flows(changed: Draws, *, well: bool = False) -> NDArray[np.float64]:
    """[T, C, P] payments under other draws."""
    return np.asarray(runner(1, well=well)(changed).months.paid)


def lines(kind: Any) -> list[int]:
    """Claims of the example of a kind."""
    claims = lowered(1).labels.claims
    return [c for c, claim in enumerate(claims) if claim.contract == contract_id(kind)]


@cache
def gradient() -> Callable[[Array, Array], tuple[Array, Array]]:
    """Value and reverse-mode gradient of payments times weights, [row, POINTS] and [T, C, POINTS].

    The paths are the first of `draws`.
    """
    plan, first = lowered(1), draws(1)

    def total(values: Array, weights: Array) -> Array:
        start = Draws(*(jnp.asarray(leaf[..., :POINTS]) for leaf in first))
        months = simulate(
            plan.program, plan.shape, start._replace(values=values), remember=True
        ).months
        return jnp.sum(months.paid * weights)

    # Run some dozens of times only: compiled without optimisation it is ready in half the time.
    plainly = {"xla_backend_optimization_level": 0, "xla_cpu_use_fusion_emitters": False}
    return jax.jit(jax.value_and_grad(total), compiler_options=plainly)
