"""Rows of a workbook and the formulas that tie them: what stands in a cell, and what it comes to.

A formula is written once, as an expression over rows, and serves twice: it is worked out here, for
the value that a cell shows before anybody recomputes it, and it is put into words of a spreadsheet
by whoever knows where rows stand (`Place`). So the two cannot drift apart.

A row has one value for each period. Before the first period and after the last one it is 0. A blank
is NaN and becomes an empty text.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]

Kind = Literal["input", "engine", "live", "flag", "calendar"]
"""What a row is: numbers to change, values of the engine, a formula, an alarm, the calendar."""
Whole = Literal["sum", "open", "close", "least", "none"]
"""What stands for all periods of a year: their sum, the first, the last, nothing; `least`: the
last for a year, the least for all periods."""


def blank(value: float) -> bool:
    """Whether there is nothing to tell."""
    return math.isnan(value)


class See(Protocol):
    """Where an expression reads its values."""

    def row(self, row: Row, t: int) -> float:
        """A row in a period; 0 outside the periods."""
        ...

    def input(self, one: Input) -> float:
        """A number of the plan."""
        ...


class Place(Protocol):
    """Where rows and inputs stand, as a spreadsheet names them."""

    def row(self, row: Row, shift: int) -> str:
        """The cell of a row in this period, or `shift` periods later."""
        ...

    def whole(self, row: Row) -> str:
        """All periods of a row."""
        ...

    def input(self, one: Input) -> str:
        """The cell of a number of the plan."""
        ...

    def block(self, rows: Sequence[Row]) -> str | None:
        """The cells of rows in this period if they stand together, None otherwise."""
        ...


class Term:
    """An expression that has a value in every period."""

    strength = 9
    """How tightly it binds; a weaker part of a stronger whole is put in brackets."""

    def at(self, t: int, see: See) -> float:
        """Value in period t."""
        raise NotImplementedError

    def text(self, place: Place) -> str:
        """The same in words of a spreadsheet."""
        raise NotImplementedError

    def __add__(self, other: Term | float) -> Term:
        """Sum."""
        return _Two("+", self, _term(other))

    def __sub__(self, other: Term | float) -> Term:
        """Difference."""
        return _Two("-", self, _term(other))

    def __mul__(self, other: Term | float) -> Term:
        """Product."""
        return _Two("*", self, _term(other))

    def __truediv__(self, other: Term | float) -> Term:
        """Quotient."""
        return _Two("/", self, _term(other))

    def __pow__(self, other: Term | float) -> Term:
        """Power."""
        return _Two("^", self, _term(other))

    def above(self, other: Term | float) -> Term:
        """1 where it is greater."""
        return _Two(">", self, _term(other))

    def below(self, other: Term | float) -> Term:
        """1 where it is smaller."""
        return _Two("<", self, _term(other))

    def equals(self, other: Term | float) -> Term:
        """1 where it is the same."""
        return _Two("=", self, _term(other))


def _term(value: Term | float) -> Term:
    return value if isinstance(value, Term) else Constant(float(value))


_DO: dict[str, tuple[int, Callable[[float, float], float]]] = {
    "+": (2, lambda a, b: a + b),
    "-": (2, lambda a, b: a - b),
    "*": (3, lambda a, b: a * b),
    "/": (3, lambda a, b: a / b),
    "^": (4, lambda a, b: a**b),
    ">": (1, lambda a, b: float(a > b)),
    "<": (1, lambda a, b: float(a < b)),
    "=": (1, lambda a, b: float(a == b)),
}


@dataclass(frozen=True, eq=False)
class _Two(Term):
    sign: str
    left: Term
    right: Term

    @property
    def strength(self) -> int:  # pyright: ignore[reportIncompatibleVariableOverride]
        """That of its sign."""
        return _DO[self.sign][0]

    def at(self, t: int, see: See) -> float:
        """Both sides joined."""
        return _DO[self.sign][1](self.left.at(t, see), self.right.at(t, see))

    def text(self, place: Place) -> str:
        """Both sides, in brackets where they bind less."""
        left, right = self.left.text(place), self.right.text(place)
        if self.left.strength < self.strength:
            left = f"({left})"
        if self.right.strength < self.strength + (self.sign in "-/^"):
            right = f"({right})"
        return f"{left}{self.sign}{right}"


@dataclass(frozen=True, eq=False)
class Constant(Term):
    """A number that no input carries: 0, 1."""

    value: float

    def at(self, t: int, see: See) -> float:
        """The number."""
        del t, see
        return self.value

    def text(self, place: Place) -> str:
        """The number."""
        del place
        return f"{self.value:.15g}"


@dataclass(frozen=True, eq=False)
class Blank(Term):
    """Nothing to tell."""

    def at(self, t: int, see: See) -> float:
        """NaN."""
        del t, see
        return math.nan

    def text(self, place: Place) -> str:
        """An empty text."""
        del place
        return '""'


@dataclass(frozen=True, eq=False)
class Input(Term):
    """A number of the plan in a cell of its own."""

    place: str
    value: float
    unit: str
    name: str = ""
    """Under which a workbook knows the cell; none if empty."""

    def at(self, t: int, see: See) -> float:
        """The number."""
        del t
        return see.input(self)

    def text(self, place: Place) -> str:
        """Its cell."""
        return place.input(self)


@dataclass(eq=False)
class Row(Term):
    """One line of a sheet; as a term, its value in the same period.

    Attributes:
        label: what it is.
        unit: of its values.
        kind: what it is to the reader.
        term: its formula; None where values are held.
        held: [T] its values; None where there is a formula.
        whole: what stands for a year.
        note: a word beside it.
        engine: [T] what the engine has, where a formula is held to it.
        ahead: whether it rests on its value one period later.
        total: whether it sums up what stands above it.
    """

    label: str
    unit: str
    kind: Kind
    term: Term | None = None
    held: FloatArray | None = None
    whole: Whole = "sum"
    note: str = ""
    engine: FloatArray | None = None
    ahead: bool = False
    total: bool = False

    def at(self, t: int, see: See) -> float:
        """Value in the period."""
        return see.row(self, t)

    def text(self, place: Place) -> str:
        """Its cell in the period."""
        return place.row(self, 0)

    @property
    def before(self) -> Term:
        """Its value one period before; 0 before the first."""
        return _Shifted(self, -1)

    @property
    def after(self) -> Term:
        """Its value one period later; 0 after the last."""
        return _Shifted(self, 1)


@dataclass(frozen=True, eq=False)
class _Shifted(Term):
    of: Row
    by: int

    def at(self, t: int, see: See) -> float:
        """Value in the other period."""
        return see.row(self.of, t + self.by)

    def text(self, place: Place) -> str:
        """Its cell in the other period."""
        return place.row(self.of, self.by)


@dataclass(frozen=True, eq=False)
class Call(Term):
    """A function of a spreadsheet: IF, MAX, MIN, ABS, AND."""

    name: Literal["IF", "MAX", "MIN", "ABS", "AND"]
    parts: tuple[Term, ...]

    def at(self, t: int, see: See) -> float:
        """What the function gives; of IF only the side that holds is looked at."""
        if self.name == "IF":
            holds = self.parts[0].at(t, see)
            return self.parts[1 if holds else 2].at(t, see)
        values = [part.at(t, see) for part in self.parts]
        if self.name == "AND":
            return float(all(values))
        return {"MAX": max, "MIN": min, "ABS": lambda v: abs(v[0])}[self.name](values)  # type: ignore[operator]

    def text(self, place: Place) -> str:
        """The call."""
        return f"{self.name}({','.join(part.text(place) for part in self.parts)})"


def if_(holds: Term, then: Term | float, otherwise: Term | float) -> Term:
    """One of two terms."""
    return Call("IF", (holds, _term(then), _term(otherwise)))


def greatest(*parts: Term | float) -> Term:
    """The greatest of several terms."""
    return Call("MAX", tuple(_term(part) for part in parts))


def all_of(*parts: Term) -> Term:
    """1 where all hold."""
    return Call("AND", parts)


def size(part: Term) -> Term:
    """Without its sign."""
    return Call("ABS", (part,))


@dataclass(frozen=True, eq=False)
class Level(Term):
    """Level payment that repays a balance: PMT(rate, payments, -balance), USD."""

    rate: Term
    payments: Term
    balance: Term

    def at(self, t: int, see: See) -> float:
        """Balance x rate / (1 - (1 + rate)^-payments); in equal parts without a rate."""
        rate, n, balance = (p.at(t, see) for p in (self.rate, self.payments, self.balance))
        if rate == 0.0:
            return balance / n
        return balance * rate / -math.expm1(-n * math.log1p(rate))

    def text(self, place: Place) -> str:
        """PMT."""
        rate, n, balance = (p.text(place) for p in (self.rate, self.payments, self.balance))
        return f"PMT({rate},{n},-{balance})"


@dataclass(frozen=True, eq=False)
class Gap(Term):
    """What a row is above another one; 0 where it is blank."""

    of: Row
    beside: Row

    def at(self, t: int, see: See) -> float:
        """The difference; a blank beside it is 0."""
        value, other = see.row(self.of, t), see.row(self.beside, t)
        return 0.0 if math.isnan(value) else value - (0.0 if math.isnan(other) else other)

    def text(self, place: Place) -> str:
        """IF it is a number."""
        value = place.row(self.of, 0)
        return f"IF(ISNUMBER({value}),{value}-{place.row(self.beside, 0)},0)"


@dataclass(frozen=True, eq=False)
class Sum(Term):
    """Sum of rows in the same period."""

    rows: tuple[Row, ...]

    def at(self, t: int, see: See) -> float:
        """The sum."""
        return math.fsum(see.row(row, t) for row in self.rows)

    def text(self, place: Place) -> str:
        """SUM over a block, or one after another."""
        block = place.block(self.rows)
        if block is not None:
            return f"SUM({block})"
        return f"SUM({','.join(place.row(row, 0) for row in self.rows)})" if self.rows else "0"


@dataclass(frozen=True, eq=False)
class Signed(Term):
    """Rows added up in the same period, each with its sign."""

    rows: tuple[tuple[Row, bool], ...]
    """row, and whether it counts with a plus"""

    strength = 2

    def at(self, t: int, see: See) -> float:
        """The sum."""
        return math.fsum(see.row(r, t) if plus else -see.row(r, t) for r, plus in self.rows)

    def text(self, place: Place) -> str:
        """One after another."""
        signs = [("+" if plus else "-") + place.row(row, 0) for row, plus in self.rows]
        return "".join(signs).removeprefix("+") or "0"


@dataclass(frozen=True, eq=False)
class Trailing(Term):
    """Sum of a row over the last `periods` periods, this one included."""

    of: Row
    number: Row
    """number of each period"""
    periods: int

    def at(self, t: int, see: See) -> float:
        """The sum."""
        return math.fsum(see.row(self.of, s) for s in range(max(t - self.periods + 1, 0), t + 1))

    def text(self, place: Place) -> str:
        """SUMIFS over the numbers of the periods."""
        now, numbers = place.row(self.number, 0), place.whole(self.number)
        return (
            f'SUMIFS({place.whole(self.of)},{numbers},">"&({now}-{self.periods}),'
            f'{numbers},"<="&{now})'
        )


@dataclass
class Values:
    """What rows come to, worked out period by period and kept.

    Args:
        periods: T.
        changed: inputs that differ from the plan, and their values.
    """

    periods: int
    changed: Mapping[Input, float] = field(default_factory=dict[Input, float])
    _known: dict[int, list[float | None]] = field(default_factory=dict[int, Any])
    _reached: dict[int, int] = field(default_factory=dict[int, int])
    _rows: list[Row] = field(default_factory=list[Row])

    def row(self, row: Row, t: int) -> float:
        """A row in a period."""
        if not 0 <= t < self.periods:
            return 0.0
        if row.term is None:
            assert row.held is not None, row.label
            return float(row.held[t])
        if id(row) not in self._known:
            self._rows.append(row)  # what is known by its id has to stay
            self._known[id(row)] = [None] * self.periods
            self._reached[id(row)] = self.periods - 1 if row.ahead else 0
        known = self._known[id(row)][t]
        return self._worked_out(row, row.term, t) if known is None else known

    def _worked_out(self, row: Row, term: Term, t: int) -> float:
        """A row in a period, after all periods that lead there: from where it is short to reach."""
        known, start = self._known[id(row)], self._reached[id(row)]
        for s in range(start, t - 1, -1) if row.ahead else range(start, t + 1):
            if known[s] is None:
                known[s] = term.at(s, self)
        self._reached[id(row)] = t
        found = known[t]
        assert found is not None
        return found

    def input(self, one: Input) -> float:
        """A number of the plan."""
        return self.changed.get(one, one.value)

    def of(self, row: Row) -> FloatArray:
        """[T] values of a row; blanks are NaN."""
        return np.array([self.row(row, t) for t in range(self.periods)])
