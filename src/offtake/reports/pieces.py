"""Pieces that tables on a terminal share: the table itself, numbers, shares."""

from typing import Any

from rich.table import Table as RichTable

SMALLEST = 1e-7
"""Share below which nothing is told from rounding."""
WIDE = 2.4
"""Standard errors of half a 95 % interval from which it is told why; eight groups have 2.36."""


def laid_out(title: str, columns: list[tuple[str, str]], rows: list[list[str]]) -> RichTable:
    """A table without rules; columns are (heading, side)."""
    made = RichTable(
        box=None,
        pad_edge=False,
        title=title,
        title_justify="left",
        header_style="bold",
        title_style="bold",
    )
    for position, (name, side) in enumerate(columns):
        made.add_column(name, justify="left" if side == "left" else "right", no_wrap=position == 0)
    for row in rows:
        made.add_row(*row)
    return made


def wide(paths: int, reach: float) -> list[str]:
    """Why intervals are wide, where it is for few futures.

    Args:
        paths: number of futures.
        reach: half-width of a 95 % interval in standard errors.
    """
    if reach < WIDE:
        return []
    return [
        f"± is {reach:.1f} standard errors, as {paths:,} futures make few groups to tell those by; "
        "from 4,096 on there are sixteen, and it is 2.1."
    ]


def number(value: Any) -> str:
    """A whole number; a dash for none."""
    return "–" if value is None else f"{float(value):.0f}"


def percent(value: Any) -> str:
    """A share in per cent, two digits of a small one; a dash for none."""
    if value is None:
        return "–"
    if SMALLEST <= float(value) < 5e-4:
        return f"{100.0 * float(value):.2g} %"
    share = 100.0 * float(value) if abs(float(value)) >= 5e-4 else 0.0
    return f"{share:.1f} %" if share < 99.95 else "100 %"


def count(value: Any) -> str:
    """A large number in thousands, millions or thousand millions."""
    amount = float(value)
    for size, sign in ((1e9, "bn"), (1e6, "M"), (1e3, "k")):
        if amount >= size:
            return f"{amount / size:.3g} {sign}"
    return f"{amount:.3g}"
