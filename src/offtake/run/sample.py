"""Chosen measures of many futures, and of the base case, without a labelled dataset.

What compares runs (stacks, shocks) needs few measures of many programs. The futures are those of
`offtake run`: streams are keyed by name, so they are the same under every stack and every shock.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from offtake.core.arrays import jax
from offtake.core.random import Sampler
from offtake.run.draw import base_case, draw
from offtake.run.merge import Merged, Piece
from offtake.run.simulate import Runner

FloatArray = NDArray[np.float64]
Values = Callable[[FloatArray], FloatArray]
"""Numbers of the plan as drawn [row, P] -> as they are run."""


@dataclass(frozen=True)
class Sample:
    """Outputs of measures over many futures."""

    outputs: dict[tuple[str, str], FloatArray]
    """(measure, output) -> [path, ..]; the mean [..] where only that is kept, with a standard error
    under the name `.._se`; the worst [..]"""

    def of(self, measure: str) -> dict[str, FloatArray]:
        """Outputs of one measure by name."""
        return {name: value for (key, name), value in self.outputs.items() if key == measure}


def sample(
    runner: Runner,
    paths: int,
    seed: int,
    values: Values | None = None,
    sampler: Sampler = "pseudo",
) -> Sample:
    """Run a compiled plan over many futures.

    Args:
        runner: compiled.
        paths: number of futures.
        seed: of every random stream.
        values: changes the numbers of the plan; no change if None.
        sampler: how futures are drawn.
    """
    merged = Merged()
    for first in range(0, paths, runner.width):
        count = min(runner.width, paths - first)
        drawn = draw(runner.lowered, seed, first, runner.width, count, sampler)
        if values is not None:
            drawn = drawn._replace(values=values(drawn.values))
        reduced = runner.run_block(drawn)[0]
        merged.take(Piece.of(jax.device_get(reduced), runner.keeps, first, count))
    return Sample(_gathered(merged, runner.keeps))


def _gathered(merged: Merged, keeps: dict[tuple[str, str], str]) -> dict[Any, FloatArray]:
    found: dict[tuple[str, str], FloatArray] = {}
    for key, keep in keeps.items():
        if keep == "paths":
            found[key] = merged.per_path(key)
        elif keep == "worst":
            found[key] = merged.worst[key]
        else:
            moments = merged.moments(key)
            found[key] = moments.mean
            found[key[0], f"{key[1]}_se"] = moments.standard_error
    return found


def base_of(runner: Runner, measure: str, output: str) -> FloatArray:
    """One output that is kept by path, in the base case, [..]."""
    reduced: Any = jax.device_get(runner.run_block(base_case(runner.lowered, runner.width))[0])
    return np.asarray(reduced[measure][output][0], np.float64)
