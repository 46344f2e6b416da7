"""Means over paths with their standard errors."""

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]


def mean_and_error(values: FloatArray) -> tuple[float, float | None]:
    """Mean over paths and its standard error, sd / √n; None below two paths.

    Args:
        values: [P].
    """
    count = values.shape[0]
    if count == 0:
        return 0.0, None
    error = float(np.std(values, ddof=1) / np.sqrt(count)) if count > 1 else None
    return float(np.mean(values)), error


def share_and_error(part: FloatArray, whole: FloatArray) -> tuple[float | None, float | None]:
    """Mean of the part over mean of the whole, and its standard error.

    The error is that of the ratio estimator, sd(part - share x whole) / (√n mean(whole)); None
    below two paths, and both are None where the whole is nothing.

    Args:
        part: [P].
        whole: [P].
    """
    count, total = whole.shape[0], float(np.mean(whole)) if whole.shape[0] else 0.0
    if total == 0.0:
        return None, None
    share = float(np.mean(part)) / total
    if count < 2:
        return share, None
    error = float(np.std(part - share * whole, ddof=1)) / (np.sqrt(count) * abs(total))
    return share, float(error)


def amounts(**values: FloatArray) -> Mapping[str, float | None]:
    """Columns `<name>_usd` and `<name>_usd_se` of amounts over paths, each [P].

    A name that ends in a set of paths keeps it last: `net_worst5` becomes `net_usd_worst5`.
    """
    row: dict[str, float | None] = {}
    for name, value in values.items():
        what, _, paths = name.partition("_worst")
        column = f"{what}_usd_worst{paths}" if paths else f"{what}_usd"
        row[column], row[f"{column}_se"] = mean_and_error(value)
    return row
