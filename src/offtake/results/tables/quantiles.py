"""Quantiles and shares over paths, as plain numbers: None where there is nothing to say."""

import math

import numpy as np
from numpy.typing import NDArray

from offtake.results.tables.estimates import FloatArray, mean_and_error

BoolArray = NDArray[np.bool_]


def plain(number: float) -> float | None:
    """A number for JSON: None where it is not finite."""
    return float(number) if math.isfinite(number) else None


def share_of(flag: BoolArray, among: BoolArray) -> tuple[float | None, float | None]:
    """Share of some paths on which a flag holds, and its standard error; None where there are none.

    Args:
        flag: [P].
        among: [P] paths that count.
    """
    if not among.any():
        return None, None
    return mean_and_error(flag[among].astype(np.float64))


def quantile(sample: FloatArray, q: float) -> float | None:
    """Quantile over paths; NaN is left out, and inf is beyond any number.

    Linear between order statistics, as `numpy.quantile`; None where the sample is empty or the
    quantile lies beyond any number.

    Args:
        sample: [P].
        q: share of the sample below it.
    """
    known = sample[~np.isnan(sample)]
    if not known.size:
        return None
    place = q * (known.size - 1)
    ends = sorted({math.floor(place), math.ceil(place)})
    known.partition(ends)  # in place: `known` is a copy
    low, high = known[ends[0]], known[ends[-1]]
    if not math.isfinite(high) or not math.isfinite(low):
        return plain(low) if place == math.floor(place) else None
    return float(low + (place - math.floor(place)) * (high - low))
