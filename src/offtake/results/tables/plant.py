"""What is built as rows: power and compute by year, energy by source, chips by vendor and fab."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from offtake.results.tables.estimates import FloatArray, Weight, mean, plain, quantile

QUANTILES = (("p5", 0.05), ("p50", 0.5), ("p95", 0.95))


def capacity_rows(
    years: Sequence[int],
    sites: Sequence[str],
    outputs: Mapping[str, FloatArray],
    weight: Weight = None,
) -> list[dict[str, Any]]:
    """One row per year: power and compute at its close, all sites together, and power by site.

    Args:
        years: calendar years.
        sites: names.
        outputs: of the measure `plant`.
        weight: of the paths.
    """
    rows: list[dict[str, Any]] = []
    for y, year in enumerate(years):
        row: dict[str, Any] = {"year": int(year)}
        for what in ("total_mw", "total_h100e"):
            values = outputs[what][:, y]
            row[f"{what.removeprefix('total_')}"] = plain(mean(values, weight))
            for name, share in QUANTILES:
                row[f"{what.removeprefix('total_')}_{name}"] = quantile(values, share, weight)
        row["sites"] = {
            site: plain(float(outputs["site_mw"][y, s])) for s, site in enumerate(sites)
        }
        rows.append(row)
    return rows


def energy_rows(
    years: Sequence[int], sources: Sequence[str], outputs: Mapping[str, FloatArray]
) -> list[dict[str, Any]]:
    """One row per year and source of power: energy drawn, its share, its cost at the source.

    Args:
        years: calendar years.
        sources: names.
        outputs: of the measure `plant`.
    """
    rows: list[dict[str, Any]] = []
    for y, year in enumerate(years):
        whole = float(np.sum(outputs["energy_mwh"][y]))
        for s, source in enumerate(sources):
            mwh, usd = (float(outputs[k][y, s]) for k in ("energy_mwh", "energy_usd"))
            rows.append(
                {
                    "year": int(year),
                    "source": source,
                    "mwh": plain(mwh),
                    "mwh_se": plain(float(outputs["energy_mwh_se"][y, s])),
                    "share": plain(mwh / whole) if whole > 0.0 else 0.0,
                    "usd_per_mwh": plain(usd / mwh) if mwh > 0.0 else None,
                }
            )
    return rows


def chip_rows(
    years: Sequence[int],
    vendors: Sequence[str],
    fabs: Mapping[str, str],
    outputs: Mapping[str, FloatArray],
) -> list[dict[str, Any]]:
    """One row per year and vendor: wafers its fabs start, chips made, chips sent to no cohort.

    Args:
        years: calendar years.
        vendors: names.
        fabs: fab -> its vendor, in the order of the outputs.
        outputs: of the measure `plant`.
    """
    return [
        {
            "year": int(year),
            "vendor": vendor,
            "wafers": plain(
                sum(
                    float(outputs["wafers"][y, u])
                    for u, owner in enumerate(fabs.values())
                    if owner == vendor
                )
            ),
            "chips": plain(float(outputs["chips"][y, v])),
            "chips_se": plain(float(outputs["chips_se"][y, v])),
            "unsold": plain(float(outputs["unsold"][y, v])),
        }
        for y, year in enumerate(years)
        for v, vendor in enumerate(vendors)
    ]
