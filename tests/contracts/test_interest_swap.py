"""Interest swap: golden table, and accruals by hand."""

import math

import numpy as np
import pytest

from offtake.contracts.interest_swap import EXAMPLE, InterestSwap
from tests.contracts.harness import check_golden, gradient, run_alone

PERIODS = 7
BALANCE = np.array([0, 1200.0, 1200, 1200, 1200, 1200, 1200, 0])
SOFR = np.array([4, 4, 5, 8, 8, 8, 1, 1]) / 100
SEEN = {"contracts.loan.balance": BALANCE, "drivers.SOFR": SOFR}


def terms(**changes):
    return type(EXAMPLE).model_validate(EXAMPLE.model_dump(exclude_unset=True) | changes)


def run(paid=lambda line, t, claimed: claimed, observations=None, **changes):
    setting = changes.pop("setting", {})
    seen = SEEN | (observations or {})
    return run_alone(InterestSwap, terms(**changes), seen, PERIODS, paid=paid, **setting)


def test_golden():
    check_golden(run())


def test_example_by_hand():
    table = run()
    # Half of 1,200 at 0.5 % a month against 4, 5, 8, 8, 8 % a year; settled after 2, 4, 5 months.
    net = 600 * (0.06 - np.array([0.04, 0.05, 0.08, 0.08, 0.08])) / 12
    np.testing.assert_allclose(table["paid"], [0, 0, net[0] + net[1], 0, 0, 0, 0, 0])
    received = [0, 0, 0, 0, -net[2] - net[3], -net[4], 0, 0]
    np.testing.assert_allclose(table["received"], received, atol=1e-12)
    np.testing.assert_allclose(table["swapped"], [0, 0, 600, 600, 600, 600, 600, 0])


def test_each_leg_has_its_day_count():
    table = run(every="1 month", day_count="A/360")
    days = np.array([31, 28, 31, 30, 31])
    net = 600 * (0.06 * 30 / 360 - SOFR[1:6] * days / 360)
    np.testing.assert_allclose((table["paid"] - table["received"])[1:6], net)


def test_a_stated_notional_with_dates_and_a_floor():
    notional = {"2026-01": "1,000 USD", "2026-04": "400 USD"}
    table = run(loan=None, notional=notional, share="1 %", floor="5 %/year", every="1 month")
    outstanding = np.array([1000, 1000, 1000, 400, 400])
    net = outstanding * (0.06 - np.maximum(SOFR[1:6], 0.05)) / 12
    np.testing.assert_allclose((table["paid"] - table["received"])[1:6], net)


def test_the_hedged_loan_costs_the_fixed_rate_and_the_margin():
    """Interest on the whole balance at SOFR + 2 %, swapped: it costs 8 %, whatever SOFR."""
    table = run(share="100 %", every="1 month")
    loan = BALANCE * (SOFR + 0.02) / 12
    cost = loan + table["paid"] - table["received"]
    np.testing.assert_allclose(cost[1:6], 1200 * 0.08 / 12)


def test_it_ends_when_a_side_is_in_default():
    table = run(setting={"stopped": {"company": 3}})
    # What accrued in the third period falls due in the fourth; nothing accrues any more.
    np.testing.assert_allclose(table["received"], [0, 0, 0, 0, 600 * 0.02 / 12, 0, 0, 0])


def test_what_is_unpaid_is_owed_next_period():
    table = run(paid=lambda line, t, claimed: claimed * (t > 4))
    np.testing.assert_allclose(table["paid.claimed"][2:6], [1.5, 1.5, 1.5, 1.5])
    np.testing.assert_allclose(table["arrears"][3:7], [1.5, 1.5, 1.5, 0])


@pytest.mark.parametrize(
    ("changes", "match"),
    [
        ({"notional": "5 USD"}, "both loan and notional"),
        ({"loan": None}, "neither loan nor notional"),
        ({"floating": "5 %/year"}, "without a base rate"),
    ],
)
def test_mistakes(changes, match):
    with pytest.raises(ValueError, match=match):
        terms(**changes)


def test_derivatives_are_finite_and_right():
    places = [f"contracts.example.{x}" for x in ("fixed", "share")]
    found = gradient(InterestSwap, EXAMPLE, SEEN, PERIODS, share=0.5, bump=places)
    assert all(math.isfinite(value) for value in found.slope.values())
    for place in places:
        assert math.isclose(found.slope[place], found.bump[place], rel_tol=1e-5, abs_tol=1e-4)
