"""What each shock of stress finds in a plan, and what it says where it finds nothing."""

import tempfile
from functools import cache
from pathlib import Path

import numpy as np
import pytest
from scipy.stats import norm

from offtake import catalogue
from offtake.lowering.lower import lower
from offtake.plan.load import load
from offtake.plan.schema import Plan
from offtake.risk.library import ABOUT, DEVIATIONS, lead_customer, lead_vendor, library
from offtake.risk.prepare import prepared
from offtake.risk.shocks import Shock, shocks_of
from offtake.run.risk import likelier, rows_at
from tests.run.small import small_plan

PLANS = Path(__file__).parents[2] / "plans"
PAID = {"tenant": 100.0}


@cache
def small(*overrides: str) -> Plan:
    with tempfile.TemporaryDirectory() as folder:
        return small_plan(Path(folder), *overrides)


def shocks(plan: Plan, paid: dict[str, float] | None = None) -> dict[str, Shock]:
    return {shock.name: shock for shock in library(plan, PAID if paid is None else paid)}


def found(name: str, plan: Plan | None = None) -> list[tuple[str, str, float]]:
    changes = shocks(plan or small(), {} if plan else PAID)[name].changes
    return [(c.place, c.how, pytest.approx(c.by)) for c in changes]


def test_what_a_small_plan_holds():
    stick = {name: history[-1].value for name, history in catalogue.yardsticks().items()}
    assert ("drivers.compute_price.start", "times", stick["price_collapse"]) in found(
        "price_collapse"
    )
    assert found("new_chips_early") == [
        ("drivers.compute_price.trend", "plus", -stick["new_chips_early"]),
        ("market.price_decline", "plus", stick["new_chips_early"]),
    ]
    assert found("chip_supply_cut") == [("chips.b200.deliver", "later", stick["chip_supply_cut"])]
    assert found("power_delay") == [
        ("sites.hall.phases[0].energise", "later", stick["power_delay"])
    ]
    assert found("rates_up") == [("drivers.SOFR.start", "plus", stick["rates_up"])]
    assert found("lead_customer_fails") == [
        ("parties.tenant.credit.hazard", "likelier", DEVIATIONS)
    ]
    assert found("vendor_fails") == [
        ("chips.b200.deliver", "later", stick["vendor_fails"]),
        ("parties.vendor.credit.hazard", "likelier", DEVIATIONS),
    ]
    assert ("contracts.capacity.utilisation", "times", stick["demand_winter"]) in found(
        "demand_winter"
    )


def test_what_a_small_plan_has_not():
    told = {s.name: s.described()["nothing_to_shock"] for s in shocks(small()).values() if s.empty}
    assert set(told) == {"sentiment_turns", "backstop_withdrawn"}
    assert told["sentiment_turns"] == "no sentiment of an equity raise or of an offering"


def test_every_shock_says_why_and_by_what_it_is_measured():
    for shock in shocks(small()).values():
        assert shock.why
        assert shock.yardstick
        assert shock.units >= 1.0


def test_fields_that_drivers_feed_are_moved_by_factors():
    plan = load(PLANS / "circular")
    assert found("sentiment_turns", plan) == [
        ("drivers.stress_rounds_sentiment", "times", 0.054),
        ("drivers.stress_listing_sentiment", "times", 0.054),
    ]
    made = prepared(plan)
    factor = made.drivers["stress_rounds_sentiment"]
    assert factor.constant.value == 1.0  # type: ignore[union-attr]
    assert made.contracts["rounds"].sentiment.driver != plan.contracts["rounds"].sentiment.driver
    assert set(dict(plan.numbers())) < set(dict(made.numbers()))


@pytest.mark.parametrize("name", ["abilene", "backstop", "hyperion", "commitments"])
def test_every_place_is_a_number_of_the_program(name: str):
    plan = load(PLANS / name)
    table = lower(prepared(plan)).table
    changes = [c for s in library(plan, dict.fromkeys(plan.parties, 1.0)) for c in s.changes]
    assert changes
    assert all(rows_at(table, change.place) for change in changes)


def test_a_base_rate_that_is_a_formula_is_raised_itself():
    """SOFR of the Abilene plan is a path times noise, of which neither is a base rate."""
    plan = load(PLANS / "abilene")
    (change,) = shocks(plan, {})["rates_up"].changes
    assert change.place == "drivers.stress_rate_SOFR"
    before, after = plan.drivers["SOFR"], prepared(plan).drivers["SOFR"]
    assert after.formula == f"({before.formula}) + stress_rate_SOFR"  # type: ignore[union-attr]


def test_a_base_rate_over_another_one_moves_as_it_follows_from_that():
    """TERM is SOFR and a spread; raised too it would go up by twice the shock, or thrice."""
    added = (
        "drivers.term_spread=0.3 %/year",
        "drivers.TERM={formula: SOFR + term_spread}",
    )
    second = (
        "contracts.more={kind: term_loan, lender: bank, borrower: neocloud, amount: 1 M USD, "
        "rate: TERM + 450 bp, term: 3 years, amortisation: linear}"
    )
    for plan, raised in (
        (small(*added, "contracts.loan.rate=TERM + 450 bp"), "drivers.stress_rate_TERM"),
        (small(*added, second), "drivers.SOFR.start"),
    ):
        assert [change.place for change in shocks(plan)["rates_up"].changes] == [raised]


@pytest.mark.parametrize("name", sorted(p.parent.name for p in PLANS.glob("*/plan.yaml")))
def test_no_number_is_moved_twice_and_all_demand_is(name: str):
    plan = load(PLANS / name)
    given = dict(plan.numbers())
    found = library(plan, dict.fromkeys(plan.parties, 1.0))
    for shock in (*found, *shocks_of(plan)):
        places = [change.place for change in shock.changes]
        below = [p for p in places if any(p.startswith((f"{q}.", f"{q}[")) for q in places)]
        assert len(set(places)) == len(places), shock.name
        assert not below, shock.name
    winter = {change.place for change in {s.name: s for s in found}["demand_winter"].changes}
    for segment, demand in prepared(plan).market.demand.items():
        field = "compute" if demand.tokens is None else "tokens"
        place = f"market.demand.{segment}.{field}"
        factor = f"drivers.stress_of_market_demand_{segment}_{field}".replace("-", "_")
        numbers = [p for p in given if p == place or p.startswith(f"{place}.")]
        assert set(numbers) <= winter
        assert bool(numbers) != (factor in winter)


def test_a_dated_utilisation_is_moved_once():
    plan = small("contracts.capacity.utilisation={2026-01: 80 %, 2027-01: 70 %}")
    places = [c.place for c in shocks(plan)["demand_winter"].changes]
    mine = [place for place in places if place.startswith("contracts.capacity.utilisation")]
    assert mine == [f"contracts.capacity.utilisation.{when}" for when in ("2026-01", "2027-01")]


def test_every_shock_has_a_yardstick_in_the_catalogue_or_is_a_failure():
    assert set(ABOUT) - set(catalogue.yardsticks()) == {"lead_customer_fails"}
    assert set(catalogue.yardsticks()) <= set(ABOUT)


def test_supports_are_withdrawn():
    assert found("backstop_withdrawn", load(PLANS / "backstop")) == [
        ("contracts.guarantee.cap", "less", 1.0)
    ]


def test_lead_customer_is_who_pays_most_and_can_fail():
    plan = load(PLANS / "gpu-loans")
    paid = {"market": 9.0, "hy_customers": 2.0, "ig_customer": 5.0, "lenders": 0.0}
    assert lead_customer(plan, paid) == "ig_customer"  # the market has a hazard of zero
    assert lead_customer(plan, {"market": 9.0}) is None
    assert lead_vendor(plan) == "chip_vendor"


def test_sizes_join_and_leave():
    shock = shocks(small())["price_collapse"]
    assert all(change.by == 1.0 for change in shock.scaled(0.0).changes)
    assert shock.scaled(2.0).changes[0].by == pytest.approx(shock.changes[0].by ** 2)
    assert shock.means(2.0) == "compute and tokens earn 69 % less"  # 1 - 0.56^2
    late = shocks(small())["power_delay"].scaled(0.5)
    assert late.changes[0].by == pytest.approx(3.0)


def test_fortune_falls_as_in_a_threshold_model():
    """Over ten years at 2 % a year: Φ⁻¹(1 - e^-0.2) = -0.91; one lower, Φ(0.09) = 53.6 %."""
    hazard, years = np.array([0.02]), 10.0
    after = likelier(hazard, 1.0, years)
    chance = float(-np.expm1(-after[0] * years))
    assert chance == pytest.approx(norm.cdf(norm.ppf(1.0 - np.exp(-0.2)) + 1.0), rel=1e-9)
    assert chance == pytest.approx(0.536, abs=5e-4)
    assert likelier(hazard, 0.0, years) == pytest.approx(hazard, rel=1e-12)
    assert likelier(np.zeros(1), 3.0, years)[0] == 0.0
    assert -np.expm1(-likelier(np.array([0.0007]), DEVIATIONS, 10.0)[0] * 10.0) > 0.9997
