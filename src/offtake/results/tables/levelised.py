"""Levelised cost as rows, by cohort, chip and maker: per hour, per watt, per million tokens."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from offtake.results.tables.cohorts import QUANTILES
from offtake.results.tables.estimates import FloatArray, Weight, mean, plain, quantile

Facts = Mapping[str, Mapping[str, str]]
"""cohort -> {"chip": ..., "maker": ..., ...}"""
MEGA = 1e6
JOULES_PER_MWH = 3.6e9


def over(part: FloatArray, whole: FloatArray) -> FloatArray:
    """Part over whole by path: inf where something is paid for nothing, NaN where neither is."""
    some = whole > 0.0
    nothing = np.where(part > 0.0, np.inf, np.nan)
    return np.where(some, part / np.where(some, whole, 1.0), nothing)


def groups(facts: Facts) -> list[tuple[str, str, list[int]]]:
    """(by, name, positions of its cohorts): every cohort, every chip, every maker."""
    names = list(facts)
    found = [("cohort", name, [i]) for i, name in enumerate(names)]
    for by in ("chip", "maker"):
        for value in dict.fromkeys(facts[name][by] for name in names):
            found.append((by, value, [i for i, n in enumerate(names) if facts[n][by] == value]))
    return found


def levelised_rows(
    facts: Facts, parts: Sequence[str], of: Mapping[str, FloatArray], weight: Weight = None
) -> list[dict[str, Any]]:
    """One row per cohort, chip and maker; docs/measures/levelised.md.

    Args:
        facts: of every cohort.
        parts: of the cost, the last axis of `of["parts_usd"]`.
        of: outputs of the measure `levelised`, [path, cohort, ..].
        weight: of the paths.
    """
    return [_row(by, name, chosen, parts, of, weight) for by, name, chosen in groups(facts)]


def _row(
    by: str,
    name: str,
    chosen: list[int],
    parts: Sequence[str],
    of: Mapping[str, FloatArray],
    weight: Weight,
) -> dict[str, Any]:
    each = of["parts_usd"][:, chosen].sum(axis=1)
    cost, hours = each.sum(axis=1), of["hours"][:, chosen].sum(axis=1)
    work, power = of["work"][:, chosen].sum(axis=1), of["mw_years"][:, chosen].sum(axis=1)
    energy = float(of["made_mwh"][chosen].sum())
    whole = mean(hours, weight)
    return {
        "by": by,
        "name": name,
        **_quantiles("usd_per_h100e_hour", over(cost, hours), weight),
        **{
            f"{part}_usd_per_h100e_hour": plain(mean(each[:, i], weight) / whole)
            if whole > 0.0
            else None
            for i, part in enumerate(parts)
        },
        **_quantiles("usd_per_hour_of_work", over(cost, work), weight),
        "capital_usd_per_w": _capital(chosen, of, weight),
        **_quantiles("usd_per_w_year", over(cost, power) / MEGA, weight),
        "hours_of_work_per_mwh": float(of["made_work"][chosen].sum()) / energy if energy else None,
    }


def _quantiles(name: str, sample: FloatArray, weight: Weight) -> dict[str, float | None]:
    return {f"{name}_{label}": quantile(sample, q, weight) for label, q in QUANTILES.items()}


def _capital(chosen: list[int], of: Mapping[str, FloatArray], weight: Weight) -> float | None:
    """Median over paths of the mean over cohorts by power drawn, USD/W."""
    per_w, power = of["capital_usd_per_w"][:, chosen], of["mw_years"][:, chosen]
    known = np.where(np.isnan(per_w), 0.0, per_w)
    return quantile(
        np.where(
            power.sum(axis=1) > 0.0,
            (known * power).sum(axis=1) / np.maximum(power.sum(axis=1), 1e-300),
            np.nan,
        ),
        0.5,
        weight,
    )


def token_rows(
    facts: Facts, products: Sequence[str], of: Mapping[str, FloatArray], weight: Weight = None
) -> list[dict[str, Any]]:
    """One row per cohort, chip or maker, and product: cost and energy of a million tokens.

    Args:
        facts: of every cohort.
        products: the last axis of `of["tokens"]`.
        of: outputs of the measure `levelised`, [path, cohort, ..].
        weight: of the paths.
    """
    rows: list[dict[str, Any]] = []
    for by, name, chosen in groups(facts):
        cost = of["parts_usd"][:, chosen].sum(axis=(1, 2))
        energy = float(of["made_mwh"][chosen].sum())
        for p, product in enumerate(products):
            tokens = of["tokens"][:, chosen, p].sum(axis=1)
            made = float(of["made_tokens"][chosen, p].sum())
            rows.append(
                {
                    "by": by,
                    "name": name,
                    "product": product,
                    **_quantiles("usd_per_m_token", over(cost, tokens) * MEGA, weight),
                    "m_token_per_mwh": made / MEGA / energy if energy else None,
                    "token_per_joule": made / JOULES_PER_MWH / energy if energy else None,
                }
            )
    return rows
