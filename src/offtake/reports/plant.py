"""What is built on a terminal: power by site and year, energy by source, chips by vendor."""

from rich.console import RenderableType
from rich.text import Text

from offtake.reports.pieces import count, laid_out
from offtake.results.results import Results

YEARS = 8
"""Most years in one table: the first in which anything runs, those after it, and the last."""
WIDE = 6
"""The same where a cell holds a share and a price."""


def plant(results: Results) -> list[RenderableType]:
    """What `offtake run` says of sites, power and chips."""
    parts = _capacity(results)
    if len(results.energy()):
        parts += [Text(""), _energy(results)]
    if any(float(row["wafers"]) for row in results.chip_supply()):
        parts += [Text(""), _chips(results)]
    return parts


def _shown(years: list[int], most: int) -> list[int]:
    """Years of a table."""
    return years if len(years) <= most else [*years[: most - 1], years[-1]]


def _capacity(results: Results) -> list[RenderableType]:
    rows = {int(row["year"]): row for row in results.capacity_by_year()}
    if not any(float(row["mw"]) for row in rows.values()):
        return []
    years = _shown([y for y, row in rows.items() if float(row["mw"])], YEARS)
    sites = list(rows[years[0]]["sites"])
    body = [[site, *(f"{rows[y]['sites'][site]:,.0f}" for y in years)] for site in sites]
    if len(sites) > 1:
        body.append(["all sites", *(f"{rows[y]['mw']:,.0f}" for y in years)])
    body.append(["  p5", *(f"{rows[y]['mw_p5']:,.0f}" for y in years)])
    body.append(["  p95", *(f"{rows[y]['mw_p95']:,.0f}" for y in years)])
    body.append(["H100e", *(count(rows[y]["h100e"]) for y in years)])
    columns = [("", "left"), *((str(y), "right") for y in years)]
    title = "What runs at the end of the year (MW of IT)"
    return [laid_out(title, columns, body)]


def _energy(results: Results) -> RenderableType:
    rows = list(results.energy())
    years = _shown(sorted({int(row["year"]) for row in rows if float(row["mwh"])}), WIDE)
    sources = list(dict.fromkeys(str(row["source"]) for row in rows))
    of = {(int(row["year"]), str(row["source"])): row for row in rows}

    def cell(year: int, source: str) -> str:
        row = of[year, source]
        price = row["usd_per_mwh"]
        return "–" if price is None else f"{100 * row['share']:.0f} % at {float(price):.0f}"

    body = [[source, *(cell(y, source) for y in years)] for source in sources]
    columns = [("source", "left"), *((str(y), "right") for y in years)]
    return laid_out("Where the power comes from (at USD/MWh)", columns, body)


def _chips(results: Results) -> RenderableType:
    columns = [
        ("vendor", "left"),
        ("year", "right"),
        ("wafers", "right"),
        ("chips made", "right"),
        ("sent to no cohort", "right"),
    ]
    rows = list(results.chip_supply())
    years = _shown(sorted({int(row["year"]) for row in rows if float(row["wafers"])}), YEARS)
    makers = {row["vendor"] for row in rows if float(row["wafers"])}
    body = [
        [row["vendor"], str(row["year"]), *(count(row[k]) for k in ("wafers", "chips", "unsold"))]
        for row in sorted(rows, key=lambda row: (str(row["vendor"]), int(row["year"])))
        if int(row["year"]) in years and row["vendor"] in makers
    ]
    return laid_out("Chips made", columns, body)
