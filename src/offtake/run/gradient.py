"""The derivative of a result by every number of a plan, path by path, in one reverse pass.

The pass goes through the whole simulation: measures, months, clearing (by the derivative of its
fixed point), market. Every month keeps its opening state and is computed again on the way back, so
memory grows with months, not with what a month computes. As no path sees another, the gradient of
the sum over paths by the numbers [row, path] is the derivative path by path.

What happens at random outside the plan (a default by a hazard rate, a change of regime) is decided
by a comparison, which has no derivative. There the score function stands in [1]: influence of the
path times the derivative of the log probability of what happened on it, exact in the mean,

    d E[f] / d h = E[df/dh] + E[f d log p / dh]

A hazard that is a driver moves with what moves the driver; who defaults by that is found by moving
(`offtake.run.jumps`), like all other jumps, so its part of the likelihood is left out here.

References:
    1. Glasserman, P. (2004). Monte Carlo Methods in Financial Engineering, sections 7.2, 7.3.
"""

from collections.abc import Callable
from typing import Any, NamedTuple, cast

import numpy as np
from numpy.typing import NDArray

from offtake.core.arrays import Array, jax, jnp, lax
from offtake.engine.program import Program
from offtake.engine.simulate import Block, Draws, Record, simulate
from offtake.lowering.lower import LoweredPlan
from offtake.lowering.world import World
from offtake.measures.target import Constants, Pieces, influence
from offtake.plan.schema import Plan
from offtake.run.devices import Devices, on_devices
from offtake.run.draw import HostDraws

FloatArray = NDArray[np.float64]


class Sought(NamedTuple):
    """What the pass is taken of; a pytree."""

    pieces: Pieces
    constants: Array
    """[k] of the influence"""
    hazard: NDArray[np.int64]
    """[E] observation that carries the hazard rate of every party with a credit"""
    driven: NDArray[np.bool_]
    """[E] True where that is a driver"""


def hazard_names(plan: Plan) -> list[str]:
    """Observations that carry hazard rates, in the order of the parties with a credit."""
    return [
        f"drivers.{party.credit.hazard.driver}"
        if party.credit.hazard is not None and party.credit.hazard.driver is not None
        else f"parties.{name}.credit.hazard"
        for name, party in plan.parties.items()
        if party.credit is not None
    ]


class Gradient:
    """A reverse pass of a lowered plan, compiled once for its structure and its target.

    Args:
        lowered: with the observations of `hazard_names` in its record.
        pieces: what the derivative is taken of.
        devices: on which blocks are run.
    """

    def __init__(self, lowered: LoweredPlan, pieces: Pieces, devices: Devices) -> None:
        names = hazard_names(lowered.plan)
        self._lowered, self._pieces = lowered, pieces
        self._hazard = np.array([lowered.labels.observation(n) for n in names], np.int64)
        self._driven = np.array([name.startswith("drivers.") for name in names], bool)
        self._block = on_devices(_backwards(lowered), devices, months=False)

    def of(self, draws: HostDraws, constants: Constants) -> FloatArray:
        """Derivative of the influence of every path by its own numbers, [row, P].

        Args:
            draws: of one block.
            constants: of the influence.
        """
        parts: Any = draws
        sought = Sought(self._pieces, jnp.asarray(constants), self._hazard, self._driven)
        back = self._block(self._lowered.program, sought, Draws(*parts))[0]
        return np.asarray(back, np.float64).T


def _backwards(lowered: LoweredPlan) -> Block:
    """Function of a block that gives the gradient by its values, paths first."""
    shape = lowered.shape

    def run(program: Program, sought: Sought, draws: Draws) -> tuple[Array, None]:
        def total(values: Array) -> Array:
            record = simulate(program, shape, draws._replace(values=values), remember=True)
            found = sought.pieces.reduce(cast("Any", record))
            sides = found["above"], found["below"]
            mine = influence(sought.pieces.target, sought.constants, *sides)
            likely = _log_likelihood(program, sought, draws._replace(values=values), record)
            return jnp.sum(mine + _held(mine) * likely)

        backwards = cast("Callable[[Array], Array]", jax.grad(total))
        return jnp.moveaxis(backwards(draws.values), -1, 0), None

    return cast("Block", run)


def _log_likelihood(program: Program, sought: Sought, draws: Draws, record: Record) -> Array:
    """Log probability of the events of a path, [P]; its derivative by drivers left out."""
    world = cast("World", program.environment)
    seen = record.months.observations[:, jnp.asarray(sought.hazard)]
    hazard = jnp.where(jnp.asarray(sought.driven)[:, None], _held(seen), seen)
    return world.log_likelihood(draws.values, draws.monthly, hazard)


def _held(value: Array) -> Array:
    """The same without a derivative."""
    return lax.stop_gradient(value)  # pyright: ignore[reportUnknownVariableType]
