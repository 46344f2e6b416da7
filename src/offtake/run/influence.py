"""A result over many paths with the constants of its influence, for means, quantiles, worst sets.

The result is the one of the tables. Its influence stands at a smoothed place of its own: `at` is
where the smoothed share of paths, mean of S((at - x) / width), is the level. Width follows the
paths: a quarter of the way to the quantile half a level off, and the narrower side of both; less
with the fifth root of the number of paths, as is usual for kernels. Where many paths have the
same value and the quantile stands there, it is a share of that value, so that a move of 1 % stays
within the width; what is found then is how that value moves.
"""

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import brentq
from scipy.special import expit

from offtake.core.arrays import jnp
from offtake.measures.target import Observed, Target, error_of, influence, observed
from offtake.results.tables.estimates import quantile, worst_paths

FloatArray = NDArray[np.float64]
AROUND = 0.5
"""Share of a level by which quantiles on either side are off that say how wide."""
MOST = 0.1
"""The same as a share of all paths, at most."""
PART = 0.25
"""Width as a part of the way there."""
PATHS = 1024
"""Paths at which that holds."""
OF_ITSELF = 0.1
"""Width as a share of a value that many paths have."""
ROUNDING = 1e-9


def fitted(target: Target, above: FloatArray, below: FloatArray) -> Observed:
    """The result and the influence of every path on it.

    Args:
        target: whose pieces these are.
        above: [P].
        below: [P].

    Raises:
        ArithmeticError: it is not known on any path.
    """
    if target.over == "ratio":
        return observed(target, above, below)
    if target.over == "quantile":
        return _quantile(target, above, below)
    return _worst(target, above, below)


def influences(
    target: Target, constants: tuple[float, ...], above: FloatArray, below: FloatArray
) -> FloatArray:
    """Influence of paths, [P], by constants found on others."""
    if target.over == "ratio":
        return constants[0] * above + constants[1] * below
    return np.asarray(
        influence(target, jnp.asarray(constants), jnp.asarray(above), jnp.asarray(below))
    )


def anew(
    target: Target, constants: tuple[float, ...], above: FloatArray, below: FloatArray
) -> FloatArray:
    """The same, but for a constant, with the result found again on these paths, [P].

    The mean is the result of the tables, which may be far from where the influence was found. That
    of a ratio is the same, to first order, wherever it was found.
    """
    if target.over == "ratio":
        return influences(target, constants, above, below)
    try:
        found = fitted(target, above, below)
    except ArithmeticError:  # moved so that it is not known on any path
        return influences(target, constants, above, below)
    return found.value + found.influence - np.mean(found.influence)


def _quantile(target: Target, above: FloatArray, below: FloatArray) -> Observed:
    known = above[below > 0.0]
    value = quantile(known, target.level) if known.size else None
    if value is None:
        message = (
            f"{target.name} is not known: on none of {above.size:,} futures is there anything to "
            "take it of"
        )
        raise ArithmeticError(message)
    width = _width(known, target.level)
    at = _place(known, target.level, width)
    below_it = expit((at - known) / width)
    density = float(np.mean(below_it * (1.0 - below_it))) / width * float(np.mean(below))
    constants = (target.level, at, width, density)
    found = influences(target, constants, above, below)
    return Observed(value, error_of(found), constants, found, _alike(known, value))


def _worst(target: Target, above: FloatArray, below: FloatArray) -> Observed:
    worst = worst_paths(below[:, None], share=target.level)
    value, level = float(np.mean(above[worst])), worst.size / below.size  # a whole number of paths
    width = _width(below, 1.0 - level)
    at = _place(below, 1.0 - level, width)
    among = expit((below - at) / width)
    edge = among * (1.0 - among)
    there = float(np.sum(above * edge) / np.sum(edge))
    rest = float(np.mean((above - there) * among)) / level
    constants = (level, at, width, there, rest)
    found = influences(target, constants, above, below)
    edge_loss = float(np.min(below[worst]))
    return Observed(value, error_of(found), constants, found, _alike(below, edge_loss))


def _alike(sample: FloatArray, value: float) -> int:
    """Paths that have a value, to rounding."""
    return int(np.sum(np.abs(sample - value) <= ROUNDING * max(abs(value), 1.0)))


def _width(sample: FloatArray, level: float) -> float:
    """Width of the step at a quantile of a sample, [P]."""
    off = min(AROUND * min(level, 1.0 - level), MOST)
    off *= min((PATHS / sample.size) ** 0.2, 1.0)
    low, middle, high = np.quantile(sample, [level - off, level, level + off])
    width = PART * float(min(middle - low, high - middle))
    if width > 0.0:
        return width
    return OF_ITSELF * (abs(float(middle)) or float(np.mean(np.abs(sample))) or 1.0)


def _place(sample: FloatArray, level: float, width: float) -> float:
    """Where the smoothed share of a sample, [P], is the level; rises from 0 to 1."""

    def beyond(at: float) -> float:
        return float(np.mean(expit((at - sample) / width))) - level

    reach = 50.0 * width  # beyond it a step is 0 or 1 to the last digit
    ends = float(np.min(sample)) - reach, float(np.max(sample)) + reach
    return float(brentq(beyond, *ends, xtol=ROUNDING * width))  # pyright: ignore
