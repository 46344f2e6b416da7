"""Chip purchase order: golden table, and every rule against hand arithmetic."""

import math

import numpy as np
import pytest
from pydantic import ValidationError

from offtake.contracts.chip_purchase import EXAMPLE, ChipPurchase
from tests.contracts.harness import check_golden, gradient, run_alone

COHORT = {"chips.cohort.units": 10.0, "chips.cohort.price": 30.0, "chips.cohort.deliver": 2.5}
LATER = {"chips.later.units": 5.0, "chips.later.price": 30.0, "chips.later.deliver": 4.0}


def terms(**changes):
    return type(EXAMPLE).model_validate(EXAMPLE.model_dump(exclude_unset=True) | changes)


def run(paid=lambda line, t, claimed: claimed, periods=5, numbers_at=None, ready=None, **changes):
    known = COHORT | LATER | (numbers_at or {})
    seen = {"chips.cohort.ready": 1.0, "chips.later.ready": 1.0} | (ready or {})
    return run_alone(ChipPurchase, terms(**changes), seen, periods, paid=paid, numbers_at=known)


def test_golden():
    check_golden(run())


def test_example_by_hand():
    table = run()
    # A fifth of 300 at the start; the rest in period 3, in the middle of which delivery is due.
    np.testing.assert_allclose(table["price"], [60, 0, 0, 240, 0, 0])
    np.testing.assert_allclose(table.columns["paid"][:, 0, 0], [0, 60, 60, 60, 300, 300])
    np.testing.assert_allclose(table["outstanding"], [300, 240, 240, 240, 0, 0])
    np.testing.assert_allclose(table["signals.paid"], [0, 0, 0, 1, 1, 1])


def test_a_vendor_that_is_short_is_paid_for_what_it_sends():
    sent = [0.0, 0.0, 0.0, 0.25, 0.5, 1.0]
    table = run(ready={"chips.cohort.ready": sent})
    np.testing.assert_allclose(table["price"], [60, 0, 0, 60, 60, 120])
    np.testing.assert_allclose(table["signals.paid"], [0, 0, 0, 0.25, 0.5, 1.0])


def test_signed_later():
    np.testing.assert_allclose(run(signed="2026-02")["price"], [0, 60, 0, 240, 0, 0])


def test_one_row_for_every_cohort():
    table = run(chips=["cohort", "later"])
    assert table.rows == ("cohort", "later")
    np.testing.assert_allclose(table["price"].sum(axis=0), [300, 150])
    assert table["price"][4].tolist() == [0, 120]


def test_what_is_paid_for_is_delivered():
    table = run(paid=lambda line, t, claimed: claimed * {3: 0.25, 4: 0.5}.get(t, 1.0))
    np.testing.assert_allclose(table["price.claimed"], [60, 0, 0, 240, 180, 90])
    np.testing.assert_allclose(table["signals.paid"], [0, 0, 0, 0.25, 0.625, 1])


def test_money_of_the_deposit_comes_first():
    table = run(paid=lambda line, t, claimed: claimed * (0.5 if t in (0, 3) else 0.0))
    # 30 of the deposit, then half of 270: 165 in all, 105 beyond the deposit.
    np.testing.assert_allclose(table["signals.paid"], [0, 0, 0, 105 / 240, 105 / 240, 105 / 240])


def test_cancelled_when_overdue_for_too_long():
    pay = lambda line, t, claimed: claimed * (1.0 if line == "cancellation" or t == 0 else 0.0)  # noqa: E731
    table = run(pay, 8, cancel_after="2 months", cancellation_fee="10 %")
    np.testing.assert_allclose(table["price.claimed"][3:], [240, 240, 240, 0, 0, 0])
    np.testing.assert_allclose(table["cancellation.claimed"][5:], [0, 24, 0, 0])
    assert not table["outstanding"][6:].any()
    assert not table["signals.paid"].any()


def test_no_deposit_or_no_price():
    alone = run(milestones={"signing": "100 %", "delivery": "0 %"}, paid=lambda line, t, x: 0.5 * x)
    np.testing.assert_allclose(alone["signals.paid"][:2], [0.5, 0.75])
    free = run(numbers_at={"chips.cohort.price": 0.0})
    assert not free["price"].any()
    assert (free["signals.paid"] == 1.0).all()


def test_milestones_add_up():
    with pytest.raises(ValidationError, match="delivery: 70 %"):
        terms(milestones={"signing": "30 %"})


def test_gradient():
    places = ("contracts.example.milestones.signing", "chips.cohort.price")
    seen = {"chips.cohort.ready": 1.0}
    found = gradient(
        ChipPurchase, EXAMPLE, seen, periods=5, share=0.7, bump=places, numbers_at=COHORT
    )
    assert all(map(math.isfinite, found.slope.values()))
    for place in places:
        assert math.isclose(found.slope[place], found.bump[place], rel_tol=1e-6)
