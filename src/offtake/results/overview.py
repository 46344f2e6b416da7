"""Tables for those who read a run from the top: nothing is left to work out.

They say less at once than the tables of `Results`, or join several of them.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from offtake.results.results import Results
from offtake.results.table import Row, Table
from offtake.results.tables.clocks import build_rows, clock_rows
from offtake.results.tables.debt import cover_rows, last_of_years, maturity_rows, years_owed
from offtake.results.tables.estimates import plain
from offtake.results.tables.limits import ASSUMED, counted, input_rows, not_known_rows
from offtake.results.tables.money_flow import capital_rows, money_flow_rows, outside_rows
from offtake.results.tables.verdicts import RULES, verdict_rows

# Of the same room, so that what `Results` keeps for itself may be looked at here.
# pyright: reportPrivateUsage=false

FEW = 0.05
"""Share of futures below which quantiles over them say little."""


def complete(results: Results) -> bool:
    """Whether a run kept all that these tables need; one saved by an earlier offtake may not."""
    return "funding_value" in results and "inputs" in results.facts


def net_payers(results: Results) -> Table:
    """Who pays net, the largest payer first; without those who stand for business elsewhere."""
    aside = results._elsewhere()
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


def cover(by_year: Table, what: str) -> dict[str, tuple[Row, ...]]:
    """Rows of `cover_by_year` of every facility where enough futures tell it: `dscr` or `ltv`."""
    found = dict[str, list[Row]]()
    for row in by_year:
        if row[f"{what}_share"] >= FEW and row[f"{what}_p50"] is not None:
            found.setdefault(row["contract"], []).append(row)
    return {name: tuple(rows) for name, rows in found.items()}


def drivers(results: Results) -> Table:
    """Level of every driver at the end of each year: mean and error."""
    of, years = results._outputs("physical"), results._years()
    last = last_of_years(results._closes(), years)
    rows = [
        {
            "driver": name,
            "year": year,
            "mean": plain(float(of["driver"][t, d])),
            "mean_se": plain(float(of["driver_se"][t, d])),
        }
        for d, name in enumerate(results._labels("driver"))
        for year, t in zip(years, last, strict=True)
        if t
    ]
    return Table("Drivers at the end of the year", tuple(rows), "Means over all futures.")


def known(results: Results) -> Table:
    """How the numbers that went in are known."""
    return Table("How numbers are known", tuple(counted(tuple(inputs(results)))))


def assumed(results: Results) -> Table:
    """Numbers that the plan assumes, has no source for, or leaves to the defaults of offtake."""
    return Table("Assumed", tuple(row for row in inputs(results) if row["known"] in ASSUMED))


def rules(verdicts: Sequence[Mapping[str, Any]]) -> Table:
    """When each verdict is given."""
    given = {row["verdict"] for row in verdicts}
    return Table(
        "Verdicts",
        tuple({"verdict": name, "when": when} for name, when in RULES.items() if name in given),
    )


def money_flow(results: Results) -> Table:
    """Who pays whom, by kind of money."""
    of, facts = results._outputs("funding"), results.facts
    own = {row["party"]: row["own_money_share"] for row in facts["circularity"]}
    value = of["value"], of["value_se"]
    rows = money_flow_rows(facts["claims"], facts["kinds"], facts["parties"], value, own)
    return Table("Who pays whom", tuple(rows), "Present values, means over all futures.")


def outside_money(results: Results) -> Table:
    """Sources and uses by year of all companies of the plan taken together."""
    facts, paid = results.facts, results._outputs("funding")["paid"]
    years = results._years()
    rows = outside_rows(facts["claims"], facts["kinds"], facts["parties"], years, paid)
    return Table("Sources and uses of all companies (USD, nominal)", tuple(rows))


def capital(results: Results) -> Table:
    """What every contract brought in as capital, by layer."""
    facts = results.facts
    seniority = {row["contract"]: row.get("seniority") for row in facts["facilities"]}
    paid = results._outputs("funding")["paid"]
    rows = capital_rows(facts["claims"], facts["kinds"], facts["parties"], seniority, paid)
    return Table("Capital raised (USD, nominal)", tuple(rows), "Means over all futures.")


def cover_by_year(results: Results) -> Table:
    """DSCR and loan to value of every facility at the end of each year, as quantiles."""
    of = results._outputs("facilities")
    rows = cover_rows(results._labels("facility"), results._years(), of, results._weight)
    note = "Quantiles over the futures in which it is told."
    return Table("Cover by year", tuple(rows), note)


def maturities(results: Results) -> Table:
    """Principal that falls due by year, and what is owed at its end."""
    of, years = results._outputs("facilities"), results._years()
    rows = maturity_rows(
        results._labels("facility"),
        years,
        (of["year_due_usd"], of["year_due_usd_se"]),
        results._outputs("physical")["balance_usd"],
        last_of_years(results._closes(), years),
    )
    return Table("Maturities (USD, nominal)", tuple(rows), "Means over all futures.")


def verdicts(results: Results) -> Table:
    """What a lender wants to hear first of every facility."""
    owed, names = results._outputs("physical")["balance_usd"], results._labels("facility")
    years = dict(zip(names, years_owed(owed, results._closes()), strict=True))
    facilities, details = tuple(results.facilities()), tuple(results.facility_details())
    rows = verdict_rows(facilities, details, years, results.facts["paths"])
    return Table("Verdicts", tuple(rows))


def clocks(results: Results) -> Table:
    """Months from delivery to the end of contract, debt, economic life and books."""
    rows = clock_rows(tuple(results.cohorts()), results.facts["delivered"])
    return Table("Clocks of the chips (months from delivery)", tuple(rows))


def build(results: Results) -> Table:
    """Power at the end of each year: planned and built."""
    capacity = tuple(results.capacity_by_year())
    rows = build_rows(capacity, results.facts["planned"], results._labels("site"))
    return Table("Built against plan (MW of IT)", tuple(rows))


def inputs(results: Results) -> Table:
    """Every number that went in, with its source."""
    facts = results.facts
    rows = input_rows(facts["inputs"], facts.get("unsourced_places"))
    return Table("Inputs", tuple(rows))


def not_known(results: Results) -> Table:
    """What these results leave open."""
    rows = not_known_rows(
        results.facts["paths"],
        tuple(results.facilities()),
        tuple(results.facility_details()),
        tuple(cover_by_year(results)),
        tuple(results.cohorts()),
        tuple(results.who_pays()),
    )
    return Table("Not known", tuple(rows))
