"""Chip sale: golden table, and every rule against hand arithmetic."""

import math

import numpy as np
import pytest
from pydantic import ValidationError

from offtake.contracts.chip_sale import EXAMPLE, ChipSale
from tests.contracts.harness import check_golden, gradient, run_alone, scaled

SEEN = {
    "vendors.maker.unsold": [0.0, 0.0, 10.0, 20.0, 20.0],
    "chips.cohort.sent": [0.0, 4.0, 2.0, 0.0, 4.0],
    "chips.cohort.ready": [0.0, 0.4, 0.6, 0.6, 1.0],
    "chips.other.sent": [0.0, 0.0, 8.0, 0.0, 0.0],
    "chips.other.ready": [0.0, 0.0, 1.0, 1.0, 1.0],
}


def terms(**changes):
    return type(EXAMPLE).model_validate(EXAMPLE.model_dump(exclude_unset=True) | changes)


def run(paid=lambda line, t, claimed: claimed, observations=None, values=None, **changes):
    seen = SEEN | (observations or {})
    return run_alone(ChipSale, terms(**changes), seen, 4, paid=paid, values=values)


def test_golden():
    check_golden(run())


def test_what_nobody_waits_for_is_sold():
    table = run(share="50 %")
    np.testing.assert_allclose(table["sold"], [0, 0, 150_000, 300_000, 300_000])
    assert not table["delivered"].any()


def test_cohorts_pay_for_what_is_sent_at_the_price_of_the_day():
    table = run(
        vendor=None,
        chips=["cohort", "other"],
        price={"2026-01": "30k USD", "2026-02": "20k USD"},
    )
    np.testing.assert_allclose(table["delivered"][:, 0], [0, 120_000, 40_000, 0, 80_000])
    np.testing.assert_allclose(table["delivered"][:, 1], [0, 0, 160_000, 0, 0])
    assert not table["sold"].any()
    np.testing.assert_allclose(table["signals.paid"][:, 0], [0, 0.4, 0.6, 0.6, 1.0])


def test_what_is_unpaid_is_claimed_again_and_its_chips_stand_idle():
    """Half of 120,000 is paid in period 1: 0.4 x 0.5 of the cohort counts; then all of it."""
    table = run(
        vendor=None,
        chips="cohort",
        paid=lambda line, t, claimed: claimed * (0.5 if t == 1 else 1.0),
    )
    np.testing.assert_allclose(table["delivered.claimed"], [0, 120_000, 120_000, 0, 120_000])
    np.testing.assert_allclose(table["arrears"], [0, 0, 60_000, 0, 0])
    np.testing.assert_allclose(table["signals.paid"], [0, 0.2, 0.6, 0.6, 1.0])


def test_recovery_settles_the_claim_on_a_buyer_in_default():
    table = run(
        paid=lambda line, t, claimed: 0.4 * claimed, observations={"parties.customer.payout": 0.4}
    )
    assert not table["arrears"].any()


def test_one_thing_is_sold():
    with pytest.raises(ValidationError, match="delete one of them"):
        terms(chips="cohort")
    with pytest.raises(ValidationError, match="add chips"):
        terms(vendor=None)


def test_scales():
    np.testing.assert_allclose(
        run(values=scaled(EXAMPLE, 2.0, ["USD/GPU"]))["sold"], 2 * run()["sold"]
    )


def test_gradient():
    found = gradient(ChipSale, terms(share="70 %"), SEEN, periods=4, share=0.7)
    assert all(map(math.isfinite, found.slope.values()))
