"""What a user is told when something in a plan is wrong: where, found, expected, how to mend.

Three words are kept apart:

- a :class:`Mistake` is raised by the parsers of this package, which know what they read but not
  where it stood;
- a :class:`Problem` is a mistake with its place: file, line and item;
- :class:`PlanErrors` is the only exception that reading a plan may raise. It holds every problem
  found.
"""

from __future__ import annotations

import textwrap
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal, cast

WIDTH = 100
"""Columns within which every message fits."""

Severity = Literal["error", "warning"]


class Mistake(ValueError):
    """One thing written wrongly, before its place in the file is known.

    Args:
        code: short stable name of the kind of mistake, such as ``unit-missing``.
        found: what was written, quoted as in the file.
        expected: what may stand there.
        mend: what to do about it; an imperative sentence.
    """

    def __init__(self, code: str, *, found: str, expected: str, mend: str) -> None:
        self.code = code
        self.found = found
        self.expected = expected
        self.mend = mend
        super().__init__(f"found {found}; expected {expected}; {mend}")


class Mistakes(ValueError):
    """Several mistakes within one field, each with its place below the field.

    Args:
        items: (key or index below the field, ``""`` for the field itself; mistake).
    """

    def __init__(self, items: Iterable[tuple[str, Mistake]]) -> None:
        self.items = tuple(items)
        super().__init__("; ".join(f"{at}: {mistake}" for at, mistake in self.items))


def mistake_at(mistake: Mistake, place: str) -> Mistakes:
    """A mistake at a place below the field or model that is being read, such as ``horizon``."""
    return Mistakes([(place, mistake)])


class WrongRequest(ValueError):
    """What was asked of a command cannot be done; the message says what to ask instead."""


class UnknownFigure(KeyError):
    """There is no figure of that name; the message names the nearest."""


@dataclass(frozen=True)
class Where:
    """A position a reader can go to: a line of a file, or an override given on the command line."""

    file: str
    line: int | None = None
    column: int | None = None

    def __str__(self) -> str:
        """``plan.yaml:12``, or the file (or override) alone where there is no line."""
        return self.file if self.line is None else f"{self.file}:{self.line}"


@dataclass(frozen=True)
class Problem:
    """A mistake and its place.

    Attributes:
        where: file and line, or the override.
        place: the item, such as ``contracts.loan.margin``; empty for the whole file.
        code: short stable name of the kind of problem.
        found: what stands there.
        expected: what may stand there.
        mend: what to do.
        severity: an error stops the plan from running, a warning does not.
    """

    where: Where
    place: str
    code: str
    found: str
    expected: str
    mend: str
    severity: Severity = "error"

    def render(self, width: int = WIDTH) -> str:
        """The problem as lines of at most ``width`` columns."""
        place = self.place or "the whole plan"
        head = f"{self.severity}: {place}  ({self.where}, {self.code})"
        lines = textwrap.wrap(
            head, width, subsequent_indent="    ", break_long_words=True, break_on_hyphens=False
        )
        for label, text in (
            ("found", self.found),
            ("expected", self.expected),
            ("mend", self.mend),
        ):
            lines += _labelled(label, text, width)
        return "\n".join(lines)

    def __str__(self) -> str:
        """Same as :meth:`render` at the usual width."""
        return self.render()

    def to_json(self) -> dict[str, str | int | None]:
        """The problem as plain data."""
        return {
            "severity": self.severity,
            "place": self.place,
            "where": str(self.where),
            "line": self.where.line,
            "column": self.where.column,
            "code": self.code,
            "found": self.found,
            "expected": self.expected,
            "mend": self.mend,
        }


def in_option(option: str, said: str, code: str, found: str, expected: str, mend: str) -> Problem:
    """A mistake in an option of the command line.

    Args:
        option: as it is written, such as ``--over``.
        said: what was written after it.
        code: short stable name of the kind of problem.
        found: what is wrong of it.
        expected: what may stand there.
        mend: what to do.
    """
    return Problem(Where(f"{option} {said}"), option, code, found, expected, mend)


def _labelled(label: str, text: str, width: int) -> list[str]:
    indent = " " * 13
    first = f"  {label:<9}  "
    body = printable(text)
    return textwrap.wrap(
        body,
        width,
        initial_indent=first,
        subsequent_indent=indent,
        break_long_words=True,
        break_on_hyphens=False,
    ) or [first.rstrip()]


class PlanErrors(Exception):
    """Everything that is wrong with a plan, at once.

    Attributes:
        problems: in the order of the file; at least one is an error.
    """

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems: tuple[Problem, ...] = tuple(problems)
        super().__init__(self.problems)

    @property
    def errors(self) -> tuple[Problem, ...]:
        """The problems that stop the plan."""
        return tuple(p for p in self.problems if p.severity == "error")

    def __str__(self) -> str:
        """All problems, rendered in 100 columns, with a count at the end."""
        return render(self.problems)

    def said_as(self, prefix: str, changes: Collection[str]) -> PlanErrors:
        """The same, where some changes were not said as `--set` but after another prefix."""
        where = {f"--set {change.strip()}": f"{prefix}{change.strip()}" for change in changes}
        return PlanErrors(
            replace(p, where=replace(p.where, file=where.get(p.where.file, p.where.file)))
            for p in self.problems
        )


def render(problems: Sequence[Problem], width: int = WIDTH) -> str:
    """All problems as text of at most ``width`` columns, then a line that counts them.

    Args:
        problems: errors and warnings, in the order in which they are shown.
        width: columns.

    Returns:
        The text, without a final newline.
    """
    blocks = [p.render(width) for p in problems]
    return "\n\n".join([*blocks, count(problems)])


def count(problems: Sequence[Problem]) -> str:
    """``12 errors, 1 warning``."""
    errors = sum(p.severity == "error" for p in problems)
    warnings = len(problems) - errors
    parts = [
        f"{number} {word}{'' if number == 1 else 's'}"
        for number, word in ((errors, "error"), (warnings, "warning"))
        if number
    ]
    return ", ".join(parts) or "no problems"


def quoted(value: object, limit: int = 60) -> str:
    """A value as a message shows it: one line, quoted if text, shortened if long."""
    if value is None:
        return "nothing"
    if isinstance(value, Mapping):
        count = len(cast("Mapping[object, object]", value))
        return f"a mapping of {count} {'entry' if count == 1 else 'entries'}"
    if isinstance(value, (list, tuple)):
        count = len(cast("Sequence[object]", value))
        return f"a list of {count} {'item' if count == 1 else 'items'}"
    text = printable(str(value))
    if len(text) > limit:
        text = text[: limit - 3] + "..."
    return f"`{text}`"


def printable(text: str) -> str:
    """Text with line breaks and control characters made visible."""
    return "".join(c if c.isprintable() else repr(c)[1:-1] for c in text)
