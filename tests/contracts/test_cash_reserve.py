"""Cash reserve: golden table, and every rule against hand arithmetic."""

import math

import numpy as np

from offtake.contracts.cash_reserve import EXAMPLE, CashReserve
from tests.contracts.harness import check_golden, gradient, run_alone, scaled

PERIODS = 7


def run(draws=None, scale=1.0, **setting):
    return run_alone(
        CashReserve,
        setting.pop("terms", EXAMPLE),
        None,
        PERIODS,
        drawn=lambda line, t, limit: scale * (draws or {}).get(t, 0.0),
        taken=lambda line, t, cap: cap,
        **({"cash": {"float": 0.0}} | setting),
    )


def test_golden():
    check_golden(run({3: 30.0}))


def test_example_by_hand():
    table = run({3: 30.0})
    # Two months of 600 a year are 100; of 300 a year, 50 at the close of April, for May.
    np.testing.assert_allclose(table["target"], [0, 100, 100, 100, 100, 50, 50, 50])
    np.testing.assert_allclose(table["top_up"], [100, 0, 0, 0, 0, 0, 0, 0], atol=1e-12)
    np.testing.assert_allclose(table["draw"], 30.0 * (np.arange(8) == 3))
    # Rounding of the target moves a few 1e-15.
    np.testing.assert_allclose(table["release"], 20.0 * (np.arange(8) == 4), atol=1e-12)
    held = np.array([0, 100, 100, 100, 70, 50, 50, 50.0])
    np.testing.assert_allclose(table["held"], held)
    np.testing.assert_allclose(table["interest"], 0.01 * held)


def test_without_a_bank_nothing_is_earned():
    given = EXAMPLE.model_dump(exclude_unset=True)
    del given["bank"]
    assert not run(terms=type(EXAMPLE).model_validate(given))["interest"].any()


def test_a_top_up_that_is_short_is_asked_for_again():
    table = run(paid=lambda line, t, claimed: claimed * (0.4 if t == 0 else 1.0))
    np.testing.assert_allclose(table["top_up.claimed"][:4], [100, 60, 0, 0], atol=1e-12)


def test_nothing_is_released_to_an_owner_in_default():
    table = run(stopped={"company": 4})
    np.testing.assert_allclose(table["release"], 0.0, atol=1e-12)


def test_scales():
    twice = run({3: 30.0}, values=scaled(EXAMPLE, 2.0), scale=2.0)
    for line in ("top_up", "draw", "release", "interest"):
        np.testing.assert_allclose(twice[line], 2 * run({3: 30.0})[line])


def test_gradient():
    places = tuple(f"contracts.example.{f}" for f in ("months", "interest"))
    given = EXAMPLE.model_dump(exclude_unset=True) | {"budget": "600 USD/year"}
    level = type(EXAMPLE).model_validate(given)
    found = gradient(
        CashReserve, level, periods=PERIODS, bump=places, cash={"float": np.full(8, 10.0)}
    )
    assert all(map(math.isfinite, found.slope.values()))
    for place in places:
        assert math.isclose(found.slope[place], found.bump[place], rel_tol=1e-5), place
