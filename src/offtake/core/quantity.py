"""What a number of a plan is once it is read: a value in its canonical unit, spread and source.

How numbers are written is the matter of :mod:`offtake.core.number`; dates and sources are read
here.
"""

from __future__ import annotations

import datetime
import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from offtake.core.distribution import Distribution
from offtake.core.errors import Mistake, quoted

Confidence = Literal["reported", "announced", "estimate", "assumption", "derived"]
CONFIDENCES: tuple[Confidence, ...] = ("reported", "announced", "estimate", "assumption", "derived")
"""How a number is known: published by its owner; promised; worked out by a third party; chosen by
the author of the plan; computed from other sourced numbers."""


@dataclass(frozen=True)
class Source:
    """Where a number comes from.

    Attributes:
        source: publication, address or reason.
        date: of the publication.
        confidence: one of :data:`CONFIDENCES`.
        note: anything a reader should know.
    """

    source: str | None = None
    date: datetime.date | None = None
    confidence: Confidence | None = None
    note: str | None = None

    def written(self) -> dict[str, str]:
        """The parts that are given, as they stand in a plan."""
        parts = {
            "source": self.source,
            "date": self.date.isoformat() if self.date else None,
            "confidence": self.confidence,
            "note": self.note,
        }
        return {key: value for key, value in parts.items() if value is not None}


SIZED = "sized"
"""What a plan writes for an amount that structuring works out (DESIGN §10)."""


@dataclass(frozen=True)
class Quantity:
    """One number of a plan.

    Attributes:
        value: the median, in ``unit``.
        unit: canonical unit, one of :data:`offtake.core.units.CANONICAL`.
        distribution: what is known if the number is uncertain; None if it is certain.
        source: where it comes from, if stated.
        text: as written.
    """

    value: float
    unit: str
    distribution: Distribution | None = None
    source: Source | None = None
    text: str = ""

    @property
    def sized(self) -> bool:
        """Whether the number is still to be worked out by structuring; its value is NaN."""
        return self.text == SIZED and math.isnan(self.value)

    def written(self) -> str | dict[str, str]:
        """The number as it may stand in a plan: a text, or a mapping when it has a source."""
        text = self.text or (
            f"{self.value!r} {self.unit}" if self.unit != "1" else repr(self.value)
        )
        return text if self.source is None else {"value": text, **self.source.written()}

    def __str__(self) -> str:
        """As written."""
        return self.text or f"{self.value:g} {self.unit}"


@dataclass(frozen=True)
class When:
    """A date of a plan: a day, or the first day of the month, quarter or year written.

    Attributes:
        date: the day.
        text: as written, such as ``2026-Q3``.
        source: where it comes from, if stated.
    """

    date: datetime.date
    text: str = ""
    source: Source | None = None

    def written(self) -> str | dict[str, str]:
        """The date as it may stand in a plan."""
        text = self.text or self.date.isoformat()
        return text if self.source is None else {"value": text, **self.source.written()}

    def __str__(self) -> str:
        """As written."""
        return self.text or self.date.isoformat()


@dataclass(frozen=True)
class FloatingRate:
    """An interest rate: a margin over a named base rate, or a fixed rate.

    Attributes:
        base: name of the base rate, such as ``SOFR``; None for a fixed rate.
        margin: the margin over it, or the whole rate if fixed; per year.
        text: as written.
    """

    base: str | None
    margin: Quantity
    text: str = ""

    def written(self) -> str | dict[str, str]:
        """The rate as it may stand in a plan."""
        source = self.margin.source
        return self.text if source is None else {"value": self.text, **source.written()}

    def __str__(self) -> str:
        """As written."""
        return self.text


_SPACES = re.compile(r"[\u00a0\u2007\u2009\u202f\s]+")


def tidy(text: str) -> str:
    """The text with typographic spaces and minus signs replaced by plain ones."""
    return _SPACES.sub(" ", text.replace("\N{MINUS SIGN}", "-")).strip()


_WHEN = re.compile(
    r"(?P<year>\d{4})(?:-(?:Q(?P<quarter>\d)|(?P<month>\d{2})(?:-(?P<day>\d{2}))?))?\Z"
)
FIRST_YEAR, LAST_YEAR = 1990, 2150


def parse_when(text: str) -> When:
    """Read a date: ``2026-07-15``, ``2026-07``, ``2026-Q3`` or ``2026`` (the first day of each).

    Raises:
        Mistake: ``date-form``.
    """
    plain = tidy(text)
    match = _WHEN.match(plain)
    date = None if match is None else _date(match)
    if date is None:
        raise Mistake(
            code="date-form",
            found=quoted(text),
            expected="a date such as 2026-07-15, 2026-07, 2026-Q3 or 2026, "
            f"from {FIRST_YEAR} to {LAST_YEAR}",
            mend="write year, month and day as numbers joined by hyphens, or a quarter Q1 to Q4",
        )
    return When(date, text)


def _date(match: re.Match[str]) -> datetime.date | None:
    year = int(match["year"])
    month = int(match["month"] or 1)
    if match["quarter"]:
        month = {1: 1, 2: 4, 3: 7, 4: 10}.get(int(match["quarter"]), 0)
    if not FIRST_YEAR <= year <= LAST_YEAR:
        return None
    try:
        return datetime.date(year, month, int(match["day"] or 1))
    except ValueError:
        return None


def parse_source(parts: Mapping[str, object]) -> Source | None:
    """Read ``source``, ``date``, ``confidence`` and ``note``; None if none is given.

    Raises:
        Mistake: ``source-form`` for an unknown confidence or a part that is not a text;
            ``date-form``.
    """
    for key, value in parts.items():
        if not isinstance(value, (str, datetime.date)):
            raise Mistake(
                code="source-form",
                found=f"{quoted(value)} as {key}",
                expected="a text",
                mend=f"write {key}: followed by a text in quotes",
            )
    confidence = parts.get("confidence")
    if confidence is not None and confidence not in CONFIDENCES:
        raise Mistake(
            code="source-form",
            found=f"the confidence {quoted(confidence)}",
            expected="one of " + ", ".join(CONFIDENCES),
            mend="write assumption for a number of your own",
        )
    if not parts:
        return None
    date = parts.get("date")
    return Source(
        source=_text(parts.get("source")),
        date=parse_when(str(date)).date if date is not None else None,
        confidence=confidence,
        note=_text(parts.get("note")),
    )


def _text(value: object) -> str | None:
    return None if value is None else str(value)
