"""Reads the catalogue: chips, sites, prices, power, learning, credit, with their sources.

The numbers lie in `data/*.yaml`, written for people to read and correct. Each file opens with its
`sources`; each number names one of them:

    {value: 989.4e12, unit: FLOP/s, source: epoch_hardware, date: 2022-09, confidence: reported}

A band is written `value: [low, high]`, and its value is then their geometric mean; or
`value: [low, value, high]`. Where a table holds many numbers of one kind, `every` gives unit,
source, date and confidence once for all of them. A price may say its `basis`. Files are read once
and kept.
"""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Iterator, Mapping
from functools import cache
from importlib import resources
from typing import Any, TypeVar, cast

from offtake.catalogue.items import (
    BASES,
    CONFIDENCES,
    BuildStep,
    CatalogueError,
    Chip,
    Number,
    Rating,
    Shape,
    Shipments,
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
def rental_conversions() -> dict[str, Number]:
    """Factors that make a rental price on each basis one of a one-year contract, 1, with bands."""
    data = _file("prices")
    sources = _sources(data)
    return {
        basis: _number(entry, sources, f"prices.rental_conversions.{basis}")
        for basis, entry in data["rental_conversions"].items()
    }


@cache
def power() -> dict[str, tuple[Number, ...]]:
    """Numbers about power and construction by name, oldest first."""
    return _histories("power")


@cache
def learning() -> dict[str, tuple[Number, ...]]:
    """Published factors by which costs fall in a year, by what makes them fall, 1/year."""
    return _histories("learning")


@cache
def yardsticks() -> dict[str, tuple[Number, ...]]:
    """How far what plans rest on has moved before, by name of the shock of stress."""
    return _histories("yardsticks")


@cache
def shapes() -> dict[str, Shape]:
    """Shapes of demand over the day by class of workload."""
    data = _file("demand")
    sources = _sources(data)
    shapes: dict[str, Shape] = {}
    for name, entry in data["shapes"].items():
        factors = tuple(
            _number({**entry["every"], "value": factor}, sources, f"demand.{name}[{hour}]")
            for hour, factor in enumerate(entry["factors"])
        )
        shapes[name] = Shape(name, entry["about"], factors)
    return shapes


def shape(name: str) -> Shape:
    """The shape of demand of that name.

    Raises:
        UnknownNameError: there is no such shape; the message names the nearest.
    """
    return _named("demand shape", name, shapes())


@cache
def token_lengths() -> dict[str, Number]:
    """Mean tokens of a request by kind of service and direction, token/request."""
    data = _file("demand")
    sources = _sources(data)
    return {
        name: _number(entry, sources, f"demand.{name}")
        for name, entry in data["token_lengths"].items()
    }


@cache
def shipments() -> dict[str, Shipments]:
    """Chips shipped by vendor, cumulative, by quarter."""
    data = _file("shipments")
    sources = _sources(data)
    table: Entry = data["shipments"]
    return {
        name: _shipments(name, entry, table["every"], sources)
        for name, entry in table.items()
        if name != "every"
    }


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
def depreciation_effects() -> dict[str, tuple[Number, ...]]:
    """What changes of lives did to companies' accounts, and what critics say they hide."""
    return _histories("depreciation", "effects")


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
    yield from _numbers_of("prices.rental_conversions", rental_conversions())
    for name, one_shape in shapes().items():
        yield from _numbers_of(f"demand.{name}", dict(enumerate(one_shape.factors)))
    yield from _numbers_of("demand.token_lengths", token_lengths())
    for name, shipped in shipments().items():
        for what in ("units", "h100e", "power"):
            history: tuple[Number, ...] = getattr(shipped, what)
            by_date = {number.date: number for number in history}
            yield from _numbers_of(f"shipments.{name}.{what}", by_date)
    groups = {"prices": prices(), "power": power(), "learning": learning()}
    groups["yardsticks"] = yardsticks()
    lives = {"lives": accounting_lives(), "tax": tax(), "effects": depreciation_effects()}
    for group, histories in {**groups, **lives}.items():
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
    if wrong := (needed - entry.keys()) | (entry.keys() - needed - {"note", "basis"}):
        message = f"catalogue: {place}: missing or unknown: {', '.join(sorted(wrong))}"
        raise CatalogueError(message)
    if entry["source"] not in sources:
        message = f"catalogue: {place}: there is no source {entry['source']!r} in the file"
        raise CatalogueError(message)
    for key, allowed in (("confidence", CONFIDENCES), ("basis", (None, *BASES))):
        if entry.get(key) not in allowed:
            message = f"catalogue: {place}: {key} is {entry[key]!r}, not of {allowed}"
            raise CatalogueError(message)
    value, low, high = _band(entry["value"])
    return Number(
        value=value,
        unit=str(entry["unit"]),
        source=sources[entry["source"]],
        date=str(entry["date"]),
        confidence=entry["confidence"],
        note=str(entry.get("note", "")),
        low=low,
        high=high,
        basis=entry.get("basis"),
    )


def _band(written: float | list[float]) -> tuple[float, float | None, float | None]:
    """Value, lower end and upper end of what is written for a value."""
    if not isinstance(written, list):
        return float(written), None, None
    low, high = float(written[0]), float(written[-1])
    return float(written[1]) if len(written) == 3 else math.sqrt(low * high), low, high


def _chip(
    name: str, entry: Entry, reference: Mapping[str, float], sources: Mapping[str, str]
) -> Chip:
    """A chip, with its H100e worked out from the dense rates."""
    found = {
        key: _number(value, sources, f"chips.{name}.{key}")
        for key, value in entry.items()
        if key not in {"vendor", "released", "expected"}
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
        released=entry.get("released"),
        dense_16bit=found.get("dense_16bit"),
        dense_8bit=found.get("dense_8bit"),
        dense_4bit=found.get("dense_4bit"),
        memory=found["memory"],
        bandwidth=found["bandwidth"],
        tdp=found.get("tdp"),
        all_in_power=found.get("all_in_power"),
        h100e=h100e,
        expected=entry.get("expected", ""),
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


def _shipments(name: str, entry: Entry, every: Entry, sources: Mapping[str, str]) -> Shipments:
    """Shipments of one vendor; a row is date, units, H100e, MW, and a note where it has one."""
    columns: dict[str, list[Number]] = {"chip": [], "H100e": [], "MW": []}
    for date, *cells in entry["rows"]:
        note = cells[3] if len(cells) > 3 else ""
        for (unit, column), value in zip(columns.items(), cells[:3], strict=True):
            written = {**every, "date": date, "unit": unit, "value": value, "note": note}
            column.append(_number(written, sources, f"shipments.{name}.{date}"))
    return Shipments(name, entry["since"], *map(tuple[Number, ...], columns.values()))


def _histories(name: str, section: str = "histories") -> dict[str, tuple[Number, ...]]:
    """The lists of numbers over time in one section of a file."""
    data = _file(name)
    sources = _sources(data)
    return {
        key: tuple(_number(entry, sources, f"{name}.{key}[{i}]") for i, entry in enumerate(entries))
        for key, entries in data[section].items()
    }
