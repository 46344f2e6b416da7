"""Spot purchase: golden table, and every rule against hand arithmetic."""

import math

import numpy as np

from offtake.contracts.spot_purchase import EXAMPLE, SpotPurchase
from tests.contracts.harness import check_golden, gradient, run_alone

HOURS = np.array([0, 744, 672, 744, 720, 744])
OFFERED = {"contracts.reservation.offered_hours": [0, 744 * 7, 672 * 7, 744 * 3, 720 * 12, 0]}


def terms(**changes):
    return type(EXAMPLE).model_validate(EXAMPLE.model_dump(exclude_unset=True) | changes)


def run(paid=lambda line, t, claimed: claimed, **changes):
    return run_alone(SpotPurchase, terms(**changes), OFFERED, 5, paid=paid)


def test_golden():
    check_golden(run())


def test_example_by_hand():
    table = run()
    # Of 10 H100e needed the reservation leaves 3, 3, 7, none, 10, of which the market has 4.
    bought = HOURS * [0, 3, 3, 4, 0, 4]
    np.testing.assert_allclose(table["hours"], bought * [0, 1.5, 1.5, 1.5, 2.5, 2.5])
    np.testing.assert_allclose(table["needed"][1:], np.cumsum(10 * HOURS)[:-1])
    np.testing.assert_allclose(table["bought"][1:], np.cumsum(bought)[:-1])
    np.testing.assert_allclose(table["unserved"][4:], [3 * 744, 3 * 744])


def test_without_limit_where_none_is_stated():
    written = {k: v for k, v in EXAMPLE.model_dump(exclude_unset=True).items() if k != "available"}
    table = run_alone(SpotPurchase, type(EXAMPLE).model_validate(written), OFFERED, 5)
    np.testing.assert_allclose(table["hours"], HOURS * [0, 4.5, 4.5, 10.5, 0, 25])
    assert not table["unserved"].any()


def test_goes_without_above_its_limit():
    table = run(price_limit="2 USD/H100e/h", after=[])
    np.testing.assert_allclose(table["hours"], HOURS * [0, 6, 6, 6, 0, 0])
    assert table["unserved"][5] == HOURS[1:4].sum() * 6 + HOURS[4] * 10
    assert run(price_limit="2.5 USD/H100e/h")["hours"][5] > 0.0


def test_what_is_not_paid_for_is_not_had():
    table = run(lambda line, t, claimed: claimed * (0.25 if t == 3 else 1.0))
    whole = run()
    assert table["unserved"][4] - whole["unserved"][4] == 0.75 * 4 * 744
    np.testing.assert_allclose(table["hours.claimed"], whole["hours.claimed"])


def test_free_hours_are_had():
    table = run(price="0 USD/H100e/h")
    np.testing.assert_allclose(table["bought"], run()["bought"])


def test_gradient():
    places = [f"contracts.example.{f}" for f in ("demand", "price.2026-01", "available")]
    found = gradient(SpotPurchase, terms(), OFFERED, 5, share=0.9, bump=places)
    for place in places:
        assert math.isclose(found.slope[place], found.bump[place], rel_tol=1e-6, abs_tol=1e-9)
