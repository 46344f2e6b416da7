"""Means, shares, quantiles and worst sets over paths: the one place that knows their weights.

Every path counts alike (`weight` None), or path i stands for w_i of the plan's futures (a run whose
futures are drawn from elsewhere, `offtake.risk.tilt`). With W = sum w_i the estimates are

    mean       m = sum w_i x_i / W            error sqrt(sum w_i^2 (x_i - m)^2) / W
    share      sum w_i part_i / sum w_i whole_i, its error that of the mean of part - share x whole
    quantile   q lies between order statistics at (c_k - c_1) / (c_n - c_1), c_k the weight below
               x_(k) and half its own; linear between them
    worst      the paths with the largest losses that together weigh the wanted share of W

which for equal weights are the mean, sd / √n (n - 1 in place of n), and `numpy.quantile`. Errors
are those of independent paths. None stands where there is nothing to say.
"""

import math
from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]
BoolArray = NDArray[np.bool_]
Weight = FloatArray | None
"""[P] weights of paths, above zero; None where all count alike."""

WORST = 0.05
"""Share of the futures that is meant by the worst ones."""


def plain(number: float) -> float | None:
    """A number for JSON: None where it is not finite."""
    return float(number) if math.isfinite(number) else None


def of(weight: Weight, chosen: BoolArray | NDArray[np.int64]) -> Weight:
    """Weights of some paths."""
    return None if weight is None else weight[chosen]


def mean(values: FloatArray, weight: Weight = None) -> float:
    """Mean over paths; 0 where there are none.

    Args:
        values: [P].
        weight: [P].
    """
    if not values.shape[0]:
        return 0.0
    if weight is None:
        return float(np.mean(values))
    return float(np.sum(weight * values) / np.sum(weight))


def mean_and_error(values: FloatArray, weight: Weight = None) -> tuple[float, float | None]:
    """Mean over paths and its standard error; None below two paths.

    Args:
        values: [P].
        weight: [P].
    """
    middle = mean(values, weight)
    return middle, _error(values, middle, weight)


def share_and_error(
    part: FloatArray, whole: FloatArray, weight: Weight = None
) -> tuple[float | None, float | None]:
    """Mean of the part over mean of the whole, and its standard error.

    The error is that of the ratio estimator, which is None below two paths; both are None where the
    whole is nothing.

    Args:
        part: [P].
        whole: [P].
        weight: [P].
    """
    total = mean(whole, weight)
    if total == 0.0:
        return None, None
    share = mean(part, weight) / total
    error = _error(part - share * whole, 0.0, weight)  # its mean is zero
    return share, None if error is None else error / abs(total)


def share_of(
    flag: BoolArray, among: BoolArray, weight: Weight = None
) -> tuple[float | None, float | None]:
    """Share of some paths on which a flag holds, and its standard error; None where there are none.

    Args:
        flag: [P].
        among: [P] paths that count.
        weight: [P].
    """
    if not among.any():
        return None, None
    return mean_and_error(flag[among].astype(np.float64), of(weight, among))


def quantile(sample: FloatArray, q: float, weight: Weight = None) -> float | None:
    """Quantile over paths; NaN is left out, and inf is beyond any number.

    None where the sample is empty or the quantile lies beyond any number.

    Args:
        sample: [P].
        q: share of the sample below it.
        weight: [P].
    """
    there = ~np.isnan(sample)
    if not there.any():
        return None
    ordered = sample[there]
    if weight is None:
        place = q * (ordered.size - 1.0)
        ordered.partition(sorted({math.floor(place), math.ceil(place)}))  # in place: a copy
    else:
        order: NDArray[np.int64] = np.argsort(ordered, kind="stable")
        ordered, place = ordered[order], _place(weight[there][order], q)
    low, high = float(ordered[math.floor(place)]), float(ordered[math.ceil(place)])
    if not math.isfinite(high) or not math.isfinite(low):
        return plain(low) if place == math.floor(place) else None
    return float(low + (place - math.floor(place)) * (high - low))


def worst_paths(loss: FloatArray, weight: Weight = None, share: float = WORST) -> NDArray[np.int64]:
    """Paths with the largest sum of losses, in order of their number.

    One set for all rows and tables: the fewest paths with the largest Σ loss over parties that have
    the share of all weight. Of paths that lose the same, the first ones are taken.

    Args:
        loss: [P, M] USD.
        weight: [P].
        share: of all weight.
    """
    paths = loss.shape[0]
    order: NDArray[np.int64] = np.argsort(-np.sum(loss, axis=1), kind="stable")
    count = math.ceil(share * paths - 1e-9)
    if weight is not None and paths:
        so_far: FloatArray = np.cumsum(weight[order])
        enough = share * float(so_far[-1]) * (1.0 - 1e-9)
        count = int(np.searchsorted(so_far, enough)) + 1
    return np.sort(order[: min(paths, count)])


def amounts(weight: Weight = None, **values: FloatArray) -> Mapping[str, float | None]:
    """Columns `<name>_usd` and `<name>_usd_se` of amounts over paths, each [P]."""
    row: dict[str, float | None] = {}
    for name, value in values.items():
        row[f"{name}_usd"], row[f"{name}_usd_se"] = mean_and_error(value, weight)
    return row


def effective(weight: FloatArray) -> float:
    """Number of paths of equal weight that would tell a mean as well, (sum w)^2 / sum w^2 [1].

    1. Kish, L. (1965). Survey Sampling.
    """
    square = float(np.sum(weight**2))
    return float(np.sum(weight)) ** 2 / square if square > 0.0 else 0.0


def _error(values: FloatArray, middle: float, weight: Weight) -> float | None:
    """Standard error of a mean, [P]."""
    count = values.shape[0]
    if count < 2:
        return None
    if weight is None:
        return float(np.std(values, ddof=1) / np.sqrt(count))
    return float(np.sqrt(np.sum((weight * (values - middle)) ** 2)) / np.sum(weight))


def _place(weight: FloatArray, q: float) -> float:
    """Position of a quantile among paths in order; 1.5 is halfway from the second to the third.

    Args:
        weight: [P] of the paths in their order.
        q: share of all weight below it.
    """
    middles: FloatArray = np.cumsum(weight) - 0.5 * weight
    at = float(middles[0]) + q * float(middles[-1] - middles[0])
    place = float(np.interp(at, middles, np.arange(weight.size)))
    near = round(place)  # what is within rounding of a path is that path
    return float(near) if abs(place - near) < 1e-9 else place
