"""The market section of a plan to the arrays of the market that clears and of the spot market."""

from collections.abc import Callable, Sequence

import numpy as np

from offtake import catalogue
from offtake.core.contract import IntArray
from offtake.core.quantity import Quantity, Source
from offtake.core.series import Series
from offtake.lowering.at import UNBOUNDED, At
from offtake.lowering.spot import Spot
from offtake.market.clearing import ByPrice, Fixed, Rule
from offtake.market.exchange import Exchange, Outside, Rates, Segments
from offtake.plan.market import FLAT, Market, Segment
from offtake.plan.schema import Plan

Find = Callable[[Series | None, str], int]
"""Index of a series among the observations before the market clears; 0 where there is none."""
OF_MARKET = (
    "compute_price",
    "energy_price",
    "running_cost",
    "utilisation",
    "generation_price",
    "software_efficiency",
    "price_cap",
    "fixed_price",
)
OF_SEGMENT = ("tokens", "compute", "throughput", "price", "choke_price")
OF_FLEET = ("capacity", "cost_from", "cost_to")


def _ints(values: Sequence[int]) -> IntArray:
    return np.array(values, np.int64)


def register_market(market: Market, at: At) -> None:
    """Every series under `market` that stands before the market clears."""
    items: list[tuple[str, object, Sequence[str]]] = [("market", market, OF_MARKET)]
    items += [(f"market.demand.{n}", s, OF_SEGMENT) for n, s in market.demand.items()]
    items += [(f"market.supply.{n}", s, OF_FLEET) for n, s in market.supply.items()]
    for place, item, fields in items:
        for field in fields:
            value: Series | None = getattr(item, field)
            if value is not None:
                at.series_of(value, f"{place}.{field}")


def finder(observed: Sequence[str]) -> Find:
    """Looks up series by what they are or where they stand."""

    def find(value: Series | None, place: str) -> int:
        if value is None:
            return 0
        name = f"drivers.{value.driver}" if value.driver else place
        return observed.index(name)

    return find


def _catalogue_row(at: At, place: str, number: catalogue.Number) -> int:
    source = Source(number.source, None, None, number.note or None)
    text = f"{number.value:g} {number.unit}"
    return at.table.add(place, Quantity(number.value, "1", source=source, text=text))


def _shape(at: At, segment: Segment, blocks: int) -> IntArray:
    """[B, 24 / B] rows of hourly factors, midnight of the market first."""
    if segment.shape == FLAT:
        rows = [at.constant(1.0)] * 24
    else:
        known = catalogue.shape(segment.shape)
        place = f"catalogue.shapes.{known.name}"
        rows = [_catalogue_row(at, f"{place}.{h}", f) for h, f in enumerate(known.factors)]
    there = [rows[(hour + segment.hours_ahead) % 24] for hour in range(24)]
    return np.array(there, np.int64).reshape(blocks, 24 // blocks)


def _segments(market: Market, at: At, find: Find) -> Segments:
    items = [(f"market.demand.{name}", segment) for name, segment in market.demand.items()]

    def series(field: str) -> IntArray:
        return _ints([find(getattr(s, field), f"{place}.{field}") for place, s in items])

    def rows(field: str) -> IntArray:
        return _ints([at.number_at(f"{place}.{field}") for place, _ in items])

    tokens = np.array([float(s.tokens is not None) for _, s in items])
    volume = np.where(tokens > 0.5, series("tokens"), series("compute"))
    return Segments(
        volume=volume,
        price=series("price"),
        choke=series("choke_price"),
        throughput=series("throughput"),
        tokens=tokens,
        efficiency=np.array(find(market.software_efficiency, "market.software_efficiency")),
        elasticity=rows("elasticity"),
        gross_margin=rows("gross_margin"),
        memory_bound=rows("memory_bound"),
        waits=rows("waits"),
        shape=np.array([_shape(at, s, market.blocks) for _, s in items]),
    )


def _outside(market: Market, at: At, find: Find) -> Outside:
    items = [(f"market.supply.{name}", fleet) for name, fleet in market.supply.items()]
    series = {f: _ints([find(getattr(s, f), f"{p}.{f}") for p, s in items]) for f in OF_FLEET}
    rows = {
        f: _ints([at.number_at(f"{p}.{f}") for p, _ in items])
        for f in ("capital_cost", "life", "response", "lead_time")
    }
    return Outside(**series, **rows)


def _rule(market: Market) -> Rule:
    weight = np.full(market.blocks, 1.0 / market.blocks)
    if market.rule == "price":
        return ByPrice(weight)
    names = list(market.demand)
    order = market.priority if market.rule == "priority" else ()
    return Fixed(weight, _ints([names.index(name) for name in order]))


def _exchange(market: Market, at: At, find: Find) -> Exchange | None:
    if not market.clears:
        return None
    return Exchange(
        segments=_segments(market, at, find),
        outside=_outside(market, at, find),
        rule=_rule(market),
        cap=np.array(find(market.price_cap, "market.price_cap")),
        fixed=np.array(find(market.fixed_price, "market.fixed_price")),
    )


def _bandwidth(plan: Plan, at: At) -> IntArray:
    """[2, F] rows: memory bandwidth relative to an H100, and capacity that it is divided by.

    Of a chip of the catalogue the first row holds bandwidth per H100e; a chip that the plan defines
    without bandwidth has that of an H100 per H100e.
    """
    reference = catalogue.chip("H100").bandwidth.value
    one = at.constant(1.0)
    rows: list[tuple[int, int]] = []
    for name, cohort in plan.chips.items():
        if not isinstance(cohort.chip, str):
            place = f"chips.{name}.chip"
            stated = cohort.chip.bandwidth is not None
            fields = ("bandwidth", "h100e")
            of = [at.number_at(f"{place}.{field}") if stated else one for field in fields]
            rows.append((of[0], of[1]))
            continue
        chip = catalogue.chip(cohort.chip)
        ratio = chip.bandwidth.value / chip.h100e.value / reference
        note = f"bandwidth of {chip.name} per H100e over that of an H100"
        source = Source(chip.bandwidth.source, None, None, note)
        number = Quantity(ratio, "1", source=source, text=f"{ratio:.4g}")
        row = at.table.add(f"catalogue.chips.{chip.name}.bandwidth_per_h100e", number)
        rows.append((row, one))
    return np.array(rows, np.int64).reshape(-1, 2).T


def _retires(market: Market, at: At) -> int:
    if market.retire_after is not None:
        return at.number_at("market.retire_after")
    months = at.calendar.months
    return at.constant(6.0 / months if market.clears else UNBOUNDED)


def spot(
    plan: Plan, at: At, observed: Sequence[str], signals: Sequence[str], used: set[str]
) -> Spot:
    """The spot market of a plan.

    Args:
        observed: names of what stands before the market clears.
        signals: names of all signals.
        used: names of the signals that contracts send.
    """
    market, find = plan.market, finder(observed)
    names, sites = list(plan.chips), list(plan.sites)
    contracted = [f"sites.{site}.contracted" for site in sites]
    price = find(market.compute_price, "market.compute_price")
    if market.compute_price is None and "drivers.compute_price" in observed:
        price = observed.index("drivers.compute_price")
    return Spot(
        compute_price=np.array(price),
        energy_price=np.array(find(market.energy_price, "market.energy_price")),
        running_cost=np.array(find(market.running_cost, "market.running_cost")),
        utilisation=np.array(find(market.utilisation, "market.utilisation")),
        rates=Rates(
            generation=np.array(find(market.generation_price, "market.generation_price")),
            decline=np.array(at.number_at("market.price_decline")),
            half_life=np.array(at.number_at("market.scarcity_half_life")),
            window=np.array(at.number_at("market.generation_window")),
            asset_rate=np.array(at.number_at("market.asset_rate")),
        ),
        exchange=_exchange(market, at, find),
        bandwidth=_bandwidth(plan, at),
        site=_ints([sites.index(plan.chips[c].site) for c in names]),
        site_marks=np.zeros(len(sites)),
        hazard=_ints([at.number_at(f"chips.{c}.failure_rate") for c in names]),
        physical_life=_ints([at.number_at(f"chips.{c}.physical_life") for c in names]),
        retire_after=np.array(_retires(market, at)),
        contracted_signal=_ints([signals.index(n) if n in used else -1 for n in contracted]),
    )
