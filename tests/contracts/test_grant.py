"""Grant: golden table, and every rule against hand arithmetic."""

import math

import numpy as np

from offtake.contracts.grant import EXAMPLE, Grant
from tests.contracts.harness import check_golden, gradient, run_alone, scaled

PERIODS = 8


def run(**setting):
    return run_alone(Grant, setting.pop("terms", EXAMPLE), None, PERIODS, **setting)


def test_golden():
    check_golden(run())


def test_example_by_hand():
    table = run()
    # March 2026 starts at the close of period 2: the amount falls there, 10 a month after it, and
    # half of June.
    expected = [0, 0, 300, 10, 10, 10, 5, 0, 0]
    np.testing.assert_allclose(table["grant"], expected)
    np.testing.assert_allclose(table["due"], expected)


def test_what_is_not_paid_is_lost():
    table = run(paid=lambda line, t, claimed: 0.5 * claimed)
    np.testing.assert_allclose(table["grant.claimed"], run()["grant"])


def test_scales_and_vanishes():
    np.testing.assert_allclose(run(values=scaled(EXAMPLE, 2.0))["grant"], 2 * run()["grant"])
    assert not run(values=scaled(EXAMPLE, 0.0))["grant"].any()


def test_gradient():
    places = ("contracts.example.amount", "contracts.example.yearly")
    found = gradient(Grant, EXAMPLE, periods=PERIODS, bump=places)
    assert all(map(math.isfinite, found.slope.values()))
    for place in places:
        assert math.isclose(found.slope[place], found.bump[place], rel_tol=1e-5), place
