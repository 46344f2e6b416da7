"""Plan to program: names become indices, dates positions, contracts of one kind one group.

`lower` yields structure. The values of the plan's numbers stay in the table, whose rows the program
refers to; whatever changes only values leaves the compiled program as it is.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from fnmatch import fnmatchcase

import numpy as np

from offtake.contracts import BY_KIND
from offtake.core.calendar import Calendar
from offtake.core.contract import IntArray, Lowered
from offtake.core.labels import ClaimLabel, Labels
from offtake.engine.program import Program, Shape, Totals
from offtake.lowering.assemble import Assembled, assemble, register_series
from offtake.lowering.at import At
from offtake.lowering.network import (
    build_network,
    build_shape,
    claim_labels,
    concrete,
)
from offtake.lowering.plant import signal_names
from offtake.lowering.table import NumberTable
from offtake.plan.schema import Plan


@dataclass(frozen=True)
class LoweredPlan:
    """A plan ready to run."""

    plan: Plan
    program: Program
    shape: Shape
    labels: Labels
    table: NumberTable
    calendar: Calendar = field(repr=False)


def _party_order(plan: Plan) -> tuple[list[str], int]:
    inside = [name for name, party in plan.parties.items() if party.kind != "external"]
    outside = [name for name, party in plan.parties.items() if party.kind == "external"]
    return inside + outside, len(inside)


def _groups(plan: Plan, at: At) -> list[Lowered]:
    """Contracts stacked by kind, primary kinds first."""
    by_kind: dict[str, list[tuple[str, object]]] = {}
    for name, terms in plan.contracts.items():
        by_kind.setdefault(terms.kind, []).append((name, terms))  # type: ignore[attr-defined]
    kinds = sorted(
        by_kind, key=lambda kind: (BY_KIND[kind].stage == "derived", list(BY_KIND).index(kind))
    )
    return [BY_KIND[kind].lower(by_kind[kind], at) for kind in kinds]  # type: ignore[arg-type]


def numbers_of(plan: Plan, calendar: Calendar) -> NumberTable:
    """Every number that a plan writes."""
    table = NumberTable(calendar)
    for place, number in plan.numbers():
        table.add(place, number)
    return table


def _published_names(lowered: Sequence[Lowered]) -> Iterator[str]:
    for part in lowered:
        for value in part.group.published:
            for k, contract in enumerate(part.contracts):
                where = f"/{part.parts[k]}" if part.parts and part.parts[k] else ""
                yield f"contracts.{contract}{where}.{value}"


def _select(requests: Sequence[str], offered: Sequence[str]) -> IntArray:
    index = {name: i for i, name in enumerate(offered)}
    return np.array([index[name] for name in requests], np.int64)


def _totals(at: At, claims: Sequence[ClaimLabel]) -> Totals:
    entries: list[tuple[int, int, float]] = []
    for total, request in enumerate(at.totals):
        for way, flow, sign in request.signs:
            for c, claim in enumerate(claims):
                mine = claim.payee == request.party if way == "in" else claim.payer == request.party
                named = not request.contracts or claim.contract in request.contracts
                if mine and named and claim.flow == int(flow):
                    entries.append((c, total, sign))
    return Totals(
        np.array([c for c, _, _ in entries], np.int64),
        np.array([t for _, t, _ in entries], np.int64),
        np.array([s for _, _, s in entries], np.float64),
    )


def _signal_targets(
    lowered: Sequence[Lowered], signals: Sequence[str]
) -> tuple[dict[str, IntArray], ...]:
    index = {name: i for i, name in enumerate(signals)}
    nowhere = len(signals)
    return tuple(
        {
            name: np.array([nowhere if t is None else index[t] for t in targets], np.int64)
            for name, targets in part.signals.items()
        }
        for part in lowered
    )


def _program(plan: Plan, at: At, lowered: list[Lowered], made: Assembled) -> tuple[Program, Shape]:
    parties, internal = _party_order(plan)
    network, ranks = build_network(lowered, internal)
    claims = claim_labels(lowered)
    offered = [*made.observations, *_published_names(lowered)]
    nobody = len(parties)
    program = Program(
        groups=tuple(part.group for part in lowered),
        numbers=tuple(dict(part.numbers) for part in lowered),
        signals=_signal_targets(lowered, made.signals),
        stop_party=tuple(
            np.full(len(part.contracts), nobody) if part.stops is None else part.stops
            for part in lowered
        ),
        environment=made.world,
        network=network,
        totals=_totals(at, claims),
        select=_select(at.requests, offered),
        opening_cash=np.array([at.number_at(f"parties.{p}.cash") for p in parties[:internal]]),
        minimum_cash=np.array(
            [at.number_at(f"parties.{p}.minimum_cash") for p in parties[:internal]]
        ),
        years=made.world.years,
        hours=made.world.hours,
    )
    shape = build_shape(
        lowered, network, len(parties), internal, ranks, len(made.signals), len(at.totals)
    )
    return concrete(program), shape


def lower(plan: Plan, wanted: Sequence[str] = (), calendar: Calendar | None = None) -> LoweredPlan:
    """Lower a checked plan.

    Args:
        plan: as loaded.
        wanted: patterns (fnmatch) of further observations to keep in the record, for measures.
        calendar: periods to run on; those of the plan if left out.

    Raises:
        ValueError: a name that nothing offers (`check` finds these first and says where), or an
            amount that is still to be sized.
    """
    if plan.sized:
        message = f"{plan.sized[0]} is still to be sized: structure the plan first"
        raise ValueError(message)
    parties, internal = _party_order(plan)
    grid = plan.calendar if calendar is None else calendar
    at = At(
        table=numbers_of(plan, grid),
        calendar=grid,
        party_index={name: i for i, name in enumerate(parties)},
        terms=plan.contracts,
        phase_counts={name: len(site.phases) for name, site in plan.sites.items()},
    )
    lowered = _groups(plan, at)
    register_series(plan, at)
    used = {t for part in lowered for targets in part.signals.values() for t in targets if t}
    unknown = used - set(signal_names(plan))
    if unknown:
        message = f"signals that nothing hears: {sorted(unknown)}"
        raise ValueError(message)
    made = assemble(plan, at, used)
    published = list(_published_names(lowered))
    for name in [*made.observations, *published]:
        if any(fnmatchcase(name, pattern) for pattern in wanted):
            at.observe(name)
    program, shape = _program(plan, at, lowered, made)
    labels = Labels(
        parties=tuple(parties),
        internal=internal,
        claims=tuple(claim_labels(lowered)),
        rows=tuple(
            (part.group.kind, contract, part.parts[k] if part.parts else "")
            for part in lowered
            for k, contract in enumerate(part.contracts)
        ),
        observations=tuple(at.requests),
        published=tuple(published),
        monthly_streams=tuple(made.streams.monthly),
        once_streams=tuple(made.streams.once),
        lagged=tuple(int(c) for c in np.flatnonzero(program.network.lagged)),
    )
    return LoweredPlan(plan, program, shape, labels, at.table, grid)
