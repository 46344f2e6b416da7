"""The page on calibration: every comparison, one section each."""

from docs.calibration import cost, rental, shipments, sites
from docs.calibration.rows import Row

OPENING = """# Calibration

<!-- made by `make docs`; change the source, not this -->

What the program and its catalogue say beside what was published. Every band stands in
[bands.py](calibration/bands.py) with its reason and was kept before the comparisons were first run;
the published figures were known by then, and for the H100's hour, H100e per MW and the GB300 rough
sums had been done. A result outside is told as a miss, and the band stays; one benchmark was added
later and says so.
The residual is model over published, less one. A band holds the published figure, or the model's
where it is marked so. `make docs` works out the tables; the run behind the rental prices is made
again by `make docs ARGS=--calibrate`.
"""


def comparisons() -> dict[str, list[Row]]:
    """All rows by comparison."""
    model = rental.kept()
    return {
        "Sites": sites.rows(),
        "Cost of an hour of a chip": cost.cost_rows(),
        "Cost per million tokens": cost.token_rows(),
        "Rental price, by point": rental.rows(model),
        "Rental price, whole path": rental.scores(model),
        "Chips shipped": shipments.rows(),
    }


def summary() -> str:
    """How many rows of each comparison are inside."""
    lines = ["| comparison | rows | inside | outside |", "| --- | ---: | ---: | ---: |"]
    for name, rows in comparisons().items():
        inside = sum(row.inside for row in rows)
        lines.append(f"| {name} | {len(rows)} | {inside} | {len(rows) - inside} |")
    return "\n".join(lines)


def page() -> str:
    """The page as Markdown."""
    sections = (module.section() for module in (sites, cost, rental, shipments))
    return "\n".join([OPENING, summary() + "\n", *sections])
