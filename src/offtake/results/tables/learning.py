"""Learning as rows: each factor's yearly rate, and how the product stands to published ranges."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from offtake.catalogue import Number
from offtake.results.tables.estimates import FloatArray, Weight, mean, mean_and_error, quantile

QUANTILES = {"p5": 0.05, "p50": 0.5, "p95": 0.95}
PRODUCT = "product"


def learning_rows(
    factors: Sequence[str], yearly: FloatArray, weight: Weight = None
) -> list[dict[str, Any]]:
    """One row per factor: times by which it improves in a year, quantiles over all futures.

    Args:
        factors: names, the last axis of `yearly`.
        yearly: [path, factor].
        weight: of the paths.
    """
    return [
        {"factor": name, **{key: quantile(yearly[:, i], q, weight) for key, q in QUANTILES.items()}}
        for i, name in enumerate(factors)
    ]


def published_rows(
    factors: Sequence[str],
    yearly: FloatArray,
    published: Sequence[Number],
    weight: Weight = None,
) -> list[dict[str, Any]]:
    """One row per published range: shares of futures whose product lies below, within, above.

    A figure without a range is a range of no width, so that next to nothing lies within.
    """
    if PRODUCT not in factors:
        return []
    product = yearly[:, list(factors).index(PRODUCT)]
    rows: list[dict[str, Any]] = []
    for number in published:
        low = number.value if number.low is None else number.low
        high = number.value if number.high is None else number.high
        below, above = product < low, product > high
        within, error = mean_and_error((~(below | above)).astype(np.float64), weight)
        rows.append(
            {
                "source": number.source.split(";")[0],
                "date": number.date,
                "low": low,
                "high": high,
                "share_below": mean(below.astype(np.float64), weight),
                "share_within": within,
                "share_within_se": error,
                "share_above": mean(above.astype(np.float64), weight),
                "confidence": number.confidence,
                "note": number.note,
            }
        )
    return rows
