"""What is built and what stands in it: works, sites, sources of power, fabs, cohorts, vendors."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import numpy as np

from offtake import catalogue
from offtake.core.contract import IntArray
from offtake.core.quantity import Quantity, Source
from offtake.lowering.at import At
from offtake.lowering.exchange import Find
from offtake.physical.fabs import Fabs
from offtake.physical.fleet import Cohorts
from offtake.physical.power import Sources
from offtake.physical.resale import SIGNALS as RESALE_SIGNALS
from offtake.physical.resale import Resale
from offtake.physical.sites import RUNNING_SIGNALS, Phases
from offtake.physical.supply import Supply
from offtake.physical.works import CURVES, Works
from offtake.plan.schema import Plan

SITE_SIGNALS = ("sold_hours", "contracted", *RUNNING_SIGNALS)
OVER_TIME: Mapping[str, tuple[str, ...]] = {
    "power": ("price", "fuel", "other_cost"),
    "vendors": ("output", "open"),
    "fabs": ("utilisation", "die_yield"),
    "chips": ("per_watt",),
}
"""Section -> fields that are observed before the market clears."""


@dataclass
class Streams:
    """Names of random streams, in the order of their indices."""

    monthly: list[str] = field(default_factory=list[str])
    once: list[str] = field(default_factory=list[str])

    def every_period(self, name: str) -> int:
        """Index of a stream drawn every period."""
        return _place(self.monthly, name)

    def once_per_path(self, name: str) -> int:
        """Index of a stream drawn once per path."""
        return _place(self.once, name)


def _place(names: list[str], name: str) -> int:
    if name not in names:
        names.append(name)
    return names.index(name)


class Built(NamedTuple):
    """Something that is built."""

    place: str
    item: Any
    """Phase, source of power or fab"""
    date: str
    """field of its planned date"""


def built(plan: Plan) -> list[Built]:
    """Everything that is built: phases of sites, sources of power, fabs, in this order."""
    return [
        *(
            Built(f"sites.{s}.phases[{j}]", phase, "energise")
            for s, site in plan.sites.items()
            for j, phase in enumerate(site.phases)
        ),
        *(Built(f"power.{name}", source, "available") for name, source in plan.power.items()),
        *(Built(f"fabs.{name}", fab, "open") for name, fab in plan.fabs.items()),
    ]


def links(plan: Plan) -> list[tuple[str, str]]:
    """Each site with each source that it names."""
    return [(name, source) for name, site in plan.sites.items() for source in site.power]


def signal_names(plan: Plan) -> list[str]:
    """Names of the environment's signals, in the order of their indices."""
    return [
        *(f"{work.place}.paid" for work in built(plan)),
        *(f"chips.{name}.paid" for name in plan.chips),
        *(f"sites.{name}.{what}" for what in SITE_SIGNALS for name in plan.sites),
        *(f"chips.{name}.{what}" for what in RESALE_SIGNALS for name in pledged(plan)),
    ]


def pledged(plan: Plan) -> list[str]:
    """Cohorts that contracts may sell or take back, in the order of the plan."""
    assets = {
        asset
        for terms in plan.contracts.values()
        if getattr(terms, "secures", None)
        for asset in getattr(terms, "assets", ())
    }
    for terms in plan.contracts.values():
        assets |= set(getattr(terms, "returned", ()))
    return [name for name in plan.chips if name in assets]


def resale(plan: Plan, signals: Sequence[str]) -> Resale | None:
    """Signals by which cohorts are sold; None where none can be."""
    mine = pledged(plan)
    if not mine:
        return None

    def index(what: str) -> IntArray:
        return ints([signals.index(f"chips.{c}.{what}") if c in mine else -1 for c in plan.chips])

    return Resale(*(index(what) for what in RESALE_SIGNALS))


def register(plan: Plan, at: At) -> None:
    """Series of sources, vendors and fabs."""
    for section, fields in OVER_TIME.items():
        for name, item in getattr(plan, section).items():
            for what in fields:
                if (value := getattr(item, what)) is not None:
                    at.series_of(value, f"{section}.{name}.{what}")


def ints(values: Sequence[int]) -> IntArray:
    """Indices as an array."""
    return np.array(values, np.int64)


def works(plan: Plan, at: At, streams: Streams, signals: Sequence[str], used: set[str]) -> Works:
    """Everything that is built.

    Args:
        signals: names of all signals.
        used: names of the signals that contracts send.
    """
    made = built(plan)
    causes = sorted({c for work in made if work.item.delay for c in work.item.delay.causes})
    zero = at.constant(0.0)

    def date(work: Built) -> int:
        stated = getattr(work.item, work.date) is not None
        return at.number_at(f"{work.place}.{work.date}") if stated else zero

    def delay(work: Built, field: str) -> int:
        return at.number_at(f"{work.place}.delay.{field}") if work.item.delay else zero

    weights = np.full((len(made), len(causes)), zero)
    for h, work in enumerate(made):
        for c, cause in enumerate(causes):
            if work.item.delay and cause in work.item.delay.causes:
                weights[h, c] = at.number_at(f"{work.place}.delay.causes.{cause}")
    paid = [f"{work.place}.paid" for work in made]
    return Works(
        date=ints([date(work) for work in made]),
        build=ints([at.number_at(f"{work.place}.build") for work in made]),
        curve=np.array([CURVES[work.item.spend] for work in made]).reshape(-1, 3).T,
        delay_median=ints([delay(work, "median") for work in made]),
        delay_p90=ints([delay(work, "p90") for work in made]),
        cause_weight=weights,
        cause_stream=ints([streams.once_per_path(f"causes.{cause}") for cause in causes]),
        own_stream=ints([streams.once_per_path(work.place) for work in made]),
        paid_signal=ints([signals.index(name) for name in paid]),
        funded=np.array([float(name in used) for name in paid]),
    )


def phases(plan: Plan, at: At) -> Phases:
    """Phases of all sites."""
    places = [(s, j) for s, site in plan.sites.items() for j in range(len(site.phases))]
    sites = list(plan.sites)

    def rows(field: str) -> IntArray:
        return ints([at.number_at(f"sites.{s}.phases[{j}].{field}") for s, j in places])

    marks = np.zeros(len(sites))
    return Phases(ints([sites.index(s) for s, _ in places]), rows("power"), rows("pue"), marks)


def sources(plan: Plan, at: At, find: Find) -> Sources:
    """Sources of power and the sites that name them."""
    names, sites, pairs = list(plan.power), list(plan.sites), links(plan)
    width = max([1, *(len(site.power) for site in plan.sites.values())])
    rivals = np.zeros((len(pairs), width), np.int64)
    rival, earlier = np.zeros(rivals.shape, np.bool_), np.zeros(rivals.shape, np.bool_)
    for e, (site, _) in enumerate(pairs):
        here = [k for k, (other, _) in enumerate(pairs) if other == site]
        rivals[e, : len(here)] = here
        rival[e, : len(here)] = [k != e for k in here]
        earlier[e, : len(here)] = [k < e for k in here]
    rows = {
        what: ints([at.number_at(f"power.{name}.{field}") for name in names])
        for what, field in (
            ("capacity", "capacity"),
            ("factor", "capacity_factor"),
            ("heat_rate", "heat_rate"),
        )
    }
    seen = {
        what: ints([find(getattr(s, what), f"power.{n}.{what}") for n, s in plan.power.items()])
        for what in OVER_TIME["power"]
    }
    return Sources(
        link_site=ints([sites.index(site) for site, _ in pairs]),
        link_source=ints([names.index(source) for _, source in pairs]),
        must_take=np.array([float(plan.power[source].must_take) for _, source in pairs]),
        rivals=rivals,
        rival=rival,
        earlier=earlier,
        linked=np.array([float(bool(site.power)) for site in plan.sites.values()]),
        **rows,
        **seen,
    )


def fabs(plan: Plan, at: At, find: Find) -> Fabs:
    """Plants that make chips."""
    vendors = list(plan.vendors)

    def rows(field: str) -> IntArray:
        return ints([at.number_at(f"fabs.{name}.{field}") for name in plan.fabs])

    def seen(field: str) -> IntArray:
        return ints([find(getattr(f, field), f"fabs.{n}.{field}") for n, f in plan.fabs.items()])

    return Fabs(
        **{field: rows(field) for field in ("capacity", "ramp", "cycle")},
        dies_per_wafer=rows("dies_per_wafer"),
        dies_per_chip=rows("dies_per_chip"),
        utilisation=seen("utilisation"),
        good=seen("die_yield"),
        vendor=ints([vendors.index(fab.vendor) for fab in plan.fabs.values()]),
        vendor_marks=np.zeros(len(vendors)),
    )


def _chip_rows(plan: Plan, at: At, name: str) -> tuple[int, int]:
    """Rows of H100e and watts per chip, from the plan or from the catalogue."""
    chip = plan.chips[name].chip
    if not isinstance(chip, str):
        return at.number_at(f"chips.{name}.chip.h100e"), at.number_at(f"chips.{name}.chip.watts")
    known = catalogue.chip(chip)
    rows: list[int] = []
    power = known.needed("all_in_power")
    for what, number, unit in (("h100e", known.h100e, "1"), ("watts", power, "W")):
        source = Source(number.source, None, None, number.note or None)
        quantity = Quantity(
            number.value, unit, source=source, text=f"{number.value:g} {unit}".removesuffix(" 1")
        )
        rows.append(at.table.add(f"catalogue.chips.{chip}.{what}", quantity))
    return rows[0], rows[1]


def _utility_pue(plan: Plan, at: At, name: str) -> int:
    """Row of what a chip's power is divided by; the catalogue states it at the utility's meter."""
    cohort = plan.chips[name]
    catalogued = isinstance(cohort.chip, str)
    return at.number_at(f"sites.{cohort.site}.phases[0].pue") if catalogued else at.constant(1.0)


def cohorts(plan: Plan, at: At, signals: Sequence[str], used: set[str], find: Find) -> Cohorts:
    """Cohorts of chips."""
    names = list(plan.chips)
    sites = list(plan.sites)
    rows = {
        f: ints([at.number_at(f"chips.{c}.{f}") for c in names])
        for f in ("units", "availability", "failure_rate", "deliver", "physical_life")
    }
    chips = [_chip_rows(plan, at, c) for c in names]
    successors = {c.replaces: i for i, c in enumerate(plan.chips.values()) if c.replaces}
    return Cohorts(
        site=ints([sites.index(plan.chips[c].site) for c in names]),
        h100e=ints([h for h, _ in chips]),
        watts=ints([w for _, w in chips]),
        pue=ints([_utility_pue(plan, at, c) for c in names]),
        per_watt=ints([find(c.per_watt, f"chips.{n}.per_watt") for n, c in plan.chips.items()]),
        successor=ints([successors.get(c, -1) for c in names]),
        paid_signal=ints([signals.index(f"chips.{c}.paid") for c in names]),
        funded=np.array([float(f"chips.{c}.paid" in used) for c in names]),
        **rows,
    )


def supply(plan: Plan, at: At, find: Find) -> Supply:
    """Vendors and the cohorts that wait for them."""
    vendors, names = list(plan.vendors), list(plan.chips)
    pairs = sorted({(vendors.index(c.vendor), c.turn) for c in plan.chips.values() if c.vendor})
    earlier = [[float(a[0] == b[0] and b[1] < a[1]) for b in pairs] for a in pairs]
    queue = [
        pairs.index((vendors.index(c.vendor), c.turn)) if c.vendor else 0
        for c in plan.chips.values()
    ]
    makers = list(plan.vendors.items())
    items = [(f"vendors.{name}", vendor) for name, vendor in makers]
    own = {fab.vendor for fab in plan.fabs.values()}
    return Supply(
        output=ints([find(v.output, f"{place}.output") for place, v in items]),
        limited=np.array([float(v.output is not None or n in own) for n, v in makers]),
        opened=ints([find(v.open, f"{place}.open") for place, v in items]),
        made=np.array([float(c.vendor is not None) for c in plan.chips.values()]),
        queue=ints(queue),
        vendor=ints([vendor for vendor, _ in pairs]),
        earlier=np.array(earlier, np.float64).reshape(len(pairs), len(pairs)),
        units=ints([at.number_at(f"chips.{c}.units") for c in names]),
        deliver=ints([at.number_at(f"chips.{c}.deliver") for c in names]),
    )
