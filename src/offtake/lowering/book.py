"""What measures may know of a lowered plan."""

from collections.abc import Mapping
from typing import cast

import numpy as np

from offtake import catalogue
from offtake.core.measure import Book, Chip, Facility
from offtake.lowering.lower import LoweredPlan
from offtake.lowering.readings import readings_of
from offtake.lowering.world import World
from offtake.plan.schema import Plan


def _facilities(lowered: LoweredPlan) -> tuple[Facility, ...]:
    """Contracts that publish a balance: they lend money."""
    lending = {
        name.split(".")[1].split("/")[0]
        for name in lowered.labels.published
        if name.endswith(".balance")
    }
    found: list[Facility] = []
    index = lowered.table.index
    for name, terms in lowered.plan.contracts.items():
        if name not in lending:
            continue
        size = index.get(f"contracts.{name}.amount", index.get(f"contracts.{name}.limit", -1))
        found.append(
            Facility(
                contract=name,
                kind=str(getattr(terms, "kind", "")),
                lender=str(getattr(terms, "lender", "")),
                borrower=str(getattr(terms, "borrower", "")),
                collateral=_pledged(lowered.plan, name, terms),
                size_row=size,
                **_sold(index, name, terms),
            )
        )
    return tuple(found)


def _sold(index: Mapping[str, int], name: str, terms: object) -> dict[str, int]:
    """Rows of its start, and of what a seller on credit lends: a price less what is paid down.

    Times of a sale on credit count from the delivery of what is sold.
    """
    down = index.get(f"contracts.{name}.down_payment", -1)
    if down < 0:
        return {"start_row": index.get(f"contracts.{name}.start", -1)}
    cohort = f"chips.{getattr(terms, 'chips', '')}"
    return {
        "start_row": index.get(f"{cohort}.deliver", -1),
        "units_row": index.get(f"{cohort}.units", -1),
        "price_row": index.get(f"{cohort}.price", -1),
        "down_row": down,
    }


def _pledged(plan: Plan, name: str, terms: object) -> tuple[str, ...]:
    """What is pledged for a facility: in its own terms, and in agreements that secure it."""
    assets = [
        asset
        for other in plan.contracts.values()
        if name in getattr(other, "secures", ())
        for asset in getattr(other, "assets", ())
    ]
    return tuple(dict.fromkeys([*getattr(terms, "collateral", ()), *assets]))


def _chip(plan: Plan, name: str, h100e: int, bandwidth: tuple[int, int]) -> Chip:
    cohort = plan.chips[name]
    if isinstance(cohort.chip, str):
        kind, vendor = cohort.chip, catalogue.chip(cohort.chip).vendor
    else:
        kind, vendor = cohort.chip.name or name, "not stated"
    source = plan.vendors[cohort.vendor].origin if cohort.vendor else None
    maker = cohort.origin or cohort.vendor or vendor
    return Chip(kind, maker, source or "", h100e, bandwidth)


def _chips(lowered: LoweredPlan) -> dict[str, Chip]:
    """What every cohort is made of."""
    world = cast("World", lowered.program.environment)
    h100e, (over, under) = world.cohorts.h100e, world.spot.bandwidth
    return {
        name: _chip(lowered.plan, name, int(h100e[i]), (int(over[i]), int(under[i])))
        for i, name in enumerate(lowered.plan.chips)
    }


def book_of(lowered: LoweredPlan) -> Book:
    """Names, roles and rows of a plan, without its values."""
    plan, table = lowered.plan, lowered.table
    rate = table.at("plan.discount_rate")
    return Book(
        labels=lowered.labels,
        roles={name: party.role or "" for name, party in plan.parties.items()},
        owners={name: p.owner for name, p in plan.parties.items() if p.owner},
        kinds={name: str(getattr(terms, "kind", "")) for name, terms in plan.contracts.items()},
        facilities=_facilities(lowered),
        cohorts={name: cohort.site for name, cohort in plan.chips.items()},
        discount_row=rate,
        hurdle_rows={
            name: table.index.get(f"parties.{name}.hurdle_rate", rate) for name in plan.parties
        },
        elapsed=np.cumsum(np.asarray(lowered.calendar.years, np.float64)),
        years=np.asarray(lowered.calendar.years, np.float64),
        calendar_years=np.asarray(lowered.calendar.calendar_years, np.int64),
        rows=dict(table.index),
        terms=dict(plan.contracts),
        readings=readings_of(plan),
        chips=_chips(lowered),
        products=tuple(n for n, s in plan.market.demand.items() if s.tokens is not None),
    )
