"""Cohorts as rows: payback against the clocks of contract, debt, economy and books."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from offtake.results.tables.estimates import FloatArray, Weight, plain, quantile, share_of

QUANTILES = {"p5": 0.05, "p50": 0.5, "p95": 0.95}


def cohort_rows(
    cohorts: Sequence[str],
    outputs: Mapping[str, FloatArray],
    closes: NDArray[np.datetime64],
    weight: Weight = None,
) -> list[dict[str, Any]]:
    """One row per cohort.

    Months count from delivery. A quantile that lies beyond the horizon is None: paths without
    payback, and lives that are censored, count as longer than any number. Ends of contract and debt
    are the month (YYYY-MM) of the median over paths that have one. Paths on which nothing was
    bought are left out.

    Args:
        cohorts: names.
        outputs: of the measure `cohorts`, [path, cohort] or [cohort].
        closes: [T] first day after each period.
        weight: of the paths.
    """
    return [
        _row(name, {key: values[..., i] for key, values in outputs.items()}, closes, weight)
        for i, name in enumerate(cohorts)
    ]


def _row(
    name: str, of: Mapping[str, FloatArray], closes: NDArray[np.datetime64], weight: Weight
) -> dict[str, Any]:
    payback, life = of["payback_months"], of["economic_life_months"]
    censored = of["life_censored"] > 0.5
    bought = ~np.isnan(payback)
    longer = np.where(censored & bought, np.inf, life)
    never, never_se = share_of(np.isinf(payback), bought, weight)
    in_time = np.isfinite(payback) & (payback <= np.where(censored, np.inf, life))
    before, before_se = share_of(in_time, bought, weight)
    return {
        "cohort": name,
        **{f"payback_months_{q}": quantile(payback, x, weight) for q, x in QUANTILES.items()},
        "share_never": never,
        "share_never_se": never_se,
        "contract_end": _month(of["contract_end_period"], closes, weight),
        "debt_end": _month(of["debt_end_period"], closes, weight),
        **{f"economic_life_months_{q}": quantile(longer, x, weight) for q, x in QUANTILES.items()},
        "accounting_life_months": plain(float(of["accounting_life_months"])),
        "share_payback_before_economic_end": before,
        "share_payback_before_economic_end_se": before_se,
    }


def _month(periods: FloatArray, closes: NDArray[np.datetime64], weight: Weight) -> str | None:
    """Month of the median period, YYYY-MM; None where no path has one."""
    middle = quantile(periods, 0.5, weight)
    if middle is None:
        return None
    close = closes[min(round(middle), len(closes) - 1)]
    return str((close.astype("datetime64[D]") - np.timedelta64(1, "D")).astype("datetime64[M]"))
