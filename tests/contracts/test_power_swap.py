"""Power swap: golden table, and every rule against hand arithmetic."""

import math

import numpy as np
import pytest

from offtake.contracts.power_swap import EXAMPLE, PowerSwap
from tests.contracts.harness import bench, check_golden, gradient, run_alone

PERIODS = 4
ENERGY = np.array([0.0, 1000, 2000, 3000, 3000])
SITE = {"power": None, "site": "hall"}


def terms(**changes):
    return type(EXAMPLE).model_validate(EXAMPLE.model_dump(exclude_unset=True) | changes)


def run(paid=lambda line, t, claimed: claimed, observations=None, **changes):
    return run_alone(PowerSwap, terms(**changes), observations, PERIODS, paid=paid)


def test_golden():
    check_golden(run())


def test_example_by_hand():
    table = run()
    # 2 MW for 744 hours at 80 - 50, for 672 hours at 30 - 50.
    np.testing.assert_allclose(table["received"], [0, 30 * 2 * 744, 0, 0, 0])
    np.testing.assert_allclose(table["paid"], [0, 0, 20 * 2 * 672, 0, 0])


def test_as_drawn_it_makes_the_price_the_strike():
    table = run(observations={"sites.hall.energy_mwh": ENERGY}, **SITE)
    index = np.array([80, 80, 30, 30, 30])
    cost = (index * ENERGY + table["paid"] - table["received"])[1:3]
    np.testing.assert_allclose(cost, 50 * ENERGY[1:3])


def test_part_of_what_a_source_gives_within_the_term():
    seen = {"sites.hall.power.wind.mwh": ENERGY}
    table = run(observations=seen, **SITE, source="wind", share="25 %", start="2026-02-15")
    np.testing.assert_allclose(table["paid"], 20 * 0.25 * ENERGY * np.array([0, 0, 0.5, 1, 0.5]))


def test_what_is_unpaid_is_owed_next_period():
    table = run(paid=lambda line, t, claimed: claimed * (t > 2))
    np.testing.assert_allclose(table["received.claimed"], 44640 * np.array([0, 1, 1, 1, 0]))
    np.testing.assert_allclose(table["arrears"], [0, 0, 0, 26880, 0])


@pytest.mark.parametrize(
    ("changes", "match"),
    [
        ({"site": "hall"}, "both site and power"),
        ({"power": None}, "neither site nor power"),
        ({"source": "wind"}, "source without a site"),
    ],
)
def test_mistakes(changes, match):
    with pytest.raises(ValueError, match=match):
        terms(**changes)


def test_lines():
    paid, received = bench(PowerSwap, EXAMPLE, periods=PERIODS).lowered.lines
    assert (paid.payer, paid.payee) == (received.payee, received.payer)


def test_derivatives_are_finite_and_right():
    places = ["contracts.example.power"]
    found = gradient(PowerSwap, EXAMPLE, None, PERIODS, share=0.5, bump=places)
    assert all(math.isfinite(value) for value in found.slope.values())
    for place in places:
        assert math.isclose(found.slope[place], found.bump[place], rel_tol=1e-5, abs_tol=1e-4)
