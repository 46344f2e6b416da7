"""The three clocks of chips on one scale, and what is built against what was planned."""

from collections.abc import Mapping, Sequence
from typing import Any


def _month(text: str) -> int:
    """Months since year 0 of `2026-07` or `2026-07-15`."""
    year, month = text.split("-")[:2]
    return 12 * int(year) + int(month)


def clock_rows(
    cohorts: Sequence[Mapping[str, Any]], delivered: Mapping[str, str]
) -> list[dict[str, Any]]:
    """One row per cohort: months from its planned delivery to the end of each clock.

    `contract_months` and `debt_months` count to the end of the median month in which the contract
    pays, or the debt is owed; None where there is none.

    Args:
        cohorts: rows of the table of cohorts.
        delivered: cohort -> day for which it is ordered.
    """
    keys = ("payback_months", "economic_life_months")
    return [
        {
            "cohort": row["cohort"],
            "delivery": delivered[row["cohort"]][:7],
            "contract_months": _until(delivered[row["cohort"]], row["contract_end"]),
            "debt_months": _until(delivered[row["cohort"]], row["debt_end"]),
            **{f"{key}_{q}": row[f"{key}_{q}"] for key in keys for q in ("p5", "p50", "p95")},
            "accounting_life_months": row["accounting_life_months"],
            "share_never": row["share_never"],
        }
        for row in cohorts
        if row["cohort"] in delivered
    ]


def _until(delivery: str, end: str | None) -> int | None:
    return None if end is None else _month(end) - _month(delivery) + 1


def build_rows(
    capacity: Sequence[Mapping[str, Any]],
    planned: Sequence[Mapping[str, Any]],
    sites: Sequence[str],
) -> list[dict[str, Any]]:
    """One row per year and site, and for `all sites`: power at its close, planned and built.

    Args:
        capacity: rows of the table of capacity by year.
        planned: site, power_mw and date of every phase.
        sites: names.
    """
    rows: list[dict[str, Any]] = []
    for of in capacity:
        for site in ("all sites", *(sites if len(sites) > 1 else ())):
            there = [p for p in planned if site in ("all sites", p["site"])]
            due = [p["power_mw"] for p in there if int(p["date"][:4]) <= of["year"]]
            whole = site == "all sites"
            rows.append(
                {
                    "year": of["year"],
                    "site": site,
                    "planned_mw": float(sum(due)),
                    "mw": of["mw"] if whole else of["sites"][site],
                    **{f"mw_{q}": of[f"mw_{q}"] if whole else None for q in ("p5", "p50", "p95")},
                }
            )
    return rows
