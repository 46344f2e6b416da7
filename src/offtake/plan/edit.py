"""One change to the text of a plan: only its own line changes, comments and layout stay.

A change is written where its place stands; a key that is not there is added below its neighbours.
After every change the text is read again: what it says must be what the plan said before with that
one change and nothing else, or the change is refused.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import cast

from offtake.core.errors import Mistake, PlanErrors, Problem
from offtake.plan import source
from offtake.plan.spans import Span, line_end, spans
from offtake.plan.tree import Leaf, Map, Node, Path, Step, at, parse_path, place_of, plain

SOURCED = ("source", "date", "confidence", "note")
"""Keys beside the value of a sourced number."""
_PLAIN = re.compile(r"[A-Za-z0-9_+\-.][^\n\t]*\Z")
_SPECIAL = re.compile(r"[,\[\]{}]")


Parse = Callable[[str, str], tuple[Node, list[Problem]]]


def changed(text: str, place: str, value: str | None, parse: Parse = source.parse) -> str:
    """The text of a plan with one place written anew.

    Args:
        text: of the plan; YAML that can be read, whether or not it is a plan.
        place: such as ``contracts.loan.rate``, or ``contracts.loan.rate.source`` beside a number.
        value: what is to stand there; a text that begins with ``[`` or ``{`` is read as YAML.
            None deletes the key.
        parse: `source.parse`, or what gives the same quicker (`plan.drafting`).

    Raises:
        Mistake: ``edit-place`` where the place cannot be written, ``edit-value`` where the value
            would change anything else.
        PlanErrors: the text is not YAML.
    """
    path = parse_path(place)
    if path is None:
        raise _no_place(place)
    tree, _ = parse(text, "plan.yaml")
    made = _deleted(text, tree, path) if value is None else _written(text, tree, path, value)
    return _only_that(tree, made, path, value, parse)


def _only_that(tree: Node, made: str, path: Path, value: str | None, parse: Parse) -> str:
    """The new text, if nothing but the place was changed."""
    try:
        after, _ = parse(made, "plan.yaml")
    except PlanErrors as errors:
        raise _no_value(path, value, errors.problems[0].found) from None
    before, now = _blanked(plain(tree), path), _blanked(plain(after), path)
    if before != now:
        raise _no_value(path, value, "more than one change")
    return made


def _blanked(value: object, path: Path) -> object:
    """Plain data without what stands at a path; what a number carries beside it counts as one."""
    if path and path[-1] in (*SOURCED, "value"):
        path = path[:-1]
    return _without(value, path)


def _without(value: object, path: Path) -> object:
    if not path:
        return None
    if isinstance(value, dict):
        entries, step = cast("dict[str, object]", value), str(path[0])
        rest = {key: entry for key, entry in entries.items() if key != step}
        inner = _without(entries.get(step), path[1:]) if len(path) > 1 else None
        return {**rest, step: inner} if inner else rest
    if isinstance(value, list) and isinstance(path[0], int):
        items = list(cast("list[object]", value))
        if path[0] < len(items):
            items[path[0]] = _without(items[path[0]], path[1:])
        return items
    return None


def _written(text: str, tree: Node, path: Path, value: str) -> str:
    where = spans(text)
    span = where.get(path)
    if span is not None:
        node = at(tree, path)
        if isinstance(node, Map) and "value" in node.entries and value[:1] != "{":
            return _written(text, tree, (*path, "value"), value)
        return text[: span.start] + _gap(text, span) + _scalar(value, span) + text[span.end :]
    holder, rest = _holder(where, path)
    above = where[holder]
    node = at(tree, holder)
    if above.kind == "scalar" and len(rest) == 1 and rest[0] in SOURCED:
        return _with_source(text, above, node, str(rest[0]), value)
    if above.kind == "scalar" and isinstance(node, Leaf) and node.text is None:
        inner = _nested(rest, value)
        return text[: above.start] + _gap(text, above) + inner + text[above.end :]
    if above.kind != "map" or not all(isinstance(step, str) for step in rest):
        raise _no_place(place_of(path))
    return _added(text, above, str(rest[0]), _nested(rest[1:], value, flow=above))


def _gap(text: str, span: Span) -> str:
    """A space before a value where none stands: an empty value begins right after its colon."""
    return " " if text[span.start - 1 : span.start] == ":" else ""


def _holder(where: dict[Path, Span], path: Path) -> tuple[Path, Path]:
    """The nearest thing above a path that is written, and the rest of the path."""
    for cut in range(len(path) - 1, -1, -1):
        if path[:cut] in where:
            return path[:cut], path[cut:]
    raise _no_place(place_of(path))


def _nested(rest: tuple[Step, ...], value: str, flow: Span | None = None) -> str:
    """``{a: {b: value}}`` for steps a, b; the value alone without steps."""
    inside = Span(0, 0, flow=True, kind="scalar") if rest else (flow or _LINES)
    made = _scalar(value, Span(0, 0, flow=inside.flow or inside.brackets, kind="scalar"))
    for step in reversed(rest):
        made = f"{{{step}: {made}}}"
    return made


_LINES = Span(0, 0, flow=False, kind="scalar")


def _added(text: str, above: Span, key: str, made: str) -> str:
    """A mapping with one more key at its end."""
    if above.brackets:
        close = above.end - 1
        inside = text[above.start + 1 : close]
        kept = inside.rstrip()
        comma = ", " if kept.strip() and not kept.endswith(",") else ""
        cut = above.start + 1 + len(kept)
        return text[:cut] + f"{comma}{key}: {made}" + text[close:]
    end = line_end(text, above.end)
    return text[:end] + f"\n{' ' * above.column}{key}: {made}" + text[end:]


def _with_source(text: str, span: Span, node: Node | None, key: str, value: str) -> str:
    """A bare number made into one with its source, on the same line."""
    number = node.text if isinstance(node, Leaf) else None
    if number is None:
        raise _no_value((key,), value, "a source without a number")
    inside = Span(0, 0, flow=True, kind="scalar")
    made = f"{{value: {_scalar(number, inside)}, {key}: {_scalar(value, inside)}}}"
    return text[: span.start] + made + text[span.end :]


def _scalar(value: str, span: Span) -> str:
    """A text as YAML has it at this place: plain where it can be, else in quotes."""
    if value[:1] in ("[", "{"):
        return value
    safe = _PLAIN.match(value) and ": " not in value and " #" not in value
    safe = safe and not value.endswith((" ", ":")) and value not in source.NOTHING
    safe = safe and not value.startswith(("- ", "---", "..."))
    if safe and not (span.flow and _SPECIAL.search(value)):
        return value
    return json.dumps(value, ensure_ascii=False)


def scalar_in_brackets(value: str) -> str:
    """A text as YAML has it inside brackets."""
    inside = Span(0, 0, flow=True, kind="scalar")
    return (
        json.dumps(value, ensure_ascii=False) if value[:1] in ("[", "{") else _scalar(value, inside)
    )


def _deleted(text: str, tree: Node, path: Path) -> str:
    where = spans(text)
    holder, key = where.get(path[:-1]), path[-1]
    if holder is None or holder.kind != "map" or str(key) not in holder.keys or path not in where:
        raise _no_place(place_of(path))
    if len(holder.keys) == 1 and not holder.brackets:
        return text[: holder.start] + "{}" + text[holder.end :]
    start, end = holder.keys[str(key)], where[path].end
    if holder.brackets:
        return _out_of_brackets(text, holder, start, end)
    first = next(iter(holder.keys)) == str(key)
    following = [at for at in holder.keys.values() if at > start]
    if first and text[text.rfind("\n", 0, start) + 1 : start].strip():
        return text[:start] + text[min(following) :]
    line = text.rfind("\n", 0, start) + 1
    after = text.find("\n", end)
    return text[:line] + (text[after + 1 :] if after >= 0 else "")


def _out_of_brackets(text: str, holder: Span, start: int, end: int) -> str:
    after = re.match(r"\s*,\s*", text[end : holder.end])
    if after:
        return text[:start] + text[end + after.end() :]
    before = re.search(r",\s*\Z", text[holder.start : start])
    cut = start if before is None else holder.start + before.start()
    return text[:cut] + text[end:]


def _no_place(place: str) -> Mistake:
    return Mistake(
        code="edit-place",
        found=f"the place {place}",
        expected="a key of the plan, or one that can be added below an item that is written",
        mend="change it in the YAML",
    )


def _no_value(path: Path, value: str | None, found: str) -> Mistake:
    return Mistake(
        code="edit-value",
        found=found,
        expected=f"a value that stands at {place_of(path)} alone",
        mend=f"write {value!r} in the YAML, in quotes if need be",
    )
