"""Sale and leaseback: golden table, and every rule against hand arithmetic."""

import math

import numpy as np

from offtake.contracts.sale_and_leaseback import EXAMPLE, SaleAndLeaseback
from tests.contracts.harness import check_golden, gradient, run_alone, scaled

PERIODS = 10


def run(**setting):
    changes = setting.pop("changes", {})
    example = type(EXAMPLE).model_validate(EXAMPLE.model_dump(exclude_unset=True) | changes)
    return run_alone(SaleAndLeaseback, example, None, PERIODS, **setting)


def test_golden():
    check_golden(run())


def test_example_by_hand():
    table = run()
    # 10 February lies in period 2; six months of rent from 3 on, 20 a month, 10 from June on.
    np.testing.assert_allclose(table["sale"], 600.0 * (np.arange(11) == 2))
    np.testing.assert_allclose(table["rent"], [0, 0, 0, 20, 20, 20, 10, 10, 10, 0, 0])
    np.testing.assert_allclose(table["buy_back"], 50.0 * (np.arange(11) == 8))
    np.testing.assert_allclose(table["sold"], np.arange(11) > 2)


def test_rent_falls_due_on_what_was_paid():
    def pay(line, t, claimed):
        return claimed * (0.25 if line == "sale" and t == 2 else 1.0)

    table = run(paid=pay)
    np.testing.assert_allclose(table["sale"][2:5], [150, 450, 0])
    np.testing.assert_allclose(table["rent"][3:5], [5, 20])


def test_rent_unpaid_is_owed_and_ends_the_lease_after_the_grace():
    def pay(line, t, claimed):
        return claimed * (0.0 if line == "rent" and t < 6 else 1.0)

    table = run(paid=pay)
    np.testing.assert_allclose(table["rent.claimed"][3:8], [20, 40, 60, 70, 10])
    ended = run(paid=pay, changes={"grace": "1 month"})
    np.testing.assert_allclose(ended["rent.claimed"][3:8], [20, 40, 40, 40, 0])
    np.testing.assert_array_equal(ended["terminated"], np.arange(11) > 4)
    assert not ended["buy_back"].any()


def test_scales_and_vanishes():
    twice = run(values=scaled(EXAMPLE, 2.0))
    for line in ("sale", "rent", "buy_back"):
        np.testing.assert_allclose(twice[line], 2 * run()[line])
    assert not run(values=scaled(EXAMPLE, 0.0))["rent"].any()


def test_gradient():
    places = ("contracts.example.price", "contracts.example.buy_back")
    level = type(EXAMPLE).model_validate(
        EXAMPLE.model_dump(exclude_unset=True) | {"rent": "240 USD/year"}
    )
    found = gradient(SaleAndLeaseback, level, periods=PERIODS, share=0.9, bump=places)
    assert all(map(math.isfinite, found.slope.values()))
    for place in places:
        assert math.isclose(found.slope[place], found.bump[place], rel_tol=1e-5), place
