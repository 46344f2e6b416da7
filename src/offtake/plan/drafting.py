"""A plan that is being written: checked after every change, what did not change is not read again.

The text is cut where a section begins. A section that stands as it stood, on the same lines, is the
same tree again, and so are the items that did not change in one that did; what was read from a tree
is remembered by it (`build.Memory`). A text that cannot be cut like this is read whole.
"""

from __future__ import annotations

from dataclasses import replace

from offtake.core.errors import PlanErrors, Problem
from offtake.plan import source
from offtake.plan.build import Memory, name_sections
from offtake.plan.load import Checked, check_tree
from offtake.plan.tree import Map, Node

MOST = 64
"""Checks after which what is remembered is forgotten, so that it does not grow for ever."""


class Drafting:
    """What is remembered between two checks of nearly the same plan."""

    def __init__(self) -> None:
        self._pieces = dict[tuple[int, str], Map]()
        self._last = dict[str, Node]()
        self._memory, self._checks = Memory(), 0

    def check(self, text: str, name: str = "plan.yaml", *, diffs: bool = True) -> Checked:
        """Same as `load.check_text`.

        Args:
            text: of the plan.
            name: of its file, for messages.
            diffs: whether to try every scenario and stack by itself, which takes most of the time.

        Raises:
            PlanErrors: where the text is not YAML or is empty.
        """
        self._checks += 1
        if self._checks % MOST == 0:
            self._pieces.clear()
            self._memory = Memory()
        tree, problems = self.parse(text, name)
        named, unknown = name_sections(tree)
        found = [*problems, *unknown]
        return check_tree(named, name, so_far=found, memory=self._memory, diffs=diffs)

    def parse(self, text: str, name: str = "plan.yaml") -> tuple[Node, list[Problem]]:
        """Same as `source.parse`."""
        joined = self._joined(text, name)
        return source.parse(text, name) if joined is None else (joined, [])

    def _joined(self, text: str, name: str) -> Map | None:
        """The tree from its sections; None where it has to be read whole."""
        found: Map | None = None
        kept = dict[tuple[int, str], Map]()
        for line, piece in sections(text):
            one = self._pieces.get((line, piece)) or _read(line, piece, name)
            if one is None:
                return None
            (key,) = one.entries
            if found is not None and key in found.entries:
                return None  # written twice: to be told
            one = self._as_before(one, key)
            kept[line, piece] = one
            node, where = one.entries[key], one.keys[key]
            found = one if found is None else found.with_entry(key, node, where)
        self._pieces = kept
        return found

    def _as_before(self, one: Map, key: str) -> Map:
        """A section with those items that it had before."""
        now, before = one.entries[key], self._last.get(key)
        if isinstance(now, Map) and isinstance(before, Map) and now is not before:
            entries = {
                name: before.entries[name] if before.entries.get(name) == node else node
                for name, node in now.entries.items()
            }
            one = one.with_entry(key, replace(now, entries=entries), one.keys[key])
        self._last[key] = one.entries[key]
        return one


def sections(text: str) -> list[tuple[int, str]]:
    """The text cut where a line begins at its left edge: (lines before, piece)."""
    found: list[tuple[int, list[str]]] = []
    for number, line in enumerate(text.split("\n")):
        if line[:1] not in ("", " ", "\t", "#", "\r") or not found:
            found.append((number, []))
        found[-1][1].append(line)
    pieces = [(number, "\n".join(lines)) for number, lines in found]
    if len(pieces) > 1 and not _says(pieces[0][1]):
        pieces = pieces[1:]  # a comment at the top
    return pieces


def _says(piece: str) -> bool:
    return any(line.strip() and not line.lstrip().startswith("#") for line in piece.split("\n"))


def _read(line: int, piece: str, name: str) -> Map | None:
    """One section; None where it is not one without problems."""
    try:
        node, problems = source.parse("\n" * line + piece, name)
    except PlanErrors:
        return None
    return node if isinstance(node, Map) and not problems and len(node.entries) == 1 else None
