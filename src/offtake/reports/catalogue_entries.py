"""The catalogue by topic and name: what `offtake catalogue` lists, prints and writes as JSON."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from offtake import catalogue
from offtake.catalogue import Number


@dataclass(frozen=True)
class Figure:
    """One number of an entry."""

    what: str
    """Which number of the entry; empty where its date says so."""
    number: Number
    share: bool = False
    """Whether a number without unit is read as per cent."""
    until: bool = False
    """Whether its date is a day at whose end the number stood."""


@dataclass(frozen=True)
class Entry:
    """One thing of the catalogue: a chip, a site, a history of prices."""

    name: str
    """As it is written to ask for it."""
    about: str
    figures: Sequence[Figure]


@dataclass(frozen=True)
class Topic:
    """One kind of thing."""

    name: str
    about: str
    entries: Callable[[], Sequence[Entry]]


def figures_of(found: object, names: Mapping[str, str]) -> list[Figure]:
    """Those of the named fields that hold a number."""
    fields = ((label, getattr(found, name)) for name, label in names.items())
    return [Figure(label, number) for label, number in fields if isinstance(number, Number)]


CHIP = {
    "dense_16bit": "dense 16-bit rate",
    "dense_8bit": "dense 8-bit rate",
    "dense_4bit": "dense 4-bit rate",
    "memory": "memory",
    "bandwidth": "memory bandwidth",
    "tdp": "TDP",
    "all_in_power": "power at the meter",
    "h100e": "H100e",
}
STEP = {
    "power": "power",
    "buildings": "buildings",
    "h100e": "H100e",
    "compute_cost": "cost of compute",
    "construction_cost": "cost of construction",
}
SHIPPED = {"units": "chips", "h100e": "H100e", "power": "power"}


def _chips() -> list[Entry]:
    entries: list[Entry] = []
    for name, chip in catalogue.chips().items():
        when = f"released {chip.released}" if chip.released else f"announced for {chip.expected}"
        entries.append(Entry(name, f"{chip.vendor}, {when}", figures_of(chip, CHIP)))
    return entries


def _sites() -> list[Entry]:
    entries: list[Entry] = []
    for name, site in catalogue.sites().items():
        steps = [figure for step in site.build_path for figure in figures_of(step, STEP)]
        later = [Figure(key.replace("_", " "), n) for key, n in site.later_reports.items()]
        about = f"{site.title}; owner {site.owner}; users {site.users}"
        entries.append(Entry(name, about, [*steps, *later]))
    return entries


def _histories(found: Mapping[str, Sequence[Number]], about: str = "") -> list[Entry]:
    return [
        Entry(name, about, [Figure("", number, share=True) for number in history])
        for name, history in found.items()
    ]


def _prices() -> list[Entry]:
    converted = [
        Entry(
            f"{chip}_rental_one_year",
            f"{chip}_rental, every price brought to a one-year contract",
            [Figure("", number) for number in catalogue.rental_history(chip.upper())],
        )
        for chip in ("h100", "b200")
    ]
    factors = [
        Entry(
            f"one_year_from_{basis}",
            "what a rental price on this basis is multiplied by for a one-year contract",
            [Figure("", number)],
        )
        for basis, number in catalogue.rental_conversions().items()
    ]
    found = _histories(catalogue.prices())
    rented = [entry for entry in found if entry.name.endswith("_rental")]
    return [*rented, *converted, *factors, *(entry for entry in found if entry not in rented)]


def _lives() -> list[Entry]:
    return [
        *_histories(catalogue.accounting_lives(), "depreciation life of servers"),
        *_histories(catalogue.depreciation_effects(), "effect on accounts"),
        *_histories(catalogue.tax(), "tax of the United States"),
    ]


def _demand() -> list[Entry]:
    shapes = [
        Entry(
            name,
            shape.about,
            [Figure(f"{hour:02}:00", number) for hour, number in enumerate(shape.factors)],
        )
        for name, shape in catalogue.shapes().items()
    ]
    lengths = [
        Entry(name, "mean tokens of a request", [Figure("", number)])
        for name, number in catalogue.token_lengths().items()
    ]
    return [*shapes, *lengths]


def _shipments() -> list[Entry]:
    entries: list[Entry] = []
    for name, shipped in catalogue.shipments().items():
        quarters = zip(*(getattr(shipped, column) for column in SHIPPED), strict=True)
        figures = [
            Figure(what, number, until=True)
            for quarter in quarters
            for what, number in zip(SHIPPED.values(), quarter, strict=True)
        ]
        about = f"shipped since {shipped.since}, cumulative; bands are 5 % to 95 %"
        entries.append(Entry(name, about, figures))
    return entries


def _ratings() -> list[Entry]:
    rated = [
        Entry(
            name,
            "share of issuers that defaulted by then; all industries, global",
            [
                Figure(f"{years:g} year{'s' if years > 1 else ''}", number, share=True)
                for years, number in rating.cumulative_default
            ],
        )
        for name, rating in catalogue.ratings().items()
    ]
    recovered = [
        Entry(name, "recovery after default, of face value", [Figure("", number, share=True)])
        for name, number in catalogue.recoveries().items()
    ]
    return [*rated, *recovered]


def _power() -> list[Entry]:
    return _histories(catalogue.power())


LEARNING = {
    "cost_of_a_fixed_problem": "how many times cheaper a fixed problem is after a year",
    "software": "how much more the same chips do after a year",
    "chips_per_dollar": "how much more compute a dollar buys after a year",
    "chips_per_watt": "how much more compute a watt drives after a year",
    "model_size": "how much smaller a model of equal scores is after a year",
}


def _learning() -> list[Entry]:
    return [
        Entry(name, LEARNING[name], [Figure("", number) for number in history])
        for name, history in catalogue.learning().items()
    ]


def _yardsticks() -> list[Entry]:
    return [
        Entry(name, "what one unit of this shock of stress is", [Figure("", n) for n in history])
        for name, history in catalogue.yardsticks().items()
    ]


TOPICS = {
    topic.name: topic
    for topic in (
        Topic("chips", "accelerators: dense rates, memory, power", _chips),
        Topic("sites", "frontier data centres with their build paths", _sites),
        Topic("prices", "rental, chips, running cost, tokens, loan margins", _prices),
        Topic("power", "energy, plant, construction, lead times", _power),
        Topic("learning", "how fast costs fall, and what makes them fall", _learning),
        Topic("lives", "how fast chips are written off; tax", _lives),
        Topic("demand", "hours of the day, tokens per request", _demand),
        Topic("shipments", "chips shipped by vendor and quarter", _shipments),
        Topic("ratings", "defaults by rating, recovery after default", _ratings),
        Topic("yardsticks", "how far things have moved before, for stress", _yardsticks),
    )
}


def find_topic(name: str) -> Topic:
    """The topic of that name.

    Raises:
        UnknownNameError: there is none; the message names the nearest.
    """
    if name.casefold() not in TOPICS:
        kind = "topic"
        raise catalogue.UnknownNameError(kind, name, TOPICS)
    return TOPICS[name.casefold()]


def find_entry(topic: Topic, name: str) -> Entry:
    """The entry of that name; case, blanks, dashes and underscores do not matter.

    Raises:
        UnknownNameError: there is none; the message names the nearest.
    """
    known = {_plain(entry.name): entry for entry in topic.entries()}
    if _plain(name) not in known:
        kind = f"{topic.name} entry"
        raise catalogue.UnknownNameError(kind, name, [entry.name for entry in known.values()])
    return known[_plain(name)]


def _plain(name: str) -> str:
    return "".join(c for c in name.casefold() if c not in " -_")


def rows(topic: Topic | None = None, entry: Entry | None = None) -> Iterator[dict[str, Any]]:
    """Every number as a flat row, in base units: of one entry, one topic, or all topics."""
    for one_topic in [topic] if topic else TOPICS.values():
        for one_entry in [entry] if entry else one_topic.entries():
            for figure in one_entry.figures:
                names = {"topic": one_topic.name, "name": one_entry.name, "what": figure.what}
                yield {**names, **asdict(figure.number)}
