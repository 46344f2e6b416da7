"""Macro readings as rows: thresholds as distributions, levels at the end of each year."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from offtake.results.tables.estimates import (
    FloatArray,
    Weight,
    mean,
    mean_and_error,
    plain,
    quantile,
)

QUANTILES = {"p5": 0.05, "p25": 0.25, "p50": 0.5, "p75": 0.75, "p95": 0.95}
ENDS = {"p5": 0.05, "p50": 0.5, "p95": 0.95}
Days = NDArray[np.datetime64]


def threshold_rows(
    described: Sequence[Mapping[str, Any]], month: FloatArray, start: str, weight: Weight = None
) -> list[dict[str, Any]]:
    """One row per threshold.

    Quantiles are months YYYY-MM over all futures, those that never pass counted as later than any;
    None where the quantile is one of them. A level that is passed at the start has the month
    before.

    Args:
        described: what each threshold is, in the order of the last axis of `month`.
        month: [path, threshold] months from the start; inf where never.
        start: first day of the plan, YYYY-MM-DD.
        weight: of the paths.
    """
    first = np.datetime64(start[:7], "M")

    def dated(months: float | None) -> str | None:
        return None if months is None else str(first + np.timedelta64(round(months) - 1, "M"))

    rows: list[dict[str, Any]] = []
    for i, what in enumerate(described):
        sample = month[:, i]
        never, error = mean_and_error(np.isinf(sample).astype(np.float64), weight)
        rows.append(
            {
                "threshold": what["name"],
                "driver": what["driver"],
                "side": what["side"],
                "level": what["level"],
                "share_at_start": mean((sample <= 0.0).astype(np.float64), weight),
                **{key: dated(quantile(sample, q, weight)) for key, q in QUANTILES.items()},
                "share_never": never,
                "share_never_se": error,
                "assumption": what["assumption"],
            }
        )
    return rows


def year_ends(closes: Days) -> list[tuple[str, int]]:
    """Each year of the plan with the index of its last period; the opening left out.

    Args:
        closes: [T] first day after each period.
    """
    days = closes.astype("datetime64[D]") - np.timedelta64(1, "D")
    years = [str(day)[:4] for day in days]
    return list({years[t]: t for t in range(1, len(years))}.items())


def level_rows(names: Sequence[str], levels: FloatArray, closes: Days) -> list[dict[str, Any]]:
    """One row per year: means over all futures of each name in the year's last period.

    Args:
        names: the last axis of `levels`, [T, name].
    """
    if not names:
        return []
    return [
        {"year": year, **{name: plain(float(levels[t, i])) for i, name in enumerate(names)}}
        for year, t in year_ends(closes)
    ]


def end_rows(
    names: Sequence[str], sample: FloatArray, weight: Weight = None
) -> list[dict[str, Any]]:
    """One row per name: quantiles over all futures. sample: [path, name]; weight: [path]."""
    return [
        {"what": name, **{key: quantile(sample[:, i], q, weight) for key, q in ENDS.items()}}
        for i, name in enumerate(names)
    ]


def passed_rows(
    thresholds: Sequence[str], passed: FloatArray, closes: Days
) -> list[dict[str, Any]]:
    """One row per threshold and year: share of futures that have passed by its end.

    Args:
        passed: [T, threshold].
    """
    return [
        {"threshold": name, "year": year, "share_passed": float(passed[t, i])}
        for i, name in enumerate(thresholds)
        for year, t in year_ends(closes)
    ]


def supply_rows(groups: Sequence[str], share: FloatArray, closes: Days) -> list[dict[str, Any]]:
    """One row per year and group: mean share in the year's last period.

    Args:
        groups: `kind:name`, the last axis of `share`, [T, group].
    """
    return [
        {
            "year": year,
            "kind": group.split(":", 1)[0],
            "group": group.split(":", 1)[1],
            "share": plain(float(share[t, i])),
        }
        for year, t in year_ends(closes)
        for i, group in enumerate(groups)
    ]
