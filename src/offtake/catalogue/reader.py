"""Reads the catalogue: chips, sites, prices, power, credit, depreciation, with their sources.

The numbers lie in `data/*.yaml`, written for people to read and correct. Each file opens with its
`sources`; each number names one of them:

    {value: 989.4e12, unit: FLOP/s, source: epoch_hardware, date: 2022-09, confidence: reported}

A band is written `value: [low, high]`; its value is then their geometric mean. Where a table holds
many numbers of one kind, `every` gives unit, source, date and confidence once for all of them.
Files are read once and kept.
"""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Iterator, Mapping
from functools import cache
from importlib import resources
from typing import Any, TypeVar, cast

from offtake.catalogue.items import (
    CONFIDENCES,
    BuildStep,
    CatalogueError,
    Chip,
    Number,
    Rating,
    Site,
    UnknownNameError,
    fold,
)

Entry = dict[str, Any]
T = TypeVar("T")

# ----------------------------------------------------------------------------------- what there is


@cache
def chips() -> dict[str, Chip]:
    """All chips by name."""
    data = _file("chips")
    sources = _sources(data)
    entries: Entry = data["chips"]
    reference = {
        bits: _number(entries["H100"][bits], sources, f"chips.H100.{bits}").value
        for bits in ("dense_8bit", "dense_16bit")
    }
    return {name: _chip(name, entry, reference, sources) for name, entry in entries.items()}


def chip(name: str) -> Chip:
    """The chip of that name (case, blanks and dashes do not matter).

    Raises:
        UnknownNameError: there is no such chip; the message names the nearest.
    """
    return _named("chip", name, chips())


@cache
def sites() -> dict[str, Site]:
    """All sites by name, each with its build path."""
    data = _file("sites")
    sources = _sources(data)
    entries: Entry = data["sites"]
    return {name: _site(name, entry, data["every"], sources) for name, entry in entries.items()}


def site(name: str) -> Site:
    """The site of that name.

    Raises:
        UnknownNameError: there is no such site; the message names the nearest.
    """
    return _named("site", name, sites())


@cache
def prices() -> dict[str, tuple[Number, ...]]:
    """Price histories by name, oldest first: rental and price of chips, cost of running, tokens."""
    return _histories("prices")


@cache
def power() -> dict[str, tuple[Number, ...]]:
    """Numbers about power and construction by name, oldest first."""
    return _histories("power")


@cache
def ratings() -> dict[str, Rating]:
    """Ratings AAA to CCC with their cumulative default rates."""
    data = _file("credit")
    table, sources = data["cumulative_default"], _sources(data)
    ratings: dict[str, Rating] = {}
    for name, shares in table["rows"].items():
        numbers = (
            _number({**table["every"], "value": share / 100.0}, sources, f"credit.{name}")
            for share in shares
        )
        ratings[name] = Rating(name, tuple(zip(map(float, table["years"]), numbers, strict=True)))
    return ratings


def rating(name: str) -> Rating:
    """The rating of that name; notches and Moody's or DBRS letters count as their whole letter.

    `A-`, `A3` and `A(low)` are A; `BB+` and `Ba1` are BB; `CC` and `C` are CCC.

    Raises:
        UnknownNameError: no rating is written like that.
    """
    letter = name.strip().removesuffix("(low)").removesuffix("(high)").strip().rstrip("+-123")
    letter = {"Aaa": "AAA", "Aa": "AA", "Baa": "BBB", "Ba": "BB", "Caa": "CCC", "Ca": "CCC"}.get(
        letter, letter
    )
    letter = {"CC": "CCC", "C": "CCC", "CCC/C": "CCC"}.get(letter, letter)
    if letter not in ratings():
        raise UnknownNameError("rating", name, ratings())  # noqa: EM101  no message but a kind
    return ratings()[letter]


@cache
def recoveries() -> dict[str, Number]:
    """Average recovery after default by class of debt, share of face value."""
    data = _file("credit")
    sources = _sources(data)
    return {
        name: _number(entry, sources, f"credit.recoveries.{name}")
        for name, entry in data["recoveries"].items()
    }


@cache
def accounting_lives() -> dict[str, tuple[Number, ...]]:
    """Depreciation lives of servers by company, months, oldest first."""
    return _histories("depreciation", "accounting_lives")


@cache
def tax() -> dict[str, tuple[Number, ...]]:
    """Tax rates and first-year allowances by name, oldest first."""
    return _histories("depreciation", "tax")


def macrs_year_shares(class_years: int) -> tuple[float, ...]:
    """Shares of cost deducted in each tax year under MACRS, half-year convention; they sum to 1.

    Args:
        class_years: property class, years.

    Raises:
        UnknownNameError: there is no such property class.
    """
    rows: dict[int, list[float]] = _file("depreciation")["macrs"]["rows"]
    if class_years not in rows:
        kind = "MACRS property class"
        raise UnknownNameError(kind, str(class_years), map(str, rows))
    return tuple(number.value for number in _macrs(class_years))


def numbers() -> Iterator[tuple[str, Number]]:
    """Every number of the catalogue with its place, e.g. `chips.GB200.tdp`."""
    for name, one_chip in chips().items():
        yield from _numbers_of(f"chips.{name}", vars(one_chip))
    for name, one_site in sites().items():
        for step in one_site.build_path:
            yield from _numbers_of(f"sites.{name}.{step.date}", vars(step))
        yield from _numbers_of(f"sites.{name}.later_reports", one_site.later_reports)
    for name, one_rating in ratings().items():
        shares = {f"{years:g}": number for years, number in one_rating.cumulative_default}
        yield from _numbers_of(f"credit.{name}", shares)
    yield from _numbers_of("credit.recoveries", recoveries())
    for class_years in _file("depreciation")["macrs"]["rows"]:
        shares = {str(year): share for year, share in enumerate(_macrs(class_years), start=1)}
        yield from _numbers_of(f"depreciation.macrs.{class_years}", shares)
    groups = {"prices": prices(), "power": power(), "lives": accounting_lives(), "tax": tax()}
    for group, histories in groups.items():
        for name, history in histories.items():
            yield from _numbers_of(f"{group}.{name}", dict(enumerate(history)))


def _numbers_of(place: str, found: Mapping[Any, object]) -> Iterator[tuple[str, Number]]:
    """Those of the values that are numbers, with their places."""
    for key, value in found.items():
        if isinstance(value, Number):
            yield f"{place}.{key}", value


# ----------------------------------------------------------------------------------- how it is read


@cache
def _file(name: str) -> Entry:
    """One data file as plain dictionaries and lists."""
    from ruamel.yaml import YAML  # here, so that whoever needs no catalogue does not pay for it

    text = resources.files("offtake.catalogue").joinpath("data", f"{name}.yaml").read_text("utf-8")
    return cast("Entry", YAML(typ="safe").load(text))


def _named(kind: str, name: str, known: Mapping[str, T]) -> T:
    """The entry of that name, or an error that names the nearest."""
    folded = {fold(known_name): entry for known_name, entry in known.items()}
    if fold(name) not in folded:
        raise UnknownNameError(kind, name, known)
    return folded[fold(name)]


def _macrs(class_years: int) -> tuple[Number, ...]:
    """Shares of one row of the MACRS table."""
    data = _file("depreciation")
    table, sources = data["macrs"], _sources(data)
    return tuple(
        _number({**table["every"], "value": share / 100.0}, sources, f"macrs.{class_years}")
        for share in table["rows"][class_years]
    )


def _sources(data: Entry) -> dict[str, str]:
    """Citation by name of source: title, address, licence."""
    return {name: "; ".join(map(str, source.values())) for name, source in data["sources"].items()}


def _number(entry: Entry, sources: Mapping[str, str], place: str) -> Number:
    """A number from its entry in the file.

    Raises:
        CatalogueError: the entry lacks a field, has one too many, or names no source.
    """
    needed = {"value", "unit", "source", "date", "confidence"}
    if wrong := (needed - entry.keys()) | (entry.keys() - needed - {"note"}):
        message = f"catalogue: {place}: missing or unknown: {', '.join(sorted(wrong))}"
        raise CatalogueError(message)
    if entry["source"] not in sources:
        message = f"catalogue: {place}: there is no source {entry['source']!r} in the file"
        raise CatalogueError(message)
    if entry["confidence"] not in CONFIDENCES:
        message = f"catalogue: {place}: confidence is {entry['confidence']!r}, not of {CONFIDENCES}"
        raise CatalogueError(message)
    written: float | list[float] = entry["value"]
    low, high = map(float, written) if isinstance(written, list) else (None, None)
    return Number(
        value=float(written) if not isinstance(written, list) else math.sqrt(math.prod(written)),
        unit=str(entry["unit"]),
        source=sources[entry["source"]],
        date=str(entry["date"]),
        confidence=entry["confidence"],
        note=str(entry.get("note", "")),
        low=low,
        high=high,
    )


def _chip(
    name: str, entry: Entry, reference: Mapping[str, float], sources: Mapping[str, str]
) -> Chip:
    """A chip, with its H100e worked out from the dense rates."""
    found = {
        key: _number(value, sources, f"chips.{name}.{key}")
        for key, value in entry.items()
        if key not in {"vendor", "released"}
    }
    bits = "dense_8bit" if "dense_8bit" in found else "dense_16bit"
    h100e = Number(
        value=found[bits].value / reference[bits],
        unit="H100e",
        source=found[bits].source,
        date=found[bits].date,
        confidence="derived",
        note=f"{bits.removeprefix('dense_')} dense rate over that of one H100 SXM",
    )
    return Chip(
        name=name,
        vendor=entry["vendor"],
        released=entry["released"],
        dense_16bit=found["dense_16bit"],
        dense_8bit=found.get("dense_8bit"),
        dense_4bit=found.get("dense_4bit"),
        memory=found["memory"],
        bandwidth=found["bandwidth"],
        tdp=found["tdp"],
        all_in_power=found["all_in_power"],
        h100e=h100e,
    )


_STEP = {
    "power": "MW",
    "buildings": "1",
    "h100e": "H100e",
    "compute_cost": "USD",
    "construction_cost": "USD",
}
"""Columns of a build path after its date; costs stand in bn USD in the file."""


def _site(name: str, entry: Entry, every: Entry, sources: Mapping[str, str]) -> Site:
    """A site with its build path."""
    snapshot: dt.date = every["snapshot"]
    steps: list[BuildStep] = []
    for date, *cells in entry["build_path"]:
        forecast = date > snapshot
        common = {
            "source": every["source"],
            "confidence": every["confidence"],
            "date": date,
            "note": f"forecast made {snapshot}" if forecast else "",
        }
        found = {
            column: _number(
                {**common, "value": cell * (1e9 if unit == "USD" else 1.0), "unit": unit},
                sources,
                f"sites.{name}.{date}.{column}",
            )
            for (column, unit), cell in zip(_STEP.items(), cells, strict=True)
        }
        steps.append(BuildStep(date=date, forecast=forecast, **found))
    later = {
        key: _number(value, sources, f"sites.{name}.later_reports.{key}")
        for key, value in entry.get("later_reports", {}).items()
    }
    return Site(name, entry["title"], entry["owner"], entry["users"], tuple(steps), later)


def _histories(name: str, section: str = "histories") -> dict[str, tuple[Number, ...]]:
    """The lists of numbers over time in one section of a file."""
    data = _file(name)
    sources = _sources(data)
    return {
        key: tuple(_number(entry, sources, f"{name}.{key}[{i}]") for i, entry in enumerate(entries))
        for key, entries in data[section].items()
    }
