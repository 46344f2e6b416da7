"""Maintenance reserve: golden table, and every rule against hand arithmetic."""

import math

import numpy as np

from offtake.contracts.maintenance_reserve import EXAMPLE, MaintenanceReserve
from tests.contracts.harness import check_golden, gradient, run_alone, scaled

PERIODS = 24


def price(month):
    return 300.0 * 1.1 ** ((month - 1) / 12)


def run(**setting):
    changes = setting.pop("changes", {})
    example = type(EXAMPLE).model_validate(EXAMPLE.model_dump(exclude_unset=True) | changes)
    return run_alone(
        MaintenanceReserve, example, None, PERIODS, **({"cash": {"overhaul": 0.0}} | setting)
    )


def test_golden():
    check_golden(run())


def test_example_by_hand():
    table = run()
    expected = np.zeros(25)
    paid = np.zeros(25)
    # Every six months; the fourth would fall after August 2027 and is not saved for.
    for end in (6, 12, 18):
        expected[end - 5 : end + 1] = price(end) / 6
        paid[end] = price(end)
    np.testing.assert_allclose(table["top_up"], expected, atol=1e-9)
    np.testing.assert_allclose(table["replacement"], paid, atol=1e-9)
    held = np.cumsum(expected - paid) - (expected - paid)
    np.testing.assert_allclose(table["held"], held, atol=1e-9)
    np.testing.assert_allclose(table["interest"], 0.01 * held, atol=1e-9)


def test_a_date_between_closes_falls_into_its_period():
    table = run(changes={"cycle": "5.5 months", "until": "2026-12"})
    assert np.flatnonzero(table["replacement"]).tolist() == [6, 11]
    np.testing.assert_allclose(table["replacement"][[6, 11]], [price(5.5), price(11)])


def test_what_cannot_be_paid_stays_owed():
    def pay(line, t, claimed):
        return claimed * (0.25 if line == "replacement" and t == 6 else 1.0)

    table = run(paid=pay)
    np.testing.assert_allclose(table["arrears"][7], 0.75 * price(6))
    np.testing.assert_allclose(table["replacement"][7], 0.75 * price(6))


def test_scales():
    np.testing.assert_allclose(
        run(values=scaled(EXAMPLE, 2.0))["replacement"], 2 * run()["replacement"]
    )


def test_gradient():
    places = tuple(f"contracts.example.{f}" for f in ("cost", "escalation", "interest"))
    found = gradient(
        MaintenanceReserve,
        EXAMPLE,
        periods=PERIODS,
        bump=places,
        cash={"overhaul": np.full(25, 10.0)},
    )
    assert all(map(math.isfinite, found.slope.values()))
    for place in places:
        assert math.isclose(found.slope[place], found.bump[place], rel_tol=1e-5), place
