"""What a lender wants to hear first of every facility, and by which rule it is said."""

from collections.abc import Mapping, Sequence
from typing import Any

from offtake import catalogue
from offtake.results.table import money

RULES = {
    "repaid in time": "defaults in at most 1 % of futures and is repaid before what secures it "
    "stops earning in at least 95 % of those in which that can be told",
    "mostly repaid in time": "at most 10 %, and at least 80 %",
    "at risk": "worse than that",
    "not known": "neither default nor the end of its security is seen within the plan in most "
    "futures",
    "not drawn": "nobody draws it on average",
}
"""Verdict -> when it is given; for a facility whose security has no end that can be told,
repayment at any time within the plan stands for repayment in time."""

NOTHING = 1e-6
"""Share, or basis points, up to which a loss is rounding."""


def verdict_rows(
    facilities: Sequence[Mapping[str, Any]],
    details: Sequence[Mapping[str, Any]],
    years: Mapping[str, float],
    paths: int,
) -> list[dict[str, Any]]:
    """One row per facility: the verdict, the sentence, and the ratings that default as often.

    Args:
        facilities: rows of the table of facilities.
        details: rows of the table of their details, in the same order.
        years: facility -> years between its first draw and the last that is owed.
        paths: number of futures.
    """
    return [
        {
            "contract": row["contract"],
            "verdict": _verdict(row, detail),
            "says": _says(row, detail, years.get(row["contract"], 0.0), paths),
            "defaults_like": like(row["pd"], years.get(row["contract"], 0.0)),
            "years": years.get(row["contract"]),
        }
        for row, detail in zip(facilities, details, strict=True)
    ]


def _verdict(row: Mapping[str, Any], detail: Mapping[str, Any]) -> str:
    if not row["drawn_usd_mean"]:
        return "not drawn"
    back = _back(row, detail)
    if (detail["censored"] or 0.0) > 0.5 and row["pd"] <= 0.1:
        return "not known"
    if back is None:
        return "not known"
    if row["pd"] <= 0.01 and back >= 0.95:
        return "repaid in time"
    return "mostly repaid in time" if row["pd"] <= 0.1 and back >= 0.8 else "at risk"


def _back(row: Mapping[str, Any], detail: Mapping[str, Any]) -> float | None:
    before = row["repaid_before_economic_end"]
    return detail["repaid"] if before is None else before


def like(pd: float | None, years: float) -> str | None:
    """Where a PD lies among the cumulative default rates of ratings in the catalogue, in words.

    Args:
        pd: share of futures with a default over the life.
        years: of the life, rounded to the years of the catalogue and at most its longest.

    Returns:
        Such as `between BB and B`; None where no default was seen.
    """
    if not pd or years <= 0.0:
        return None
    safer = None
    for name, rating in catalogue.ratings().items():
        after = min(rating.cumulative_default, key=lambda point: abs(point[0] - years))
        if pd <= after[1].value:
            return f"between {safer} and {name}" if safer else f"below {name}"
        safer = name
    return f"above {safer}"


def _says(row: Mapping[str, Any], detail: Mapping[str, Any], years: float, paths: int) -> str:
    """The verdict's figures in one sentence."""
    if not row["drawn_usd_mean"]:
        return f"{money(row['size_usd'])} USD committed, nothing drawn on average."
    parts = [f"{money(row['drawn_usd_mean'])} USD drawn"]
    share = _percent(row["pd"], row["pd_se"])
    parts.append(
        f"default in {share} of futures" if row["pd"] else f"no default in {paths:,} futures"
    )
    if (alike := like(row["pd"], years)) is not None:
        parts.append(f"a rate {alike} over {years:.1f} years")
    if row["lgd"] is not None:
        lost = row["lgd"] > NOTHING
        parts.append(f"then {_percent(row['lgd'], row['lgd_se']) if lost else 'nothing'} is lost")
    if row["el_bp_per_year"] is not None and row["el_bp_per_year"] > NOTHING:
        parts.append(f"expected loss {row['el_bp_per_year']:.3g} bp a year")
    if row["min_dscr_p5"] is not None:
        least = f"{row['min_dscr_p5']:.2f}x" if row["min_dscr_p5"] >= 0.0 else "below zero"
        parts.append(f"least DSCR {least} in the worst 5 %")
    before = row["repaid_before_economic_end"]
    if before is not None:
        error = row["repaid_before_economic_end_se"]
        parts.append(f"repaid before its security stops earning in {_percent(before, error)}")
    elif detail["repaid"] is not None:
        parts.append(f"repaid within the plan in {_percent(detail['repaid'], detail['repaid_se'])}")
    return "; ".join(parts) + "."


def _percent(share: float | None, error: float | None) -> str:
    if share is None:
        return "–"
    about = f" ± {200.0 * error:.2g}" if error else ""
    return f"{100.0 * share:.3g}{about} %"
