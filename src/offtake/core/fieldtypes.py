"""How pydantic reads the field types of :mod:`offtake.core.terms`: one class per form of value."""

from __future__ import annotations

import datetime
import math
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any, cast

from pydantic import GetCoreSchemaHandler, GetJsonSchemaHandler
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema, core_schema

from offtake.core.distribution import Z95, Distribution
from offtake.core.errors import Mistake, Mistakes, mistake_at, quoted
from offtake.core.names import NAME, nearest
from offtake.core.number import parse_alternatives, parse_quantity, parse_rate
from offtake.core.quantity import (
    SIZED,
    FloatingRate,
    Quantity,
    Source,
    When,
    parse_source,
    parse_when,
    tidy,
)
from offtake.core.series import Interpolate, Series, constant

SOURCE_KEYS = ("value", "source", "date", "confidence", "note")
"""Keys of a sourced number."""


_SAID = (None, "1", "1/year", "month")
"""Units that a message need not name beside its example."""


@dataclass(frozen=True)
class Unit:
    """A field that holds a number, or a number over time, in one canonical unit.

    Attributes:
        canonical: unit of the value kept; None for a field that takes any unit.
        noun: what the number is, with its article, for messages and docs.
        example: a spelling that is accepted.
        also: units that stand for ``canonical`` (``USD`` for a price per chip).
        bare: whether a number without a unit is accepted.
        minimum: least value, or None.
        maximum: greatest value, or None.
        sized: whether the number may be left to structuring.
    """

    canonical: str | None
    noun: str = "a number"
    example: str = ""
    also: tuple[str, ...] = ()
    bare: bool = False
    minimum: float | None = None
    maximum: float | None = None
    sized: bool = False

    @property
    def expected(self) -> str:
        """``an amount of money in USD, such as 38 bn USD``."""
        inside = f" in {self.canonical}" if self.canonical not in _SAID else ""
        or_sized = f", or {SIZED}" if self.sized else ""
        return f"{self.noun}{inside}, such as {self.example}{or_sized}"

    def read(self, value: object) -> Quantity:
        """One number from what YAML or a program gives.

        Raises:
            Mistake: if it is not a number of this unit within the bounds.
            Mistakes: if its source is not right, at the key that is not.
        """
        if isinstance(value, Quantity):
            return self._accept(value)
        inner, source = _unwrap(value, self.expected)
        if self.sized and inner == SIZED:
            return Quantity(math.nan, self.canonical or "1", source=source, text=SIZED)
        number = self._parse(_scalar_text(inner, self.expected))
        return self._bounded(number if source is None else replace(number, source=source))

    def read_series(self, value: object) -> Series:
        """A number over time.

        Raises:
            Mistake: or ``Mistakes``, one for each wrong entry of a dated map.
        """
        if isinstance(value, Series):
            return value
        if isinstance(value, str) and (driver := _driver_name(value)) is not None:
            return Series(driver=driver)
        if not isinstance(value, Mapping):
            return constant(self.read(value))
        parts = {str(key): part for key, part in cast("Mapping[object, object]", value).items()}
        if "value" not in parts:
            return _read_dated(parts, self)
        if not isinstance(parts["value"], Mapping):
            return constant(self.read(parts))
        inner, source = _unwrap(parts, self.expected)
        return _read_dated(cast("Mapping[Any, object]", inner), self).sourced(source)

    def _parse(self, text: str) -> Quantity:
        try:
            if self.canonical is None:
                return parse_quantity(text)
            return parse_alternatives(text, self.canonical, also=self.also, bare=self.bare)
        except Mistake as mistake:
            raise _worded(mistake, text, self.expected, self.canonical) from None

    def _accept(self, number: Quantity) -> Quantity:
        if self.canonical is not None and number.unit != self.canonical:
            raise Mistake(
                code="unit-wrong",
                found=f"a quantity in {number.unit}",
                expected=self.expected,
                mend=f"make it in {self.canonical}",
            )
        return self._bounded(number)

    def _bounded(self, number: Quantity) -> Quantity:
        low, high = _range(number)
        if self.minimum is not None and low < self.minimum - 1e-12:
            raise self._outside(number, f"at least {self._shown(self.minimum)}")
        if self.maximum is not None and high > self.maximum + 1e-12:
            raise self._outside(number, f"at most {self._shown(self.maximum)}")
        if number.distribution is None or (self.minimum is None and self.maximum is None):
            return number
        held = number.distribution.within(self.minimum, self.maximum)
        return replace(number, distribution=held)

    def _shown(self, bound: float) -> str:
        if self.canonical == "1":
            return f"{bound:g} ({bound * 100:g} %)" if self.maximum is not None else f"{bound:g}"
        return f"{bound:g} {self.canonical}"

    def _outside(self, number: Quantity, rule: str) -> Mistake:
        mend = f"write a number that is {rule}"
        hundredths = self.minimum == 0.0 and self.maximum == 1.0 and 1.0 < number.value <= 100.0
        if hundredths and "%" not in number.text:
            mend = f"write {number.value:g} % if hundredths are meant"
        if number.distribution is not None:
            mend += ", also at both ends of its range"
        return Mistake(
            code="out-of-range",
            found=quoted(number.text or number.value),
            expected=f"{self.noun} {rule}",
            mend=mend,
        )

    def __get_pydantic_core_schema__(
        self, source: type[object], handler: GetCoreSchemaHandler
    ) -> CoreSchema:
        """Read with :meth:`read` or :meth:`read_series`; write as in a plan."""
        return _schema(self.read_series if source is Series else self.read)

    def __get_pydantic_json_schema__(
        self, schema: CoreSchema, handler: GetJsonSchemaHandler
    ) -> JsonSchemaValue:
        """A text, a bare number where allowed, or a mapping (sourced number, dated map)."""
        kinds = ["string", "object", *(["number"] if self.bare else [])]
        return {"type": kinds, "unit": self.canonical, "examples": [self.example]}


_HINTS: dict[tuple[str, str], str] = {
    ("unit-wrong", "USD/H100e/h"): (
        "divide a price per chip by the chip's H100e (see the catalogue; an H100 is 1) "
        "and write USD/H100e/h"
    ),
    ("unit-wrong", "USD/year"): "write a flow per time: /year, /month or /quarter",
    ("unit-wrong", "USD"): "write an amount without /year: a level, not a flow",
    ("unit-wrong", "month"): "write a number of months or years",
    ("unit-wrong", "1"): "write a plain number or %, without a unit",
    ("unit-wrong", "1/year"): "write %/year or bp",
    ("unit-wrong", "USD/MWh"): "write a price per energy, such as USD/MWh or USD/kWh",
    ("unit-wrong", "USD/MW/year"): "write a cost per power and time, USD/MW/year or USD/kW-month",
    ("unit-wrong", "USD/MW"): "write a cost per power, such as M USD/MW",
}  # fmt: skip


def _worded(mistake: Mistake, text: str, expected: str, canonical: str | None) -> Mistake:
    """A mistake in a number, said again with what its field expects."""
    found, mend = mistake.found, _HINTS.get((mistake.code, canonical or ""), mistake.mend)
    if mistake.code in ("unit-unknown", "unit-form"):
        found = f"{quoted(text)}, with {mistake.found}"
    elif mistake.code == "unit-missing" and canonical == "1/year":
        mend = _rate_hint(tidy(text))
    elif mistake.code not in ("unit-wrong", "unit-missing", "number-form"):
        return mistake
    return Mistake(code=mistake.code, found=found, expected=expected, mend=mend)


def _rate_hint(text: str) -> str:
    """How to write a rate that has no unit."""
    try:
        number = float(text)
    except ValueError:
        number = math.inf
    if abs(number) < 0.5:
        return f"write {number * 100:.10g} %/year if it is a share per year"
    return f"write {text} %/year or {text} bp, whichever is meant"


def quotes_hint(key: str) -> str | None:
    """How to mend a key that is the rest of a text cut at a comma; None if it is not one."""
    if re.match(r"\d{3}(\s|$)", key) or key.endswith(")") or ") " in key:
        return "inside { } put quotes around a text with a comma: '10,000', 'normal(10, 2) USD'"
    return None


def _range(number: Quantity) -> tuple[float, float]:
    """The middle 90 % of a number, or its ends, to be held against the bounds of its field."""
    shape = number.distribution
    if shape is None:
        return number.value, number.value
    if shape.kind in ("lognormal", "normal"):
        return _ends(shape)
    values = shape.parameters[1::2] if shape.kind == "quantiles" else shape.parameters
    return min(values), max(values)


def _ends(shape: Distribution) -> tuple[float, float]:
    centre, spread = shape.parameters
    low, high = centre - Z95 * spread, centre + Z95 * spread
    return (math.exp(low), math.exp(high)) if shape.kind == "lognormal" else (low, high)


@dataclass(frozen=True)
class WhenField:
    """A field that holds a date."""

    expected = "a date such as 2026-07-15, 2026-07, 2026-Q3 or 2026"

    def read(self, value: object) -> When:
        """A date from what YAML or a program gives.

        Raises:
            Mistake: if it is not one.
        """
        if isinstance(value, When):
            return value
        inner, source = _unwrap(value, self.expected)
        if isinstance(inner, datetime.date) and not isinstance(inner, datetime.datetime):
            inner = inner.isoformat()
        when = parse_when(_scalar_text(inner, self.expected))
        return when if source is None else replace(when, source=source)

    def __get_pydantic_core_schema__(
        self, source: type[object], handler: GetCoreSchemaHandler
    ) -> CoreSchema:
        """Read with :meth:`read`; write as in a plan."""
        return _schema(self.read)

    def __get_pydantic_json_schema__(
        self, schema: CoreSchema, handler: GetJsonSchemaHandler
    ) -> JsonSchemaValue:
        """A text."""
        return {"type": ["string", "integer", "object"], "unit": "date", "examples": ["2026-07"]}


@dataclass(frozen=True)
class DayField:
    """A field that holds a date of a list: part of what a contract is, not a number of the plan."""

    expected = WhenField.expected

    def read(self, value: object) -> datetime.date:
        """A date from what YAML or a program gives.

        Raises:
            Mistake: if it is not one.
        """
        return WhenField().read(value).date

    def __get_pydantic_core_schema__(
        self, source: type[object], handler: GetCoreSchemaHandler
    ) -> CoreSchema:
        """Read with :meth:`read`; write as in a plan."""
        return core_schema.no_info_plain_validator_function(
            self.read, serialization=core_schema.to_string_ser_schema()
        )

    def __get_pydantic_json_schema__(
        self, schema: CoreSchema, handler: GetJsonSchemaHandler
    ) -> JsonSchemaValue:
        """A text."""
        return {"type": ["string", "integer"], "unit": "date", "examples": ["2026-06-30"]}


@dataclass(frozen=True)
class FloatingField:
    """A field that holds a fixed or floating interest rate."""

    expected = "a rate such as 6.58 %/year or SOFR + 250 bp"

    def read(self, value: object) -> FloatingRate:
        """A rate from what YAML or a program gives.

        Raises:
            Mistake: if it is not one.
        """
        if isinstance(value, FloatingRate):
            return value
        inner, source = _unwrap(value, self.expected)
        text = _scalar_text(inner, self.expected)
        try:
            rate = parse_rate(text)
        except Mistake as mistake:
            raise _worded(mistake, text, self.expected, "1/year") from None
        return rate if source is None else replace(rate, margin=replace(rate.margin, source=source))

    def __get_pydantic_core_schema__(
        self, source: type[object], handler: GetCoreSchemaHandler
    ) -> CoreSchema:
        """Read with :meth:`read`; write as in a plan."""
        return _schema(self.read)

    def __get_pydantic_json_schema__(
        self, schema: CoreSchema, handler: GetJsonSchemaHandler
    ) -> JsonSchemaValue:
        """A text."""
        return {"type": ["string", "object"], "unit": "1/year", "examples": ["SOFR + 250 bp"]}


class Ref:
    """A field that names an item of one of the given sections of the plan.

    Whether the item exists is checked once the whole plan is read (:mod:`offtake.plan.references`).

    Args:
        sections: top-level keys of the plan in which the name may stand.
    """

    def __init__(self, *sections: str) -> None:
        self.sections = sections

    def read(self, value: object) -> str:
        """The name, if it could be one.

        Raises:
            Mistake: if it is not a text that may be a name.
        """
        expected = "a name from " + " or ".join(self.sections)
        if isinstance(value, str) and NAME.match(value.strip()):
            return value.strip()
        raise Mistake(
            code="name-form",
            found=quoted(value),
            expected=expected,
            mend="write one name: a letter, then letters, digits, _ or -",
        )

    def __get_pydantic_core_schema__(
        self, source: type[object], handler: GetCoreSchemaHandler
    ) -> CoreSchema:
        """Read with :meth:`read`."""
        return core_schema.no_info_plain_validator_function(self.read)

    def __get_pydantic_json_schema__(
        self, schema: CoreSchema, handler: GetJsonSchemaHandler
    ) -> JsonSchemaValue:
        """A text that names an item of ``sections``."""
        return {"type": "string", "sections": list(self.sections)}


def _schema(read: Callable[[Any], object]) -> CoreSchema:
    return core_schema.no_info_plain_validator_function(
        read, serialization=core_schema.plain_serializer_function_ser_schema(_written)
    )


def _written(value: Any) -> object:
    return value.written()


def _unwrap(value: object, expected: str) -> tuple[object, Source | None]:
    """A plain value, or the value and the source of ``{value: ..., source: ...}``."""
    if not isinstance(value, Mapping):
        return value, None
    parts = {str(key): part for key, part in cast("Mapping[object, object]", value).items()}
    for key in parts:
        if key not in SOURCE_KEYS:
            close = None if quotes_hint(key) else nearest(key, SOURCE_KEYS)
            raise Mistake(
                code="key-unknown",
                found=f"the key {quoted(key)}",
                expected=f"{expected}, or a mapping with the keys {', '.join(SOURCE_KEYS)}",
                mend=f"did you mean {close}?"
                if close
                else quotes_hint(key) or "write one number here",
            )
    if "value" not in parts:
        raise Mistake(
            code="key-missing",
            found="a mapping without `value`",
            expected=expected,
            mend="write the number as value: ...",
        )
    inner = parts.pop("value")
    for key, part in parts.items():
        try:
            parse_source({key: part})
        except Mistake as mistake:
            raise mistake_at(mistake, key) from None
    return inner, parse_source(parts)


def _scalar_text(value: object, expected: str) -> str:
    if isinstance(value, str):
        return value
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        return repr(value)
    raise Mistake(
        "number-form" if value is not None else "value-missing",
        found=quoted(value),
        expected=expected,
        mend="write one value after the colon",
    )


def _driver_name(text: str) -> str | None:
    """The name in ``compute_price`` or ``drivers.compute_price``; None if there is none."""
    name = text.strip().removeprefix("drivers.")
    return name if NAME.match(name) else None


def _read_dated(value: Mapping[Any, object], unit: Unit) -> Series:
    """A dated map; all its mistakes at once."""
    entries = {str(key): entry for key, entry in value.items()}
    mistakes: list[tuple[str, Mistake]] = []
    how = _read_interpolate(entries.pop("interpolate", "step"), mistakes)
    knots: dict[datetime.date, tuple[str, Quantity]] = {}
    for label, entry in entries.items():
        try:
            date = parse_when(label).date
            if date in knots:
                raise Mistake(
                    code="key-twice",
                    found=f"{quoted(label)} and {quoted(knots[date][0])}, the same date",
                    expected="each date once",
                    mend="delete one of them",
                )
            knots[date] = (label, unit.read(entry))
        except Mistake as mistake:
            mistakes.append((label, _on_a_date(mistake, label, unit)))
        except Mistakes as several:
            mistakes += [(f"{label}.{at}", mistake) for at, mistake in several.items]
    if not knots and not mistakes:
        mistakes.append(("", _empty_map(unit)))
    units = {number.unit for _, number in knots.values()}
    if len(units) > 1:
        mistakes.append(("", _mixed(units)))
    if mistakes:
        raise Mistakes(mistakes)
    ordered = sorted(knots.items())
    return Series(
        knots=tuple((date, number) for date, (_, number) in ordered),
        interpolate=how,
        labels=tuple(label for _, (label, _) in ordered),
    )


def _read_interpolate(how: object, mistakes: list[tuple[str, Mistake]]) -> Interpolate:
    if how not in ("step", "linear"):
        mistakes.append(
            (
                "interpolate",
                Mistake(
                    code="choice-unknown",
                    found=quoted(how),
                    expected="step or linear",
                    mend="write interpolate: linear, or leave it out for a step function",
                ),
            )
        )
        return "step"
    return how


def _on_a_date(mistake: Mistake, label: str, unit: Unit) -> Mistake:
    if mistake.code != "date-form" or not _is_no_date(label):
        return mistake
    close = nearest(label, ("interpolate", *SOURCE_KEYS))
    hint = quotes_hint(label) or mistake.mend
    return Mistake(
        code="date-form",
        found=f"the key {quoted(label)}",
        expected=f"{unit.expected}; or dates with such values: {{2025: ..., 2026-07: ...}}",
        mend=f"did you mean {close}?" if close else hint,
    )


def _is_no_date(label: str) -> bool:
    try:
        parse_when(label)
    except Mistake:
        return True
    return False


def _empty_map(unit: Unit) -> Mistake:
    return Mistake(
        code="value-missing",
        found="a mapping without dates",
        expected=f"{unit.expected}; or dates with such values",
        mend="write one number, or at least one date with its number",
    )


def _mixed(units: set[str]) -> Mistake:
    return Mistake(
        code="unit-wrong",
        found="values in " + " and ".join(sorted(units)),
        expected="one unit on all dates",
        mend="write all values in the same unit",
    )
