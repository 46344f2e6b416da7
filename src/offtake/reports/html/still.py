"""The first chart as a still picture: what is seen where JavaScript does not run. Layout only."""

from collections.abc import Sequence

from offtake.reports.svg import bar, line, page, text
from offtake.results.table import Row, money

WIDTH, LEFT, RIGHT, ROW, TOP = 900, 190, 70, 24, 24


def who_pays(rows: Sequence[Row]) -> str:
    """Net payments as bars, those who pay to the right of the line; as SVG.

    Args:
        rows: of `overview.net_payers`.
    """
    ends = [0.0, *(row["net_usd"] for row in rows)]
    low, high = min(ends), max(ends)
    across = (WIDTH - LEFT - 2 * RIGHT) / ((high - low) or 1.0)
    zero = LEFT + RIGHT - low * across
    height = TOP + ROW * len(rows) + 8
    drawn = [line(zero, TOP - 6, zero, height - 8)]
    for i, row in enumerate(rows):
        y, long = TOP + i * ROW, row["net_usd"] * across
        pays = long >= 0.0
        tip = zero + long + (6 if pays else -6)
        drawn += [
            bar(zero if pays else zero + long, y, abs(long), ROW - 8, BLUE if pays else GREY),
            text(LEFT - 8, y + 12, str(row["party"]), "end"),
            text(tip, y + 12, money(row["net_usd"]), "start" if pays else "end"),
        ]
    return page(drawn, WIDTH, height)


BLUE, GREY = "#12539a", "#7b8896"
