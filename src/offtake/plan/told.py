"""What the market tells drivers, and what it may not ask of them: names, units, circles."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from offtake.core.errors import Mistake, Problem, quoted
from offtake.core.formula import names
from offtake.core.names import suggestion
from offtake.core.series import Series
from offtake.core.terms import Terms
from offtake.core.walk import driver_fields
from offtake.market.published import GENERAL, OF_FLEET, OF_SEGMENT, PER_HOUR
from offtake.plan.build import Draft
from offtake.plan.drivers import Formula, FromMarket
from offtake.plan.market import Market
from offtake.plan.messages import problem_of
from offtake.plan.tree import parse_path


def told(market: Market, vendors: Iterable[str] = ()) -> dict[str, str]:
    """Every name that a plan can ask for, with its unit.

    Args:
        market: tells its prices and volumes where it clears.
        vendors: each tells the chips that it makes.
    """
    found = {f"vendors.{name}.chips": "GPU/year" for name in vendors}
    if not market.clears:
        return found
    found |= GENERAL
    for name, segment in market.demand.items():
        units = OF_SEGMENT if segment.tokens is not None else {**OF_SEGMENT, **PER_HOUR}
        found |= {f"{name}.{what}": unit for what, unit in units.items()}
    for name in market.supply:
        found |= {f"supply.{name}.{what}": unit for what, unit in OF_FLEET.items()}
    return found


VENDORS = "vendors."
"""What is told of vendors begins with this; it is known before the market clears."""


def from_plant(drivers: Mapping[str, object]) -> set[str]:
    """Drivers that vendors tell, and all that follow from them but not from the market."""
    told_by_vendors = {n for n, m in read_from(drivers).items() if m.startswith(VENDORS)}
    return _following(drivers, told_by_vendors) - from_market(drivers)


def from_market(drivers: Mapping[str, object]) -> set[str]:
    """Drivers that the market tells, and all that follow from them."""
    told_by_market = {n for n, m in read_from(drivers).items() if not m.startswith(VENDORS)}
    return _following(drivers, told_by_market)


def read_from(drivers: Mapping[str, object]) -> dict[str, str]:
    """Drivers that read what is told, with its name."""
    return {name: d.market for name, d in drivers.items() if isinstance(d, FromMarket)}


def _following(drivers: Mapping[str, object], found: set[str]) -> set[str]:
    """Some drivers with all that follow from them."""
    while True:
        more = {
            name
            for name, driver in drivers.items()
            if name not in found and set(needed(driver)) & found
        }
        if not more:
            return found
        found = found | more


def needed(driver: object) -> Iterator[str]:
    """Drivers that a driver names."""
    if isinstance(driver, Formula):
        yield from names(driver.expression)
    elif isinstance(driver, Series) and driver.driver is not None:
        yield driver.driver


def check_market(draft: Draft, units: Mapping[str, str]) -> list[Problem]:
    """A problem for each name the market does not tell, wrong unit, and circle."""
    drivers = draft.sections.get("drivers", {})
    return [
        *_unknown_names(draft, drivers),
        *_wrong_units(draft, units),
        *_circles(draft, drivers),
        *_no_price(draft),
    ]


def _unknown_names(draft: Draft, drivers: Mapping[str, object]) -> Iterator[Problem]:
    known = told(draft.market, draft.sections.get("vendors", ()))
    for name, driver in drivers.items():
        if not isinstance(driver, FromMarket) or driver.market in known:
            continue
        mistake = Mistake(
            code="name-unknown",
            found=f"{quoted(driver.market)}, which is not told",
            expected="a result of the market, such as price or SEGMENT.tokens, or VENDOR.chips"
            if known
            else "a market that clears: market.demand with at least one segment",
            mend=suggestion(driver.market, known, otherwise="add demand under market:"),
        )
        yield problem_of(mistake, draft.tree, ("drivers", name, "market"))


def _wrong_units(draft: Draft, units: Mapping[str, str]) -> Iterator[Problem]:
    for name, segment in draft.market.demand.items():
        for field in ("price", "choke_price"):
            driver = getattr(segment, field).driver
            have = units.get(driver) if driver else None
            if have is None or have == segment.price_unit:
                continue
            mistake = Mistake(
                code="unit-wrong",
                found=f"the driver {quoted(driver)}, which is in {have}",
                expected=f"a price in {segment.price_unit}",
                mend=f"name a driver in {segment.price_unit}, or write a number",
            )
            yield problem_of(mistake, draft.tree, ("market", "demand", name, field))


BEFORE = ("power", "vendors", "fabs", "chips")
"""Sections that are observed before the market clears."""


def _circles(draft: Draft, drivers: Mapping[str, object]) -> Iterator[Problem]:
    market, plant = from_market(drivers), from_plant(drivers)
    items: list[tuple[str, Terms, set[str]]] = []
    if draft.market.clears:
        items.append(("market", draft.market, market))
    items += [
        (f"{section}.{name}", item, market | plant)
        for section in BEFORE
        for name, item in draft.sections.get(section, {}).items()
    ]
    for at, item, results in items:
        for place, _, driver in driver_fields(item, at):
            free = place in ("market.compute_price", "market.utilisation", "market.sentiment")
            if driver not in results or free:
                continue
            mistake = Mistake(
                code="driver-circle",
                found=f"the driver {quoted(driver)}, which follows from "
                + ("the market" if driver in market else "what vendors make"),
                expected="a driver that stands before that is known",
                mend="state it as a number, a dated map or a process",
            )
            yield problem_of(mistake, draft.tree, parse_path(place) or ())


def _no_price(draft: Draft) -> Iterator[Problem]:
    market = draft.market
    priced = market.clears or market.compute_price is not None
    if priced or "compute_price" in draft.named.get("drivers", ()):
        return
    for name, contract in draft.sections.get("contracts", {}).items():
        if getattr(contract, "at_market", False):
            mistake = Mistake(
                code="key-missing",
                found="a sale at the price of the market in a plan without one",
                expected="a price, or a plan whose market has one",
                mend="add price: here, or the driver compute_price, or demand under market:",
            )
            yield problem_of(mistake, draft.tree, ("contracts", name))
