"""Refinancing: golden table, and every rule against hand arithmetic."""

import math

import numpy as np
import pytest
from pydantic import ValidationError

from offtake.contracts.refinancing import EXAMPLE, Refinancing
from offtake.core.flows import Flow
from tests.contracts.harness import bench, check_golden, gradient, run_alone

PERIODS = 8
WORTH = {"chips.cohort.value": np.array([900, 900, 800, 700, 700, 700, 700, 700, 700.0])}
OWED = {2: 600.0}


def terms(**changes):
    return type(EXAMPLE).model_validate(EXAMPLE.model_dump(exclude_unset=True) | changes)


def run(paid=lambda line, t, claimed: claimed, observations=None, short=None, **setting):
    changes = setting.pop("changes", {})
    falls_short = OWED if short is None else short
    return run_alone(
        Refinancing,
        terms(**changes),
        WORTH | (observations or {}),
        PERIODS,
        drawn=lambda line, t, limit: falls_short.get(t, 0.0),
        paid=paid,
        **setting,
    )


def test_golden():
    check_golden(run())


def test_example_by_hand():
    table = run()
    # Half of 800 is lent of the 600 that fall due in period 2; 12 % a year, in three parts.
    np.testing.assert_allclose(table["draw"][:4], [0, 0, 400, 0])
    np.testing.assert_allclose(table["fee"][:5], [0, 0, 0, 4, 0])
    np.testing.assert_allclose(table["principal"][2:7], [0, 400 / 3, 400 / 3, 400 / 3, 0])
    np.testing.assert_allclose(table["interest"][2:7], [0, 4, 8 / 3, 4 / 3, 0])
    # After the draw what is pledged carries no more; from 350 less 267 on it would again.
    np.testing.assert_allclose(table["capacity"][:6], [0, 0, 400, 0, 350 - 800 / 3, 0])
    # 12 % and a fee of 1 % over a quarter of a year.
    np.testing.assert_allclose(table["offered"], 0.12 + 0.04)


def test_it_meets_principal_and_fees_of_the_old_loan():
    draw = bench(Refinancing, EXAMPLE, WORTH, PERIODS).lowered.lines[0]
    assert draw.protects == (("loan",),)
    assert draw.protected_flows == (Flow.PRINCIPAL, Flow.FEE)
    assert draw.form == "support"


def test_cash_flow_carries_debt():
    """What is paid in level payments over ten months of 1 % out of the cash flow, covered 1.25."""
    changes = {"dscr": 1.25, "ltv": "100 %", "amortise_over": "10 months"}
    books = {"company": {("in", Flow.SALE): 15.0}}
    table = run(changes=changes, books=books)
    # In period 2 one period has passed, and what moved in the opening counts as well.
    carried = 30.0 / 1.25 * (1 - 1.01**-10) / 0.01
    np.testing.assert_allclose(table["capacity"][2], carried)
    np.testing.assert_allclose(table["draw"][2], carried)


def test_without_a_pledge_the_commitment_counts():
    table = run(changes={"ltv": None, "collateral": [], "amount": "500 USD"})
    np.testing.assert_allclose(table["draw"][:4], [0, 0, 500, 0])


def test_the_market_may_be_shut():
    spread = np.array([2, 2, 9, 9, 3, 3, 3, 3, 3]) / 100
    changes = {"spread": "gap", "shut_above": "5 %/year"}
    table = run(
        changes=changes, observations={"drivers.gap": spread}, short={2: 600.0, 4: 600.0, 5: 600.0}
    )
    np.testing.assert_allclose(table["draw"], [0, 0, 0, 0, 350, 0, 0, 0, 0])
    # The spread of the draw stays: 9 % and 3 % on 350, a month.
    np.testing.assert_allclose(table["interest"][5], 3.5)


def test_the_spread_is_a_mean_of_those_of_the_draws():
    spread = np.array([0, 0, 3, 15, 15, 15, 15, 15, 15]) / 100
    changes = {"spread": "gap", "ltv": "100 %", "amortisation": "bullet"}
    table = run(changes=changes, observations={"drivers.gap": spread}, short={2: 300.0, 3: 100.0})
    # 300 at 12 %, then 100 at 24 %: 400 at 15 %.
    np.testing.assert_allclose(table["interest"][2:6], [0, 3, 5, 5])
    np.testing.assert_allclose(table["principal"][2:7], [0, 0, 0, 400, 0])


def test_a_balloon_is_left_where_the_profile_is_longer():
    table = run(changes={"amortise_over": "8 months"})
    np.testing.assert_allclose(table["principal"][3:6], [50, 50, 300])


def test_the_offer_ends():
    table = run(changes={"availability": "1 month"}, short={3: 600.0, 4: 600.0})
    np.testing.assert_allclose(table["draw"][2:5], [0, 350, 0])
    assert not run(changes={"availability": "1 month"}, short={4: 600.0})["draw"].any()


def test_nothing_is_lent_to_a_borrower_in_default():
    assert not run(stopped={"company": 1})["draw"].any()


def test_unpaid_principal_is_called():
    table = run(paid=lambda line, t, claimed: 0.0 * claimed, changes={"grace": "1 month"})
    assert table["accelerated"].tolist()[:6] == [0, 0, 0, 0, 0, 1]
    np.testing.assert_allclose(table["principal.claimed"][5], 400)


def test_a_loan_to_the_value_of_nothing_is_refused():
    with pytest.raises(ValidationError, match="ltv, without collateral"):
        terms(collateral=[])


def test_derivatives_are_finite_and_right():
    places = [f"contracts.example.{x}" for x in ("ltv", "rate", "dscr", "upfront_fee")]
    found = gradient(
        Refinancing,
        terms(dscr=1.2, amortise_over="20 months", ltv="40 %"),
        WORTH,
        PERIODS,
        books={"company": {("in", Flow.SALE): 20.0}},
        draw=1e9,
        share=0.9,
        bump=places,
    )
    assert all(math.isfinite(value) for value in found.slope.values())
    for place in places:
        assert math.isclose(found.slope[place], found.bump[place], rel_tol=1e-5, abs_tol=1e-4)
