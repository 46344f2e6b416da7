"""The shocks of stress: what each changes about a plan, why, and how far it went before.

    demand_winter        less is asked for: revenue from users, use of capacity, the market's demand
    price_collapse       compute and tokens earn less
    new_chips_early      the price of compute falls faster, and so does what is expected
    chip_supply_cut      every cohort arrives later
    power_delay          every site and source of power opens later
    weather_at_one_site  the largest site opens later
    rates_up             base rates are higher
    sentiment_turns      markets give less for new shares
    lead_customer_fails  the party that pays most for compute fails
    vendor_fails         the largest seller of chips fails; its chips come later from somebody else
    backstop_withdrawn   guarantees, backstops, floors and insurance pay nothing

Every shock is small, acts on what it finds and can be joined to others. All hold from the first day
of the plan to its last. One unit is a yardstick, `catalogue.yardsticks`, which says what happened
when; a shock is one yardstick unless said otherwise.

A party with a credit fails by a fall of its fortune: with p = 1 - exp(-h H) the chance to fail in
the H years of the plan at the hazard h of a month, it becomes Φ(Φ⁻¹(p) + s), as in a model where
a party fails when a standard normal falls below a threshold [1]. Full size is six such standard
deviations, at which hardly any party lives; one of them counts as a yardstick. A party without a
credit is taken to start from the hazard of BBB. A party inside the plan fails when what it sells
outside falls to a tenth, that is by six demand winters at it alone, and nobody buys its new shares.

References:
    1. Merton, R. C. (1974). On the pricing of corporate debt. J. of Finance 29; Vasicek, O. (2002).
       The distribution of loan portfolio value. Risk, December.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from offtake import catalogue
from offtake.core.quantity import Quantity
from offtake.plan.schema import Plan
from offtake.risk.prepare import CAPPED, FACTORS, level_of
from offtake.risk.shocks import (
    NEVER_HAPPENS,
    Change,
    Numbers,
    Shock,
    Words,
    levels_of,
    shocks_of,
)

DEVIATIONS = 6.0
"""Standard deviations by which the fortune of a party that fails falls; a party of AAA, with a
chance of 0.7 % to fail in ten years, then fails with 1 - 2e-4."""
FEWEST_SHARE = 0.1
"""Of what a party inside sells outside that is left when it fails; 0.68^6, six demand winters."""
BASE_RATING = "BBB"
"""Rating from which a party without a credit falls."""

Paid = Mapping[str, float]
"""Party -> what it pays for compute in the base case, USD of today."""


def library(plan: Plan, paid: Paid) -> tuple[Shock, ...]:
    """All shocks for one plan, those that find nothing among them.

    Args:
        plan: as loaded; the changes hold for `offtake.risk.prepare.prepared(plan)`.
        paid: who pays what for compute, which tells the lead customer.
    """
    numbers = list(plan.numbers())
    given = {shock.name: shock.changes for shock in shocks_of(plan)}
    customer, vendor = lead_customer(plan, paid), lead_vendor(plan)
    site = _largest_site(plan)
    finds: dict[str, tuple[Change, ...]] = {
        "demand_winter": (*given["volume"], *_levels(plan, "revenue", "demand")),
        "price_collapse": given["price"],
        "new_chips_early": given["technology"],
        "chip_supply_cut": tuple(_later(numbers, r"chips\.[^.]+\.deliver$")),
        "power_delay": (*given["delay"], *_later(numbers, r"power\.[^.]+\.available$")),
        "weather_at_one_site": tuple(
            _later(numbers, rf"sites\.{re.escape(site)}\.phases\[\d+\]\.energise$") if site else ()
        ),
        "rates_up": given["rates"],
        "sentiment_turns": tuple(_levels(plan, "sentiment")),
        "lead_customer_fails": tuple(_failing(plan, customer)),
        "vendor_fails": tuple(_vendor_failing(plan, vendor)),
        "backstop_withdrawn": tuple(_withdrawn(plan)),
    }
    who = {"lead_customer_fails": customer, "vendor_fails": vendor, "weather_at_one_site": site}
    return tuple(_shock(name, changes, who.get(name)) for name, changes in finds.items())


ABOUT: dict[str, tuple[str, str, str]] = {
    "demand_winter": (
        "{less} less is asked for",
        "a volume of demand, utilisation or revenue from users",
        "what was built for growth stands idle, and contracts on use earn less",
    ),
    "price_collapse": (
        "compute and tokens earn {less} less",
        "a driver, or the demand of the market, in USD/H100e/h or USD/token",
        "supply arrives together; whoever sells by the hour and whoever lends on it is hit",
    ),
    "new_chips_early": (
        "the price of compute falls by {points} points a year more",
        "the trend of a driver in USD/H100e/h or USD/token",
        "chips lose their worth faster than the debt on them is repaid",
    ),
    "chip_supply_cut": (
        "chips arrive {months} months later",
        "a cohort of chips",
        "halls and their debt wait for what fills them",
    ),
    "power_delay": (
        "sites open {months} months later",
        "a site or source of power",
        "chips and their debt wait for what feeds them",
    ),
    "weather_at_one_site": (
        "{who} opens {months} months later",
        "a site",
        "one site alone is late: what cross-default and few sites make of it",
    ),
    "rates_up": (
        "base rates are {points} points higher",
        "a driver that is the base of a rate",
        "floating debt costs more, and refinancing may not be had",
    ),
    "sentiment_turns": (
        "markets give {less} less for new shares",
        "the sentiment of an equity raise or of an offering",
        "who lives from round to round runs out of money",
    ),
    "lead_customer_fails": (
        "{who} fails",
        "a party that pays for compute and can fail",
        "most of the revenue hangs on one name",
    ),
    "vendor_fails": (
        "{who} fails and its chips come {months} months later",
        "a chip purchase order",
        "who sells the chips has often promised money as well",
    ),
    "backstop_withdrawn": (
        "guarantees, backstops, floors and insurance pay nothing",
        "a guarantee, backstop, floor or insurance",
        "who relies on support finds what the plan is without it",
    ),
}
"""Name -> what it is, what it acts on, why."""


FAILURES = ("lead_customer_fails", "vendor_fails")
"""Shocks whose full size is a party that fails for certain."""
PARTLY = {
    "lead_customer_fails": "{share} of the way to a failure of {who}",
    "vendor_fails": "{share} of the way to a failure of {who}, chips {months} months later",
    "backstop_withdrawn": "guarantees, backstops, floors and insurance pay {share} less",
}
"""What a shock that happens or does not is called in part."""


def _shock(name: str, changes: tuple[Change, ...], who: str | None) -> Shock:
    about, sought, why = ABOUT[name]
    history = catalogue.yardsticks().get(name)
    stick = history[-1] if history else None
    value = stick.value if stick else 0.0
    if name == "lead_customer_fails":
        value = FEWEST_SHARE
    words = Words(about, value, who or "nobody")
    unit = "one standard deviation of its fortune, of which it takes six to fail for certain"
    return Shock(
        name,
        words.at(1.0),
        tuple(dict.fromkeys(_sized(name, change, value) for change in changes)),
        sought,
        why,
        f"{stick.note} ({stick.source})" if stick else unit,
        DEVIATIONS if name in FAILURES else 1.0,
        replace(words, text=PARTLY[name]) if name in PARTLY else words,
    )


def _sized(name: str, change: Change, value: float) -> Change:
    """A change in the size of its yardstick."""
    if name == "lead_customer_fails" or change.how == "likelier":
        return change
    if name == "new_chips_early":
        return replace(change, by=value if change.by > 0.0 else -value)
    return replace(change, by=value)


def _levels(plan: Plan, *fields: str) -> Iterator[Change]:
    """Levels of fields that shocks move, by factors."""
    for place in levels_of(plan, *fields):
        yield Change(place, "times", 1.0)


def _later(numbers: Numbers, pattern: str) -> Iterator[Change]:
    place_like = re.compile(pattern)
    for place, _ in numbers:
        if place_like.match(place):
            yield Change(place, "later", 0.0)


def _largest_site(plan: Plan) -> str | None:
    """The site of most power."""
    power = {n: sum(p.power.value for p in site.phases) for n, site in plan.sites.items()}
    return max(power, key=lambda name: power[name]) if power else None


def lead_customer(plan: Plan, paid: Paid) -> str | None:
    """The party that pays most for compute, of those that can fail."""
    able = {name: usd for name, usd in paid.items() if usd > 0.0 and _can_fail(plan, name)}
    return max(able, key=lambda name: able[name]) if able else None


def _can_fail(plan: Plan, name: str) -> bool:
    """Whether a party may fail: not one whose plan says that it never does, such as many payers."""
    party = plan.parties[name]
    hazard = party.credit.hazard if party.credit else None
    constant = hazard.constant if hazard else None
    never = constant is not None and constant.value <= NEVER_HAPPENS
    # A hazard that is a driver has no number of its own to move.
    driven = hazard is not None and hazard.driver is not None
    return party.kind != "account" and not never and not driven


def lead_vendor(plan: Plan) -> str | None:
    """The party that sells chips for most money."""
    sold: dict[str, float] = {}
    for terms in _orders(plan):
        cost = sum(_cost(plan, cohort) for cohort in terms.cohorts)
        sold[terms.seller] = sold.get(terms.seller, 0.0) + cost
    return max(sold, key=lambda name: sold[name]) if sold else None


def _orders(plan: Plan) -> list[Any]:
    return [t for t in plan.contracts.values() if getattr(t, "kind", "") == "chip_purchase"]


def _cost(plan: Plan, cohort: str) -> float:
    return plan.chips[cohort].units.value * plan.chips[cohort].price.value


def _failing(plan: Plan, name: str | None) -> Iterator[Change]:
    """What makes a party fail."""
    if name is None:
        return
    if plan.parties[name].kind == "external":
        least = 0.0 if plan.parties[name].credit else _base_hazard()
        yield Change(f"parties.{name}.credit.hazard", "likelier", DEVIATIONS, least)
        return
    for contract, terms in plan.contracts.items():
        kind: str = getattr(terms, "kind", "")
        field = {"metered_tokens": "seller", "other_business": "party", "equity_raise": "issuer"}
        if getattr(terms, field.get(kind, ""), None) == name:
            for level in ("revenue", "demand", "inflow", "capacity"):
                place = level_of(plan, contract, level) if level in FACTORS[kind] else None
                if place is not None:
                    yield Change(place, "times", FEWEST_SHARE)


def _base_hazard() -> float:
    """Hazard of a party without a credit before it falls, 1/year."""
    rates = [hazard for _, hazard in catalogue.rating(BASE_RATING).hazards()]
    return sum(rates) / len(rates)


def _vendor_failing(plan: Plan, name: str | None) -> Iterator[Change]:
    if name is None:
        return
    for terms in _orders(plan):
        if terms.seller == name:
            yield from (Change(f"chips.{cohort}.deliver", "later", 0.0) for cohort in terms.cohorts)
    if plan.parties[name].kind == "external" and _can_fail(plan, name):
        yield from _failing(plan, name)


def _withdrawn(plan: Plan) -> Iterator[Change]:
    """Numbers without which a support pays nothing."""
    numbers = {
        "capacity_backstop": "share",
        "price_floor": "floor",
        "residual_value_guarantee": "guaranteed",
        **dict.fromkeys(CAPPED, "cap"),
    }
    for name, terms in plan.contracts.items():
        kind: str = getattr(terms, "kind", "")
        fields = [numbers[kind]] if kind in numbers else []
        if kind == "insurance":
            fields = ["guaranteed" if getattr(terms, "covers", "") == "value" else "agreed"]
        for field in fields:
            value: Any = getattr(terms, field)
            if isinstance(value, Quantity) or value is None or value.driver is None:
                yield Change(f"contracts.{name}.{field}", "less", 1.0)
