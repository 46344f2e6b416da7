"""A chart of points as lines of text."""

from collections.abc import Sequence
from typing import NamedTuple

WIDE, HIGH = 64, 14
"""Columns and lines."""


class Axis(NamedTuple):
    """An axis: its ends, and what stands at them."""

    low: float
    high: float
    at_low: str
    at_high: str

    def cell(self, value: float, cells: int) -> int:
        """Where a value lies among cells, from 0; in the first where the axis has no length."""
        if self.high <= self.low:
            return 0
        return round((value - self.low) / (self.high - self.low) * (cells - 1))


def scatter(
    points: Sequence[tuple[str, float, float]], across: Axis, up: Axis, *, apart: bool = False
) -> list[str]:
    """Lines of the chart, the axis below included.

    Args:
        points: (mark of one letter, place across, place up); later ones over earlier ones.
        across: the axis below.
        up: the axis at the left.
        apart: marks on one spot stand side by side instead.
    """
    grid = [[" "] * WIDE for _ in range(HIGH)]
    for mark, x, y in points:
        line, column = grid[HIGH - 1 - up.cell(y, HIGH)], across.cell(x, WIDE)
        while apart and line[column] != " " and column < WIDE - 1:
            column += 1
        line[column] = mark
    labels = {0: up.at_high, HIGH - 1: up.at_low}
    side = max(map(len, labels.values()))
    lines = [
        f"{labels.get(i, ''):>{side}} |{''.join(line)}".rstrip() for i, line in enumerate(grid)
    ]
    ends = f"{across.at_low}{across.at_high:>{WIDE - len(across.at_low)}}"
    return [*lines, f"{'':>{side}} +{'-' * WIDE}", f"{'':>{side}}  {ends}"]
