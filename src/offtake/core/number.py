"""Numbers as people write them: an amount with its unit, an interval, a distribution, a rate.

Forms of one number::

    1.2 GW                  an amount; a scale (k, M, bn, tn) may stand close or apart
    10,000   1_000          thousands may be marked by a comma or an underscore
    30k to 40k USD          a 90 % interval; lognormal when both ends are positive, else normal
    1 to 2 bn USD           what stands apart after the last number (bn USD) belongs to both
    normal(10, 2) USD       mean and standard deviation; the unit after the bracket is for all
    triangular(30k, 35k, 42k) USD    least, most likely, greatest
    uniform(2, 6) months    least, greatest
    quantiles(5 %: 1, 50 %: 2, 95 %: 4) USD    quantiles of the number

Inside the brackets of YAML's ``{ }`` and ``[ ]`` a text with a comma or ``: `` needs quotes.

A number is kept in the canonical unit of its field; ``value`` is its median, used in the base case.
"""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import cast

from offtake.core.distribution import Distribution, Kind, interval
from offtake.core.errors import Mistake, quoted
from offtake.core.quantity import FloatingRate, Quantity, tidy
from offtake.core.units import SCALES, canonical, convert, converts, parse_unit

_NUMBER = re.compile(
    r"(?P<number>[+-]?(?:\d{1,3}(?:,\d{3})+(?:\.\d+)?|\d{1,3}(?:_\d{3})+(?:\.\d+)?|\d+\.\d+|\d+|\.\d+)(?:[eE][+-]?\d+)?)"
    r"(?P<rest>(?![\d.,_]).*)\Z"
)
_SCALE = re.compile(r"(?P<space>\s*)(?P<scale>" + "|".join(SCALES) + r")(?P<rest>\s.*|)\Z")
_CALL = re.compile(r"(?P<name>[A-Za-z]+)\s*\((?P<arguments>[^()]*)\)(?P<unit>.*)\Z")
_TO = re.compile(r"\s+to\s+")
_LONGEST = 300

SHAPES: dict[str, tuple[Kind, tuple[str, ...]]] = {
    "normal": ("normal", ("mean", "sd")),
    "triangular": ("triangular", ("least", "most likely", "greatest")),
    "uniform": ("uniform", ("least", "greatest")),
}
"""Distributions written with a fixed number of arguments -> kind and what the arguments mean."""


@dataclass(frozen=True)
class _Term:
    """``30k USD`` taken apart; ``glued`` says that the scale stands close to the number."""

    number: float
    scale: str
    glued: bool
    unit: str

    @property
    def full_unit(self) -> str:
        return f"{self.scale} {self.unit}".strip()


def parse_quantity(text: str, unit: str | None = None, *, bare: bool = False) -> Quantity:
    """Read one number.

    Args:
        text: one of the forms of the module docstring.
        unit: canonical unit wanted; None takes the canonical unit of what is written.
        bare: whether a number without a unit is taken to be in ``unit`` (counts and shares).

    Returns:
        The quantity in its canonical unit.

    Raises:
        Mistake: ``number-form``, ``unit-missing``, ``unit-unknown``, ``unit-form``, ``unit-wrong``,
            ``interval-order``, ``distribution-form``.
    """
    plain = tidy(text)
    if len(plain) > _LONGEST:
        raise _not_a_number(plain)
    call = _CALL.match(plain)
    if call is not None:
        return _parse_call(call, text, unit, bare=bare)
    parts = _TO.split(plain)
    if len(parts) == 2:
        return _parse_interval(parts[0], parts[1], text, unit, bare=bare)
    if len(parts) > 2:
        raise Mistake(
            code="number-form",
            found=quoted(text),
            expected="at most one `to`, as in 30k to 40k USD",
            mend="write the least and the greatest value only",
        )
    term = _parse_term(plain)
    target = _target(term.full_unit, unit, text, bare=bare)
    return Quantity(_finite(_value(term, target), text), target, text=text)


def _value(term: _Term, target: str) -> float:
    scaled = parse_unit(term.full_unit)
    if not scaled.named and not scaled.powers:
        return term.number * scaled.scale
    return convert(term.number, term.full_unit, target)


def _target(written: str, unit: str | None, text: str, *, bare: bool) -> str:
    """The canonical unit for a number written in unit ``written``; checks that it is one."""
    parsed = parse_unit(written)
    if unit is None:
        return canonical(written)
    if not parsed.named and not parsed.powers:
        if bare or unit == "1":
            return unit
        raise Mistake(
            code="unit-missing",
            found=quoted(text) + ", a number without a unit",
            expected=f"a number in {unit} or a unit that converts to it",
            mend=f"write the unit: {tidy(text)} "
            + (f"months or {tidy(text)} years" if unit == "month" else unit),
        )
    if not converts(written, unit):
        raise Mistake(
            code="unit-wrong",
            found=quoted(text),
            expected=f"a number in {unit} or a unit that converts to it",
            mend=f"state it in {unit}",
        )
    return unit


def _parse_term(text: str) -> _Term:
    match = _NUMBER.match(text)
    if match is None:
        raise _not_a_number(text)
    number = float(match["number"].replace(",", "").replace("_", ""))
    rest = match["rest"]
    scale = _SCALE.match(rest)
    if scale is None:
        return _Term(number, "", glued=False, unit=rest.strip())
    return _Term(number, scale["scale"], glued=not scale["space"], unit=scale["rest"].strip())


def _not_a_number(text: str) -> Mistake:
    expected = "a number and its unit, such as 1.2 GW, 38 bn USD or 30k to 40k USD"
    mend = "start with a number written with digits and a dot for decimals"
    call = re.match(r"([A-Za-z]+)\s*\(", text)
    if not text:
        return Mistake(
            code="number-form", found="an empty text", expected=expected, mend="write a number"
        )
    if call is not None:
        expected = "a distribution such as normal(10, 2) USD"
        mend = "close the bracket, and inside { } or [ ] put the whole text in quotes: '...'"
    elif re.match(r"[+-]?\d+,\d{1,2}(?!\d)", text) or re.match(r"[+-]?\d+(\.\d{3}){2,}", text):
        mend = "write decimals with a dot and thousands with a comma or _: 1,234.5 or 1_234.5"
    elif re.match(r"[+-]?\d[\d,_]*", text) and re.match(r"[+-]?[\d,_.]*[,_]", text):
        mend = "mark thousands in groups of three: 10,000 or 10_000"
    elif re.match(r"[$€£¥]", text):
        mend = f"write the unit after the number: {text[1:].strip() or '30k'} USD"
    elif re.match(r"[A-Z]{3}\s?\d", text):
        mend = f"write the unit after the number: {text[3:].strip()} {text[:3]}"
    elif text[0] in "~<>≈≤≥":
        mend = "state an interval instead, such as 30k to 40k USD"
    elif re.match(r"[+-]?\.?(inf|nan)", text, re.IGNORECASE):
        mend = "write a finite number"
    return Mistake(code="number-form", found=quoted(text), expected=expected, mend=mend)


def _finite(value: float, text: str) -> float:
    if not math.isfinite(value):
        raise Mistake(
            code="number-form",
            found=quoted(text),
            expected="a finite number",
            mend="write a number below 1e300",
        )
    return value


def _parse_interval(low: str, high: str, text: str, unit: str | None, *, bare: bool) -> Quantity:
    first, last = _parse_term(low), _parse_term(high)
    if not first.unit:
        first = _with_unit_of(first, last, text)
    target = _target(last.full_unit, unit, text, bare=bare)
    _target(first.full_unit, target, text, bare=True)
    bottom, top = _value(first, target), _value(last, target)
    _finite(bottom, text)
    _finite(top, text)
    if not bottom < top:
        raise Mistake(
            code="interval-order",
            found=quoted(text),
            expected="the lower value first, then a higher one",
            mend=_swapped(low, high, first, last) if bottom > top else "write one number",
        )
    distribution = interval(bottom, top)
    return Quantity(distribution.median, target, distribution, text=text)


def _swapped(low: str, high: str, first: _Term, last: _Term) -> str:
    """The interval the other way round; a unit written once goes to the end."""
    unit = last.unit
    if unit and low.strip().endswith(unit):
        return f"write {high} to {low}"
    scale = "" if last.glued or first.scale else f"{last.scale} "
    return f"write {high.removesuffix(unit).strip()} to {low} {scale}{unit}".replace("  ", " ")


def _with_unit_of(first: _Term, last: _Term, text: str) -> _Term:
    """``1`` of ``1 to 2 bn USD`` is 1 bn USD; ``30`` of ``30 to 40k USD`` is refused."""
    if not first.scale and last.scale and last.glued:
        raise Mistake(
            code="number-form",
            found=quoted(text) + f", where {last.scale} may belong to one number or both",
            expected="the scale on both numbers, or apart from them",
            mend=f"write {first.number:g}{last.scale} to {last.number:g}{last.scale} " + last.unit,
        )
    if not first.scale:
        return replace(first, scale=last.scale, unit=last.unit)
    return replace(first, unit=last.unit)


def _parse_call(call: re.Match[str], text: str, unit: str | None, *, bare: bool) -> Quantity:
    name, written = call["name"], call["unit"].strip()
    if name == "quantiles":
        kind, values = cast("Kind", "quantiles"), _quantile_arguments(call["arguments"], text)
        numbers = values[1::2]
    elif name in SHAPES:
        kind, labels = SHAPES[name]
        values = numbers = _arguments(call["arguments"], labels, name, text)
    else:
        raise Mistake(
            code="distribution-form",
            found=quoted(text),
            expected="one of normal, triangular, uniform, quantiles",
            mend="write for example normal(10, 2) USD, or an interval 7 to 13 USD",
        )
    target = _target(written, unit, text, bare=bare)
    scaled = [
        _finite(_value(_Term(v, "", glued=False, unit=written), target), text) for v in numbers
    ]
    _check_order(name, scaled, text)
    if kind == "quantiles":
        scaled = [v for pair in zip(values[::2], scaled, strict=True) for v in pair]
    distribution = Distribution(kind, tuple(scaled))
    return Quantity(_finite(distribution.median, text), target, distribution, text=text)


def _arguments(inside: str, labels: Sequence[str], name: str, text: str) -> list[float]:
    parts = inside.split(",")
    if len(parts) != len(labels):
        raise Mistake(
            code="distribution-form",
            found=f"{quoted(text)} with {len(parts)} arguments",
            expected=f"{len(labels)} arguments: {name}({', '.join(labels)}) unit",
            mend="separate arguments with commas; inside the brackets write 10000 or 10k",
        )
    return [_plain_number(part, text) for part in parts]


def _quantile_arguments(inside: str, text: str) -> list[float]:
    values: list[float] = []
    for part in inside.split(","):
        level, colon, value = part.partition(":")
        if not colon:
            raise _quantile_mistake(text, f"{quoted(part.strip())} in {quoted(text)}")
        level = level.strip()
        share = _plain_number(level.removesuffix("%"), text) / (100 if level.endswith("%") else 1)
        if not 0 < share < 1:
            raise _quantile_mistake(text, f"the level {quoted(level)} in {quoted(text)}")
        values += [share, _plain_number(value, text)]
    if len(values) < 4 or list(values[::2]) != sorted(set(values[::2])):
        raise _quantile_mistake(text, quoted(text))
    return values


def _quantile_mistake(text: str, found: str) -> Mistake:
    return Mistake(
        code="distribution-form",
        found=found,
        expected="two or more increasing levels between 0 % and 100 %, each with its value",
        mend="write for example 'quantiles(5 %: 1, 50 %: 2, 95 %: 4) USD', in quotes",
    )


def _plain_number(part: str, text: str) -> float:
    try:
        term = _parse_term(part.strip())
    except Mistake:
        term = None
    if term is None or term.unit:
        raise Mistake(
            code="distribution-form",
            found=f"{quoted(part.strip())} in {quoted(text)}",
            expected="a number without a unit inside the brackets",
            mend="write the unit once, after the bracket: normal(10, 2) USD",
        )
    return term.number * (SCALES[term.scale] if term.scale else 1.0)


def _check_order(name: str, values: Sequence[float], text: str) -> None:
    if name == "normal":
        ok, rule = values[1] > 0, "a standard deviation above zero"
    elif name == "triangular":
        ok = values[0] <= values[1] <= values[2] and values[0] < values[2]
        rule = "least, most likely, greatest in that order"
    elif name == "uniform":
        ok, rule = values[0] < values[1], "the least value first, then a greater one"
    else:
        ok = all(a < b for a, b in pairwise(values))
        rule = "values that increase with their levels"
    if not ok:
        raise Mistake(
            code="interval-order",
            found=quoted(text),
            expected=rule,
            mend="put the numbers in that order",
        )


_FLOATING = re.compile(r"(?P<base>[A-Za-z][A-Za-z0-9_.]*)\s*(?:(?P<sign>[+-])\s*(?P<margin>.+))?\Z")

_TURNED = re.compile(r"(?P<margin>[0-9][^+]*)\+\s*(?P<base>[A-Za-z][A-Za-z0-9_.]*)\Z")
"""A floating rate written the wrong way round."""


def parse_rate(text: str) -> FloatingRate:
    """Read ``SOFR + 250 bp``, ``SOFR`` or ``6.58 %/year``.

    Returns:
        Base (None if fixed) and margin per year; a rate without ``/year`` is per year.

    Raises:
        Mistake: as :func:`parse_quantity`, or ``rate-form``.
    """
    plain = tidy(text)
    turned = _TURNED.match(plain)
    if turned is not None:
        raise Mistake(
            code="rate-form",
            found=quoted(text) + ", the margin before the base rate",
            expected="the base rate first, such as SOFR + 250 bp",
            mend=f"write {turned['base']} + {turned['margin'].strip()}",
        )
    match = _FLOATING.match(plain)
    if match is None or _CALL.match(plain):
        return FloatingRate(None, rate_quantity(text), text)
    if match["margin"] is None:
        return FloatingRate(match["base"], Quantity(0.0, "1/year", text="0 bp"), text)
    margin = rate_quantity(match["margin"])
    if match["sign"] == "-":
        if margin.distribution is not None:
            raise Mistake(
                code="rate-form",
                found=quoted(text),
                expected="a margin added to the base rate, such as SOFR + 250 bp",
                mend="add an interval with negative ends instead: SOFR + -50 to -25 bp",
            )
        margin = replace(margin, value=-margin.value, text=f"-{margin.text}")
    return FloatingRate(match["base"], margin, text)


def rate_quantity(text: str) -> Quantity:
    """A rate in 1/year; ``6.58 %`` is taken to be per year.

    Raises:
        Mistake: as :func:`parse_quantity`.
    """
    return parse_alternatives(text, "1/year", also=("1",), bare=False)


def parse_alternatives(text: str, unit: str, *, also: Sequence[str], bare: bool) -> Quantity:
    """Read a number that may be written in ``unit`` or in a shorter unit that stands for it.

    Args:
        text: one number.
        unit: canonical unit of the field.
        also: further units accepted and taken as ``unit`` (``35k USD`` for ``35k USD/GPU``).
        bare: whether a number without any unit is accepted.

    Returns:
        The quantity, in ``unit``.

    Raises:
        Mistake: as :func:`parse_quantity`.
    """
    free = parse_quantity(text)
    if _written_bare(text):
        if bare:
            return replace(free, unit=unit)
        return parse_quantity(text, unit)
    for other in also:
        if free.unit == canonical(other):
            return replace(free, unit=unit)
    return parse_quantity(text, unit)


def _written_bare(text: str) -> bool:
    """Whether the text holds no unit at all."""
    plain = tidy(text)
    call = _CALL.match(plain)
    last = call["unit"].strip() if call else _parse_term(_TO.split(plain)[-1]).full_unit
    return not parse_unit(last).named
