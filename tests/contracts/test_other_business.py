"""Other business: golden table, and every rule against hand arithmetic."""

import math

import numpy as np

from offtake.contracts.other_business import EXAMPLE, OtherBusiness
from tests.contracts.harness import check_golden, gradient, run_alone


def terms(**changes):
    return type(EXAMPLE).model_validate(EXAMPLE.model_dump(exclude_unset=True) | changes)


def run(paid=lambda line, t, claimed: claimed, observations=None, **changes):
    return run_alone(OtherBusiness, terms(**changes), observations, 4, paid=paid)


def test_golden():
    check_golden(run())


def test_example_by_hand():
    table = run()
    for line, yearly in (("inflow", 1200), ("outflow", 720), ("capital", 240)):
        np.testing.assert_allclose(table[line], [0.0] + [yearly / 12] * 4)


def test_follows_drivers_and_dates():
    table = run(
        inflow="sales", end="2026-03-16", observations={"drivers.sales": [0, 12, 24, 36, 48]}
    )
    np.testing.assert_allclose(table["inflow"], [0, 1, 2, 3 * 15 / 31, 0])


def test_outflow_is_owed_and_capital_spending_dropped():
    table = run(paid=lambda line, t, claimed: claimed * (0.5 if t == 2 else 1.0))
    np.testing.assert_allclose(table["arrears"], [0, 0, 0, 30, 0])
    np.testing.assert_allclose(table["outflow.claimed"], [0, 60, 60, 90, 60])
    np.testing.assert_allclose(table["capital.claimed"], [0, 20, 20, 20, 20])
    np.testing.assert_allclose(table["inflow.claimed"], [0, 100, 100, 100, 100])


def test_gradient():
    found = gradient(OtherBusiness, terms(start="2026-01-10"), share=0.7)
    assert all(map(math.isfinite, found.slope.values()))
