"""Dependence as rows: shares of capacity by maker and country, concentration, what is held back."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from offtake.results.tables.estimates import FloatArray, plain


def _months(closes: NDArray[np.datetime64]) -> list[str]:
    days = closes.astype("datetime64[D]") - np.timedelta64(1, "D")
    return [str(day) for day in days.astype("datetime64[M]")]


def dependence_rows(
    makers: Sequence[str],
    countries: Sequence[str],
    of: Mapping[str, FloatArray],
    closes: NDArray[np.datetime64],
) -> list[dict[str, Any]]:
    """One row per period after the opening: means over the paths on which anything runs.

    Args:
        makers: names, the last axis of `of["by_maker"]`.
        countries: names, the last axis of `of["by_country"]`.
        of: outputs of the measure `dependence`, [T, ..].
        closes: [T] first day after each period.
    """
    if not makers:
        return []
    return [
        {
            "month": month,
            "maker_concentration": _among(of["of_makers"][t], of["runs"][t]),
            "country_concentration": _among(of["of_countries"][t], of["runs"][t]),
            "makers": _shares(makers, of["by_maker"][t], of["runs"][t]),
            "countries": _shares(countries, of["by_country"][t], of["runs"][t]),
            "held_back_h100e": {
                name: plain(float(of["held_back_h100e"][t, i])) for i, name in enumerate(makers)
            },
        }
        for t, month in enumerate(_months(closes))
        if t > 0
    ]


def _among(mean: Any, runs: Any) -> float | None:
    """A mean over all paths as a mean over those on which anything runs; None where none does."""
    return float(mean) / float(runs) if float(runs) > 0.0 else None


def _shares(names: Sequence[str], means: FloatArray, runs: Any) -> dict[str, float | None]:
    return {name: _among(means[i], runs) for i, name in enumerate(names)}


def at_year_ends(rows: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """The last month of each year."""
    last = {str(row["month"])[:4]: row for row in rows}
    return [{"year": year, **{k: v for k, v in row.items() if k != "month"}}
            for year, row in last.items()]  # fmt: skip
