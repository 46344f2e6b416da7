"""The units of this field and no others, and the one place where they are converted.

A general registry reads ``250 bp`` as typographic points and ``k`` as Boltzmann's constant; ours
holds the table :data:`DEFINITIONS` and nothing else. A unit is written

    [scale] name [-name ...] [/ [scale] name ...]

``USD/GPU/h``, ``M USD/MW``, ``USD/M token``, ``%/year``, ``USD/kW-month``. ``/`` divides what
stands before it by the next group, ``-`` joins a product, and a scale (``k``, ``M``, ``bn``,
``tn``, or in words) may stand before a name. Spelling and capitals matter: ``MW`` is power, ``mw``
is a mistake with a suggestion.

Money is in US dollars only and is written ``USD``; ``$`` is refused, as a dozen countries use it.
A year is 12 months or 365.2425 days, so an hour is 1/730.485 month. Real day counts are used where
money accrues (:mod:`offtake.core.calendar`); this ratio serves only to convert what people write.

Energy is a dimension of its own, not power times time: a capacity charge (USD/kW/month) and a
price of energy (USD/MWh) would otherwise convert into one another without a word. Fuel is measured
as energy: a heat rate in MMBtu/MWh is a ratio.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import Decimal
from functools import cache, lru_cache
from typing import Any, cast

from offtake.core.errors import Mistake, quoted
from offtake.core.names import nearest

DEFINITIONS: tuple[str, ...] = (
    "USD = [currency]",
    "month = [time]",
    "year = 12 * month",
    "quarter = 3 * month",
    "day = 12 / 365.2425 * month",
    "week = 7 * day",
    "hour = day / 24",
    "MW = [power]",
    "W = 1e-6 * MW",
    "kW = 1e-3 * MW",
    "GW = 1e3 * MW",
    "TW = 1e6 * MW",
    "MWh = [energy]",
    "Wh = 1e-6 * MWh",
    "kWh = 1e-3 * MWh",
    "GWh = 1e3 * MWh",
    "TWh = 1e6 * MWh",
    "MMBtu = 0.29307107 * MWh",
    "H100e = [compute]",
    "GPU = [chip]",
    "wafer = [wafer]",
    "wspm = wafer / month",
    "token = [token]",
    "user = [person]",
    "percent = 0.01",
    "bp = 1e-4",
    "times = 1",
)
"""Every unit, in the language of pint."""

SPELLINGS: dict[str, str] = {
    "USD": "USD",
    "h": "hour", "hour": "hour", "hours": "hour",
    "day": "day", "days": "day",
    "week": "week", "weeks": "week",
    "month": "month", "months": "month",
    "quarter": "quarter", "quarters": "quarter",
    "year": "year", "years": "year",
    "W": "W", "kW": "kW", "MW": "MW", "GW": "GW", "TW": "TW",
    "Wh": "Wh", "kWh": "kWh", "MWh": "MWh", "GWh": "GWh", "TWh": "TWh",
    "MMBtu": "MMBtu",
    "H100e": "H100e",
    "GPU": "GPU", "GPUs": "GPU",
    "wafer": "wafer", "wafers": "wafer", "wspm": "wspm",
    "token": "token", "tokens": "token",
    "user": "user", "users": "user", "people": "user",
    "%": "percent", "percent": "percent",
    "bp": "bp",
    "x": "times",
}  # fmt: skip
"""How each unit may be written -> its name in :data:`DEFINITIONS`."""

SCALES: dict[str, float] = {
    "k": 1e3, "thousand": 1e3,
    "M": 1e6, "million": 1e6,
    "bn": 1e9, "billion": 1e9,
    "tn": 1e12, "trillion": 1e12,
}  # fmt: skip
"""Multiples that may stand before a unit or alone after a count."""

REFUSED: dict[str, str] = {
    "$": "write USD: 30k USD (several countries use the dollar sign)",
    "US$": "write USD: 30k USD",
    "usd": "write USD in capitals",
    "dollar": "write USD",
    "dollars": "write USD",
    "EUR": "amounts are in USD only for now: convert and state the rate in a note",
    "€": "amounts are in USD only for now: convert and state the rate in a note",
    "GBP": "amounts are in USD only for now: convert and state the rate in a note",
    "£": "amounts are in USD only for now: convert and state the rate in a note",
    "JPY": "amounts are in USD only for now: convert and state the rate in a note",
    "¥": "amounts are in USD only for now: convert and state the rate in a note",
    "CNY": "amounts are in USD only for now: convert and state the rate in a note",
    "AED": "amounts are in USD only for now: convert and state the rate in a note",
    "m": "write M for million, months for a duration",
    "mn": "write M for million",
    "mm": "write M for million",
    "MM": "write M for million",
    "B": "write bn for a thousand million",
    "b": "write bn for a thousand million",
    "K": "write k for a thousand",
    "G": "write bn for a thousand million, GW for power",
    "T": "write tn for a million million, TW for power",
    "bps": "write bp for hundredths of a percent",
    "pct": "write % for hundredths",
    "y": "write years for a duration, /year for a rate",
    "yr": "write years for a duration, /year for a rate",
    "yrs": "write years for a duration, /year for a rate",
    "a": "write years for a duration, /year for a rate",
    "pa": "write %/year",
    "p": "write %/year for a rate per year",
    "annum": "write /year",
    "mo": "write months for a duration, /month for a flow",
    "hr": "write h for an hour",
    "hrs": "write h for an hour",
    "d": "write days for a duration",
    "mw": "write MW for megawatts",
    "Mw": "write MW for megawatts",
    "gw": "write GW for gigawatts",
    "kw": "write kW for kilowatts",
    "KW": "write kW for kilowatts",
    "BTU": "write MMBtu for a million of them: 9,500 BTU/kWh are 9.5 MMBtu/MWh",
    "Btu": "write MMBtu for a million of them: 9,500 Btu/kWh are 9.5 MMBtu/MWh",
    "btu": "write MMBtu for a million of them: 9,500 Btu/kWh are 9.5 MMBtu/MWh",
    "mmbtu": "write MMBtu for a million British thermal units",
    "MMBTU": "write MMBtu for a million British thermal units",
    "mwh": "write MWh for megawatt-hours",
    "kwh": "write kWh for kilowatt-hours",
    "H100": "write H100e for capacity in H100 equivalents, GPU for a number of chips",
    "h100e": "write H100e",
    "gpu": "write GPU",
    "gpus": "write GPU",
    "chip": "write GPU for a number of chips",
    "chips": "write GPU for a number of chips",
    "tok": "write token",
    "Mtok": "write M token",
    "Mtoken": "write M token, with a space",
    "per": "write / instead of per: USD/year",
}
"""Spellings that people try, and what to write instead."""

CANONICAL: tuple[str, ...] = (
    "1", "USD", "USD/year", "1/year", "month", "MW", "MWh", "MWh/year", "H100e", "GPU", "token",
    "user", "USD/H100e/h", "USD/GPU/h", "USD/MWh", "USD/MW", "USD/MW/year", "USD/GPU", "USD/H100e",
    "USD/token", "USD/user/year", "token/year", "token/H100e/h", "token/user/year", "H100e/year",
    "GPU/year", "MW/year",
    "wspm", "USD/wspm", "USD/wafer",
    "H100e/GPU", "MW/GPU", "MW/H100e", "MWh/token",
)  # fmt: skip
"""Units in which numbers are kept after reading, one per dimension; a chip's own power is in W."""

_NAME = re.compile(r"[^\W\d_][\w]*|[%$€£¥]")


@dataclass(frozen=True)
class ParsedUnit:
    """A unit taken apart: ``scale`` times the product of ``powers``.

    Attributes:
        scale: product of the scales written, such as 1e6 of ``M USD``.
        powers: (name in :data:`DEFINITIONS`, exponent), sorted, without zeros.
        named: whether any unit was written at all (``400k`` has a scale only).
    """

    scale: float
    powers: tuple[tuple[str, int], ...]
    named: bool


@cache
def registry() -> Any:
    """The registry with our definitions only; pint is imported here, on first use."""
    import pint

    ours = cast("Any", pint.UnitRegistry)(None, cache_folder=None)
    ours.load_definitions(list(DEFINITIONS))
    return ours


@lru_cache(maxsize=4096)
def parse_unit(text: str) -> ParsedUnit:
    """Take a unit apart.

    Args:
        text: such as ``M USD/MW/year``; ``1`` or empty for a plain number.

    Returns:
        Scale and powers.

    Raises:
        Mistake: ``unit-unknown`` or ``unit-form``, naming the part that cannot be read.
    """
    stripped = text.strip()
    if stripped in ("", "1"):
        return ParsedUnit(1.0, (), named=False)
    scale, powers, named = 1.0, dict[str, int](), False
    for position, group in enumerate(stripped.split("/")):
        sign = -1 if position else 1
        group_scale, names = _parse_group(group.strip(), text, first=position == 0)
        scale *= group_scale**sign
        for name in names:
            named = True
            powers[name] = powers.get(name, 0) + sign
    kept = tuple(sorted((name, power) for name, power in powers.items() if power))
    return ParsedUnit(scale, kept, named)


def _parse_group(group: str, whole: str, *, first: bool) -> tuple[float, list[str]]:
    """One part between slashes: an optional scale, then names joined by ``-``."""
    if first and group in ("", "1"):
        return 1.0, []
    words = group.split()
    scale = 1.0
    if words and words[0] in SCALES:
        scale = SCALES[words.pop(0)]
        if not words and first:
            return scale, []
    if len(words) != 1:
        raise _form_mistake(group, words, whole)
    return scale, [_unit_name(part, whole) for part in words[0].split("-")]


def _form_mistake(group: str, words: list[str], whole: str) -> Mistake:
    for word in words:
        if word not in SPELLINGS:
            return _unknown(word, whole)
    if len(words) > 1:
        mend = f"join a product with a hyphen ({'-'.join(words)}) and divide with / as in USD/GPU/h"
    else:
        mend = "write a unit on both sides of each /, as in USD/GPU/h"
    return Mistake(
        code="unit-form",
        found=f"{quoted(group)} in the unit {quoted(whole)}"
        if group
        else f"an empty part in the unit {quoted(whole)}",
        expected="units joined by / or -, such as USD/GPU/h or USD/kW-month",
        mend=mend,
    )


def _unit_name(word: str, whole: str) -> str:
    name = SPELLINGS.get(word)
    if name is None:
        raise _unknown(word, whole)
    return name


def _unknown(word: str, whole: str) -> Mistake:
    shown = quoted(word) if word.strip() == whole.strip() else f"{quoted(word)} in {quoted(whole)}"
    if word in REFUSED:
        mend = REFUSED[word]
    elif (close := nearest(word, (*SPELLINGS, *SCALES))) is not None:
        mend = f"did you mean {close}?"
    elif (scaled := _glued_scale(word)) is not None:
        mend = f"write {scaled}, with a space"
    elif not word:
        mend = "write a unit on both sides of each - and /, as in USD/kW-month"
    else:
        mend = "use units such as USD, MW, MWh, H100e, GPU, token, h, months, years, % and bp"
    return Mistake(
        code="unit-unknown", found=f"the unit {shown}", expected="a unit of this field", mend=mend
    )


def _glued_scale(word: str) -> str | None:
    for scale in SCALES:
        if word.startswith(scale) and word[len(scale) :] in SPELLINGS:
            return f"{scale} {word[len(scale) :]}"
    return None


@lru_cache(maxsize=4096)
def dimension(unit: str) -> tuple[tuple[str, float], ...]:
    """Dimension of a unit as sorted (base dimension, exponent); empty for a plain number.

    Raises:
        Mistake: if the unit cannot be read.
    """
    return _dimension_of(parse_unit(unit).powers)


@lru_cache(maxsize=4096)
def _dimension_of(powers: tuple[tuple[str, int], ...]) -> tuple[tuple[str, float], ...]:
    ours = registry()
    found = ours.get_dimensionality(ours.UnitsContainer(dict(powers)))
    return tuple(sorted((str(name), float(power)) for name, power in found.items() if power))


@lru_cache(maxsize=4096)
def factor(unit: str, to: str) -> float:
    """What a number written in ``unit`` is multiplied by to stand in ``to``.

    Args:
        unit: any unit of the same dimension.
        to: usually one of :data:`CANONICAL`.

    Returns:
        The ratio, such as 1000 for ``factor("GW", "MW")``.

    Raises:
        Mistake: ``unit-unknown``, ``unit-form``, or ``unit-wrong`` where the dimensions differ.
    """
    written, wanted = parse_unit(unit), parse_unit(to)
    if _dimension_of(written.powers) != _dimension_of(wanted.powers):
        raise Mistake(
            code="unit-wrong",
            found=f"the unit {quoted(unit)}" if unit.strip() else "no unit",
            expected=f"a unit that converts to {to}",
            mend=f"write the number in {to}",
        )
    return written.scale / wanted.scale * _base_factor(written.powers) / _base_factor(wanted.powers)


@lru_cache(maxsize=4096)
def _base_factor(powers: tuple[tuple[str, int], ...]) -> float:
    ours = registry()
    ratio, _ = ours.get_base_units(ours.UnitsContainer(dict(powers)))
    return float(ratio)


def converts(unit: str, to: str) -> bool:
    """Whether a readable ``unit`` has the dimension of ``to``.

    Raises:
        Mistake: if either cannot be read.
    """
    return dimension(unit) == dimension(to)


@cache
def _canonical_by_dimension() -> dict[tuple[tuple[str, float], ...], str]:
    return {dimension(unit): unit for unit in reversed(CANONICAL)}


@lru_cache(maxsize=4096)
def canonical(unit: str) -> str:
    """The unit in which numbers of this dimension are kept.

    Args:
        unit: any readable unit.

    Returns:
        One of :data:`CANONICAL`; for a dimension not listed there, a unit made of USD, MW, H100e,
        GPU, token, user and year in the same form.

    Raises:
        Mistake: if the unit cannot be read.
    """
    found = dimension(unit)
    listed = _canonical_by_dimension().get(found)
    return listed if listed is not None else canonical_of_dimension(found)


_BASE = {
    "[currency]": "USD", "[power]": "MW", "[energy]": "MWh", "[compute]": "H100e", "[chip]": "GPU",
    "[token]": "token", "[wafer]": "wafer",
    "[person]": "user", "[time]": "year",
}  # fmt: skip


def canonical_of_dimension(found: tuple[tuple[str, float], ...]) -> str:
    """The canonical unit of a dimension, as :func:`dimension` returns it.

    Raises:
        Mistake: ``unit-form`` where an exponent is not whole, such as the square root of money.
    """
    listed = _canonical_by_dimension().get(found)
    if listed is not None:
        return listed
    above: list[str] = []
    below: list[str] = []
    for name, power in sorted(found, key=lambda item: list(_BASE).index(item[0])):
        if power != int(power):
            raise Mistake(
                code="unit-form",
                found=f"the power {power:g} of {_BASE[name]}",
                expected="whole powers of units",
                mend="take roots of plain numbers only",
            )
        (above if power > 0 else below).extend([_BASE[name]] * abs(int(power)))
    return "/".join(["-".join(above) or "1", *below])


def convert(value: float, unit: str, to: str) -> float:
    """A number in another unit, rounded once: ``3.6 %`` is 0.036, not 0.036000000000000004.

    Args:
        value: the number as written.
        unit: its unit.
        to: the unit wanted.

    Returns:
        The number in ``to``.

    Raises:
        Mistake: as :func:`factor`.
    """
    ratio = factor(unit, to)
    inverse = 1.0 / ratio
    if abs(ratio - round(ratio)) <= 1e-14 * ratio:
        return float(Decimal(repr(value)) * round(ratio))
    if abs(inverse - round(inverse)) <= 1e-14 * inverse:
        return float(Decimal(repr(value)) / round(inverse))
    return value * ratio
