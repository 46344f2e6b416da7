"""Six shocks, one at a time: what each changes about the numbers of a plan.

    price          compute, and tokens, earn 30 % less
    volume         15 % less of what is offered by the hour, or of what is asked for, finds a buyer
    technology     the price of compute falls by 10 points a year more, and so does what is expected
    delay          every site opens six months later than it would have
    rates          base rates are 2 points higher
    counterparty   parties outside the plan default three times as often

A shock acts on what it finds in the plan and on nothing else; where it finds nothing it says what
it looked for. It changes numbers only, so that contracts stay as they were signed: a price agreed,
a schedule, a size do not move. Its changes hold for the plan as `offtake.risk.prepare.prepared`
makes it; drawn numbers are changed as drawn, and none twice. Those of stress
(`offtake.risk.library`) find what they touch by the same rules and are measured in yardsticks.
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Any, Literal

from offtake.core.quantity import Quantity, When
from offtake.core.series import Series
from offtake.core.walk import leaves
from offtake.plan.schema import Plan
from offtake.risk.prepare import (
    FACTORS,
    behind,
    formula_bases,
    level_of,
    market_levels,
)

PRICES = ("USD/H100e/h", "USD/token")
RATE = "1/year"
LEVELS = ("", "start", "ceiling", "value")
"""Fields of a driver that are levels of it."""
NEVER_HAPPENS = 1e-12
"""Hazard per year below which a party never defaults."""


@dataclass(frozen=True)
class Change:
    """One number changed; a place stands for all numbers below it too."""

    place: str
    how: Literal["times", "less", "plus", "later", "likelier"]
    by: float
    """Factor; share taken away; what is added, in the canonical unit; months; standard deviations
    by which the fortune of a party falls."""
    least: float = 0.0
    """Hazard, 1/year, from which the party is taken to start at least."""

    def scaled(self, size: float) -> "Change":
        """The change so many times over; 0 changes nothing."""
        by = self.by**size if self.how == "times" else self.by * size
        return replace(self, by=by)


@dataclass(frozen=True)
class Words:
    """How a shock is told in any size."""

    text: str
    """With {less}, {points}, {months}, {share}, {who} where it has them."""
    value: float
    """Factor, rate or months of its full size."""
    who: str

    def at(self, size: float) -> str:
        """Told in a size, 1 for the full one."""
        months = self.value * size
        return self.text.format(
            less=f"{100.0 * (1.0 - self.value**size):.0f} %",
            points=f"{100.0 * self.value * size:.3g}",
            months=f"{months:.0f}" if months == round(months) else f"{months:.2f}",
            share=f"{100.0 * min(size, 1.0):.0f} %",
            who=self.who,
        )


@dataclass(frozen=True)
class Shock:
    """What is shocked and by what changes."""

    name: str
    about: str
    changes: tuple[Change, ...]
    sought: str
    """What the shock acts on."""
    why: str = ""
    """Why it is thought of."""
    yardstick: str = ""
    """What one unit of it is, and who says so."""
    units: float = 1.0
    """Yardsticks that its full size is."""
    words: "Words | None" = None
    """How it is told in any size."""

    def scaled(self, size: float) -> "Shock":
        """The shock in another size, 1 for its full one."""
        return replace(self, changes=tuple(change.scaled(size) for change in self.changes))

    def means(self, size: float) -> str:
        """What the shock is in another size, 1 for its full one."""
        return self.about if self.words is None else self.words.at(size)

    @property
    def empty(self) -> bool:
        """Whether the plan has nothing to shock."""
        return not self.changes

    def described(self) -> dict[str, Any]:
        """As plain data."""
        changes = [{"place": c.place, "how": c.how, "by": c.by} for c in self.changes]
        return {
            "shock": self.name,
            "about": self.about,
            **({"why": self.why, "yardstick": self.yardstick} if self.why else {}),
            "changes": changes,
            "nothing_to_shock": f"no {self.sought.split(' ', 1)[1]}" if self.empty else None,
        }


Numbers = list[tuple[str, Quantity | When]]


def shocks_of(plan: Plan) -> tuple[Shock, ...]:
    """The six shocks for one plan, empty ones among them."""
    numbers = list(plan.numbers())
    return tuple(
        Shock(name, about, tuple(dict.fromkeys(find(plan, numbers))), sought)
        for name, about, sought, find in SHOCKS
    )


def levels_of(plan: Plan, *fields: str) -> Iterator[str]:
    """Places by which fields of contracts that shocks move are moved."""
    for name, terms in plan.contracts.items():
        kind: str = getattr(terms, "kind", "")
        for field in fields:
            place = level_of(plan, name, field) if field in FACTORS.get(kind, ()) else None
            if place is not None:
                yield place


def _unit(number: Quantity | When) -> str:
    return number.unit if isinstance(number, Quantity) else "date"


def _of_drivers(plan: Plan, numbers: Numbers, units: tuple[str, ...]) -> Iterator[tuple[str, str]]:
    """(driver, place of a level) of every driver that is written in one of some units."""
    del plan
    for place, number in numbers:
        section, _, rest = place.partition(".")
        if section == "drivers" and _unit(number) in units:
            driver, _, field = rest.partition(".")
            if field in LEVELS or field[:1].isdigit() or field.startswith("states."):
                yield driver, place


def _price(plan: Plan, numbers: Numbers) -> Iterator[Change]:
    costs = _costs(plan)
    for driver, place in _of_drivers(plan, numbers, PRICES):
        if driver not in costs:
            yield Change(place, "times", 0.7)
    pattern = re.compile(r"market\.(demand\..+\.(price|choke_price)|fixed_price|compute_price)\b")
    for place, number in numbers:
        if pattern.match(place) and _unit(number) in PRICES:
            yield Change(place, "times", 0.7)


def _costs(plan: Plan) -> set[str]:
    """Drivers that tell what others' chips cost to run, and nothing that is earned."""
    cost = re.compile(r"supply\..+\.(cost_from|cost_to)\b")
    read: dict[bool, set[str]] = {True: set(), False: set()}
    for part in (plan.market, *plan.contracts.values()):
        for place, _, value in leaves(part):
            if isinstance(value, Series) and value.driver is not None:
                read[cost.match(place) is not None].add(value.driver)
    return behind(plan, read[True]) - behind(plan, read[False])


def _volume(plan: Plan, numbers: Numbers) -> Iterator[Change]:
    contract = re.compile(r"contracts\.[^.]+\.utilisation\b")
    asked = re.compile(r"market\.(utilisation|demand\.[^.]+\.(compute|tokens))\b")
    for place, _ in numbers:
        if contract.match(place) or asked.match(place):
            yield Change(place, "times", 0.85)
    for place in (*levels_of(plan, "utilisation"), *market_levels(plan)):
        if place.startswith("drivers."):  # numbers of their own are found above, dated ones too
            yield Change(place, "times", 0.85)


def _technology(plan: Plan, numbers: Numbers) -> Iterator[Change]:
    prices = {driver for driver, _ in _of_drivers(plan, numbers, PRICES)}
    for place, _ in numbers:
        section, _, rest = place.partition(".")
        if section == "drivers" and rest.endswith(".trend") and rest.split(".")[0] in prices:
            yield Change(place, "plus", -0.1)
    # Without a price that falls nothing tells how fast chips lose their worth, but for what the
    # market expects of the next generation.
    if prices or plan.market.clears:
        yield Change("market.price_decline", "plus", 0.1)


def _delay(plan: Plan, numbers: Numbers) -> Iterator[Change]:
    del plan
    opening = re.compile(r"sites\.[^.]+\.phases\[\d+\]\.energise$")
    for place, _ in numbers:
        if opening.match(place):
            yield Change(place, "later", 6.0)


def _rates(plan: Plan, numbers: Numbers) -> Iterator[Change]:
    bases = plan.base_rates
    for driver, place in _of_drivers(plan, numbers, (RATE,)):
        if driver in bases:
            yield Change(place, "plus", 0.02)
    for place in formula_bases(plan).values():
        yield Change(place, "plus", 0.02)


def _counterparty(plan: Plan, numbers: Numbers) -> Iterator[Change]:
    hazards = {
        place.split(".")[1]: number
        for place, number in numbers
        if re.match(r"parties\.[^.]+\.credit\.hazard\b", place) and isinstance(number, Quantity)
    }
    for name, party in plan.parties.items():
        if party.credit is None:
            continue
        rated = party.credit.rating is not None
        if rated or (name in hazards and hazards[name].value > NEVER_HAPPENS):
            yield Change(f"parties.{name}.credit.hazard", "times", 3.0)


Finder = Callable[[Plan, Numbers], Iterator[Change]]

SHOCKS: tuple[tuple[str, str, str, Finder], ...] = (
    (
        "price",
        "compute and tokens earn 30 % less",
        "a driver, or the demand of the market, in USD/H100e/h or USD/token",
        _price,
    ),
    (
        "volume",
        "15 % less finds a buyer",
        "a utilisation of a contract or of the market, or a volume of demand",
        _volume,
    ),
    (
        "technology",
        "the price of compute falls by 10 points a year more",
        "the trend of a driver in USD/H100e/h or USD/token",
        _technology,
    ),
    ("delay", "sites open six months later", "a phase of a site", _delay),
    ("rates", "base rates are 2 points higher", "a driver that is the base of a rate", _rates),
    (
        "counterparty",
        "parties outside default three times as often",
        "a party outside the plan with a credit that can fail",
        _counterparty,
    ),
)
"""Name, what it is, what it acts on, how that is found."""
