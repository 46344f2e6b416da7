"""The market as rows: what it tells by month, each segment by month, and who gains."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from offtake.results.tables.estimates import FloatArray, Weight, mean_and_error, plain

GENERAL = (
    "price",
    "peak_price",
    "valley_price",
    "generation_price",
    "scarcity",
    "utilisation",
    "short",
    "capacity",
    "served",
    "unserved",
)
"""What the market tells as a whole, in the order of the rows."""
OF_SEGMENT = ("price", "unit_cost", "tokens", "revenue", "compute", "served", "surplus")
"""What it tells of a segment."""
GAINS = (
    ("buyers", "consumer_usd", 1.0),
    ("sellers of tokens", "seller_usd", 1.0),
    ("owners of compute", "producer_usd", 1.0),
    ("capital of the plan", "capital_usd", -1.0),
    ("capital outside the plan", "outside_capital_usd", -1.0),
)
"""Row of the welfare account, output of the measure, sign."""


def _months(closes: NDArray[np.datetime64]) -> list[str]:
    days = closes.astype("datetime64[D]") - np.timedelta64(1, "D")
    return [str(day) for day in days.astype("datetime64[M]")]


def market_rows(
    told: Sequence[str], outputs: Mapping[str, FloatArray], closes: NDArray[np.datetime64]
) -> list[dict[str, Any]]:
    """One row per period after the opening: means over all futures, and the error of the price.

    Args:
        told: names, the last axis of `outputs["told"]`.
        outputs: of the measure `market`.
        closes: [T] first day after each period.
    """
    if not told:
        return []
    months, place = _months(closes), {name: i for i, name in enumerate(told)}
    means, error = outputs["told"], outputs["told_se"]
    return [
        {
            "month": months[t],
            **{name: plain(float(means[t, place[name]])) for name in GENERAL},
            "price_se": plain(float(error[t, place["price"]])),
        }
        for t in range(1, len(months))
    ]


def segment_rows(
    told: Sequence[str], outputs: Mapping[str, FloatArray], closes: NDArray[np.datetime64]
) -> list[dict[str, Any]]:
    """One row per period after the opening and segment: means over all futures."""
    if not told:
        return []
    months, place = _months(closes), {name: i for i, name in enumerate(told)}
    segments = [name.removesuffix(".tokens") for name in told if name.endswith(".tokens")]
    means = outputs["told"]
    return [
        {
            "month": months[t],
            "segment": segment,
            **{what: plain(float(means[t, place[f"{segment}.{what}"]])) for what in OF_SEGMENT},
        }
        for t in range(1, len(months))
        for segment in segments
    ]


def summary_rows(rows: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """One row per segment: its first and last month, and the mean share served."""
    found: list[dict[str, Any]] = []
    for segment in dict.fromkeys(row["segment"] for row in rows):
        of = [row for row in rows if row["segment"] == segment]
        found.append(
            {
                "segment": segment,
                "first_month": of[0]["month"],
                "last_month": of[-1]["month"],
                "first": of[0],
                "last": of[-1],
                "mean_served": float(np.mean([float(row["served"]) for row in of])),
            }
        )
    return found


def welfare_rows(
    told: Sequence[str],
    outputs: Mapping[str, FloatArray],
    who_pays: Sequence[Mapping[str, Any]],
    weight: Weight = None,
) -> list[dict[str, Any]]:
    """Present value of gains and costs, and their sum, with standard errors.

    Losses of financiers are those of the table of who pays; the public's support is what parties of
    that role pay net. The error of the sum leaves those two out: they come as means.

    Args:
        told: names of what the market tells.
        outputs: of the measure `market`.
        who_pays: rows of that table.
        weight: of the paths.
    """
    if not told:
        return []
    rows: list[dict[str, Any]] = []
    whole = np.zeros_like(outputs["consumer_usd"])
    for name, output, sign in GAINS:
        part = sign * outputs[output]
        whole = whole + part
        usd, error = mean_and_error(part, weight)
        rows.append({"item": name, "usd": usd, "se": error})
    lost = sum(float(row["loss_usd"] or 0.0) for row in who_pays)
    public = sum(
        max(float(row["net_usd"] or 0.0), 0.0) for row in who_pays if row["role"] == "public"
    )
    rows.append({"item": "losses of financiers", "usd": -lost, "se": None})
    rows.append({"item": "support of the public", "usd": -public, "se": None})
    gained, error = mean_and_error(whole, weight)
    return [*rows, {"item": "welfare", "usd": gained - lost - public, "se": error}]


def yearly(rows: Sequence[Mapping[str, Any]], columns: Sequence[str]) -> list[dict[str, Any]]:
    """Monthly rows as means over the months of each year."""
    years = dict.fromkeys(str(row["month"])[:4] for row in rows)
    found: list[dict[str, Any]] = []
    for year in years:
        of = [row for row in rows if str(row["month"]).startswith(year)]
        means = {name: float(np.mean([float(row[name]) for row in of])) for name in columns}
        found.append({"year": year, **means})
    return found
