"""Charts of cover: DSCR and loan to value of every facility on all futures."""

from offtake.reports.charts.chart import FAN, PERCENT, TIMES, Chart, Panel, fan, limit, named
from offtake.results import overview
from offtake.results.results import Results
from offtake.results.table import Table

OFF_SCALE = -1.0
"""Cover below which nothing is drawn."""
TESTS = {
    "default_dscr": "default below",
    "lock_up_dscr": "lock-up below",
    "extension_dscr": "extension needs",
    "extension_ltv": "extension needs at most",
    "default_ltv": "default above",
}


def dscr(results: Results) -> Chart:
    """Cover of debt service at the end of each year."""
    by_year = overview.cover_by_year(results)
    return Chart(
        key="dscr",
        title="DSCR",
        measures="Cash flow available for debt service of the last twelve months over interest and "
        "scheduled principal, of the facility and of what ranks senior or equal, at the end "
        "of each year: median, half and 90 % of the futures in which it is serviced then. "
        "Dashed: what its terms ask for.",
        source="Cover that the facilities publish and test in every simulated future.",
        cannot="Months between; balloons at maturity; futures after a default, or once repaid, "
        "so a band may rise because weak futures have left it. Years told by fewer than "
        "5 % of futures; cover below −1x or above 10x is off the scale.",
        panels=_panels(results, by_year, "dscr"),
        table=_table(by_year, "dscr"),
        keys=(*FAN, ("dash", "what its terms ask for")),
    )


def ltv(results: Results) -> Chart:
    """Debt over what its chips are worth at the end of each year."""
    by_year = overview.cover_by_year(results)
    return Chart(
        key="ltv",
        title="Loan to value",
        measures="Balance of the facility, with what ranks senior or equal on the same pledge, "
        "over the market value of the chips pledged, at the end of each year: median, "
        "half and 90 % of the futures in which something is owed then.",
        source="Balances of the facilities, and the value of each cohort: expected spot margin, "
        "discounted at the plan's asset rate, until it first turns negative.",
        cannot="Facilities secured on anything but chips: the plan has no price for halls, "
        "leases or shares. What a forced sale would bring: that stands in the loss "
        "given default. Above 300 % is off the scale.",
        panels=_panels(results, by_year, "ltv"),
        table=_table(by_year, "ltv"),
        keys=FAN,
    )


def _panels(results: Results, by_year: Table, what: str) -> tuple[Panel, ...]:
    form = TIMES if what == "dscr" else PERCENT
    tests = {row["contract"]: row.get("tests", {}) for row in results.facts["facilities"]}
    return tuple(
        Panel(
            fan(
                rows,
                "year",
                what,
                form,
                lines=[
                    limit(value, TESTS[test])
                    for test, value in tests[name].items()
                    if test.endswith(what) and value > 0.0
                ],
                min=named("cover_from"),
                max=named("cover_to" if what == "dscr" else "ltv_to"),
            ),
            title=name,
            height="short",
        )
        for name, rows in overview.cover(by_year, what).items()
        if any(row[f"{what}_p50"] > OFF_SCALE for row in rows)
    )


def _table(by_year: Table, what: str) -> Table:
    rows = [
        {key: value for key, value in row.items() if key in ("contract", "year") or what in key}
        for row in by_year
        if row[f"{what}_share"]
    ]
    return Table(f"{what.upper()} by year", tuple(rows), by_year.note)
