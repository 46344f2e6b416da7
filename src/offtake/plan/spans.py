"""Where in the text of a plan every key and value begins and ends, so that one can be rewritten.

The tree of `offtake.plan.source` knows lines, for messages; an edit needs characters. Comments and
layout are no part of any span, so what is not rewritten stays as it stands.
"""

from __future__ import annotations

import io
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from offtake.plan.tree import Path, Step


@dataclass
class Span:
    """One value of a plan in its text.

    Attributes:
        start: index of its first character.
        end: index after its last one, without what follows (blanks, comments).
        flow: whether it stands inside brackets, where a text may not hold commas.
        kind: scalar, map or list.
        brackets: whether it is itself a mapping or list in brackets.
        column: of its first key, for a mapping in lines.
        keys: key -> index at which it starts.
    """

    start: int
    end: int
    flow: bool
    kind: str
    brackets: bool = False
    column: int = 0
    keys: dict[str, int] = field(default_factory=dict[str, int])


@dataclass
class _Open:
    span: Span
    path: Path
    key: str | None = None
    count: int = 0

    @property
    def step(self) -> Step:
        return (self.key or "") if self.span.kind == "map" else self.count


def line_end(text: str, at: int) -> int:
    """Index at which the line of a character ends."""
    end = text.find("\n", at)
    return len(text) if end < 0 else end


def spans(text: str) -> dict[Path, Span]:
    """Every value of a plan by its path; the text must be one that `source.parse` reads."""
    found = dict[Path, Span]()
    stack: list[_Open] = []
    for event in _events(text):
        kind = type(event).__name__
        if kind in ("MappingEndEvent", "SequenceEndEvent"):
            done = stack.pop()
            if done.span.brackets:
                done.span.end = event.end_mark.index
            _closed(stack, done.span.end)
        elif kind in ("MappingStartEvent", "SequenceStartEvent"):
            opened = _opened(event, kind, stack)
            found[opened.path] = opened.span
            stack.append(opened)
        elif kind == "ScalarEvent":
            _scalar(event, text, stack, found)
    return found


def _events(text: str) -> Iterator[Any]:
    from ruamel.yaml import YAML

    yaml = YAML(typ="safe", pure=True)
    yaml.version = (1, 2)  # pyright: ignore[reportAttributeAccessIssue]
    yield from yaml.parse(io.StringIO(text))  # pyright: ignore[reportUnknownMemberType]


def _opened(event: Any, kind: str, stack: list[_Open]) -> _Open:
    start = event.start_mark
    span = Span(
        start.index,
        start.index,
        bool(stack) and (stack[-1].span.flow or stack[-1].span.brackets),
        "map" if kind == "MappingStartEvent" else "list",
        bool(event.flow_style),
        start.column,
    )
    path = (*stack[-1].path, stack[-1].step) if stack else ()
    return _Open(span, path)


def _scalar(event: Any, text: str, stack: list[_Open], found: dict[Path, Span]) -> None:
    start, end = event.start_mark.index, event.end_mark.index
    top = stack[-1] if stack else None
    if top is not None and top.span.kind == "map" and top.key is None:
        top.key = str(event.value)
        top.span.keys.setdefault(top.key, start)
        top.span.end = end
        return
    end = start + len(text[start:end].rstrip()) if event.style in (">", "|") else end
    if start == end:  # nothing is written: right after the colon before it
        start = end = len(text[:start].rstrip()) if "\n" in text[:start][-1:] else start
    flow = top is not None and (top.span.flow or top.span.brackets)
    path = (*top.path, top.step) if top is not None else ()
    found.setdefault(path, Span(start, end, flow, "scalar"))
    _closed(stack, end)


def _closed(stack: list[_Open], end: int) -> None:
    """A value has ended: so much of what holds it has been read."""
    if not stack:
        return
    top = stack[-1]
    top.span.end = max(top.span.end, end)
    top.key = None
    top.count += 1
