"""The list of measures: what each gives, in which unit, and the page that defines it."""

import sys

from docs.tables import line
from offtake.measures import ALL

PAGES = {
    "who_pays": "measures.md#who-pays",
    "funding": "measures.md#funding-gap-need-sources-and-uses",
    "facilities": "measures/facilities.md",
    "unspent": "measures/facilities.md",
    "contract_value": "measures/contract_value.md",
    "guarantees": "measures/guarantees.md",
    "cohorts": "measures/cohorts.md",
    "levelised": "measures/levelised.md",
    "dependence": "measures/levelised.md",
    "physical": "measures/physical.md",
    "plant": "measures/physical.md",
    "market": "measures/market.md",
    "learning": "measures/learning.md",
    "thresholds": "measures/readings.md",
    "token_output": "measures/readings.md",
    "income_shares": "measures/readings.md",
    "supply_shares": "measures/readings.md",
    "checks": "measures/physical.md#checks",
}
"""Measure -> page that defines it, from `docs/`. A test sees that every measure is here."""

HEAD = """# Measures by output

Everything that a run works out, as the code names it. A variable of `results.dataset` is called
`MEASURE_OUTPUT`. *kept*: *paths* is kept for every future, so that quantiles and worst cases can
be told; *mean* as mean and standard error over futures; *worst* as the largest over all futures.
Definitions, with formulas and cases worked by hand, are on the page named.
"""


def page() -> str:
    """All measures with their outputs."""
    parts = [HEAD]
    for measure in ALL:
        said = (sys.modules[measure.__module__].__doc__ or "").strip().splitlines()[0]
        parts.append(f"\n## {measure.name}\n\n{said} [Definition](../{PAGES[measure.name]}).\n\n")
        parts.append(
            "| output | for each | unit | kept | meaning |\n| --- | --- | --- | --- | --- |\n"
        )
        for name, output in measure.outputs.items():
            shown = line(
                f"`{name}`",
                " × ".join(output.dims),
                f"`{output.unit}`",
                output.keep,
                output.meaning,
            )
            parts.append(f"{shown}\n")
    return "".join(parts)
