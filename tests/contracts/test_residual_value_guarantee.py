"""Residual value guarantee: golden table, and every rule against hand arithmetic."""

import math

import numpy as np
import pytest

from offtake.contracts.residual_value_guarantee import EXAMPLE, ResidualValueGuarantee
from tests.contracts.harness import check_golden, gradient, run_alone, scaled

PERIODS = 8
OVER = {"contracts.lease.vacated": (np.arange(PERIODS + 1) >= 4).astype(float)}
"""The lease runs out in period 3, as it publishes from the start of period 4 on."""


def terms(**changes):
    return type(EXAMPLE).model_validate(EXAMPLE.model_dump(exclude_unset=True) | changes)


def run(paid=lambda line, t, claimed: claimed, observations=None, **setting):
    given = setting.pop("terms", EXAMPLE)
    seen = OVER | (observations or {})
    return run_alone(ResidualValueGuarantee, given, seen, PERIODS, paid=paid, **setting)


def test_golden():
    check_golden(run())


def test_example_by_hand():
    table = run()
    # 1,000 are guaranteed in April; the site is worth 300, and the guarantor owes at most 500.
    np.testing.assert_allclose(table["payment"], 500.0 * (np.arange(9) == 4))
    np.testing.assert_allclose(table["sale"], 300.0 * (np.arange(9) == 4))
    # 10 a month from the start to the call, that month included.
    np.testing.assert_allclose(table["fee"], [0, 10, 10, 10, 10, 0, 0, 0, 0])
    np.testing.assert_allclose(table["called"], [0, 0, 0, 0, 0, 1, 1, 1, 1])
    np.testing.assert_allclose(table["drawn"], [0, 0, 0, 0, 0, 500, 500, 500, 500])


def test_what_is_guaranteed_follows_its_dates():
    late = {"contracts.lease.vacated": (np.arange(9) >= 6).astype(float)}
    table = run(observations=late, terms=terms(cap=None))
    np.testing.assert_allclose(table["payment"][6], 600.0)  # 900 from June on, less 300


def test_a_site_worth_more_than_guaranteed_costs_the_guarantor_nothing():
    table = run(terms=terms(value="1,200 USD"))
    assert not table["payment"].any()
    np.testing.assert_allclose(table["sale"][4], 1200.0)


@pytest.mark.parametrize("term", ["3 months", "0 months"])
def test_after_its_term_only_the_sale_is_left(term):
    table = run(terms=terms(term=term))
    assert not table["payment"].any()
    np.testing.assert_allclose(table["sale"][4], 300.0)


def test_called_at_a_date_at_the_latest():
    table = run(terms=terms(on="2026-03"))
    np.testing.assert_allclose(table["payment"], 500.0 * (np.arange(9) == 2))
    dated = {k: v for k, v in EXAMPLE.model_dump(exclude_unset=True).items() if k != "lease"}
    alone = run(terms=type(EXAMPLE).model_validate(dated | {"on": "2026-03"}))
    np.testing.assert_allclose(alone["payment"], table["payment"])


def test_without_a_buyer_nothing_is_sold():
    dated = EXAMPLE.model_dump(exclude_unset=True)
    del dated["buyer"]
    table = run(terms=type(EXAMPLE).model_validate(dated))
    assert not table["sale"].any()
    np.testing.assert_allclose(table["payment"][4], 500.0)


def test_what_is_unpaid_is_owed_next_period():
    table = run(paid=lambda line, t, claimed: claimed * (0.4 if t == 4 else 1.0))
    np.testing.assert_allclose(table["payment.claimed"][4:7], [500, 300, 0])
    np.testing.assert_allclose(table["outstanding"][4:7], [0, 300, 0])
    np.testing.assert_allclose(table["sale.claimed"][4:7], [300, 180, 0])
    np.testing.assert_allclose(table["fee.claimed"][4:7], [10, 6, 0])


def test_recovery_settles_what_a_guarantor_in_default_owes():
    payout = np.where(np.arange(9) == 4, 0.4, 1.0)
    table = run(
        paid=lambda line, t, claimed: claimed * (payout[t] if line == "payment" else 1.0),
        observations={"parties.parent.payout": payout},
    )
    np.testing.assert_allclose(table["payment.paid"][4:6], [200, 0])


def test_it_says_what_calls_it():
    dated = EXAMPLE.model_dump(exclude_unset=True)
    del dated["lease"]
    with pytest.raises(ValueError, match="neither lease nor on"):
        type(EXAMPLE).model_validate(dated)


def test_twice_the_money_gives_twice_the_flows():
    once, twice = run(), run(values=scaled(EXAMPLE, 2.0) | TWICE)
    for line in ("payment", "sale", "fee"):
        np.testing.assert_allclose(twice[line], 2.0 * once[line], err_msg=line)


TWICE = {
    f"contracts.example.{place}": 2.0 * amount
    for place, amount in (
        ("guaranteed.2026-01", 1000.0),
        ("guaranteed.2026-06", 900.0),
        ("value", 300.0),
    )
}


def test_derivatives_are_finite_and_right():
    places = [f"contracts.example.{x}" for x in ("cap", "fee", "term")]
    found = gradient(
        ResidualValueGuarantee, terms(term="3.7 months"), OVER, PERIODS, share=0.5, bump=places
    )
    assert all(math.isfinite(value) for value in found.slope.values())
    for place in places:
        assert math.isclose(found.slope[place], found.bump[place], rel_tol=1e-5, abs_tol=1e-4)
