"""Break-even of a chip of one's own: at which volume its design is paid by what its chips save.

Per path, with F the part of the fixed cost that falls to the plan, c and W cost and hours of work
of the cohorts designed (both discounted, design apart), and c' and W' those of the cohorts they
are compared with,

    k = F / (W (c'/W' - c/W))

is the share of the plan's volume at which F + k c = k W c'/W'. Where an hour of work costs no less
than from the vendor, or the chips are paid and never deliver, there is none: k is infinite. Where
they are not bought, or those they are compared with never deliver, the path says nothing.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from offtake.results.tables.cohorts import QUANTILES
from offtake.results.tables.estimates import (
    FloatArray,
    Weight,
    mean,
    plain,
    quantile,
    share_of,
)
from offtake.results.tables.levelised import MEGA, over


def share_of_plan(
    fixed: FloatArray, own: FloatArray, work: FloatArray, other: FloatArray
) -> FloatArray:
    """Share k by path.

    Args:
        fixed: [P] USD.
        own: [P] cost of an hour of work of the chips designed, USD.
        work: [P] hours of work that they deliver.
        other: [P] cost of an hour of work of the chips they are compared with, USD.
    """
    known = np.isfinite(other) & ~np.isnan(own)
    delivers = known & np.isfinite(own)
    saves = (np.where(delivers, other, 0.0) - np.where(delivers, own, 0.0)) * work
    positive = saves > 0.0
    return np.where(
        positive, fixed / np.where(positive, saves, 1.0), np.where(known, np.inf, np.nan)
    )


def break_even_rows(
    designs: Mapping[str, Mapping[str, Sequence[str]]],
    cohorts: Sequence[str],
    parts: Sequence[str],
    products: Sequence[str],
    of: Mapping[str, FloatArray],
    weight: Weight = None,
) -> list[dict[str, Any]]:
    """One row per contract that pays for a design; docs/measures/levelised.md.

    Args:
        designs: contract -> {"designs": cohorts, "instead_of": cohorts}.
        cohorts: names, in the order of the outputs.
        parts: of the cost.
        products: of the market.
        of: outputs of the measure `levelised`.
        weight: of the paths.
    """
    paid = [i for i, part in enumerate(parts) if part != "design"]

    def places(names: Sequence[str]) -> list[int]:
        return [list(cohorts).index(name) for name in names]

    def cost(chosen: list[int]) -> FloatArray:
        usd = of["parts_usd"][:, chosen][:, :, paid].sum(axis=(1, 2))
        return over(usd, of["work"][:, chosen].sum(axis=1))

    rows: list[dict[str, Any]] = []
    for i, (contract, names) in enumerate(designs.items()):
        mine, others = places(names["designs"]), places(names["instead_of"])
        own, other = cost(mine), cost(others)
        fixed, work = of["fixed_usd"][:, i], of["work"][:, mine].sum(axis=1)
        k = share_of_plan(fixed, own, work, other)
        known = ~np.isnan(k)
        pays, pays_se = share_of(k <= 1.0, known, weight)
        never, never_se = share_of(np.isinf(k), known, weight)
        rows.append(
            {
                "contract": contract,
                "designs": ", ".join(names["designs"]),
                "instead_of": ", ".join(names["instead_of"]),
                "fixed_usd": plain(mean(fixed, weight)),
                "fixed_whole_usd": plain(float(of["fixed_whole_usd"][i])),
                **_spread("own_usd_per_hour_of_work", own, weight),
                **_spread("other_usd_per_hour_of_work", other, weight),
                **_spread("share_of_plan", k, weight),
                **_spread("chips", k * of["units"][mine].sum(), weight),
                "m_token_per_year": _tokens(quantile(k, 0.5, weight), mine, products, of),
                "share_pays": pays,
                "share_pays_se": pays_se,
                "share_never": never,
                "share_never_se": never_se,
            }
        )
    return rows


def _spread(name: str, sample: FloatArray, weight: Weight) -> dict[str, float | None]:
    return {f"{name}_{label}": quantile(sample, q, weight) for label, q in QUANTILES.items()}


def _tokens(
    k: float | None, mine: list[int], products: Sequence[str], of: Mapping[str, FloatArray]
) -> dict[str, float | None]:
    """Million tokens a year at the median break-even, if all hours served one product."""
    years = float(of["made_years"][mine].max(initial=0.0))
    made = of["made_tokens"][mine].sum(axis=0)
    return {
        product: None if k is None or not years else k * float(made[p]) / years / MEGA
        for p, product in enumerate(products)
    }
