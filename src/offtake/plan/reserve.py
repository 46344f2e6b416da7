"""What a buyer of capacity may choose between: axes of choices, each a change of numbers.

    reserve:
      buyer: lab
      purchase: hourly                # the spot purchase that buys, or goes without, the rest
      choices:
        size:
          half: {contracts.cloud.capacity: 20k H100e}
          all: {contracts.cloud.capacity: 40k H100e}
        term: {one_year: {contracts.cloud.term: 12 months, ...}, three_years: {...}}

A candidate is one choice of every axis. Choices change certain numbers and nothing else, so that
one compiled program serves all candidates.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from math import prod
from typing import Any

from offtake.core.errors import Problem, Where, quoted
from offtake.core.quantity import Quantity
from offtake.core.quantity import When as WhenValue
from offtake.core.terms import ContractName, PartyName, Terms
from offtake.plan.tree import Map, Node, Path, parse_path, place_of

Numbers = Mapping[str, Quantity | WhenValue]
SOURCED = ("value", "source", "date", "confidence", "note")
"""Keys of a number that states its source."""
MOST = 1_000
"""Candidates that a plan may have."""


class Reserve(Terms):
    """A buyer and what it may choose between."""

    buyer: PartyName
    """Party that buys compute; its contracts as a buyer are what is counted."""
    purchase: ContractName
    """Its spot purchase, in which needed and unserved hours are counted."""
    choices: dict[str, dict[str, dict[str, Any]]]
    """Axis -> name of a choice -> places and values."""

    @property
    def count(self) -> int:
        """Number of candidates."""
        return prod(len(named) for named in self.choices.values())


def check_reserve(reserve: Reserve, contracts: Mapping[str, Any], where: Where) -> list[Problem]:
    """What is wrong with the section as a whole."""
    purchase = contracts.get(reserve.purchase)
    problems: list[Problem] = []
    if purchase is not None and getattr(purchase, "kind", None) != "spot_purchase":
        problems.append(
            Problem(
                where,
                "reserve.purchase",
                "purchase-form",
                f"{reserve.purchase}, a {getattr(purchase, 'kind', 'contract')}",
                "a spot_purchase of the buyer, which counts what is unserved",
                "name the contract in which the buyer buys by the hour",
            )
        )
    elif purchase is not None and purchase.buyer != reserve.buyer:
        problems.append(
            Problem(
                where,
                "reserve.purchase",
                "purchase-form",
                f"{reserve.purchase}, in which {purchase.buyer} buys",
                f"a spot_purchase in which {reserve.buyer} buys",
                f"write buyer: {purchase.buyer}, or name a purchase of {reserve.buyer}",
            )
        )
    if not 1 <= reserve.count <= MOST:
        problems.append(
            Problem(
                where,
                "reserve.choices",
                "choice-form",
                f"{reserve.count:,} candidates",
                f"1 to {MOST:,}: one choice of every axis makes a candidate",
                "leave out some choices" if reserve.count else "add a choice to every axis",
            )
        )
    return problems


def changed_places(diff: Map, above: Path = ()) -> Iterator[tuple[str, Where]]:
    """Places of the numbers that a diff changes, each with where it stands."""
    for key, node in diff.entries.items():
        path = (*above, *(parse_path(key) or (key,)))
        if isinstance(node, Map) and not any(name in node.entries for name in SOURCED):
            yield from changed_places(node, path)
        else:
            yield place_of(path), diff.keys[key]


def choice_problems(diff: Node, before: Numbers, after: Numbers) -> list[Problem]:
    """What of a choice is no change of certain numbers.

    Args:
        diff: the choice as written.
        before: place -> number of the plan.
        after: place -> number of the plan with the choice made.
    """
    if not isinstance(diff, Map):
        return []  # said where diffs are read
    problems: list[Problem] = []
    for place, where in changed_places(diff):
        number = after.get(place)
        if place not in before or number is None:
            found = f"{quoted(place)}, which is no number of the plan"
        elif isinstance(number, Quantity) and number.distribution is not None:
            found = f"an uncertain number at {place}"
        else:
            continue
        expected = "places of numbers that the plan states, each with a certain number"
        mend = "state the number in the plan, and change it here; or make two plans of it"
        problems.append(Problem(where, place, "choice-form", found, expected, mend))
    odd = sorted(set(before) ^ set(after))
    if odd and not problems:
        problems.append(
            Problem(
                diff.where,
                odd[0],
                "choice-form",
                f"a choice that adds or takes away {odd[0]}",
                "choices that change numbers only",
                "state the number in the plan, and change it here",
            )
        )
    return problems


def no_section(plan: str) -> Problem:
    """What is told where a plan has no such section; plan: its name or file."""
    return Problem(
        Where(plan),
        "reserve",
        "reserve-missing",
        "a plan without reserve:",
        "reserve: {buyer: ..., purchase: ..., choices: {...}}",
        "see docs/reserve.md, or plans/buyer for an example",
    )
