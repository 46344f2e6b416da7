"""What moves a result, as a tornado: on a terminal and as SVG."""

import re

from rich.console import Group, RenderableType
from rich.table import Table as RichTable
from rich.text import Text

from offtake.reports.svg import bar, line, page, text
from offtake.results.sensitivity import NOTE, Check, Effect, Sensitivity
from offtake.results.table import money

STEPS = "By a step (±: half of the difference between one up and one down; +: one up)"
HALF = 8
"""Cells of the longest bar to either side."""
LEAST = 20
"""Characters of a place that are always shown."""
WRITTEN = 14
"""Characters of a number as written."""
AGREES = 3.0
"""Standard errors within which an effect and its bump agree."""
ROUNDING = 1e-3
"""Share of an effect up to which a bump of 1 % may differ by curvature alone."""
SMOOTHED = 0.1
"""The same of a quantile and of the worst 5 %, by smoothing."""
WIDTH, LEFT, RIGHT, TOP, ROW = 900, 380, 120, 70, 22
UP, DOWN = "#1f5fa8", "#c0562b"


def tornado(found: Sensitivity, top: int, width: int = 100) -> Group:
    """Everything that `offtake sensitivity` prints.

    Args:
        found: of one result.
        top: numbers to show; of those moved by a step, half as many.
        width: columns there are.
    """
    shares, steps = found.by_share[:top], found.by_step[: max(top // 2, 1)]
    parts: list[RenderableType] = [
        Text(found.plan, style="bold"),
        Text(
            f"{found.target} = {_plus_minus(found)}   "
            f"{found.paths:,} futures, seed {found.seed}, {len(found.effects)} numbers"
        ),
    ]
    for title, shown in (("When a number rises by 1 %", shares), (STEPS, steps)):
        if shown:
            parts += [Text(""), Text(title, style="bold"), _table(found, shown, width)]
    if not shares and not steps:
        parts += [Text(""), Text(f"No number of the plan moves it on {found.paths:,} futures.")]
    said = notes(found, len(shares), len(steps))
    return Group(*parts, Text(""), *(Text(note, style="dim") for note in said))


def notes(found: Sensitivity, shares: int, steps: int) -> list[str]:
    """What is to be known about the figures.

    Args:
        found: of one result.
        shares: numbers shown that are moved by 1 %.
        steps: numbers shown that are moved by a step.
    """
    every = sum(effect.way == "step" for effect in found.effects)
    said = [
        NOTE,
        f"By 1 %: {len(found.by_share)} of {len(found.effects) - every} numbers move it, {shares} "
        "shown; from one reverse pass, of hazards and correlations by the likelihood of events.",
    ]
    if every:
        said.append(
            f"By a step: {len(found.by_step)} of {every} dates, durations and zeros move it, "
            f"{steps} shown; moved really, on the first {found.step_paths:,} futures"
            + (
                "."
                if found.step_value is None
                else f", of which it is {amount(found.step_value, found.unit)}."
            )
        )
    if found.near:
        which = "all" if found.moved == found.near else f"{found.moved} drawn by size"
        said.append(
            f"{found.near:,} futures lie near a threshold, where a derivative does not tell what a "
            f"move does; there ({which}) every number was moved by itself."
        )
    if found.alike > 1 and found.over == "worst":
        said.append(
            f"The worst 5 % begin among {found.alike:,} futures that lose the same, which may be "
            "nothing; each of those counts in part."
        )
    elif found.alike > 1:
        said.append(
            f"{found.alike:,} futures have the very value at which this is taken: there it jumps "
            "rather than moves, and what is shown is smoothed."
        )
    if found.sized:
        said.append(f"Held as sized: {', '.join(found.sized)}.")
    if found.checks and found.moving:
        good = sum(agrees(check, found.over) for check in found.checks)
        or_so = "" if found.over == "ratio" else f", or {100 * SMOOTHED:.0f} %, as it is smoothed"
        said.append(
            f"Checked: the {len(found.checks)} largest effects from derivatives against moving the "
            f"number on all futures, {good} agree within {AGREES:.0f} standard errors{or_so} "
            "(column ok)."
        )
    return said


def agrees(check: Check, over: str) -> bool:
    """Whether an effect and its bump agree within their error.

    Args:
        check: both.
        over: how futures make the result.
    """
    share = ROUNDING if over == "ratio" else SMOOTHED
    room = AGREES * check.error + share * abs(check.bump)
    return abs(check.effect - check.bump) <= room


def amount(value: float, unit: str, *, sign: bool = False) -> str:
    """A result or a change of it with its unit; shares in per cent, changes of them in points."""
    ahead = ("+" if value >= 0.0 else "-") if sign else ("-" if value < 0.0 else "")
    size = abs(value)
    if unit == "USD":
        return f"{ahead}{money(size)}"
    if unit == "1":
        return f"{ahead}{100.0 * size:.3g} {'pt' if sign else '%'}"
    return f"{ahead}{size:.3g} {unit}"


def _plus_minus(found: Sensitivity) -> str:
    name = found.target.rsplit(".", 1)[-1]
    if found.unit == "1" and ("dscr" in name or "llcr" in name):
        return f"{found.value:.3f} ± {found.error:.2g} (one standard error)"
    error = amount(found.error, found.unit)
    return f"{amount(found.value, found.unit)} ± {error} (one standard error)"


def _table(found: Sensitivity, shown: tuple[Effect, ...], width: int) -> RichTable:
    checks = {check.place: check for check in found.checks}
    most = max(abs(effect.effect) for effect in shown)
    rows: list[list[str]] = []
    for effect in shown:
        check = checks.get(effect.place)
        rows.append(
            [
                cut(as_written(effect), WRITTEN),
                *([] if effect.way != "step" else [f"{'±' if effect.both else '+'}{effect.by}"]),
                amount(effect.effect, found.unit, sign=True),
                amount(effect.error, found.unit),
                *([] if effect.way == "step" else [_said(check, found.over)]),
            ]
        )
    step = shown[0].way == "step"
    heads = ("as written", *(["moved by"] if step else []), "change", "± se")
    heads = heads if step else (*heads, "ok")
    taken = sum(max(len(head), *(len(row[i]) for row in rows)) + 1 for i, head in enumerate(heads))
    room = max(width - taken - 2 * HALF - 2, LEAST)
    made = RichTable(box=None, pad_edge=False, padding=(0, 1, 0, 0), header_style="bold")
    ahead = 2 if step else 1
    for head in ("number", *heads[:ahead], "", *heads[ahead:]):
        right = head in ("change", "± se")
        made.add_column(head, justify="right" if right else "left", no_wrap=True)
    for effect, row in zip(shown, rows, strict=True):
        drawn = _bar(effect.effect / most)
        made.add_row(cut(shortened(effect.place), room), *row[:ahead], drawn, *row[ahead:])
    return made


def _said(check: Check | None, over: str) -> str:
    return "" if check is None else "yes" if agrees(check, over) else "NO"


def cut(words: str, most: int) -> str:
    """Words of at most so many characters: what is too much is taken out of the middle."""
    if len(words) <= most:
        return words
    front = (most - 1) // 2
    return f"{words[:front]}…{words[len(words) - (most - 1 - front) :]}"


def as_written(effect: Effect) -> str:
    """A number as the plan writes it; an amount that was worked out, not written, is rounded."""
    worked_out = re.fullmatch(r"-?\d+\.\d{3,} USD", effect.text)
    return f"{money(effect.value)} USD" if worked_out else effect.text


def shortened(place: str) -> str:
    """A place without the section that says nothing beside the rest."""
    return place.removeprefix("contracts.")


def _bar(share: float) -> Text:
    """A bar to the left or to the right of the middle."""
    cells = max(1, round(abs(share) * HALF))
    left = f"{'█' * cells if share < 0.0 else '':>{HALF}}"
    right = f"{'█' * cells if share >= 0.0 else '':<{HALF}}"
    return Text.assemble((left, "red"), ("│", "dim"), (right, "blue"))


def svg(found: Sensitivity, top: int) -> str:
    """The tornado of what moves by 1 % as SVG.

    Args:
        found: of one result.
        top: numbers to show.
    """
    shown = found.by_share[:top]
    height = TOP + ROW * max(len(shown), 1) + 50
    middle, half = (LEFT + WIDTH - RIGHT) / 2.0, (WIDTH - RIGHT - LEFT) / 2.0
    drawn = [
        text(16, 26, f"{found.plan}: what moves {found.target}", size=16, bold=True),
        text(16, 46, f"{_plus_minus(found)}, {found.paths:,} futures", colour="#555"),
    ]
    most = max((abs(effect.effect) for effect in shown), default=1.0)
    for i, effect in enumerate(shown):
        y, long = TOP + i * ROW, half * abs(effect.effect) / most
        start, colour = (middle, UP) if effect.effect >= 0.0 else (middle - long, DOWN)
        drawn += [
            bar(start, y, long, ROW - 6, colour),
            text(LEFT - 10, y + 12, f"{shortened(effect.place)} +{effect.by}", "end"),
            text(WIDTH - 10, y + 12, amount(effect.effect, found.unit, sign=True), "end"),
        ]
    bottom = TOP + ROW * len(shown)
    drawn += [line(middle, TOP - 6, middle, bottom), text(16, height - 16, NOTE, colour="#555")]
    return page(drawn, WIDTH, height)
