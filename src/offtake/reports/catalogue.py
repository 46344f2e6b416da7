"""The catalogue as text: its topics, the table of a topic, an entry in full with its notes."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from offtake.catalogue import Number
from offtake.reports.catalogue_entries import CHIP, TOPICS, Entry, Figure, Topic
from offtake.reports.figures import Scale, plain, scale

MARKS = {"reported": "", "announced": "!", "estimate": "~", "assumption": "?", "derived": "="}
"""Sign behind a number that says how sure it is."""

CHIP_HEADS = ("16-bit", "8-bit", "4-bit", "memory", "bandw.", "TDP", "all-in", "size")
SITE_COLUMNS = ("power", "H100e", "cost of compute", "cost of construction")
SITE_HEADS = ("power", "size", "compute", "constr.")


def topic_list() -> Group:
    """Every topic with what it holds and how much."""
    table = _table(("topic", "left"), ("what it holds", "left"), ("entries", "right"))
    table.add_column("numbers", justify="right")
    for topic in TOPICS.values():
        entries = topic.entries()
        count = sum(len(entry.figures) for entry in entries)
        table.add_row(topic.name, topic.about, f"{len(entries):,}", f"{count:,}")
    hint = "One topic: offtake catalogue TOPIC; one entry in full: offtake catalogue TOPIC NAME"
    return Group(table, Text(""), Text(hint, style="dim"))


def topic_table(topic: Topic) -> Group:
    """All entries of a topic, with marks for how sure they are, and their sources."""
    tables = {
        "chips": _chips,
        "sites": _sites,
        "demand": _demand,
        "shipments": _shipments,
        "ratings": _ratings,
    }
    body, shown = tables.get(topic.name, _list)(topic.entries())
    hint = f"With notes and addresses of sources: offtake catalogue {topic.name} NAME"
    return Group(
        *body,
        Text(""),
        Text(_legend(shown), style="dim"),
        *_sources(shown, numbered=topic.name not in tables, addresses=False),
        Text(hint, style="dim"),
    )


def entry_page(entry: Entry) -> Group:
    """One entry in full: every number with date, confidence, source and note."""
    repeated = _repeated(entry.figures)
    single = [figure for figure in entry.figures if figure.what not in repeated]
    body: list[RenderableType] = []
    if repeated:
        body.append(_by_date(entry.figures, repeated))
    if single:
        body += [Text("")] if repeated else []
        body.append(_singly(single, entry))
    return Group(
        Text(entry.name, style="bold"),
        *([Text(entry.about)] if entry.about else []),
        Text(""),
        *body,
        *_notes(entry.figures),
        Text(""),
        *([Text(_legend(f.number for f in entry.figures), style="dim")] if repeated else []),
        *_sources([f.number for f in entry.figures], numbered=True, addresses=True),
    )


H100E = "H100e: dense 8-bit rate over that of one H100 SXM. All-in: at the utility's meter."


# ------------------------------------------------------------------------------ tables of one topic


Body = tuple[list[RenderableType], list[Number]]
"""What is shown of a topic, and the numbers in it."""


def _list(entries: Sequence[Entry]) -> Body:
    """One line for each number; for histories."""
    shown = [figure.number for entry in entries for figure in entry.figures]
    order = _order(shown)
    table = _table(("name", "left"), ("date", "left"), ("value", "right"), ("unit", "left"))
    table.add_column("src", justify="right", style="dim")
    for entry in entries:
        at = _scale(entry.figures)
        for line, figure in enumerate(entry.figures):
            number = figure.number
            name, value = "" if line else entry.name, _marked(at.band(number), number)
            table.add_row(name, number.date, value, at.unit, str(order[number.source]))
    return [table], shown


def _chips(entries: Sequence[Entry]) -> Body:
    """One line for each chip."""
    by_what = [{figure.what: figure for figure in entry.figures} for entry in entries]
    scales = [_scale([row[what] for row in by_what if what in row]) for what in CHIP.values()]
    table = _table(("chip", "left"))
    for head, at in zip(CHIP_HEADS, scales, strict=True):
        table.add_column(f"{head}\n{at.unit}", justify="right")
    for entry, row in zip(entries, by_what, strict=True):
        found = zip(CHIP.values(), scales, strict=True)
        table.add_row(entry.name, *(_cell(row.get(what), at) for what, at in found))
    shown = [figure.number for entry in entries for figure in entry.figures]
    return [table, Text(""), Text(H100E, style="dim")], shown


def _sites(entries: Sequence[Entry]) -> Body:
    """One line for each site: what the last step of its build path comes to."""
    ends = [{figure.what: figure for figure in entry.figures} for entry in entries]
    scales = [_scale([end[name] for end in ends]) for name in SITE_COLUMNS]
    table = _table(("site", "left"), ("what it is", "left"), ("complete", "left"))
    for head, at in zip(SITE_HEADS, scales, strict=True):
        table.add_column(f"{head}\n{at.unit}", justify="right")
    shown: list[Number] = []
    for entry, end in zip(entries, ends, strict=True):
        numbers = [end[name].number for name in SITE_COLUMNS]
        shown += numbers
        cells = [at.band(number) for at, number in zip(scales, numbers, strict=True)]
        table.add_row(entry.name, entry.about.split(";")[0], numbers[0].date, *cells)
    return [table], shown


def _demand(entries: Sequence[Entry]) -> Body:
    """Hours down, shapes across; then lengths of requests."""
    shapes = [entry for entry in entries if len(entry.figures) > 1]
    table = _table(("hour", "left"), *((shape.name, "right") for shape in shapes))
    for hour in zip(*(shape.figures for shape in shapes), strict=True):
        table.add_row(hour[0].what, *(f"{figure.number.value:.2f}" for figure in hour))
    lengths = _table(("tokens of a request, mean", "left"), ("", "right"))
    for entry in entries:
        if len(entry.figures) == 1:
            lengths.add_row(entry.name, plain(entry.figures[0].number.value))
    return [table, Text(""), lengths], [f.number for entry in entries for f in entry.figures]


def _shipments(entries: Sequence[Entry]) -> Body:
    """Quarters down, vendors across, H100e."""
    found = {
        entry.name: {f.number.date: f.number for f in entry.figures if f.what == "H100e"}
        for entry in entries
    }
    shown = [number for history in found.values() for number in history.values()]
    at = scale(shown)
    table = _table(("up to", "left"), *((name, "right") for name in found))
    for date in sorted({number.date for number in shown}):
        cells = (history.get(date) for history in found.values())
        texts = (plain(number.value / at.size) if number else "–" for number in cells)
        table.add_row(date, *texts)
    title = Text(f"Shipped in all, {at.unit}, median; bands with each vendor", style="bold")
    return [title, Text(""), table], shown


def _ratings(entries: Sequence[Entry]) -> Body:
    """Ratings down, years across; then recoveries."""
    rated = [entry for entry in entries if len(entry.figures) > 1]
    heads = [figure.what.replace(" ", "\n") for figure in rated[0].figures]
    table = _table(("% in default\nwithin", "left"), *((head, "right") for head in heads))
    for entry in rated:
        table.add_row(entry.name, *(f"{100 * f.number.value:.2f}" for f in entry.figures))
    recovered = _table(("recovery, % of face value", "left"), ("", "right"))
    for entry in entries:
        if len(entry.figures) == 1:
            recovered.add_row(entry.name, f"{100 * entry.figures[0].number.value:.1f}")
    return [table, Text(""), recovered], [f.number for entry in entries for f in entry.figures]


# -------------------------------------------------------------------------------- one entry in full


def _repeated(figures: Sequence[Figure]) -> list[str]:
    """Kinds of number that stand at several dates beside other kinds."""
    count: dict[str, int] = {}
    for figure in figures:
        count[figure.what] = count.get(figure.what, 0) + 1
    repeated = [what for what, times in count.items() if times > 1]
    return repeated if len(repeated) > 1 else []


def _by_date(figures: Sequence[Figure], repeated: Sequence[str]) -> Table:
    """Dates down, kinds of number across."""
    columns = {what: [f for f in figures if f.what == what] for what in repeated}
    scales = {what: _scale(column) for what, column in columns.items()}
    table = _table(("up to" if figures[0].until else "from", "left"))
    for what, at in scales.items():
        head = what.removeprefix("cost of ")
        table.add_column(f"{head}\n{at.unit if at.unit != head else ''}", justify="right")
    for row in zip(*columns.values(), strict=True):
        texts = (scales[figure.what].with_band(figure.number) for figure in row)
        table.add_row(row[0].number.date, *texts)
    return table


def _singly(figures: Sequence[Figure], entry: Entry) -> Table:
    """One line for each number."""
    order = _order(figure.number for figure in entry.figures)
    named = any(figure.what for figure in figures)
    based = any(figure.number.basis for figure in figures)
    alike = _scale(figures) if len({figure.number.unit for figure in figures}) == 1 else None
    heads = [*(["what"] if named else []), "date", "value", "unit", "confidence"]
    table = _table(*((head, "right" if head == "value" else "left") for head in heads))
    if based:
        table.add_column("basis")
    table.add_column("src", justify="right", style="dim")
    for figure in figures:
        number, at = figure.number, alike or _scale([figure])
        table.add_row(
            *([figure.what] if named else []),
            number.date,
            at.with_band(number),
            at.unit,
            number.confidence,
            *([(number.basis or "").replace("_", " ")] if based else []),
            str(order[number.source]),
        )
    return table


def _notes(figures: Sequence[Figure]) -> list[RenderableType]:
    """What is to be known about numbers, each note once."""
    said: dict[str, list[str]] = {}
    for figure in figures:
        if figure.number.note:
            label = figure.what if figure.what and not figure.until else figure.number.date
            said.setdefault(figure.number.note, []).append(label)
    if not said:
        return []
    lines: list[RenderableType] = [Text(""), Text("Notes", style="bold")]
    for note, labels in said.items():
        once = list(dict.fromkeys(labels))
        label = "all" if len(labels) == len(figures) > 1 else ", ".join(once[:3])
        more = ", ..." if len(once) > 3 and label != "all" else ""
        lines.append(Padding(Text(f"{label}{more}: {note}"), (0, 0, 0, 2)))
    return lines


# ---------------------------------------------------------------------------------------- in common


def _table(*columns: tuple[str, str]) -> Table:
    table = Table(box=None, pad_edge=False, header_style="bold", padding=(0, 1, 0, 0))
    for position, (name, side) in enumerate(columns):
        wrap = side == "left" and position > 0 and name == "what it is"
        table.add_column(name, justify="left" if side == "left" else "right", no_wrap=not wrap)
    return table


def _scale(figures: Sequence[Figure]) -> Scale:
    return scale([figure.number for figure in figures], share=figures[0].share)


def _cell(figure: Figure | None, at: Scale) -> str:
    return "– " if figure is None else _marked(at.band(figure.number), figure.number)


def _marked(text: str, number: Number) -> str:
    """Text with the sign of how sure the number is, in a place of its own."""
    return f"{text}{MARKS[number.confidence] or ' '}"


def _legend(numbers: Iterable[Number]) -> str:
    """What the marks mean, of those that occur."""
    found = {number.confidence for number in numbers}
    if len(found) == 1:
        return f"All numbers: {found.pop()}."
    signs = (
        (f"{mark} {name}" if mark else f"unmarked {name}", name) for name, mark in MARKS.items()
    )
    return ", ".join(sign for sign, name in signs if name in found) + "."


def _order(numbers: Iterable[Number]) -> dict[str, int]:
    """Numbering of the sources by where they first occur."""
    sources = dict.fromkeys(number.source for number in numbers)
    return {source: place for place, source in enumerate(sources, start=1)}


def _sources(numbers: Sequence[Number], numbered: bool, addresses: bool) -> list[RenderableType]:
    """The sources, one to a line; without their addresses where they are many."""
    grid = Table.grid(padding=(0, 1))
    grid.add_column(justify="right")
    grid.add_column(overflow="fold")
    for source, place in _order(numbers).items():
        text = source if addresses else source.split("; http")[0]
        grid.add_row(f"[{place}]" if numbered else "–", text, style="dim")
    return [Text("Sources", style="dim bold"), grid]
