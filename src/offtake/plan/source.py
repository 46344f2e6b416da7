"""From a file to a tree: YAML read event by event, every scalar kept as text with its line.

What YAML offers beyond mappings, lists and texts (anchors, tags, several documents) is refused: a
plan says each thing once, in full, where the reader looks for it.
"""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path as File
from typing import Any

from offtake.core.errors import PlanErrors, Problem, Where, quoted
from offtake.core.names import nearest
from offtake.plan.tree import Items, Leaf, Map, Node, Step, place_of

PLAN_FILE = "plan.yaml"
LARGEST = 5_000_000
"""Bytes of a plan file."""
DEEPEST = 24
"""Levels of nesting."""
NOTHING = frozenset({"", "~", "null", "Null", "NULL"})
"""Unquoted texts that mean that nothing is written."""


def find(path: str | File) -> File:
    """The plan file meant by a path: the file itself, or ``plan.yaml`` in a folder.

    Raises:
        PlanErrors: ``file-missing`` if there is none.
    """
    given = File(path)
    try:
        if given.is_dir():
            inside = given / PLAN_FILE
            if inside.is_file():
                return inside
            raise _file_problem(
                given,
                "file-missing",
                f"a folder without {PLAN_FILE}",
                f"a folder that holds {PLAN_FILE}, or a plan file",
                _nearby(given, f"name the plan file itself, or make one with: offtake new {given}"),
            )
        if given.is_file():
            return given
    except (OSError, ValueError):
        pass
    raise _file_problem(
        given,
        "file-missing",
        "no such file",
        f"a plan file, or a folder that holds {PLAN_FILE}",
        _alike(given, f"check the spelling, or make a plan with: offtake new {given}"),
    )


def _nearby(folder: File, otherwise: str) -> str:
    found = sorted(p.name for p in (*folder.glob("*.yaml"), *folder.glob("*.yml")))
    return f"did you mean {folder / found[0]}?" if found else otherwise


def _alike(given: File, otherwise: str) -> str:
    """The plan whose name is nearest to one that is not there: beside it, or in ``plans``."""
    meant = given.parent if given.name == PLAN_FILE else given
    for folder in (meant.parent, File("plans")):
        with suppress(OSError, ValueError):
            known = {p.name for p in folder.iterdir() if _is_plan(p)}
            if (close := nearest(meant.name, known)) is not None:
                return f"did you mean {folder / close}?"
    return otherwise


def _is_plan(path: File) -> bool:
    return path.suffix in (".yaml", ".yml") or (path / PLAN_FILE).is_file()


def _file_problem(path: File, code: str, found: str, expected: str, mend: str) -> PlanErrors:
    return PlanErrors([Problem(Where(str(path)), "", code, found, expected, mend)])


def read_text(file: File) -> str:
    """The text of a plan file.

    Raises:
        PlanErrors: if it cannot be read, is too large, or is not UTF-8 text.
    """
    try:
        size = file.stat().st_size
        if size > LARGEST:
            raise _file_problem(
                file,
                "file-large",
                f"{size:,} bytes",
                f"a plan of at most {LARGEST:,} bytes",
                "check that this is the plan and not a table of data",
            )
        raw = file.read_bytes()
    except OSError as error:
        raise _file_problem(
            file,
            "file-unreadable",
            f"a file that cannot be read: {error.strerror or error}",
            "a file that you may read",
            "check its permissions",
        ) from None
    return decode(raw, str(file))


def decode(raw: bytes, name: str) -> str:
    """UTF-8 bytes as text.

    Raises:
        PlanErrors: ``file-not-text``.
    """
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = raw[: error.start].count(b"\n") + 1
        raise _not_text(Where(name, line), f"the byte 0x{raw[error.start]:02x}") from None
    for number, line in enumerate(text.split("\n"), 1):
        for character in line:
            if character < " " and character not in "\t\r":
                raise _not_text(Where(name, number), f"the control character {character!r}")
    return text


def _not_text(where: Where, found: str) -> PlanErrors:
    return PlanErrors(
        [
            Problem(
                where,
                "",
                "file-not-text",
                f"{found}, which is not text",
                "text in UTF-8",
                "save the plan as plain text in UTF-8",
            )
        ]
    )


@dataclass
class _Open:
    """A mapping or list being read."""

    node: Map | Items
    key: str | None = None
    key_where: Where | None = None
    items: list[Node] = field(default_factory=list[Node])

    @property
    def step(self) -> Step:
        return (self.key or "") if isinstance(self.node, Map) else len(self.items)


def parse(text: str, name: str) -> tuple[Node, list[Problem]]:
    """Read YAML into a tree.

    Args:
        text: of the plan.
        name: of the file, for messages.

    Returns:
        The tree, and the problems that do not keep the rest from being read (keys written twice,
        anchors).

    Raises:
        PlanErrors: where the text is not YAML at all, is empty, or nests too deep.
    """
    reader = _Reader(name)
    try:
        for event in _events(text):
            reader.take(event)
    except PlanErrors as errors:
        raise PlanErrors([*reader.problems, *errors.problems]) from None
    except Exception as error:
        problem = _syntax_problem(error, text, name)
        raise PlanErrors([*reader.problems, problem]) from None
    if reader.root is None or (isinstance(reader.root, Leaf) and reader.root.text is None):
        raise PlanErrors([*reader.problems, _empty(name)])
    return reader.root, reader.problems


def _events(text: str) -> Iterator[Any]:
    from ruamel.yaml import YAML

    yaml = YAML(typ="safe", pure=True)
    yaml.version = (1, 2)  # pyright: ignore[reportAttributeAccessIssue]
    yield from yaml.parse(io.StringIO(text))  # pyright: ignore[reportUnknownMemberType]


class _Reader:
    """Builds the tree from YAML events, without recursion."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.root: Node | None = None
        self.problems: list[Problem] = []
        self.stack: list[_Open] = []
        self.documents = 0

    def take(self, event: Any) -> None:
        """Take in one event."""
        kind = type(event).__name__
        handler = getattr(self, f"_on_{kind}", None)
        if handler is not None:
            handler(event)

    def _on_DocumentStartEvent(self, event: Any) -> None:
        self.documents += 1
        if self.documents == 2:
            self._report(
                self._where(event),
                "yaml-feature",
                "a second document after ---",
                "one plan in one file",
                "put the second plan into a file of its own",
            )

    def _on_MappingStartEvent(self, event: Any) -> None:
        self._refuse_features(event)
        self._open(Map(self._where(event)))

    def _on_SequenceStartEvent(self, event: Any) -> None:
        self._refuse_features(event)
        self._open(Items(self._where(event)))

    def _on_MappingEndEvent(self, event: Any) -> None:
        self._add(self.stack.pop().node)

    def _on_SequenceEndEvent(self, event: Any) -> None:
        done = self.stack.pop()
        self._add(Items(done.node.where, tuple(done.items)))

    def _on_AliasEvent(self, event: Any) -> None:
        self._report(
            self._where(event),
            "yaml-feature",
            f"the alias *{event.anchor}",
            "each value written out where it is used",
            "copy the value here; a scenario or a driver can hold what several places share",
        )
        self._add(Leaf(self._where(event), None))

    def _on_ScalarEvent(self, event: Any) -> None:
        self._refuse_features(event)
        text: str | None = _paired(str(event.value))
        if event.style is None and text in NOTHING:
            text = None
        self._add(Leaf(self._where(event), text))

    def _open(self, node: Map | Items) -> None:
        if len(self.stack) >= DEEPEST:
            raise PlanErrors(
                [
                    Problem(
                        node.where,
                        self._place(),
                        "too-deep",
                        f"more than {DEEPEST} levels inside one another",
                        "a plan, which needs about six",
                        "check the brackets and the indentation",
                    )
                ]
            )
        self.stack.append(_Open(node))

    def _add(self, node: Node) -> None:
        if not self.stack:
            if self.root is None:
                self.root = node
            return
        top = self.stack[-1]
        if isinstance(top.node, Items):
            top.items.append(node)
            return
        if top.key is None:
            top.key, top.key_where = self._key(node), node.where
            return
        key, where = top.key, top.key_where or node.where
        if key in top.node.entries:
            self._twice(top.node, key, where)
        else:
            top.node.entries[key] = node
            top.node.keys[key] = where
        top.key = top.key_where = None

    def _key(self, node: Node) -> str:
        if isinstance(node, Leaf):
            return node.text if node.text is not None else "null"
        self._report(
            node.where,
            "key-form",
            "a mapping or list in place of a key",
            "a name before each colon",
            "write a name, or put quotes around a text that begins with a bracket",
        )
        return f"(key on line {node.where.line})"

    def _twice(self, node: Map, key: str, where: Where) -> None:
        first = node.keys[key]
        self._report(
            where,
            "key-twice",
            f"the key {quoted(key)} a second time; the first is on line {first.line}",
            "each key once",
            "delete or rename one of the two",
        )

    def _refuse_features(self, event: Any) -> None:
        if event.anchor is not None:
            self._report(
                self._where(event),
                "yaml-feature",
                f"the anchor &{event.anchor}",
                "each value written out where it is used",
                f"delete &{event.anchor}; a driver can hold what several places share",
            )
        tag = getattr(event, "tag", None)
        if tag is not None and str(tag) not in ("", "!"):
            self._report(
                self._where(event),
                "yaml-feature",
                f"the tag {quoted(tag)}",
                "mappings, lists and texts only",
                "delete the tag",
            )

    def _report(self, where: Where, code: str, found: str, expected: str, mend: str) -> None:
        self.problems.append(Problem(where, self._place(), code, found, expected, mend))

    def _place(self) -> str:
        return place_of(tuple(o.step for o in self.stack if o.step != ""))

    def _where(self, event: Any) -> Where:
        mark = event.start_mark
        return Where(self.name, mark.line + 1, mark.column + 1)


def _paired(text: str) -> str:
    """The text with surrogates joined into the character they stand for, or replaced."""
    if text.isascii():
        return text
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def _empty(name: str) -> Problem:
    return Problem(
        Where(name, 1),
        "",
        "file-empty",
        "an empty file",
        "a plan with the keys plan, parties and contracts",
        "make a small plan that runs with: offtake new my-plan",
    )


def _syntax_problem(error: Exception, text: str, name: str) -> Problem:
    mark: Any = getattr(error, "problem_mark", None) or getattr(error, "context_mark", None)
    line = 1 if mark is None else int(mark.line) + 1
    said = str(getattr(error, "problem", None) or "").strip()
    lines = text.split("\n")
    row = lines[line - 1] if line <= len(lines) else ""
    found, mend = _syntax_words(said, row)
    return Problem(
        Where(name, line, None if mark is None else int(mark.column) + 1),
        "",
        "yaml-syntax",
        f"{found}, at {quoted(row.strip())}" if row.strip() else found,
        "YAML: keys and values joined by a colon and a space, indented with spaces",
        mend,
    )


def _syntax_words(said: str, row: str) -> tuple[str, str]:
    """What is wrong with a line and how to mend it, from what the YAML reader said."""
    if "\t" in row and ("\\t" in said or "tab" in said.lower() or row.lstrip(" ").startswith("\t")):
        return "a tab", "replace tabs by spaces"
    if re.search(r"\{.*[\w.]\[\d+\]", row):
        mend = "write the place on a line of its own, or in quotes: {'phases[0].energise': 2027-01}"
        return "a place with an index inside { }", mend
    for words, found, mend in _SYNTAX:
        if words in said:
            return found, mend
    return (
        f"text that YAML cannot read ({said})" if said else "text that YAML cannot read",
        "check the indentation, brackets and quotes on this line and the one before it",
    )


_SYNTAX: tuple[tuple[str, str, str], ...] = (
    (
        "mapping values are not allowed",
        "a second `: ` on one line, or a wrong indentation",
        "put quotes around a text that contains `: `, and indent entries of a mapping alike",
    ),
    (
        "while scanning a quoted",
        "a quote that is not closed",
        "close the quote on the same line",
    ),
    ("unexpected end of stream", "a quote that is not closed", "close the quote"),
    (
        "expected ',' or",
        "a bracket that is not closed, or a missing comma",
        "close every { and [ and put a comma between entries",
    ),
    (
        "could not find expected ':'",
        "a key without a colon",
        "write `key: value`, with a space after the colon",
    ),
    (
        "expected <block end>",
        "an entry that is indented differently from the one before it",
        "indent entries of the same mapping or list alike",
    ),
    (
        "expected the node content",
        "a bracket or comma where a value should stand",
        "write a value, or put quotes around a text that contains brackets or commas",
    ),
    (
        "cannot start any token",
        "a character that cannot begin a value",
        "put quotes around a text that begins with @, `, % or a tab",
    ),
    ("undefined alias", "a value that begins with *", "put quotes around it, or write it out"),
    ("expected alphabetic", "a value that begins with & or *", "put quotes around the text"),
)
