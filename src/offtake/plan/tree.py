"""A plan as written: a tree of mappings, lists and texts in which everything knows its place.

Nothing is interpreted here. Every scalar is the text that stands in the file, so that ``2026-07``,
``1_000`` and ``yes`` mean the same to us whatever a YAML library makes of them.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from offtake.core.errors import Where
from offtake.core.walk import join

Step = str | int
"""A key of a mapping or an index of a list."""
Path = tuple[Step, ...]


@dataclass(frozen=True)
class Leaf:
    """A scalar: its text, or None where nothing is written."""

    where: Where
    text: str | None


@dataclass(frozen=True)
class Items:
    """A list."""

    where: Where
    items: tuple[Node, ...] = ()


@dataclass(frozen=True)
class Map:
    """A mapping.

    Attributes:
        where: its beginning.
        entries: key -> value, in the order of the file.
        keys: key -> where the key stands.
    """

    where: Where
    entries: dict[str, Node] = field(default_factory=dict[str, "Node"])
    keys: dict[str, Where] = field(default_factory=dict[str, Where])

    def with_entry(self, key: str, node: Node, where: Where) -> Map:
        """The mapping with one entry added or replaced."""
        return replace(self, entries={**self.entries, key: node}, keys={**self.keys, key: where})

    def without(self, key: str) -> Map:
        """The mapping with one entry less."""
        return replace(
            self,
            entries={k: node for k, node in self.entries.items() if k != key},
            keys={k: where for k, where in self.keys.items() if k != key},
        )


Node = Leaf | Items | Map


def plain(node: Node) -> object:
    """The tree as Python dicts, lists, texts and None."""
    if isinstance(node, Map):
        return {key: plain(entry) for key, entry in node.entries.items()}
    if isinstance(node, Items):
        return [plain(entry) for entry in node.items]
    return node.text


def place_of(path: Path) -> str:
    """``("sites", "abilene", "phases", 2)`` as ``sites.abilene.phases[2]``."""
    place = ""
    for step in path:
        place = join(place, step)
    return place


_STEP = re.compile(r"(?:^|\.)(?P<key>[^.\[\]]+)|\[(?P<index>\d{1,6})\]")


def parse_path(text: str) -> Path | None:
    """The path of a place such as ``sites.abilene.phases[2].energise``; None if it is not one."""
    steps: list[Step] = []
    position = 0
    stripped = text.strip()
    while position < len(stripped):
        match = _STEP.match(stripped, position)
        if match is None or (position == 0 and match["key"] is None):
            return None
        key = match["key"]
        steps.append(int(match["index"]) if key is None else key.strip())
        position = match.end()
    return tuple(steps) or None


def child(node: Node, step: Step) -> Node | None:
    """The entry of a mapping or list; None if there is none."""
    if isinstance(node, Map) and isinstance(step, str):
        return node.entries.get(step)
    if isinstance(node, Items) and isinstance(step, int) and 0 <= step < len(node.items):
        return node.items[step]
    return None


def at(node: Node, path: Sequence[Step]) -> Node | None:
    """What stands at a path; None if nothing does."""
    found: Node | None = node
    for step in path:
        found = None if found is None else child(found, step)
    return found


def locate(node: Node, path: Sequence[Step]) -> Where:
    """Where a place stands in the file; the nearest thing above it if it is not written.

    Args:
        node: the whole plan.
        path: of the place.

    Returns:
        The position of the last key (or list item) of the path that exists.
    """
    where = node.where
    for step in path:
        below = child(node, step)
        if below is None:
            break
        where = node.keys.get(str(step), below.where) if isinstance(node, Map) else below.where
        node = below
    return where
