"""Operating cost: golden table, and every rule against hand arithmetic."""

import math

import numpy as np
import pytest
from pydantic import ValidationError

from offtake.contracts.operating_cost import EXAMPLE, OperatingCost
from tests.contracts.harness import check_golden, gradient, run_alone, scaled

SITE = {"sites.hall.power_mw": [0.0, 0.0, 5.0, 10.0, 10.0]}


def terms(**changes):
    return type(EXAMPLE).model_validate(EXAMPLE.model_dump(exclude_unset=True) | changes)


def run(paid=lambda line, t, claimed: claimed, observations=None, values=None, **changes):
    seen = SITE | (observations or {})
    return run_alone(OperatingCost, terms(**changes), seen, 4, paid=paid, values=values)


def test_golden():
    check_golden(run())


def test_example_by_hand():
    np.testing.assert_allclose(run()["cost"], [0, 100, 100, 100, 100])


def test_per_mw_of_a_site():
    table = run(site="hall", per_mw="1.2 M USD/MW/year")
    np.testing.assert_allclose(table["cost"], [0, 100, 100 + 5e5, 100 + 1e6, 100 + 1e6])
    with pytest.raises(ValidationError, match="add site"):
        terms(per_mw="1 USD/MW/year")


def test_the_chips_whose_design_it_pays_for_move_no_money():
    table = run(designs=["own"], instead_of=["bought"])
    np.testing.assert_allclose(table["cost"], run()["cost"])
    with pytest.raises(ValidationError, match="delete site"):
        terms(designs=["own"], site="hall")
    with pytest.raises(ValidationError, match="add designs"):
        terms(instead_of=["bought"])
    with pytest.raises(ValidationError, match="take it out"):
        terms(designs=["own"], instead_of=["own"])


def test_over_time_and_between_dates():
    table = run(amount={"2026-01": "1200 USD/year", "2026-03": "2400 USD/year"}, start="2026-01-16")
    np.testing.assert_allclose(table["cost"], [0, 100 * 16 / 31, 100, 200, 200])
    np.testing.assert_allclose(run(end="2026-03")["cost"], [0, 100, 100, 0, 0])
    assert not run(start="2026-03", end="2026-02")["cost"].any()


def test_what_is_unpaid_is_claimed_again():
    table = run(paid=lambda line, t, claimed: claimed * (0.2 if t == 2 else 1.0))
    np.testing.assert_allclose(table["arrears"], [0, 0, 0, 80, 0])
    np.testing.assert_allclose(table["cost"], [0, 100, 20, 180, 100])


def test_recovery_settles_the_claim_on_a_payer_in_default():
    table = run(
        paid=lambda line, t, claimed: 0.4 * claimed, observations={"parties.company.payout": 0.4}
    )
    assert not table["arrears"].any()


def test_scales():
    np.testing.assert_allclose(run(values=scaled(EXAMPLE, 2.0))["cost"], 2 * run()["cost"])


def test_gradient():
    found = gradient(OperatingCost, terms(start="2026-01-10"), periods=4, share=0.7)
    assert all(map(math.isfinite, found.slope.values()))
