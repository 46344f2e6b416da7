"""Construction loan: golden table, and every rule against hand arithmetic."""

import math

import numpy as np

from offtake.contracts.construction_loan import EXAMPLE, ConstructionLoan
from offtake.core.flows import Flow
from tests.contracts.harness import check_golden, gradient, run_alone

PERIODS = 8
DRAWS = {0: 400.0, 1: 300.0}
OPEN = {"sites.hall.phases[0].active": np.array([0, 0, 0.5, 1, 1, 1, 1, 1, 1])}


def terms(**changes):
    return type(EXAMPLE).model_validate(EXAMPLE.model_dump(exclude_unset=True) | changes)


def run(paid=lambda line, t, claimed: claimed, seen=None, draws=None, **setting):
    changes = setting.pop("changes", {})
    short = DRAWS if draws is None else draws
    return run_alone(
        ConstructionLoan,
        terms(**changes),
        OPEN | (seen or {}),
        PERIODS,
        drawn=lambda line, t, limit: short.get(t, 0.0),
        paid=paid,
        phase_counts={"hall": 1},
        **setting,
    )


BUILT = 400 * 1.01**3 + 300 * 1.01**2
"""Drawn, with the interest of construction: owed at conversion, in period 3."""


def test_golden():
    check_golden(run())


def test_example_by_hand():
    table = run()
    np.testing.assert_allclose(table["draw"][:3], [400, 300, 0])
    np.testing.assert_allclose(table["interest"][:4], 0)
    np.testing.assert_allclose(table["balance"][1:5], [400, 704, 711.04, 718.1504])
    np.testing.assert_allclose(table["balance"][4], BUILT)
    assert table["converted"].tolist() == [0] * 4 + [1] * 5
    # Half a percent a month on what is not drawn, until conversion.
    np.testing.assert_allclose(table["fee"][:5], [0, 3, 1.48, 1.4448, 0])
    # A sixth and a sixth, then all that is left; from two months on at 18 %.
    np.testing.assert_allclose(table["principal"][4:8], [BUILT / 6, BUILT / 6, BUILT * 2 / 3, 0])
    interest = [0.01 * BUILT, 0.01 * BUILT * 5 / 6, 0.015 * BUILT * 2 / 3]
    np.testing.assert_allclose(table["interest"][4:7], interest)


def test_what_is_not_converted_is_due():
    table = run(seen={"sites.hall.phases[0].active": 0.9})
    owed = BUILT * 1.01
    np.testing.assert_allclose(table["principal"][4:7], [0, owed, 0])
    np.testing.assert_allclose(table["interest"][4:7], [0, owed * 0.01, 0])
    assert not table["converted"].any()


def test_conversion_needs_cover():
    """Level payments over six months at 1 %; twice of that is earned from period 4 on."""
    payment = BUILT * 1.01 * 0.01 / (1 - 1.01**-6)
    earned = np.where(np.arange(PERIODS + 1) >= 4, 2.0 * payment, 1.9 * payment)
    table = run(changes={"conversion_dscr": "2"}, books={"company": {("in", Flow.SALE): earned}})
    assert table["converted"].tolist() == [0] * 5 + [1] * 4


def test_conversion_needs_value():
    changes = {"conversion_ltv": "70 %", "collateral": ["cohort"]}
    value = np.array([0, 0, 0, 1000, 1040, 1040, 1040, 1040, 1040.0])
    table = run(changes=changes, seen={"chips.cohort.value": value})
    # 718 against 700 in period 3, 725 against 728 in period 4.
    assert table["converted"].tolist() == [0] * 5 + [1] * 4


def test_nothing_is_drawn_while_the_budget_is_out_of_balance():
    """1,500 for all of it, of which 70 % are the loan's: 500 paid in 0 and 100 in 2."""
    paid = {"company": {("out", Flow.CAPITAL_COST): np.array([500, 0, 100, 0, 0, 0, 0, 0, 0.0])}}
    changes = {"budget": "1,500 USD", "cost_share": "70 %"}
    table = run(changes=changes, books=paid, draws={0: 400, 1: 300, 2: 300, 3: 300})
    # 1,000 < 70 % of 1,500 in 0; 1,000 >= 700 in 1; 700 >= 700 in 2; 397 < 630 in 3.
    np.testing.assert_allclose(table["draw"][:4], [0, 300, 300, 0])


def test_a_called_loan_is_due_at_once():
    table = run(
        paid=lambda line, t, claimed: claimed * (line == "fee"), changes={"grace": "1 month"}
    )
    # Converted in 3; unpaid in 4 and 5.
    assert table["accelerated"].tolist()[:7] == [0, 0, 0, 0, 0, 0, 1]
    np.testing.assert_allclose(table["principal.claimed"][6], BUILT)


def test_derivatives_are_finite_and_right():
    places = [f"contracts.example.{x}" for x in ("rate", "step_up", "commitment_fee", "amount")]
    found = gradient(
        ConstructionLoan, EXAMPLE, OPEN, PERIODS, phase_counts={"hall": 1}, draw=200.0, bump=places
    )
    assert all(math.isfinite(value) for value in found.slope.values())
    for place in places:
        assert math.isclose(found.slope[place], found.bump[place], rel_tol=1e-5, abs_tol=1e-4)
