"""Plan items other than contracts to the arrays of the environment."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, NamedTuple

import numpy as np

from offtake import catalogue
from offtake.core import formula as formulas
from offtake.core.calendar import add_months
from offtake.core.contract import IntArray
from offtake.core.formula import Constant, Expression, Named
from offtake.core.quantity import Quantity, Source
from offtake.core.series import Series
from offtake.lowering import plant
from offtake.lowering.at import NEVER, UNBOUNDED, At, series_rows
from offtake.lowering.exchange import finder, register_market, spot
from offtake.lowering.plant import Streams
from offtake.lowering.readings import register_readings
from offtake.lowering.world import Names, World, observation_names
from offtake.market.credit import Credit
from offtake.market.formula import (
    Add,
    Divide,
    Larger,
    Literal,
    Multiply,
    Node,
    Observed,
    Power,
    Smaller,
    Subtract,
)
from offtake.market.process import Processes, Regimes
from offtake.market.published import names as told_names
from offtake.market.series import SeriesGroup
from offtake.physical.sites import RUNNING_SIGNALS
from offtake.plan.drivers import Formula, MeanReverting, RandomWalk
from offtake.plan.drivers import Regimes as RegimesTerms
from offtake.plan.schema import Plan
from offtake.plan.told import from_market, from_plant, read_from

_OPERATORS = {
    "+": Add,
    "-": Subtract,
    "*": Multiply,
    "/": Divide,
    "**": Power,
    "min": Smaller,
    "max": Larger,
}


@dataclass(frozen=True)
class Assembled:
    """The environment with the names of what it offers and hears."""

    world: World
    observations: list[str]
    signals: list[str]
    streams: Streams


def _ints(values: Sequence[int]) -> IntArray:
    return np.array(values, np.int64)


def _processes(plan: Plan, at: At, streams: Streams) -> tuple[Processes, list[str]]:
    found = {k: d for k, d in plan.drivers.items() if isinstance(d, RandomWalk | MeanReverting)}
    names = list(found)
    rows = {
        f: _ints([at.number_at(f"drivers.{k}.{f}") for k in names])
        for f in ("start", "trend", "volatility")
    }
    half_life = _ints(
        [
            at.number_at(f"drivers.{k}.half_life")
            if isinstance(d, MeanReverting)
            else at.constant(NEVER)
            for k, d in found.items()
        ]
    )
    ceiling = _ints(
        [
            at.constant(UNBOUNDED) if d.ceiling is None else at.number_at(f"drivers.{k}.ceiling")
            for k, d in found.items()
        ]
    )
    matrix = np.full((len(names), len(names)), at.constant(0.0))
    np.fill_diagonal(matrix, at.constant(1.0))
    for i, correlated in enumerate(plan.correlations):
        row = at.number_at(f"drivers.correlations[{i}].value")
        here = [names.index(name) for name in correlated.between if name in names]
        for a in here:
            for b in here:
                if a != b:
                    matrix[a, b] = row
    group = Processes(
        **rows,
        half_life=half_life,
        ceiling=ceiling,
        correlation=matrix,
        stream=_ints([streams.every_period(f"drivers.{k}") for k in names]),
    )
    return group, [f"drivers.{k}" for k in names]


def _regimes(plan: Plan, at: At, streams: Streams) -> tuple[Regimes, list[str]]:
    found = {k: d for k, d in plan.drivers.items() if isinstance(d, RegimesTerms)}
    width = max([1, *(len(d.states) for d in found.values())])

    def table(what: str) -> IntArray:
        rows = np.zeros((len(found), width), np.int64)
        for i, (name, driver) in enumerate(found.items()):
            states = list(driver.states)
            for q in range(width):
                rows[i, q] = at.number_at(
                    f"drivers.{name}.{what}.{states[min(q, len(states) - 1)]}"
                )
        return rows

    group = Regimes(
        value=table("states"),
        stay=table("mean_stay"),
        states=_ints([len(d.states) for d in found.values()]),
        initial=_ints([list(d.states).index(d.initial) for d in found.values()]),
        stream=_ints([streams.every_period(f"drivers.{k}") for k in found]),
    )
    return group, [f"drivers.{k}" for k in found]


def _node(tree: Expression, at: At, market: Mapping[str, int]) -> Node:
    if isinstance(tree, Constant):
        return Literal(_ints([at.constant(tree.value)])[0])  # pyright: ignore[reportArgumentType]
    if isinstance(tree, Named):
        return Observed(np.int64(market[f"drivers.{tree.name}"]))  # pyright: ignore[reportArgumentType]
    return _OPERATORS[tree.operator](_node(tree.left, at, market), _node(tree.right, at, market))


def _in_order(plan: Plan) -> list[str]:
    """Names of formulas, each after the formulas it uses."""
    waiting = {k: d for k, d in plan.drivers.items() if isinstance(d, Formula)}
    ordered: list[str] = []
    while waiting:
        ready = [
            k for k, d in waiting.items() if not set(formulas.names(d.expression)) & set(waiting)
        ]
        if not ready:
            message = f"formulas name one another in a circle: {', '.join(waiting)}"
            raise ValueError(message)
        ordered += ready
        waiting = {k: d for k, d in waiting.items() if k not in ready}
    return ordered


def _formulas(plan: Plan, at: At, market: list[str], order: Sequence[str]) -> tuple[Node, ...]:
    """Trees of formulas, each after what it uses; their names are appended to `market`."""
    nodes: list[Node] = []
    for name in order:
        driver = plan.drivers[name]
        if isinstance(driver, Formula):
            tree, _ = formulas.in_units(driver.expression, plan.driver_units, driver.formula)
            nodes.append(_node(tree, at, {place: i for i, place in enumerate(market)}))
            market.append(f"drivers.{name}")
    return tuple(nodes)


def _read(plan: Plan, market: list[str], names: Mapping[str, str]) -> tuple[Node, ...]:
    """Drivers that read an observation, appended to `market`; names: driver -> observation."""
    nodes = tuple(Observed(np.int64(market.index(seen))) for seen in names.values())  # pyright: ignore[reportArgumentType]
    market += [f"drivers.{name}" for name in names]
    return nodes


class _Stages(NamedTuple):
    """Formulas by when they can be worked out, and what is known by then."""

    first: tuple[Node, ...]
    known: tuple[str, ...]
    """before vendors tell what they make"""
    built: tuple[Node, ...]
    """after it"""
    stands: tuple[str, ...]
    """before the market clears"""
    cleared: tuple[Node, ...]
    """after it"""


def _stages(plan: Plan, at: At, market: list[str]) -> _Stages:
    """All formulas; the names of what is known are appended to `market`."""
    order, read = _in_order(plan), read_from(plan.drivers)
    plant, cleared = from_plant(plan.drivers), from_market(plan.drivers)
    first = _formulas(plan, at, market, [k for k in order if k not in plant | cleared])
    known = tuple(market)
    market += [f"vendors.{name}.chips" for name in plan.vendors]
    built = _read(plan, market, {k: m for k, m in read.items() if k in plant})
    built += _formulas(plan, at, market, [k for k in order if k in plant])
    stands = tuple(market)
    if plan.market.clears:
        names = told_names(list(plan.market.demand), list(plan.market.supply))
        market += [f"cleared.{name}" for name in names]
    late = _read(plan, market, {k: f"cleared.{m}" for k, m in read.items() if k in cleared})
    late += _formulas(plan, at, market, [k for k in order if k in cleared])
    return _Stages(first, known, built, stands, late)


def register_series(plan: Plan, at: At) -> None:
    """Series that stand outside contracts: drivers, hazard rates."""
    for name, driver in plan.drivers.items():
        if isinstance(driver, Series) and driver.driver is None:
            at.series_knots[f"drivers.{name}"] = driver
    for name, party in plan.parties.items():
        if party.credit is None:
            continue
        if party.credit.hazard is not None:
            at.series_of(party.credit.hazard, f"parties.{name}.credit.hazard")
        else:
            series = rated_hazard(str(party.credit.rating), plan.plan.start.date)
            place = f"parties.{name}.credit.hazard"
            for label, (_, number) in zip(series.labels, series.knots, strict=True):
                at.table.add(f"{place}.{label}", number)
            at.series_knots[place] = series


def rated_hazard(rating: str, start: date) -> Series:
    """Hazard rate of a rating over time, 1/year, from the catalogue's history of defaults.

    A rating with + or - has the history of its letter.
    """
    known = catalogue.rating(rating.rstrip("+-"))
    number = known.one_year_default
    source = Source(number.source, None, None, number.note or None)
    knots = [
        (
            add_months(start, round(12 * years)),
            Quantity(hazard, "1/year", source=source, text=f"{hazard:.4%}/year"),
        )
        for years, hazard in known.hazards()
    ]
    return Series(knots=tuple(knots), labels=tuple(day.isoformat() for day, _ in knots))


def _credit(plan: Plan, at: At, streams: Streams, market: Sequence[str]) -> Credit:
    names = [name for name, party in plan.parties.items() if party.credit is not None]
    credits: list[Any] = [plan.parties[name].credit for name in names]
    width = max([1, *(len(c.drivers) for c in credits)])
    own = [streams.every_period(f"parties.{name}.credit") for name in names]
    stream = np.repeat(_ints(own)[:, None], width, axis=1)
    correlation = np.full((len(names), width), at.constant(0.0))
    hazard: list[int] = []
    for e, (name, credit) in enumerate(zip(names, credits, strict=True)):
        for q, driver in enumerate(credit.drivers):
            stream[e, q] = streams.every_period(f"drivers.{driver}")
            correlation[e, q] = at.number_at(f"parties.{name}.credit.drivers.{driver}")
        series: Series | None = credit.hazard
        driver = None if series is None else series.driver
        hazard.append(
            market.index(f"drivers.{driver}" if driver else f"parties.{name}.credit.hazard")
        )
    return Credit(
        party=_ints([at.party(name) for name in names]),
        hazard=_ints(hazard),
        recovery=_ints([at.number_at(f"parties.{name}.credit.recovery") for name in names]),
        stream=_ints(own),
        driver_stream=stream,
        correlation=correlation,
    )


def _names(plan: Plan, at: At) -> Names:
    """Names of what is observed."""
    return Names(
        works=[work.place for work in plant.built(plan)],
        sites=list(plan.sites),
        links=plant.links(plan),
        sources=list(plan.power),
        fabs=list(plan.fabs),
        vendors=list(plan.vendors),
        cohorts=list(plan.chips),
        parties=list(at.party_index),
        resold=list(plan.chips) if plant.pledged(plan) else [],
    )


def assemble(plan: Plan, at: At, used: set[str]) -> Assembled:
    """The environment of a plan.

    Args:
        at: after all contracts were lowered, so that it knows every series they read.
        used: names of the signals that contracts send.
    """
    calendar, streams, signals = at.calendar, Streams(), plant.signal_names(plan)
    register_market(plan.market, at)
    register_readings(plan, at)
    plant.register(plan, at)
    before, after, weight = series_rows(at.table, at.series_knots, calendar.count)
    processes, process_names = _processes(plan, at, streams)
    regimes, regime_names = _regimes(plan, at, streams)
    market = ["zero", *at.series_knots, *process_names, *regime_names]
    stages = _stages(plan, at, market)
    known = finder(stages.known)
    sold = [f"sites.{name}.sold_hours" for name in plan.sites]
    years = np.asarray(calendar.years, np.float64)
    world = World(
        series=SeriesGroup(before, after, weight),
        processes=processes,
        regimes=regimes,
        formulas=stages.first,
        built_formulas=stages.built,
        credit=_credit(plan, at, streams, market),
        works=plant.works(plan, at, streams, signals, used),
        phases=plant.phases(plan, at),
        sources=plant.sources(plan, at, known),
        fabs=plant.fabs(plan, at, known),
        cohorts=plant.cohorts(plan, at, signals, used, known),
        supply=plant.supply(plan, at, known),
        spot=spot(plan, at, stages.stands, signals, used),
        late_formulas=stages.cleared,
        resale=plant.resale(plan, signals),
        sold_signal=_ints([signals.index(name) if name in used else -1 for name in sold]),
        running_signal=np.array(
            [
                [signals.index(f"sites.{name}.{what}") for name in plan.sites]
                for what in RUNNING_SIGNALS
            ],
            np.int64,
        ),
        party_marks=np.zeros(len(plan.parties)),
        site_marks=np.zeros(len(plan.sites)),
        years=years,
        hours=np.asarray(calendar.hours, np.float64),
        elapsed=np.cumsum(years),
        per_year=np.array(float(at.periods_per_year)),
    )
    names = observation_names(market, _names(plan, at))
    return Assembled(world, names, signals, streams)
