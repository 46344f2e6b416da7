"""The market that clears, one path and one month at a time.

The price is looked for from the cheapest candidate upward: between two neighbouring costs and choke
prices supply and demand are smooth and a root finder does the rest; at a candidate either may jump.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass, field

from scipy.optimize import brentq

from offtake import catalogue
from tests.reference.books import clip
from tests.reference.future import Future

YEAR = 8766.0
Curve = Callable[[float, bool], float]
"""(price, just below it) -> H100e."""


@dataclass
class Product:
    """One segment in one month."""

    name: str
    asked: float
    """H100e at the reference price"""
    reference: float
    """USD/H100e/h"""
    elasticity: float
    choke: float
    waits: float
    shape: list[float]
    """one factor per block"""
    rate: float
    """tokens per H100e-hour; 1 for compute"""
    kept: float
    """share of the token price that pays for compute"""
    tokens: bool

    def at(self, price: float, before: bool) -> float:
        """H100e asked for; at its choke price a segment still asks just before it."""
        if price > self.choke or (price == self.choke and not before):
            return 0.0
        return self.asked * (price / self.reference) ** -self.elasticity

    def beyond(self, price: float) -> float:
        """Integral of what is asked from a price to the choke price, USD/h."""
        if price >= self.choke:
            return 0.0
        k = 1.0 - self.elasticity
        scale = self.asked * self.reference**self.elasticity
        if abs(k) < 1e-9:
            return scale * math.log(self.choke / price)
        return scale * (self.choke**k - price**k) / k


@dataclass
class Fleet:
    """Something that runs: a cohort (one cost) or a fleet outside the plan (costs from, to)."""

    name: str
    capacity: float
    cost: float
    highest: float | None = None

    def at(self, price: float, before: bool) -> float:
        """H100e offered; a cohort does not run just below its cost."""
        if self.highest is not None:
            return self.capacity * clip((price - self.cost) / (self.highest - self.cost))
        return self.capacity if price > self.cost or (price == self.cost and not before) else 0.0


@dataclass
class Block:
    """One part of the day, cleared."""

    price: float = 0.0
    firm: dict[str, float] = field(default_factory=dict)
    asked: dict[str, float] = field(default_factory=dict)
    waited: float = 0.0
    run: dict[str, float] = field(default_factory=dict)
    short: bool = False


def find(excess: Curve, points: list[float], cap: float) -> tuple[float, bool]:
    """The least price at which supply covers demand, and whether even the cap is too low."""
    if excess(cap, False) < 0.0 and excess(cap, True) < 0.0:
        return cap, True
    lower = points[0]
    for point in sorted({*points, cap}):
        if point > cap:
            break
        if excess(point, False) >= 0.0:
            if point == lower or excess(point, True) < 0.0:
                return point, False
            root = brentq(lambda p: excess(p, False), lower, point, xtol=1e-300, rtol=1e-15)
            return float(root), False
        lower = point
    return cap, False


class Bazaar:
    """The market of a plan."""

    def __init__(self, future: Future) -> None:
        """No scarcity has been seen."""
        self.future = future
        self.market = future.plan.market
        self.growth = dict.fromkeys(self.market.supply, 0.0)
        self.lags = {name: [0.0, 0.0] for name in self.market.supply}
        self.weight = 1.0 / self.market.blocks

    def products(self, of: Callable[[str, str], float]) -> list[Product]:
        """Segments of this month. of: (place, field) -> value of a series."""
        found = []
        better = 1.0
        if self.market.software_efficiency is not None:
            better = of("market", "software_efficiency")
        for name, segment in self.market.demand.items():
            place = f"market.demand.{name}"
            number = lambda what, place=place: self.future.number(f"{place}.{what}")  # noqa: E731
            tokens = segment.tokens is not None
            rate = of(place, "throughput") * better if tokens else 1.0
            volume = of(place, "tokens") / (YEAR * rate) if tokens else of(place, "compute")
            kept = 1.0 - number("gross_margin")
            found.append(
                Product(
                    name=name,
                    asked=volume,
                    reference=of(place, "price") * rate * kept,
                    elasticity=number("elasticity"),
                    choke=of(place, "choke_price") * rate * kept,
                    waits=number("waits"),
                    shape=self.shape(segment),
                    rate=rate,
                    kept=kept,
                    tokens=tokens,
                )
            )
        return found

    def shape(self, segment: object) -> list[float]:
        """Mean factor of each block."""
        hours = [1.0] * 24
        if segment.shape != "flat":  # type: ignore[attr-defined]
            hours = [f.value for f in catalogue.shape(segment.shape).factors]  # type: ignore[attr-defined]
        ahead = segment.hours_ahead  # type: ignore[attr-defined]
        moved = [hours[(h + ahead) % 24] for h in range(24)]
        size = 24 // self.market.blocks
        return [sum(moved[b * size : (b + 1) * size]) / size for b in range(self.market.blocks)]

    def outside(self, of: Callable[[str, str], float]) -> list[Fleet]:
        """Fleets outside the plan."""
        return [
            Fleet(
                name,
                of(f"market.supply.{name}", "capacity") * math.exp(self.growth[name]),
                of(f"market.supply.{name}", "cost_from"),
                of(f"market.supply.{name}", "cost_to"),
            )
            for name in self.market.supply
        ]

    def clear(
        self, products: list[Product], fleets: list[Fleet], cap: float, fixed: float
    ) -> tuple[list[Block], float, dict[str, float], dict[str, float]]:
        """Blocks, the price of what can wait, what would wait and what of it is served."""
        if self.market.rule == "price":
            return self._by_price(products, fleets, cap)
        return self._fixed(products, fleets, min(fixed, cap))

    def _by_price(
        self, products: list[Product], fleets: list[Fleet], cap: float
    ) -> tuple[list[Block], float, dict[str, float], dict[str, float]]:
        points = [f.cost for f in fleets if f.capacity > 0.0]
        points += [f.highest for f in fleets if f.highest is not None and f.capacity > 0.0]
        points += [p.choke for p in products]
        floor = min([*(f.cost for f in fleets if f.capacity > 0.0), cap])
        points = sorted(p for p in points if p >= floor) or [cap]

        def supply(price: float, before: bool) -> float:
            return sum(f.at(price, before) for f in fleets)

        def firm(b: int, price: float, before: bool) -> float:
            return sum((1 - p.waits) * p.shape[b] * p.at(price, before) for p in products)

        def waiting(price: float, before: bool) -> float:
            return sum(p.waits * p.at(price, before) for p in products)

        def valley(price: float, before: bool) -> float:
            room = sum(
                self.weight * max(supply(price, before) - firm(b, price, before), 0.0)
                for b in range(self.market.blocks)
            )
            return room - waiting(price, before)

        low, low_short = find(valley, points, cap)
        blocks = []
        for b in range(self.market.blocks):
            own = find(lambda p, x, b=b: supply(p, x) - firm(b, p, x), points, cap)
            price, short = (low, low_short) if own[0] <= low else own
            blocks.append(Block(price=price, short=short))
        self._serve(products, fleets, blocks, low, low_short)
        would = {p.name: p.waits * p.at(low, True) for p in products}
        waited = self._waited(products, fleets, blocks, low, low_short, would)
        return blocks, low, would, waited

    def _edge(self, product: Product, price: float, short: bool) -> bool:
        """Whether a segment is at the margin of its price."""
        return short or product.choke == price

    def _serve(
        self,
        products: list[Product],
        fleets: list[Fleet],
        blocks: list[Block],
        low: float,
        low_short: bool,
    ) -> None:
        """Firm demand: the sure first, those at the margin share what is left."""
        for b, block in enumerate(blocks):
            for p in products:
                block.asked[p.name] = (1 - p.waits) * p.shape[b] * p.at(block.price, True)
            most = sum(f.at(block.price, False) for f in fleets)
            edge = {p.name for p in products if self._edge(p, block.price, block.short)}
            sure = sum(v for k, v in block.asked.items() if k not in edge)
            rest = sum(v for k, v in block.asked.items() if k in edge)
            share = clip((most - sure) / rest) if rest > 0.0 else 0.0
            for k, v in block.asked.items():
                block.firm[k] = v * share if k in edge else v
        # Those who can wait and would pay more come before those at the margin.
        taking = [b for b in blocks if b.price == low]
        edge = {p.name for p in products if self._edge(p, low, low_short)}
        want = sum(p.waits * p.at(low, True) for p in products if p.name not in edge)
        most = sum(f.at(low, False) for f in fleets)
        spare = sum(self.weight * max(most - sum(b.asked.values()), 0.0) for b in taking)
        yielding = sum(self.weight * b.firm[k] for b in taking for k in b.firm if k in edge)
        lost = clip((want - spare) / yielding) if yielding > 0.0 else 0.0
        for block in taking:
            for k in edge:
                block.firm[k] *= 1.0 - lost

    def _waited(
        self,
        products: list[Product],
        fleets: list[Fleet],
        blocks: list[Block],
        low: float,
        low_short: bool,
        would: dict[str, float],
    ) -> dict[str, float]:
        taking = [b for b in blocks if b.price == low]
        least = {id(b): max(_at(fleets, low, True) - sum(b.firm.values()), 0.0) for b in taking}
        most = {id(b): max(_at(fleets, low, False) - sum(b.firm.values()), 0.0) for b in taking}
        room = self.weight * sum(most.values())
        edge = {p.name for p in products if self._edge(p, low, low_short)}
        sure = sum(v for k, v in would.items() if k not in edge)
        rest = sum(v for k, v in would.items() if k in edge)
        first = clip(room / sure) if sure > 0.0 else 1.0
        then = clip((room - sure) / rest) if rest > 0.0 else 0.0
        waited = {k: v * (then if k in edge else first) for k, v in would.items()}
        gap = room - self.weight * sum(least.values())
        over = sum(waited.values()) - self.weight * sum(least.values())
        up = clip(over / gap) if gap > 0.0 else 0.0
        for block in blocks:
            if any(block is b for b in taking):
                block.waited = least[id(block)] + up * (most[id(block)] - least[id(block)])
            self._dispatch(block, fleets, block.price)
        return waited

    def _dispatch(self, block: Block, fleets: list[Fleet], price: float) -> None:
        """Cheapest first; those whose cost is the price share what is left."""
        load = sum(block.firm.values()) + block.waited
        certain = sum(f.at(price, True) for f in fleets)
        edge = sum(f.at(price, False) - f.at(price, True) for f in fleets)
        share = clip((load - certain) / edge) if edge > 0.0 else 0.0
        for f in fleets:
            below = f.at(price, True)
            ran = below + share * (f.at(price, False) - below)
            block.run[f.name] = ran / f.capacity if f.capacity > 0.0 else float(price > f.cost)

    def _fixed(
        self, products: list[Product], fleets: list[Fleet], price: float
    ) -> tuple[list[Block], float, dict[str, float], dict[str, float]]:
        offered = _at(fleets, price, False)
        order = self.market.priority if self.market.rule == "priority" else ()
        blocks = []
        for b in range(self.market.blocks):
            asked = {p.name: (1 - p.waits) * p.shape[b] * p.at(price, True) for p in products}
            block = Block(price=price, asked=asked, firm=_shared(asked, offered, order))
            block.short = sum(asked.values()) > sum(block.firm.values()) * (1 + 1e-9)
            blocks.append(block)
        left = [max(offered - sum(b.firm.values()), 0.0) for b in blocks]
        left = [x if x > 1e-12 * offered else 0.0 for x in left]
        room = self.weight * sum(left)
        would = {p.name: p.waits * p.at(price, True) for p in products}
        waited = _shared(would, room, order)
        for block, here in zip(blocks, left, strict=True):
            block.waited = here * (sum(waited.values()) / room if room > 0.0 else 0.0)
            load = sum(block.firm.values()) + block.waited
            points = sorted({f.cost for f in fleets if f.capacity > 0.0} | {price})
            points += [f.highest for f in fleets if f.highest is not None and f.capacity > 0.0]
            points = sorted(p for p in points if p <= price)
            at, _ = find(lambda p, x, load=load: _at(fleets, p, x) - load, points, price)
            self._dispatch(block, fleets, at)
        return blocks, price, would, waited

    def answer(self, price: float, generation: float, years: float) -> None:
        """Fleets outside the plan grow with scarcity, late."""
        x = min(max(math.log(price / generation), -2.0), 2.0)
        for name in self.market.supply:
            place = f"market.supply.{name}"
            length = self.future.number(f"{place}.lead_time") / self.future.calendar.per_year
            step = -math.expm1(-2.0 * years / length)
            a, b = self.lags[name]
            a += step * (x - a)
            b += step * (a - b)
            self.lags[name] = [a, b]
            self.growth[name] += self.future.number(f"{place}.response") * b * years


def _at(fleets: list[Fleet], price: float, before: bool) -> float:
    return sum(f.at(price, before) for f in fleets)


def _shared(asked: dict[str, float], room: float, order: tuple[str, ...]) -> dict[str, float]:
    """At random, or in an order."""
    if not order:
        whole = sum(asked.values())
        share = min(room / whole, 1.0) if whole > 0.0 else 1.0
        return {k: v * share for k, v in asked.items()}
    served = {}
    for name in order:
        served[name] = min(max(room, 0.0), asked[name])
        room -= asked[name]
    return served
