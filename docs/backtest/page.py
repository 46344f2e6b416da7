"""The page on back-tests: every row, what was missed, what follows from it."""

from collections.abc import Sequence

import numpy as np

from docs.backtest.runs import DRIFT, Row, kept
from docs.calibration.rows import figure
from docs.tables import line

OPENING = """# Back-tests

<!-- made by `make docs`; change the source, not this -->

Plans as somebody could have written them at an earlier date, run over {paths:,} futures, beside
what happened. They were set up once, from assumptions that stand elsewhere in the project (the
plan that `offtake new` writes, plans/circular), and nothing was turned afterwards: misses stay.
Whoever chose those assumptions had seen some of what came. `make docs ARGS=--backtest` runs them
again.

*Inside*: the band from 5 % to 95 % of the futures holds what happened; nine in ten should be.
CRPS, mean |x − y| − mean |x − x′| / 2 for draws x and the outcome y (Gneiting and Raftery 2007), is
in the unit of the number, less is better, and is the plain error for a forecast that is certain.
Beside it the score of a forecast without a model.

{summary}
"""


def page() -> str:
    """The page as Markdown."""
    rows = kept()
    groups = dict.fromkeys(row.group for row in rows)
    told = {group: [row for row in rows if row.group == group] for group in groups}
    parts = [OPENING.format(paths=1024, summary=summary(told))]
    parts.append(_sites(told["Sites"]))
    parts.append(_rental(told["Rental price"]))
    parts.append(_lab(told["A lab's year"]))
    return "\n".join(parts)


def summary(told: dict[str, list[Row]]) -> str:
    """One line for each group."""
    head = (
        "| what | without a model | rows | inside | mean CRPS | without |\n"
        "| --- | --- | ---: | ---: | ---: | ---: |"
    )
    plain = {
        "Sites": "every date is kept",
        "Rental price": "no change",
        "A lab's year": "the targets",
    }
    lines = [
        f"| {group} | {plain[group]} | {len(rows)} | {sum(r.inside for r in rows)} | "
        f"{figure(_mean(r.score for r in rows))} {rows[0].unit} | "
        f"{figure(_mean(r.plain for r in rows))} |"
        for group, rows in told.items()
    ]
    return "\n".join([head, *lines])


def table(rows: Sequence[Row]) -> str:
    """Rows as a table."""
    head = (
        "| what | unit | 5 % | 50 % | 95 % | happened | inside | CRPS | without | source |\n"
        "| --- | --- | ---: | ---: | ---: | ---: | --- | ---: | ---: | --- |"
    )
    return "\n".join([head, *map(_line, rows)])


def _line(row: Row) -> str:
    numbers = [_figure(x) for x in (row.low, row.middle, row.high, row.happened)]
    scores = [_figure(row.score), _figure(row.plain)]
    inside = "yes" if row.inside else "**no**"
    cells = [row.what, row.unit, *numbers, inside, *scores, row.source]
    return line(*cells)


def _figure(value: float) -> str:
    return f"-{figure(-value)}" if value < 0.0 else figure(value)


def _mean(values: object) -> float:
    return float(np.mean(list(values)))  # type: ignore[call-overload]


def _sites(rows: Sequence[Row]) -> str:
    above = [row for row in rows if row.happened > row.high]
    told = "; ".join(f"{row.what.removesuffix(', mid-2026')}" for row in above)
    more = f" More than the band: {told}." if above else ""
    return f"""## Sites: power in mid-2026, as forecast in December 2025

[sites.yaml](backtest/sites.yaml): the dates and MW of Epoch AI's snapshot, each date late by 2
months in the middle and 6 in one case of ten. Where a later report tells power of IT it is
multiplied by 1.2 to be that of the facility; that is off by 8 % either way, which decides some
rows.

{table(rows)}

{_count(rows)}{more} Abilene's buildings 3 and 4 were told for 1 April; half a month later the
site still ran at half of that, and by mid-2026 it had caught up. Colossus 2 ran at little more
than half of what had been told: its power came in parts where the forecast had one step. Three
sites were about where they had been forecast to be, and there a forecast that keeps every date is
hard to beat. Bands are wide because one step of hundreds of MW is there or not.
"""


def _rental(rows: Sequence[Row]) -> str:
    below = sum(row.happened > row.high for row in rows)
    return f"""## Rental price of the H100

[rental.yaml](backtest/rental.yaml): from each published price on, the process of the plan that
`offtake new` writes: −20 % a year, 35 % a year of volatility. Prices on the basis of a contract
of one year, `catalogue.rental_history`.

{table(rows)}

{_count(rows)} In {below} of them the price was above the band. Prices stopped falling in October
2025 and rose by a half to mid-2026; a trend that falls for certain, with a volatility that comes
back to it, puts that beyond 95 %. No change was the better forecast on average. What follows for
a plan: let the trend itself be uncertain (`trend: -40 to 10 %/year`), or use a market that
clears, whose band held all of these prices ([calibration](calibration.md)) at the cost of being
much wider. The rows are not independent: ten forecasts of five prices.
"""


def _lab(rows: Sequence[Row]) -> str:
    drift = "\n".join(
        f"| {year} | {_signed(first)} | {_signed(third)} | {_signed(third - first)} |"
        for year, (first, third) in DRIFT.items()
    )
    return f"""## A lab's year, and how its forecasts moved

[lab.yaml](backtest/lab.yaml): targets of 2025 as they stood early that year, with the spread of
plans/circular.

{table(rows)}

{_count(rows)} Revenue came out a third above its target and more cash was burnt than forecast: a
lab that sells more spends more than in proportion, where the plan has it spend by the root. The
band of cash flow is far too narrow for that: both sides of it move with one luck, and spending
has none of its own.

Forecasts of cash flow by the date on which they were made, bn USD (The Information, quoted by
the-decoder.com). Half a year moved 2028 by more than the whole revenue of 2025. These are not
scored: the revenue by year behind the first forecast is not published, and only 2025 has
happened.

| year | made in Q1 2025 | made in Q3 2025 | change |
| --- | ---: | ---: | ---: |
{drift}
"""


def _signed(value: float) -> str:
    return f"{value:+.0f}".replace("-", "−")


def _count(rows: Sequence[Row]) -> str:
    return f"{sum(row.inside for row in rows)} of {len(rows)} inside."
