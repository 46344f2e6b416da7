"""Vendor financing: golden table, and every rule against hand arithmetic."""

import math

import numpy as np

from offtake.contracts.vendor_financing import EXAMPLE, VendorFinancing
from tests.contracts.harness import check_golden, gradient, run_alone

COHORT = {"chips.batch.units": 10.0, "chips.batch.price": 30.0, "chips.batch.deliver": 0.7}
PERIODS = 8


def terms(**changes):
    return type(EXAMPLE).model_validate(EXAMPLE.model_dump(exclude_unset=True) | changes)


def run(paid=lambda line, t, claimed: claimed, observations=None, ready=1.0, **setting):
    changes = setting.pop("changes", {})
    seen = {"chips.batch.ready": ready} | (observations or {})
    return run_alone(
        VendorFinancing, terms(**changes), seen, PERIODS, paid=paid, numbers_at=COHORT, **setting
    )


def test_golden():
    check_golden(run())


def test_example_by_hand():
    table = run()
    # 300 for the chips: 60 at once, 240 lent on delivery, in four parts; the first month is free.
    np.testing.assert_allclose(table["deposit"], [60] + [0] * 8)
    np.testing.assert_allclose(table["purchase"], [0, 240] + [0] * 7)
    np.testing.assert_allclose(table["credit"], table["purchase"])
    np.testing.assert_allclose(table["principal"], [0, 0, 60, 60, 60, 60, 0, 0, 0])
    np.testing.assert_allclose(table["interest"], [0, 0, 0, 1.8, 1.2, 0.6, 0, 0, 0])
    np.testing.assert_allclose(table["balance"][:7], [0, 0, 240, 180, 120, 60, 0])
    np.testing.assert_allclose(table["signals.paid"], [0] + [1] * 8)
    assert EXAMPLE.collateral == ("batch",)


def test_level_instalments_and_a_fee():
    """1 % a month on 240 over 3 months: 240 x 0.01 / (1 - 1.01^-3) each, after a month without."""
    changes = {"amortisation": "annuity", "interest_free": "0 months", "deferral": "1 month"}
    table = run(changes=changes | {"upfront_fee": "2 %"})
    level = 240 * 0.01 / (1 - 1.01**-3)
    np.testing.assert_allclose((table["interest"] + table["principal"])[2:6], [2.4, *[level] * 3])
    np.testing.assert_allclose(table["fee"], [0, 4.8] + [0] * 7)


def test_interest_waits_for_instalments_and_the_free_time_ends_within_a_month():
    table = run(changes={"instalment_every": "2 months", "interest_free": "0.75 months"})
    # A quarter of the first month counts: 2.4 / 4, and all of the second.
    np.testing.assert_allclose(table["interest"][:6], [0, 0, 0, 0.6 + 2.4, 0, 2.4])
    np.testing.assert_allclose(table["principal"][:6], [0, 0, 0, 120, 0, 120])


def test_what_the_vendor_has_not_ready_is_lent_when_it_comes():
    table = run(ready=np.array([0, 0.5, 0.5, 1, 1, 1, 1, 1, 1]))
    np.testing.assert_allclose(table["credit"][:5], [0, 120, 0, 120, 0])
    # 120 in four parts; then 60 left of it, and 120 more, in two.
    np.testing.assert_allclose(table["principal"][:6], [0, 0, 30, 30, 90, 90])
    np.testing.assert_allclose(table["signals.paid"][:4], [0, 0.5, 0.5, 1])


def test_no_deposit_no_chips():
    table = run(paid=lambda line, t, claimed: claimed * (line != "deposit" or t == 3))
    np.testing.assert_allclose(table["deposit.claimed"][:5], [60, 60, 60, 60, 0])
    np.testing.assert_allclose(table["credit"][:6], [0, 0, 0, 0, 240, 0])
    # The last instalment is four months after the delivery date all the same.
    np.testing.assert_allclose(table["principal"][4:6], [0, 240])


def test_a_vendor_in_default_delivers_nothing():
    payout = np.where(np.arange(PERIODS + 1) < 1, 1.0, 0.3)
    table = run(observations={"parties.vendor.payout": payout})
    np.testing.assert_allclose(table["credit.claimed"], 0.0)
    np.testing.assert_allclose(table["signals.paid"], 0.0)


def test_nothing_is_sold_on_credit_to_a_borrower_in_default():
    np.testing.assert_allclose(run(stopped={"company": 1})["credit"], 0.0)


def test_unpaid_instalments_are_called():
    table = run(
        paid=lambda line, t, claimed: claimed * (line in ("deposit", "purchase", "credit")),
        changes={"grace": "1 month"},
    )
    # Nothing is paid in periods 2 and 3, which is longer than a month.
    assert table["accelerated"].tolist()[:6] == [0, 0, 0, 0, 1, 1]
    np.testing.assert_allclose(table["principal.claimed"][:5], [0, 0, 60, 120, 240])


def test_derivatives_are_finite_and_right():
    places = [f"contracts.example.{x}" for x in ("down_payment", "rate", "interest_free")]
    found = gradient(
        VendorFinancing,
        terms(interest_free="1.5 months"),
        {"chips.batch.ready": 1.0},
        PERIODS,
        numbers_at=COHORT,
        share=0.9,
        bump=places,
    )
    assert all(math.isfinite(value) for value in found.slope.values())
    for place in places:
        assert math.isclose(found.slope[place], found.bump[place], rel_tol=1e-5, abs_tol=1e-4)
