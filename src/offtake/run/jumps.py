"""Futures near a threshold, and what moving a number really does to them.

A default, an exercise or a sale happens or does not. Where a small move decides it, the derivative
of the path as it went says nothing of that: on such paths the result jumps. They are found by
moving all numbers at once, each by 1 % of itself up or down at random, and again the other way
round. Half the difference is what the derivative foretells, but for curvature, on every path that
stays clear of its thresholds; paths on which it is not are `near`. On these, every number is then
moved by itself, and what that does replaces the derivative. So the estimate is

    mean of derivatives + mean over all paths of (difference by real moves - derivative, if near)

which is the central difference over +-1 %: its bias is that of the smoothing by 1 % of the number,
and of paths that none of the moves of all numbers together brought over their threshold. Where more
are near than can be moved, they are sampled with probabilities in proportion to what was not
foretold and weighted by their inverse [1].

References:
    1. Horvitz, D. G., Thompson, D. J. (1952). A generalization of sampling without replacement from
       a finite universe. JASA 47.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from offtake.core.random import generator
from offtake.run.moves import SHARE

FloatArray = NDArray[np.float64]
ROUNDS = 3
"""Times that all numbers are moved at once."""
NEAR = 0.005
"""Share of the size of a path's moves from which what was not foretold counts as a jump."""
LEAST = 64
"""Near paths of which every number is moved, whatever that takes."""
RUNS = 16_384
"""Runs of single paths that may be spent on more of them."""


def signs(seed: int, turn: int, shape: tuple[int, int]) -> FloatArray:
    """+1.0 or -1.0 for every number and path, [row, P], the same for the same seed."""
    drawn = generator(seed, f"signs of moves {turn}", 0).integers(0, 2, shape)
    return 2.0 * drawn.astype(np.float64) - 1.0


def unforeseen(half: FloatArray, told: FloatArray, size: FloatArray) -> FloatArray:
    """What a move of all numbers did that the derivative did not tell, [P]; 0 where it did.

    Args:
        half: [P] half the difference between the move and its opposite.
        told: [P] the same by the derivative.
        size: [P] root of the sum of squares of what each number's move should do.
    """
    apart = np.abs(half - told)
    common = float(np.sqrt(np.mean(size**2)))
    scale = np.maximum(np.maximum(np.abs(half), np.abs(told)), np.maximum(size, common))
    return np.where(apart > NEAR * scale, apart, 0.0)


@dataclass(frozen=True)
class Chosen:
    """Paths on which every number is moved by itself."""

    paths: NDArray[np.int64]
    weight: FloatArray
    """Inverse of the probability with which each was chosen."""
    near: int
    """How many there were to choose from."""


def affordable(numbers: int) -> int:
    """Near paths that may be moved where each takes two runs a number."""
    return max(LEAST, RUNS // (2 * max(numbers, 1)))


def choose(size: FloatArray, seed: int, most: int) -> Chosen:
    """Near paths, or a sample of them, by systematic sampling in proportion to size.

    Args:
        size: [P] what was not foretold; 0 for paths that are not near.
        seed: of the choice.
        most: paths to choose.
    """
    near = np.flatnonzero(size > 0.0)
    if near.size <= most:
        return Chosen(near, np.ones(near.size), int(near.size))
    probability = _probabilities(size[near], most)
    start = generator(seed, "choice of near paths", 0).random()
    steps = np.floor(np.cumsum(probability) + start)
    taken = np.diff(steps, prepend=np.floor(start)) > 0.0
    return Chosen(near[taken], 1.0 / probability[taken], int(near.size))


def _probabilities(size: FloatArray, most: int) -> FloatArray:
    """Inclusion probabilities in proportion to size, none above 1, their sum `most`."""
    probability = np.zeros(size.size)
    sure = np.zeros(size.size, bool)
    while True:
        rest = size[~sure]
        probability[sure] = 1.0
        probability[~sure] = (most - int(sure.sum())) * rest / rest.sum()
        over = probability > 1.0
        if not np.any(over & ~sure):
            return np.minimum(probability, 1.0)
        sure |= over


def moved_all(values: FloatArray, rows: NDArray[np.int64], by: FloatArray) -> FloatArray:
    """Some rows of numbers moved at once.

    Args:
        values: [row, P] as drawn.
        rows: which are moved.
        by: [row, P] +-1.0.
    """
    made = values.copy()
    made[rows] *= 1.0 + SHARE * by[rows]
    return made
