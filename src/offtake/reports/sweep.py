"""Figures over a range of numbers: tables and heat maps, on a terminal and as SVG."""

from rich.console import Group, RenderableType
from rich.style import Style
from rich.table import Table as RichTable
from rich.text import Text

from offtake.reports.named import apart, shown
from offtake.reports.pieces import laid_out, wide
from offtake.reports.svg import bar, page, text
from offtake.results.swept import NOTE, Swept, shade

BLOCKS = " ░▒▓█"
MOST = 6
"""Figures that are shown on a terminal; JSON and SVG have all."""
LOW, HIGH = (235, 242, 250), (200, 60, 40)
"""Colours of the least and of the largest value."""


def sweep(found: Swept) -> Group:
    """Everything that `offtake sweep` prints."""
    parts: list[RenderableType] = [
        Text(
            f"{found.plan}: {len(found.rows)} points over {', '.join(found.places)}", style="bold"
        ),
        Text(f"{found.paths:,} futures, the same at every point, seed {found.seed}."),
        Text(""),
    ]
    figures = _moving(found)
    if found.grid is not None and len(found.places) == 2:
        for figure in figures:
            sides = f"{figure}: {found.places[0]} down, {found.places[1]} across"
            parts += [Text(sides, style="bold"), _heat(found, figure), Text("")]
    elif len(found.places) == 1:
        parts += [part for figure in figures for part in (_points(found, [figure]), Text(""))]
    else:
        parts += [_points(found, figures), Text("")]
    for why, count in found.refused:
        parts.append(Text(f"– at {count} of {len(found.rows)} points, which are no plan: {why}."))
    rest = len(found.figures) - len(figures)
    if rest:
        parts.append(Text(f"{rest} more figures move less, or not at all: in the JSON.", "dim"))
    return Group(*parts, *(Text(note, style="dim") for note in _notes(found)))


def _notes(found: Swept) -> list[str]:
    errors = [e for row in found.rows for e in row["standard_errors"].values() if e is not None]
    if not errors:
        none = f"{found.paths:,} futures make one group, by which no error is told; 512 make two."
        return [NOTE, none]
    return [NOTE, *wide(found.paths, found.reach)]


def _moving(found: Swept) -> list[str]:
    """Figures that are shown, in their order: those that move most against their size."""
    if len(found.figures) <= MOST:
        return list(found.figures)
    moves = {name: _moves(found, name) for name in found.figures}
    most = sorted(found.figures, key=lambda name: -moves[name])[:MOST]
    return [name for name in found.figures if name in most and moves[name] > 0.0]


def _moves(found: Swept, figure: str) -> float:
    """How far a figure goes over all points, as a share of its largest size."""
    every = [row["figures"][figure] for row in found.rows]
    known = [float(value) for value in every if value is not None]
    size = max((abs(value) for value in known), default=0.0)
    return (max(known) - min(known)) / size if size > 0.0 else 0.0


def _heat(found: Swept, figure: str) -> RichTable:
    values = found.heat(figure)
    every = [value for line in values for value in line]
    made = RichTable(box=None, pad_edge=False)
    made.add_column("", justify="right", no_wrap=True)
    for tick in found.ticks(1):
        made.add_column(tick, justify="right")
    for tick, line in zip(found.ticks(0), values, strict=True):
        made.add_row(tick, *(_block(figure, value, shade(every, value)) for value in line))
    return made


def _block(figure: str, value: float | None, at: float | None) -> Text:
    """A value on a ground as dark as it is large; blocks say the same without colour."""
    if at is None:
        return Text("–")
    mark = BLOCKS[min(int(at * len(BLOCKS)), len(BLOCKS) - 1)]
    red, green, blue = _colour(at)
    ground = Style(color="black" if at < 0.6 else "white", bgcolor=f"rgb({red},{green},{blue})")
    return Text(f" {shown(figure, value)} {mark}{mark}", style=ground)


def _colour(at: float) -> tuple[int, int, int]:
    red, green, blue = (round(a + at * (b - a)) for a, b in zip(LOW, HIGH, strict=True))
    return red, green, blue


def _points(found: Swept, figures: list[str]) -> RichTable:
    columns = [(place.rsplit(".", 1)[-1], "left") for place in found.places]
    for figure in figures:
        name = figure.split(".", 1)[-1] if len(figures) > 1 else figure.rsplit(".", 1)[-1]
        columns += [(name, "right"), ("± 95 %", "right"), ("", "left")]
    rows: list[list[str]] = []
    for row in found.rows:
        line = [str(value) for value in row["at"]]
        for figure in figures:
            value, error = row["figures"][figure], row["standard_errors"][figure]
            among = [other["figures"][figure] for other in found.rows]
            line += [
                shown(figure, value),
                "" if error is None else f"±{apart(figure, found.reach * error)}",
                _bar(shade(among, value)),
            ]
        rows.append(line)
    title = figures[0] if len(figures) == 1 else ""
    return laid_out(title, columns, rows)


def _bar(at: float | None) -> str:
    return "" if at is None else "▏" + "█" * round(8 * at)


# -------------------------------------------------------------------------------------------- SVG


def svg(found: Swept) -> str:
    """Heat maps of all figures as SVG, one below the other.

    Raises:
        ValueError: the points are no grid of two axes.
    """
    drawn: list[str] = []
    top, left, cell_high, cell_wide = 40, 130, 34, 92
    across, down = found.ticks(1), found.ticks(0)
    for figure in found.figures:
        values = found.heat(figure)
        every = [value for line in values for value in line]
        drawn.append(text(20, top - 12, f"{found.plan}: {figure}", size=14, bold=True))
        drawn.append(text(left, top + 6, f"{found.places[1]} →   {found.places[0]} ↓"))
        for j, tick in enumerate(across):
            drawn.append(text(left + (j + 0.5) * cell_wide, top + 24, tick, "middle"))
        for i, (tick, line) in enumerate(zip(down, values, strict=True)):
            y = top + 30 + i * cell_high
            drawn.append(text(left - 8, y + 21, tick, "end"))
            for j, value in enumerate(line):
                at = shade(every, value)
                ground = "#ddd" if at is None else "rgb({},{},{})".format(*_colour(at))
                x = left + j * cell_wide
                drawn.append(bar(x, y, cell_wide - 2, cell_high - 2, ground))
                ink = "#fff" if at is not None and at > 0.6 else "#111"
                middle = x + cell_wide / 2
                drawn.append(text(middle, y + 21, shown(figure, value), "middle", colour=ink))
        top += 30 + len(down) * cell_high + 60
    return page(drawn, left + len(across) * cell_wide + 20, top - 40)
