"""Price floor: golden table, and every rule against hand arithmetic."""

import math

import numpy as np
import pytest

from offtake.contracts.price_floor import EXAMPLE, PriceFloor
from tests.contracts.harness import bench, check_golden, gradient, run_alone

HOURS = np.array([0.0, 744, 672, 744, 720, 744])
PERIODS = 5


def terms(**changes):
    return type(EXAMPLE).model_validate(EXAMPLE.model_dump(exclude_unset=True) | changes)


def run(paid=lambda line, t, claimed: claimed, observations=None, **changes):
    return run_alone(PriceFloor, terms(**changes), observations, PERIODS, paid=paid)


def test_golden():
    check_golden(run())


def test_example_by_hand():
    table = run()
    # 2, 1 and 3 USD against a floor of 1.5 and a cap of 2.5; then the term is over.
    np.testing.assert_allclose(table["payout"], [0, 0, 0.5 * 672, 0, 0, 0])
    np.testing.assert_allclose(table["excess"], [0, 0, 0, 0.5 * 744, 0, 0])
    np.testing.assert_allclose(table["premium"], [100, 74.4, 67.2, 74.4, 0, 0])
    np.testing.assert_allclose(table["drawn"], [0, 0, 0, 336, 336, 336])


def test_a_floor_alone_costs_nothing_when_the_price_is_high():
    table = run(cap=None, index="9 USD/H100e/h")
    assert not table["payout"].any()
    assert not table["excess"].any()


def test_it_begins_within_a_month_and_the_premium_with_it():
    table = run(start="2026-02-15", index="1 USD/H100e/h")
    # Half of February, of the third month after it the half.
    share = np.array([0, 0, 0.5, 1, 1, 0.5])
    np.testing.assert_allclose(table["payout"], 0.5 * HOURS * share)
    np.testing.assert_allclose(table["premium"], 0.1 * HOURS * share + 100 * (np.arange(6) == 2))


def test_what_is_unpaid_is_owed_next_period():
    table = run(paid=lambda line, t, claimed: claimed * (t > 3))
    np.testing.assert_allclose(table["payout.claimed"], [0, 0, 336, 336, 336, 0])
    np.testing.assert_allclose(table["excess.claimed"], [0, 0, 0, 372, 372, 0])
    np.testing.assert_allclose(table["outstanding"], [0, 0, 0, 336, 336, 0])
    np.testing.assert_allclose(table["arrears"][4], 100 + 0.1 * (744 + 672 + 744) + 372)


def test_a_seller_in_default_settles_by_its_recovery():
    payout = np.where(np.arange(PERIODS + 1) >= 2, 0.4, 1.0)
    table = run(
        paid=lambda line, t, claimed: claimed * (payout[t] if line == "payout" else 1.0),
        observations={"parties.sponsor.payout": payout},
    )
    np.testing.assert_allclose(table["payout"], [0, 0, 0.4 * 336, 0, 0, 0])
    assert not table["outstanding"].any()


def test_a_cap_below_the_floor_is_an_error():
    with pytest.raises(ValueError, match="below the floor"):
        terms(cap="1 USD/H100e/h")


def test_lines():
    payout, excess, premium = bench(PriceFloor, EXAMPLE, periods=PERIODS).lowered.lines
    assert (payout.payer, payout.payee) == (excess.payee, excess.payer)
    assert premium.payer == excess.payer


def test_derivatives_are_finite_and_right():
    places = [f"contracts.example.{x}" for x in ("premium", "premium_per_hour")]
    found = gradient(PriceFloor, EXAMPLE, None, PERIODS, share=0.5, bump=places)
    assert all(math.isfinite(value) for value in found.slope.values())
    for place in places:
        assert math.isclose(found.slope[place], found.bump[place], rel_tol=1e-5, abs_tol=1e-4)
