"""The chart of capital stacks as a file: cost to owners against the worst losses of financiers."""

from collections.abc import Sequence
from html import escape

from offtake.reports.stack import points_of, span
from offtake.results.comparison import Comparison

WIDTH, HEIGHT, LEFT, RIGHT, TOP, BOTTOM = 760, 480, 80, 170, 60, 60
TICKS = 5


def svg(found: Comparison) -> str:
    """The chart as SVG; stacks that raise no money, or whose cost is not known, are left out."""
    points = points_of(found)
    if not points:
        return page([text(LEFT, TOP, "No stack whose cost can be told")])
    across, up = span([x for _, x, _ in points]), span([y for _, _, y in points])
    drawn = [
        text(LEFT, 26, f"{found.plan}: what money costs, and who may lose it", size=16, bold=True),
        text(LEFT, 46, f"{found.paths:,} futures, the same for every stack", colour="#555"),
        *_axes(across, up),
    ]
    for name, x, y in points:
        at = _x(x, across), _y(y, up)
        drawn.append(f'<circle cx="{at[0]:.1f}" cy="{at[1]:.1f}" r="5" fill="#1f5fa8"/>')
        drawn.append(text(at[0] + 9, at[1] + 4, name))
    return page(drawn)


def _axes(across: tuple[float, float], up: tuple[float, float]) -> list[str]:
    bottom, right = HEIGHT - BOTTOM, WIDTH - RIGHT
    drawn = [_line(LEFT, bottom, right, bottom), _line(LEFT, TOP, LEFT, bottom)]
    for value in _ticks(across):
        x = _x(value, across)
        drawn += [_line(x, bottom, x, bottom + 5), text(x, bottom + 20, _percent(value), "middle")]
    for value in _ticks(up):
        y = _y(value, up)
        drawn += [_line(LEFT - 5, y, LEFT, y), text(LEFT - 9, y + 4, _percent(value), "end")]
    drawn.append(
        text((LEFT + right) / 2, HEIGHT - 14, "cost of the money to owners, a year", "middle")
    )
    drawn.append(
        f'<g transform="translate(18,{(TOP + bottom) / 2:.0f}) rotate(-90)">'
        + text(0, 0, "worst 5 % loss of financiers, share of what was raised", "middle")
        + "</g>"
    )
    return drawn


def _ticks(ends: tuple[float, float]) -> list[float]:
    return [ends[0] + (ends[1] - ends[0]) * i / (TICKS - 1) for i in range(TICKS)]


def _x(value: float, ends: tuple[float, float]) -> float:
    return LEFT + (value - ends[0]) / (ends[1] - ends[0]) * (WIDTH - RIGHT - LEFT)


def _y(value: float, ends: tuple[float, float]) -> float:
    return HEIGHT - BOTTOM - (value - ends[0]) / (ends[1] - ends[0]) * (HEIGHT - BOTTOM - TOP)


def _percent(value: float) -> str:
    return f"{100.0 * value:.1f} %"


def _line(x1: float, y1: float, x2: float, y2: float) -> str:
    return f'<line x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}" stroke="#333"/>'


def text(
    x: float,
    y: float,
    words: str,
    anchor: str = "start",
    *,
    size: int = 12,
    bold: bool = False,
    colour: str = "#111",
) -> str:
    """Words at a point: their start, middle or end stands there."""
    weight = ' font-weight="bold"' if bold else ""
    return (
        f'<text x="{x:.1f}" y="{y:.1f}" font-size="{size}" text-anchor="{anchor}" '
        f'fill="{colour}"{weight}>{escape(words)}</text>'
    )


def page(drawn: Sequence[str], width: int = WIDTH, height: int = HEIGHT) -> str:
    """Drawn parts as one SVG file."""
    head = (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" '
        f'width="{width}" height="{height}" font-family="sans-serif">'
    )
    return "\n".join(
        [head, '<rect width="100%" height="100%" fill="white"/>', *drawn, "</svg>", ""]
    )
