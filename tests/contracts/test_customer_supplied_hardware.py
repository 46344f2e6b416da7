"""Customer-supplied hardware: golden table, and every rule against hand arithmetic."""

import math

import numpy as np

from offtake.contracts.customer_supplied_hardware import EXAMPLE, CustomerSuppliedHardware
from tests.contracts.harness import check_golden, gradient, run_alone

PERIODS = 7
SEEN = {
    "chips.guests.mw": np.array([0, 0, 0.2, 0.45, 0.6, 0.6, 0.6, 0.6]),
    "chips.guests.h100e": 100.0,
    "sites.yard.power_mw": np.array([0, 0, 0.4, 1, 1, 1, 1, 1]),
}


def terms(**changes):
    return type(EXAMPLE).model_validate(EXAMPLE.model_dump(exclude_unset=True) | changes)


def run(paid=lambda line, t, claimed: claimed, seen=None, **changes):
    known = SEEN | (seen or {})
    return run_alone(CustomerSuppliedHardware, terms(**changes), known, PERIODS, paid=paid)


def test_golden():
    check_golden(run())


def test_example_by_hand():
    # 100,000 per MW and month: of 0.4 MW that there are 80 %; 0.45 drawn; then 0.5 contracted.
    table = run()
    np.testing.assert_allclose(table["fee.paid"][1:7], [0, 32e3, 45e3, 50e3, 50e3, 0])


def test_energy_and_running():
    table = run(per_mw="0 USD/MW/year", per_mwh="50 USD/MWh", per_hour="0.1 USD/H100e/h")
    # March: 744 hours; 0.45 MW and 100 H100e.
    np.testing.assert_allclose(table["fee.paid"][3], 744 * (0.45 * 50 + 10))


def test_a_term_that_ends_within_a_month():
    table = run(term="3.5 months", take_or_pay="0 %")
    np.testing.assert_allclose(table["fee.paid"][2:6], [20e3, 45e3, 50e3, 25e3])


def test_unpaid_fees_end_the_contract():
    table = run(paid=lambda line, t, claimed: 0.0 * claimed, grace="1 month")
    np.testing.assert_allclose(table["fee.claimed"][2:6], [32e3, 77e3, 77e3, 77e3])
    assert table["terminated"].tolist()[3:5] == [0, 1]


def test_a_customer_in_default_outside_the_plan():
    payout = np.array([1, 1, 0.4, 0.4, 0.4, 0.4, 0.4, 0.4])
    table = run(
        paid=lambda line, t, claimed: payout[t] * claimed,
        seen={"parties.customer.payout": payout},
    )
    np.testing.assert_allclose(table["arrears"], 0)


def test_derivatives_are_finite_and_right():
    places = [f"contracts.example.{x}" for x in ("per_mw", "power", "take_or_pay", "term")]
    found = gradient(
        CustomerSuppliedHardware, terms(term="3.4 months"), SEEN, PERIODS, share=0.9, bump=places
    )
    assert all(math.isfinite(value) for value in found.slope.values())
    for place in places:
        assert math.isclose(found.slope[place], found.bump[place], rel_tol=1e-5, abs_tol=1e-4)
