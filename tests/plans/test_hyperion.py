"""The bond of Hyperion: what its scenarios are written to show holds, on the same futures."""

from functools import cache
from pathlib import Path
from typing import Any

import pytest

import offtake

PLAN = Path(__file__).resolve().parents[2] / "plans" / "hyperion"
PATHS = 512
NOTES = 27.3e9
pytestmark = [pytest.mark.slow, pytest.mark.scenarios]


@cache
def run(scenario: str) -> Any:
    return offtake.run(offtake.load(PLAN, scenario=scenario or None), paths=PATHS, seed=1)


def notes(scenario: str, column: str) -> list[float]:
    return [row[column] for row in run(scenario).facilities()]


def net(scenario: str, party: str) -> Any:
    """[path] what a party pays net, USD."""
    return run(scenario)["who_pays_net"].sel(party=party).values


def test_the_guarantee_is_what_holders_have_when_rents_halve():
    """A hundredth of the notes at most is lost with it, a fifth at least without."""
    assert sum(notes("rents_halve", "el_usd")) < 0.01 * NOTES
    assert sum(notes("rents_halve_unguaranteed", "el_usd")) > 0.2 * NOTES
    assert min(notes("rents_halve_unguaranteed", "pd")) > 0.9


def test_meta_pays_for_it():
    """At least what holders lose without it: it also pays what owners lose."""
    paid = (net("rents_halve", "meta") - net("rents_halve_unguaranteed", "meta")).mean()
    assert paid > sum(notes("rents_halve_unguaranteed", "el_usd"))


def test_a_tenant_that_goes_while_rents_hold_costs_holders_nothing():
    assert notes("meta_leaves", "pd") == notes("", "pd")
    assert net("meta_leaves", "next_owners").mean() > 1.5 * net("", "next_owners").mean()


def test_a_year_late_some_default_and_are_made_whole():
    assert 0.05 < max(notes("a_year_late", "pd")) < 0.25
    assert max(abs(loss) for loss in notes("a_year_late", "el_usd")) < 0.002 * NOTES


def test_money_that_waits_longer_costs_more():
    carry = {
        name: sum(row["carry_usd"] for row in run(name).unspent()) for name in ("", "a_year_late")
    }
    assert carry["a_year_late"] > 1.2 * carry[""] > 1e9
