"""Tables of funding (`offtake.measures.funding`): gaps by year, sources and uses of funds."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from offtake.results.tables.estimates import FloatArray, Weight, quantile

QUANTILES = {"p5": 0.05, "p50": 0.5, "p95": 0.95}


def funding_gap_rows(
    parties: Sequence[str], years: Sequence[int], gap: FloatArray, weight: Weight = None
) -> list[dict[str, Any]]:
    """One row per internal party and calendar year: quantiles over paths, nominal USD.

    Args:
        parties: [A] internal parties, accounts left out.
        years: [Y].
        gap: [P, A, Y] USD.
        weight: of the paths.
    """
    return [
        {"party": party, "year": int(year)}
        | {name: quantile(gap[:, a, y], q, weight) for name, q in QUANTILES.items()}
        for a, party in enumerate(parties)
        for y, year in enumerate(years)
    ]


def funding_need_rows(
    parties: Sequence[str],
    years: Sequence[int],
    need: tuple[FloatArray, FloatArray],
    unfunded: tuple[FloatArray, FloatArray],
    cash: tuple[FloatArray, FloatArray],
) -> list[dict[str, Any]]:
    """One row per internal party and year: what it needed, what nobody gave, what it has left.

    Args:
        parties: [A].
        years: [Y].
        need: mean and its standard error, [A, Y] USD.
        unfunded: the same.
        cash: the same.
    """
    columns = {"need": need, "unfunded": unfunded, "cash": cash}
    rows: list[dict[str, Any]] = []
    for a, party in enumerate(parties):
        for y, year in enumerate(years):
            row: dict[str, Any] = {"party": party, "year": int(year)}
            for name, (mean, error) in columns.items():
                row[f"{name}_usd"] = float(mean[a, y])
                row[f"{name}_usd_se"] = _known(error[a, y])
            rows.append(row)
    return rows


def sources_and_uses_rows(
    parties: Sequence[str],
    classes: Sequence[str],
    years: Sequence[int],
    received: tuple[FloatArray, FloatArray],
    spent: tuple[FloatArray, FloatArray],
) -> list[dict[str, Any]]:
    """One row per internal party, year, side and class of money that moved.

    Args:
        parties: [A].
        classes: [K] names of the classes of money, in the order of `Flow`.
        years: [Y].
        received: mean and its standard error, [A, K, Y] USD.
        spent: the same.
    """
    return [
        {
            "party": party,
            "year": int(year),
            "side": side,
            "class": name,
            "usd": float(mean[a, k, y]),
            "usd_se": _known(error[a, k, y]),
        }
        for a, party in enumerate(parties)
        for y, year in enumerate(years)
        for side, (mean, error) in (("source", received), ("use", spent))
        for k, name in enumerate(classes)
        if mean[a, k, y] != 0.0
    ]


def _known(value: float) -> float | None:
    return float(value) if np.isfinite(value) else None
