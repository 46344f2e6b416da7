"""Tables of a run put in the order in which a reader wants them, with nothing left to work out."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from offtake.results.results import Results
from offtake.results.table import Row, Table
from offtake.results.tables.limits import ASSUMED, counted
from offtake.results.tables.quantiles import plain
from offtake.results.tables.verdicts import RULES

FEW = 0.05
"""Share of futures below which quantiles over them say little."""


def net_payers(results: Results) -> Table:
    """Who pays net, the largest payer first; without those who stand for business elsewhere."""
    aside = results._elsewhere()  # pyright: ignore[reportPrivateUsage] - of the same room
    rows = [_with_reach(row) for row in results.who_pays() if row["party"] not in aside]
    rows = [row for row in rows if row["net_usd"] or row["net_usd_worst5"]]
    return Table("Who pays net", tuple(sorted(rows, key=lambda row: -row["net_usd"])))


def _with_reach(row: Row) -> dict[str, Any]:
    error = row["net_usd_se"] or 0.0
    return {
        "party": row["party"],
        "role": row["role"],
        "net_usd": row["net_usd"],
        "net_usd_se": row["net_usd_se"],
        "net_low_usd": row["net_usd"] - 2.0 * error,
        "net_high_usd": row["net_usd"] + 2.0 * error,
        "net_usd_worst5": row["net_usd_worst5"],
    }


def losers(results: Results) -> Table:
    """Parties that lose something in some futures, the largest loser in the worst ones first."""
    columns = ("party", "role", "fronted_usd", "loss_usd", "loss_usd_se")
    columns += ("loss_usd_worst5", "loss_usd_worst5_se", "unreturned_usd", "shortfall_usd")
    rows = [
        {column: row[column] for column in columns}
        for row in results.who_pays()
        if row["loss_usd_worst5"] > 0.5
    ]
    rows.sort(key=lambda row: -row["loss_usd_worst5"])
    return Table("Loss by bearer", tuple(rows), "Present values.")


def gaps(results: Results) -> dict[str, tuple[Row, ...]]:
    """Rows of the funding gap of every company that has one in some futures."""
    found = dict[str, list[Row]]()
    for row in results.funding_gap():
        found.setdefault(row["party"], []).append(
            {"year": row["year"], **{f"gap_{q}": row[q] for q in ("p5", "p50", "p95")}}
        )
    return {name: tuple(rows) for name, rows in found.items() if any(r["gap_p95"] for r in rows)}


def cover(results: Results, what: str) -> dict[str, tuple[Row, ...]]:
    """Rows of cover by year of every facility where enough futures tell it: `dscr` or `ltv`."""
    found = dict[str, list[Row]]()
    for row in results.cover_by_year():
        if row[f"{what}_share"] >= FEW and row[f"{what}_p50"] is not None:
            found.setdefault(row["contract"], []).append(row)
    return {name: tuple(rows) for name, rows in found.items()}


def drivers(results: Results) -> Table:
    """Level of every driver at the end of each year: mean and error."""
    if "physical_driver" not in results:
        return Table("Drivers", ())
    level, error = results["physical_driver"], results["physical_driver_se"]
    closes = np.asarray(level.coords["period"].values, "datetime64[D]")
    days = [str(day) for day in closes - np.timedelta64(1, "D")]
    ends = {day[:4]: t for t, day in enumerate(days) if t}
    names = [str(name) for name in np.asarray(level.coords["driver"].values)]
    rows = [
        {
            "driver": name,
            "year": int(year),
            "mean": plain(float(level.values[t, d])),
            "mean_se": plain(float(error.values[t, d])),
        }
        for d, name in enumerate(names)
        for year, t in ends.items()
    ]
    return Table("Drivers at the end of the year", tuple(rows), "Means over all futures.")


def known(results: Results) -> Table:
    """How the numbers that went in are known."""
    return Table("How numbers are known", tuple(counted(tuple(results.inputs()))))


def assumed(results: Results) -> Table:
    """Numbers that the plan assumes, has no source for, or leaves to the defaults of offtake."""
    return Table("Assumed", tuple(row for row in results.inputs() if row["known"] in ASSUMED))


def rules(verdicts: Sequence[Mapping[str, Any]]) -> Table:
    """When each verdict is given."""
    given = {row["verdict"] for row in verdicts}
    return Table(
        "Verdicts",
        tuple({"verdict": name, "when": when} for name, when in RULES.items() if name in given),
    )
