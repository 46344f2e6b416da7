"""Draws of a block of paths: uncertain numbers and the normals of every random stream."""

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from numpy.typing import NDArray

from offtake.core.random import BLOCK, Sampler, normals
from offtake.lowering.lower import LoweredPlan

if TYPE_CHECKING:
    from offtake.run.tilted import Tilted


class HostDraws(NamedTuple):
    """As `engine.simulate.Draws`, in host memory."""

    values: NDArray[np.float64]
    """[row, P]"""
    once: NDArray[np.float64]
    """[stream, P]"""
    monthly: NDArray[np.float64]
    """[T, stream, P]"""
    weight: NDArray[np.float64]
    """[P] 0 for paths that fill a block up; else 1, or how much a path counts that is drawn from
    elsewhere (`run.tilted`)"""


def draw(
    lowered: LoweredPlan,
    seed: int,
    first: int,
    width: int,
    count: int,
    sampler: Sampler = "pseudo",
    tilt: "Tilted | None" = None,
) -> HostDraws:
    """Draws of paths first .. first + width - 1, of which the first `count` are to be counted.

    Where the block is not full its last path is the base case, which then costs nothing.

    Raises:
        ValueError: `first` or `width` is not a multiple of the block of 256 paths drawn together.
    """
    if width % BLOCK:
        message = f"paths are drawn in blocks of {BLOCK}; a width of {width} is not a multiple"
        raise ValueError(message)
    periods, labels = lowered.calendar.count, lowered.labels
    once = np.empty((len(labels.once_streams), width))
    for i, stream in enumerate(labels.once_streams):
        once[i] = normals(seed, stream, 1, first, width, sampler)[0]
    monthly = np.empty((periods, len(labels.monthly_streams), width))
    for i, stream in enumerate(labels.monthly_streams):
        monthly[:, i] = normals(seed, stream, periods, first, width, sampler)
    values = lowered.table.draw(seed, first, width, sampler)
    drawn = HostDraws(values, once, monthly, np.ones(width))
    if tilt is not None:
        drawn = tilt.moved(lowered, drawn, seed, first, sampler)
    values, once, monthly, weight = drawn
    weight[count:] = 0.0
    if count < width:
        values[:, -1], once[:, -1], monthly[:, :, -1] = lowered.table.medians(), 0.0, 0.0
    return HostDraws(values, once, monthly, weight)


def base_case(lowered: LoweredPlan, width: int) -> HostDraws:
    """The base case repeated over a block: every number at its median, every shock zero."""
    labels = lowered.labels
    values = np.repeat(lowered.table.medians()[:, None], width, axis=1)
    periods = lowered.calendar.count
    return HostDraws(
        values,
        np.zeros((len(labels.once_streams), width)),
        np.zeros((periods, len(labels.monthly_streams), width)),
        np.ones(width),
    )
