"""What went into a run and how it is known, and what the run cannot tell."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from offtake.results.table import money

DEFAULT = "default of offtake"
CHOSEN = "choice of the plan"
ASSUMED = ("assumption", "no source", CHOSEN, DEFAULT)
"""How numbers are known that no source stands behind."""


def input_rows(
    inputs: Sequence[Mapping[str, Any]], unsourced: Sequence[str] | None
) -> list[dict[str, Any]]:
    """One row per number: where it stands, what it is, how it is known.

    `known` is the confidence that is stated, `no source` for what the plan writes without one,
    `CHOSEN` for when the plan starts, how long it runs and at which rate it discounts, and
    `DEFAULT` for what offtake takes where the plan writes nothing.

    Args:
        inputs: as the run kept them.
        unsourced: places written without a source; None where that was not kept.
    """
    missing = None if unsourced is None else set(unsourced)
    return [
        {
            "place": row["place"],
            "value": row["value"],
            "uncertain": row["uncertain"],
            "known": _known(row, missing),
            "source": row.get("source"),
            "date": row.get("date"),
            "note": row.get("note"),
        }
        for row in inputs
    ]


def _known(row: Mapping[str, Any], unsourced: set[str] | None) -> str:
    if row.get("confidence"):
        return str(row["confidence"])
    if row.get("source"):
        return "reported"
    if unsourced is None or row["place"] in unsourced:
        return "no source"
    return CHOSEN if row["place"].startswith("plan.") else DEFAULT


def counted(rows: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """How many numbers are known in which way, the most frequent first."""
    found = dict[str, int]()
    for row in rows:
        found[row["known"]] = found.get(row["known"], 0) + 1
    ordered = sorted(found.items(), key=lambda item: -item[1])
    return [
        {"known": known, "numbers": count, "share": count / len(rows)} for known, count in ordered
    ]


def not_known_rows(
    paths: int,
    facilities: Sequence[Mapping[str, Any]],
    details: Sequence[Mapping[str, Any]],
    cover: Sequence[Mapping[str, Any]],
    cohorts: Sequence[Mapping[str, Any]],
    parties: Sequence[Mapping[str, Any]],
) -> list[dict[str, Any]]:
    """One row per thing that these results leave open: about what or whom, and why.

    Args:
        paths: number of futures.
        facilities: rows of their table.
        details: rows of the table of their details, in the same order.
        cover: rows of cover by year.
        cohorts: rows of their table.
        parties: rows of who pays.
    """
    valued = {row["contract"] for row in cover if row["ltv_share"] > 0.0}
    found = [
        *(
            (row["contract"], why)
            for row, detail in zip(facilities, details, strict=True)
            if row["drawn_usd_mean"]
            for why in _of_facility(row, detail, paths, row["contract"] in valued)
        ),
        *((row["cohort"], why) for row in cohorts for why in _of_cohort(row)),
        *(
            (
                row["party"],
                f"{money(row['open_at_horizon_usd'])} USD of what it put in is still open at the "
                "horizon: debt counts at face, shares as their contract says.",
            )
            for row in parties
            if row["open_at_horizon_usd"] > 0.5
        ),
    ]
    together = dict[str, list[str]]()
    for about, why in found:
        together.setdefault(why, []).append(about)
    return [{"about": ", ".join(about), "not_known": why} for why, about in together.items()]


def _of_facility(
    row: Mapping[str, Any], detail: Mapping[str, Any], paths: int, valued: bool
) -> Iterator[str]:
    if row["pd"] == 0.0:
        yield (
            f"How often it defaults, but that it is in fewer than {300.0 / paths:.2g} % of futures "
            f"(95 % sure): none of {paths:,} shows it. So what would be lost then is not known."
        )
    if not valued:
        yield (
            "Its loan to value: it is not secured on chips alone, and the plan has no price at "
            "which anything else would sell."
        )
    if detail["censored"]:
        yield (
            f"Whether it is repaid in time in {100.0 * detail['censored']:.3g} % of futures: it is "
            "still owed, and its security still earns, when the plan ends."
        )


def _of_cohort(row: Mapping[str, Any]) -> Iterator[str]:
    if row["economic_life_months_p95"] is None:
        share = "at least half" if row["economic_life_months_p50"] is None else "some"
        yield f"When they stop earning: in {share} of the futures not within the plan."
    if row["share_never"]:
        yield (
            f"Whether they pay back after the plan ends: they do not within it in "
            f"{100.0 * row['share_never']:.3g} % of futures."
        )
