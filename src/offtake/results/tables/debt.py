"""Debt year by year: cover and loan to value on all futures, what is owed, what falls due."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from offtake.results.tables.estimates import FloatArray, Weight, mean, plain, quantile

TRIFLE = 0.01
"""Share of the largest mean balance: less is owed on some futures after a default."""
QUANTILES = (("p5", 0.05), ("p25", 0.25), ("p50", 0.5), ("p75", 0.75), ("p95", 0.95))


def cover_rows(
    facilities: Sequence[str],
    years: Sequence[int],
    outputs: Mapping[str, FloatArray],
    weight: Weight = None,
) -> list[dict[str, Any]]:
    """One row per facility and year in which cover or loan to value is told on some path.

    Quantiles are over the paths on which it is told; `.._share` says on what share of all it is.
    A quantile beyond any number, of debt on chips that are worth nothing, is None.

    Args:
        facilities: [F].
        years: [Y].
        outputs: of the measure `facilities`: year_dscr and year_ltv, [P, Y, F].
        weight: of the paths.
    """
    rows: list[dict[str, Any]] = []
    for f, name in enumerate(facilities):
        for y, year in enumerate(years):
            row: dict[str, Any] = {"contract": name, "year": int(year)}
            for what in ("dscr", "ltv"):
                values = outputs[f"year_{what}"][:, y, f]
                row |= {f"{what}_{q}": quantile(values, share, weight) for q, share in QUANTILES}
                row[f"{what}_share"] = mean((~np.isnan(values)).astype(np.float64), weight)
            if row["dscr_share"] > 0.0 or row["ltv_share"] > 0.0:
                rows.append(row)
    return rows


def maturity_rows(
    facilities: Sequence[str],
    years: Sequence[int],
    due: tuple[FloatArray, FloatArray],
    owed: FloatArray,
    last: Sequence[int],
) -> list[dict[str, Any]]:
    """One row per facility and year: principal that falls due in it, and what is owed at its end.

    Args:
        facilities: [F].
        years: [Y].
        due: mean and error, [Y, F] USD.
        owed: mean balance at the close of every period, [T, F] USD.
        last: [Y] last period of each year.
    """
    return [
        {
            "contract": name,
            "year": int(year),
            "due_usd": float(due[0][y, f]),
            "due_usd_se": plain(float(due[1][y, f])),
            "owed_usd": float(owed[last[y], f]),
        }
        for f, name in enumerate(facilities)
        for y, year in enumerate(years)
        if due[0][y, f] > 0.0 or owed[last[y], f] > 0.0
    ]


def last_of_years(closes: NDArray[np.datetime64], years: Sequence[int]) -> list[int]:
    """[Y] last period of each calendar year.

    Args:
        closes: [T] first day after each period; the start of the plan for the opening period.
        years: [Y].
    """
    return [int(np.flatnonzero(_year(closes) == year)[-1]) for year in years]


def years_owed(owed: FloatArray, closes: NDArray[np.datetime64]) -> list[float]:
    """[F] years between the first and last close at which more than a trifle is owed on average.

    Args:
        owed: mean balance, [T, F] USD.
        closes: [T].
    """
    days = closes.astype("datetime64[D]").astype(np.float64)
    found: list[float] = []
    for f in range(owed.shape[1]):
        at = np.flatnonzero(owed[:, f] > TRIFLE * np.max(owed[:, f]))
        found.append(float(days[at[-1]] - days[at[0]]) / 365.25 if at.size else 0.0)
    return found


def _year(closes: NDArray[np.datetime64]) -> NDArray[np.int64]:
    days = closes.astype("datetime64[D]")
    inside = np.concatenate([days[:1], days[1:] - np.timedelta64(1, "D")])
    return inside.astype("datetime64[Y]").astype(np.int64) + 1970
