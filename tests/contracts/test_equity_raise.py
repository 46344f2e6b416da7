"""Equity raise: golden table, and every rule against hand arithmetic."""

import math

import numpy as np

from offtake.contracts.equity_raise import EXAMPLE, EquityRaise
from tests.contracts.harness import bench, check_golden, gradient, run_alone, scaled

NEEDS = {3: 120.0, 4: 30.0, 5: 200.0, 6: 50.0}


def terms(**changes):
    written = EXAMPLE.model_dump(exclude_unset=True) | changes
    return type(EXAMPLE).model_validate({k: v for k, v in written.items() if v is not None})


def run(needs=None, observations=None, values=None, **changes):
    wanted = NEEDS if needs is None else needs
    return run_alone(
        EquityRaise,
        terms(**changes),
        observations,
        6,
        drawn=lambda line, t, limit: wanted.get(t, 0.0),
        taken=lambda line, t, cap: 7.0,
        values=values,
    )


def test_golden():
    check_golden(run())


def test_example_by_hand():
    # 50 a month, two months of it can be saved up: 150 in March, of which 120 are used; 80 in
    # April, of which 30; 100 in May; in June 50, but only 10 are left of the 260.
    table = run()
    np.testing.assert_allclose(table["raise"], [0, 0, 0, 120, 30, 100, 10])
    np.testing.assert_allclose(table["raised"], [0, 0, 0, 0, 120, 150, 250])
    assert not table["distribution"].any()


def test_nothing_in_the_opening_and_no_more_than_a_month_without_saving():
    table = run(needs=dict.fromkeys(range(7), 1e6), carry_over="0 months", amount=None)
    np.testing.assert_allclose(table["raise"], [0] + [50] * 6)


def test_shut_market_keeps_what_was_saved():
    sentiment = {"drivers.mood": [1, 1, 0, 0, 1, 1, 1]}
    table = run(
        needs=dict.fromkeys(range(2, 7), 1e6), observations=sentiment, sentiment="mood", amount=None
    )
    np.testing.assert_allclose(table["raise"], [0, 0, 0, 0, 200, 100, 100])


def test_saved_capacity_is_bounded_by_the_market_of_the_day():
    sentiment = {"drivers.mood": [1, 1, 1, 1, 0.1, 1, 1]}
    table = run(needs={4: 1e6}, observations=sentiment, sentiment="mood", amount=None)
    np.testing.assert_allclose(table["raise"][4], 10 + 2 * 10)


def test_protects_all_claims_or_those_named():
    def protected(**changes):
        return bench(EquityRaise, terms(**changes)).lowered.lines[0].protects

    assert protected() == (("*",),)
    assert protected(funds=["order"]) == (("order",),)
    assert bench(EquityRaise, terms(tier=2)).lowered.lines[0].tier.tolist() == [2]


def test_share_of_distributions():
    np.testing.assert_allclose(run(share="0.25")["distribution"], 7.0)


def test_scales_and_vanishes():
    twice = scaled(EXAMPLE, 2.0)
    table = run(needs={t: 2 * x for t, x in NEEDS.items()}, values=twice)
    np.testing.assert_allclose(table["raise"], 2 * run()["raise"])
    assert not run(capacity="0 USD/year")["raise"].any()


def test_gradient():
    places = ("contracts.example.amount", "contracts.example.carry_over")
    found = gradient(EquityRaise, EXAMPLE, draw=300.0, bump=places)
    assert all(map(math.isfinite, found.slope.values()))
    for place in places:
        assert math.isclose(found.slope[place], found.bump[place], rel_tol=1e-6, abs_tol=1e-6)
