"""Numbers of a plan moved by a share of themselves, as they would be written.

``42k to 50k USD`` and 5 % more is ``44.1k to 52.5k USD``: both ends move, so that every draw moves
by the same share. What is written is read again, and is taken only if that is what it says.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from typing import Any

from offtake.core.distribution import Distribution
from offtake.core.errors import Mistake
from offtake.core.number import parse_quantity, parse_rate
from offtake.plan.load import Checked, check_tree
from offtake.plan.overrides import apply_overrides
from offtake.plan.tree import Leaf, Map, Node, at, parse_path

_NUMBER = re.compile(r"(?<![A-Za-z0-9_.])[+-]?\d[\d_]*(?:,\d{3})*(?:\.\d+)?")
_CLOSE = 1e-5
"""Relative: seven digits are written."""


def scaled(text: str, factor: float) -> str | None:
    """A number as written, times a factor; None where it cannot be written so.

    Args:
        text: such as ``180 M USD``, ``42k to 50k USD``, ``SOFR + 450 bp``, ``normal(10, 2) USD``.
        factor: above 0.
    """
    made = _NUMBER.sub(lambda found: _times(found[0], factor), text)
    try:
        return made if _is(text, made, factor) else None
    except Mistake:
        return None


def _times(number: str, factor: float) -> str:
    """One number; few digits where few are enough."""
    value = float(number.replace(",", "").replace("_", "")) * factor
    short = f"{value:.4g}"
    shown = short if math.isclose(float(short), value, rel_tol=1e-9) else f"{value:.7g}"
    return shown if "e" not in shown else f"{value:.0f}"


def _is(text: str, made: str, factor: float) -> bool:
    """Whether what is written is what was meant."""
    before, after = parse_rate(text) if _floating(text) else None, None
    if before is not None:
        after = parse_rate(made)
        same = before.base == after.base
        return same and _near(after.margin.value, factor * before.margin.value)
    was, now = parse_quantity(text), parse_quantity(made)
    return (
        was.unit == now.unit
        and _near(now.value, factor * was.value)
        and _stretched(was.distribution, now.distribution, factor)
    )


def _floating(text: str) -> bool:
    return re.match(r"[A-Za-z][\w.]*\s*[+-]", text) is not None


def _stretched(was: Distribution | None, now: Distribution | None, factor: float) -> bool:
    """Whether a spread was moved with its number."""
    if was is None or now is None:
        return was is now
    if was.kind == "lognormal":  # centre and spread of the logarithm
        moved = was.parameters[0] + math.log(factor), was.parameters[1]
    elif was.kind == "quantiles":
        moved = tuple(x if i % 2 == 0 else factor * x for i, x in enumerate(was.parameters))
    else:
        moved = tuple(factor * x for x in was.parameters)
    pairs = zip(now.parameters, moved, strict=True)
    return was.kind == now.kind and all(abs(a - b) <= _CLOSE * max(1.0, abs(b)) for a, b in pairs)


def _near(one: float, other: float) -> bool:
    return math.isclose(one, other, rel_tol=_CLOSE)


def slidable(checked: Checked, tree: Node) -> dict[str, str]:
    """Numbers that can be moved by a share: place -> as written.

    Args:
        checked: a plan without errors.
        tree: as written, changes made.
    """
    if checked.plan is None:
        return {}
    found = dict[str, str]()
    for place, _ in checked.plan.numbers():
        text = written_at(tree, place)
        if text is not None and scaled(text, 1.05) is not None:
            found[place] = text
    return found


def written_at(tree: Node, place: str) -> str | None:
    """The text of a number, its source apart; None where it is not written."""
    node = at(tree, parse_path(place) or ())
    if isinstance(node, Map):
        node = node.entries.get("value")
    return node.text if isinstance(node, Leaf) else None


STEPS = (20, 15, 10, 5, 2, 1, 0)
"""Per cent by which a number may be slid; the farthest that leaves it a plan."""


def reach(tree: Node, place: str) -> dict[str, Any]:
    """How far a number can be moved down and up, in per cent, so that the plan stays one."""
    text = written_at(tree, place) or ""
    down = next(step for step in STEPS if not step or _fits(tree, place, text, 1.0 - step / 100.0))
    up = next(step for step in STEPS if not step or _fits(tree, place, text, 1.0 + step / 100.0))
    return {"down": down, "up": up, "at": value_place(tree, place)}


def _fits(tree: Node, place: str, text: str, factor: float) -> bool:
    made = scaled(text, factor)
    if made is None:
        return False
    changed, refused = apply_overrides(tree, [f"{value_place(tree, place)}={made}"])
    return not refused and check_tree(changed, "plan", diffs=False).plan is not None


def value_place(tree: Node, place: str) -> str:
    """Where the number itself is written: below ``value`` where its source stands beside it."""
    node = at(tree, parse_path(place) or ())
    return f"{place}.value" if isinstance(node, Map) and "value" in node.entries else place


def share_of(per_cent: float) -> float:
    """Per cent as a share."""
    return per_cent / 100.0


def shares_of(far: Mapping[str, float]) -> tuple[float, float]:
    """Shares of itself by which a number can be slid down and up. far: as `reach` gives it."""
    return share_of(far["down"]), share_of(far["up"])


def as_written(written: str, per_cent: float) -> str:
    """A number moved by so many per cent of itself, as it is written; as it was if it cannot be."""
    return scaled(written, 1.0 + share_of(per_cent)) or written
