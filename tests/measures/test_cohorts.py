"""Cohorts: two cohorts at one hall and one elsewhere, clocks worked by hand."""

from types import SimpleNamespace

import numpy as np
import pytest

from offtake.core.flows import Flow
from offtake.measures.cohorts import Cohorts
from tests.measures.case import Case

NEVER = np.inf


def two_cohorts() -> Case:
    """Old and new chips of one company in one hall, three paths; years 0 to 6.

    Running H100e    year 1  2  3  4  5  6
        old              0  3  3  3  1  0
        new              0  1  1  1  1  1

    Sales less rent and power at the hall: -4 in year 1, 16 a year after, 0 in year 6. On path 1 the
    new chips are never bought, on path 2 nothing is sold from year 4 on.
    """
    parties = {"company": "internal", "bank": "external", "town": "external"}
    case = Case(parties, periods=7, paths=3)
    case.cash("company", 1000.0)
    case.cohort("old", "hall", accounting_life=6.0)
    case.cohort("new", "hall", accounting_life=4.0)
    case.claim("order", "company", "town", Flow.CAPITAL_COST, paid={0: 30.0})
    case.part("old")
    case.claim("order", "company", "town", Flow.CAPITAL_COST, paid={1: np.array([10.0, 0.0, 10.0])})
    case.part("new")
    sold = {t: np.array([20.0, 20.0, 20.0 * (t < 4)]) for t in range(2, 6)}
    case.claim("offtake", "town", "company", Flow.SALE, paid=sold)
    case.claim("rent", "company", "town", Flow.SALE, paid=dict.fromkeys(range(1, 6), 3.0))
    case.claim("power", "company", "town", Flow.RUNNING_COST, paid=dict.fromkeys(range(1, 6), 1.0))
    case.claim("office", "company", "town", Flow.RUNNING_COST, paid={3: 7.0})
    for name in ("offtake", "rent", "power"):
        case.terms[name] = SimpleNamespace(site="hall", term=4 if name == "offtake" else None)
    h100e = {"old": [0, 0, 3, 3, 3, 1, 0], "new": [0, 0, 1, 1, 1, 1, 1]}
    margin = {"old": [0, 0, 9, 5, -1, -1, 0], "new": [0, 0, 9, 9, 9, 9, 9]}
    for name in ("old", "new"):
        case.observe(f"chips.{name}.h100e", h100e[name])
        case.observe(f"chips.{name}.margin", margin[name])
        case.observe(f"chips.{name}.age", [0, 0.5, 1.5, 2.5, 3.5, 4.5, 5.5])
    case.lend("loan", "bank", "company", collateral=("old",))
    case.over_time("loan", balance=[0, 20, 20, 20, 0, 0, 0, 0])
    return case


def of(cohort: str, case: Case) -> dict[str, np.ndarray]:
    place = list(case.cohorts).index(cohort)
    return {name: value[place] for name, value in case.reduce(Cohorts).items()}


def test_clocks_of_the_old_chips():
    got = of("old", two_cohorts())
    assert got["price_usd"] == pytest.approx(30.0)
    # Year 1 by price: -4 x 3/4 (path 1: -4 x 1). Then 3/4 of 16 a year: -3, 9, 21, 33 in year 4.
    # Path 1: -4, 8, 20, 32. Path 2 sells nothing in year 4 and pays 4 a year: -3, 9, 21, 18.
    assert got["payback_months"] == pytest.approx([42.0, 42.0, NEVER])
    assert got["economic_life_months"] == pytest.approx(30.0)
    assert got["life_censored"] == pytest.approx(0.0)
    assert got["contract_end_period"] == pytest.approx([5, 5, 3])
    assert got["debt_end_period"] == pytest.approx(2.0)
    assert got["accounting_life_months"] == pytest.approx(72.0)


def test_clocks_of_the_new_chips():
    got = of("new", two_cohorts())
    assert got["price_usd"] == pytest.approx([10, 0, 10])
    # -1, then 4 a year, and half of 16 in year 5, when two H100e run: -1, 3, 7, 11 in year 4.
    # On path 2: -1, 3, 7, 6, 4.
    assert got["payback_months"] == pytest.approx([42.0, np.nan, NEVER], nan_ok=True)
    assert got["economic_life_months"] == pytest.approx([66.0, np.nan, 66.0], nan_ok=True)
    assert got["life_censored"] == pytest.approx(1.0)
    assert np.all(np.isnan(got["debt_end_period"]))


def test_a_loan_of_the_owner_on_the_site_is_debt_on_all_its_cohorts():
    case = two_cohorts()
    case.facilities.clear()
    case.lend("loan", "bank", "company", collateral=("hall",))
    assert of("new", case)["debt_end_period"] == pytest.approx(2.0)
    case.facilities.clear()
    case.lend("loan", "bank", "town", collateral=("hall",))
    assert np.all(np.isnan(of("new", case)["debt_end_period"]))


def test_a_loan_that_pays_the_order_is_debt_on_its_cohorts():
    case = two_cohorts()
    case.facilities.clear()
    case.lend("loan", "bank", "company")
    case.terms["loan"].funds = ("order",)
    assert of("new", case)["debt_end_period"] == pytest.approx(2.0)


def test_chips_that_nothing_sells_pay_back_on_the_spot_market():
    case = two_cohorts()
    case.cohort("own", "lab", units=4.0, price=5.0)
    case.observe("chips.own.h100e", [0, 0, 1, 1, 1, 1, 1])
    case.observe("chips.own.margin", [0, -1, 8, 8, 4, 2, -1])
    case.observe("chips.own.age", [0, 1, 2, 3, 4, 5, 6])
    got = of("own", case)
    # 4 chips at 5: 20. Spot margin: -1, 7, 15, 19, 21 in year 5, when the chips are five years old.
    assert got["price_usd"] == pytest.approx(20.0)
    assert got["payback_months"] == pytest.approx(60.0)
    assert got["economic_life_months"] == pytest.approx(60.0)
    assert np.all(np.isnan(got["contract_end_period"]))


def test_chips_of_another_owner_share_nothing():
    case = two_cohorts()
    case.cohort("guest", "hall")
    case.claim("guests", "bank", "town", Flow.CAPITAL_COST, paid={0: 5.0})
    case.part("guest")
    case.observe("chips.guest.h100e", [0, 0, 9, 9, 9, 9, 9])
    case.observe("chips.guest.margin", [0, 0, 2, 2, 2, 2, 2])
    case.observe("chips.guest.age", [0, 1, 2, 3, 4, 5, 6])
    assert of("old", case)["payback_months"] == pytest.approx([42.0, 42.0, NEVER])
    assert of("guest", case)["payback_months"] == pytest.approx(48.0)


def test_a_plan_without_cohorts():
    case = Case({"company": "internal", "town": "external"}, periods=3)
    case.claim("service", "company", "town", Flow.RUNNING_COST, paid={})
    assert all(value.shape == (0, 1) for value in case.reduce(Cohorts).values())


def test_derivatives_are_finite():
    assert two_cohorts().has_finite_derivatives(Cohorts)
