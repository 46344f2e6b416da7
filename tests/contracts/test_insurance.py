"""Insurance: golden table, and every rule against hand arithmetic."""

import math

import numpy as np
import pytest

from offtake.contracts.insurance import EXAMPLE, Insurance
from tests.contracts.harness import check_golden, gradient, run_alone

PERIODS = 9
HOURS = np.array([0.0, 744, 672, 744, 720, 744, 720, 744, 744, 720])
DELIVERED = np.array([0.0, 0, 0, 344, 520, 744, 0, 144, 744, 0])
SEEN = {"sites.hall.h100e_hours": DELIVERED}
VALUE = {
    "covers": "value",
    "site": None,
    "capacity": None,
    "agreed": None,
    "guaranteed": {"2026-01": "4,000 USD", "2026-05": "3,000 USD"},
    "value": "1,200 USD",
    "on": "2026-05-15",
}


def terms(**changes):
    return type(EXAMPLE).model_validate(EXAMPLE.model_dump(exclude_unset=True) | changes)


def run(paid=lambda line, t, claimed: claimed, observations=None, **changes):
    seen = SEEN | (observations or {})
    return run_alone(Insurance, terms(**changes), seen, PERIODS, paid=paid)


def test_golden():
    check_golden(run())


def test_example_by_hand():
    table = run()
    # Late in February, which waits; 400 and 200 hours missing in March and April; June waits again;
    # 600 in July; the term ends with it. At 2 USD: 800 + 400 + 1,200 = 2,400.
    np.testing.assert_allclose(table["losses"], [0, 0, 0, 0, 800, 1200, 1200, 1200, 2400, 2400])
    # Above 500: 300, 400, and 1,200 of which the limit of 1,500 leaves 800.
    np.testing.assert_allclose(table["payment"], [0, 0, 0, 300, 400, 0, 0, 800, 0, 0])
    np.testing.assert_allclose(table["premium"], [0, 0, 10, 10, 10, 10, 10, 10, 0, 0])


def test_without_waiting_deductible_or_limit():
    table = run(waiting="0 months", deductible="0 USD", limit=None)
    missing = (HOURS - DELIVERED) * np.array([0, 0, 1, 1, 1, 1, 1, 1, 0, 0])
    np.testing.assert_allclose(table["payment"], 2 * missing)


def test_value_is_compared_once():
    table = run(**VALUE, deductible="300 USD", limit=None)
    np.testing.assert_allclose(table["payment"], 1500.0 * (np.arange(PERIODS + 1) == 5))
    assert not run(**VALUE | {"value": "5,000 USD"})["payment"].any()
    assert not run(**VALUE | {"on": "2026-10"})["payment"].any()


def test_what_is_unpaid_is_owed_next_period():
    table = run(paid=lambda line, t, claimed: claimed * (t > 4))
    np.testing.assert_allclose(table["payment.claimed"][:6], [0, 0, 0, 300, 700, 700])
    np.testing.assert_allclose(table["arrears"][:6], [0, 0, 0, 10, 20, 30])


def test_an_insurer_in_default_settles_by_its_recovery():
    table = run(
        paid=lambda line, t, claimed: claimed * (0.4 if line == "payment" else 1.0),
        observations={"parties.sponsor.payout": 0.4},
    )
    np.testing.assert_allclose(table["payment"][[3, 4, 7]], [120, 160, 320])
    assert not table["outstanding"].any()


@pytest.mark.parametrize(
    ("changes", "match"),
    [
        ({"agreed": None}, "interruption without agreed"),
        ({"on": "2026-05"}, "interruption with on"),
        ({"covers": "value"}, "value without guaranteed, value, on"),
    ],
)
def test_mistakes(changes, match):
    with pytest.raises(ValueError, match=match):
        terms(**changes)


def test_derivatives_are_finite_and_right():
    # The draws meet neither kink: losses are 2,400 against 500 and 1,500.
    places = [f"contracts.example.{x}" for x in ("premium", "deductible", "limit")]
    found = gradient(Insurance, EXAMPLE, SEEN, PERIODS, share=0.5, bump=places)
    assert all(math.isfinite(value) for value in found.slope.values())
    for place in places:
        assert math.isclose(found.slope[place], found.bump[place], rel_tol=1e-5, abs_tol=1e-4)
