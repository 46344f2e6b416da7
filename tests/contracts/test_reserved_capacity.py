"""Reserved capacity: golden table, and every rule against hand arithmetic."""

import math

import numpy as np
import pytest
from pydantic import ValidationError

from offtake.contracts.reserved_capacity import EXAMPLE, ReservedCapacity
from tests.contracts.harness import check_golden, gradient, run_alone, scaled

DELIVERED = np.array([0.0, 0.0, 1000.0] + [2000.0] * 6)
SITE = {"sites.hall.h100e_hours": DELIVERED}


def terms(**changes):
    return type(EXAMPLE).model_validate(EXAMPLE.model_dump(exclude_unset=True) | changes)


def run(paid=lambda line, t, claimed: claimed, observations=None, values=None, **changes):
    seen = SITE | (observations or {})
    return run_alone(ReservedCapacity, terms(**changes), seen, 8, paid=paid, values=values)


def test_golden():
    check_golden(run())


def test_example_by_hand():
    table = run()
    # Half of the hours are offered, 60 % of these used, 90 % paid for at 2 USD.
    np.testing.assert_allclose(table["capacity"], 2 * 0.9 * 0.5 * DELIVERED)
    np.testing.assert_allclose(table["signals.sold_hours"], 0.6 * 0.5 * DELIVERED)
    assert not table["prepayment"].any()
    assert not table["damages"].any()


def test_use_beyond_take_or_pay():
    table = run(utilisation="95 %")
    np.testing.assert_allclose(table["capacity"], 2 * 0.95 * 0.5 * DELIVERED)


def test_capacity_bounds_the_hours():
    hours = np.array([0, 744, 672, 744, 720, 744, 720, 744, 744])
    table = run(capacity="1 H100e", take_or_pay="100 %")
    np.testing.assert_allclose(table["capacity"], 2 * np.minimum(hours, 0.5 * DELIVERED))
    np.testing.assert_allclose(table["reserved_h100e"][1:], 1.0)


def test_term_runs_from_the_first_hours():
    table = run(term="2.5 months")
    np.testing.assert_allclose(table["capacity"], 0.9 * DELIVERED * [0, 0, 1, 1, 0.5, 0, 0, 0, 0])
    # What is reserved is known at the start of the month; before the term nothing is delivered.
    share = [0, 0.5, 0.5, 0.5, 0.25, 0, 0, 0, 0]
    np.testing.assert_allclose(table["reserved_share"], share)


def test_term_runs_from_its_date():
    table = run(start="2026-03-16", term="2 months")
    part = np.array([0, 0, 0, 16 / 31, 1, 15 / 31, 0, 0, 0])
    np.testing.assert_allclose(table["capacity"], 0.9 * DELIVERED * part, atol=1e-9)


def test_term_that_began_before_the_plan():
    table = run(start="2025-11", term="5.5 months")
    np.testing.assert_allclose(table["capacity"], 0.9 * DELIVERED * [0, 1, 1, 1, 0.5, 0, 0, 0, 0])


def test_prepayment_is_credited():
    table = run(prepayment="3000 USD", credit_share="50 %")
    assert table["prepayment"][0] == 3000
    np.testing.assert_allclose(table["capacity"], [0, 0, 450, 900, 900, 1050, 1800, 1800, 1800])


def test_prepayment_that_is_not_paid_gives_no_credit():
    table = run(lambda line, t, claimed: 0.0 if line == "prepayment" else claimed, None, None,
                prepayment="3000 USD")  # fmt: skip
    np.testing.assert_allclose(table["capacity"], run()["capacity"])


def test_damages_for_what_was_promised():
    table = run(capacity="2 H100e", promised="2026-02-15", damages="40 %")
    hours = 2 * np.array([0, 0, 672 / 2, 744, 720, 744, 720, 744, 744])
    offered = np.minimum(hours, 0.5 * DELIVERED)
    offered[2] = 500
    np.testing.assert_allclose(table["damages"], 0.4 * 2 * np.maximum(hours - offered, 0))
    late = run(
        lambda line, t, claimed: claimed * (0.0 if line == "damages" and t == 3 else 1.0),
        capacity="2 H100e",
        promised="2026-02-15",
        damages="40 %",
    )
    np.testing.assert_allclose(late["damages"][4], table["damages"][3:5].sum())
    with pytest.raises(ValidationError, match="promised"):
        terms(damages="10 %")


def test_ends_after_grace():
    table = run(lambda line, t, claimed: claimed * (0.0 if t >= 3 else 1.0), grace="2 months")
    np.testing.assert_allclose(table["capacity.claimed"][3:], [1800, 3600, 5400, 5400, 5400, 5400])
    assert table["terminated"].tolist() == [0] * 6 + [1] * 3
    assert table["reserved_share"].tolist() == [0] + [0.5] * 5 + [0] * 3
    assert not table["signals.sold_hours"][6:].any()


def test_recovery_settles_the_bill_of_a_buyer_in_default():
    table = run(
        lambda line, t, claimed: claimed * (0.4 if t >= 3 else 1.0),
        {"parties.customer.payout": [1.0] * 3 + [0.4] * 6},
        grace="2 months",
    )
    np.testing.assert_allclose(table["capacity"], [0, 0, 900, 720, 720, 720, 0, 0, 0])
    assert not table["arrears"].any()


def test_scales_and_vanishes():
    twice = scaled(EXAMPLE, 2.0, units=("USD", "USD/H100e/h"))
    np.testing.assert_allclose(run(values=twice)["capacity"], 2 * run()["capacity"])
    assert not run(share="0 %")["capacity"].any()


def test_gradient():
    example = terms(
        term="5.5 months",
        capacity="1.1 H100e",
        promised="2026-02-10",
        damages="40 %",
        prepayment="3000 USD",
        credit_share="30 %",
    )
    fields = ("share", "term", "take_or_pay", "capacity", "damages", "prepayment", "credit_share")
    places = tuple(f"contracts.example.{field}" for field in fields)
    found = gradient(ReservedCapacity, example, SITE, 8, share=0.9, bump=places)
    assert all(map(math.isfinite, found.slope.values()))
    for place in places:
        assert math.isclose(found.slope[place], found.bump[place], rel_tol=1e-5), place


def test_a_buyer_that_fails_owes_for_the_rest_of_the_term():
    # Nothing is paid from period 3 on; after one period of grace the seller ends it in period 4,
    # with three of six periods left, worth 1.01^-1 + ... each of 0.9 x 1,000 hours at 2 USD.
    table = run(
        lambda line, t, claimed: claimed * (t < 3),
        term="6 months",
        grace="1 month",
        termination="50 %",
        termination_rate="12.68250301319698 %/year",
        prepayment="500 USD",
        credit_share="0 %",
    )
    left = sum(1.01**-k for k in (1, 2, 3))
    owed = 0.5 * 1800 * left - 500
    expected = [0] * 5 + [owed] * 4
    np.testing.assert_allclose(table["termination.claimed"], expected)
    assert not table["refund.claimed"].any()
    assert not table["capacity.claimed"][6:].any() or table["terminated"][5] == 1.0


def test_of_a_claim_on_a_buyer_in_default_outside_the_plan_the_rest_is_lost():
    payout = {"parties.customer.payout": np.where(np.arange(9) >= 3, 0.4, 1.0)}
    table = run(
        lambda line, t, claimed: claimed * (0.4 if t >= 3 else 1.0),
        payout,
        grace="0 months",
        termination="100 %",
        term="4 months",
    )
    # Ended in period 3, with two of four periods left at 1,800 USD.
    np.testing.assert_allclose(table["termination.claimed"], [0, 0, 0, 0, 3600, 0, 0, 0, 0])
    np.testing.assert_allclose(table["termination"][4], 0.4 * 3600)


def test_a_buyer_whose_seller_delivers_no_more_claims_its_prepayment():
    hours = np.where(np.arange(9) < 5, DELIVERED, 0.0)
    table = run_alone(
        ReservedCapacity,
        terms(prepayment="5,000 USD", credit_share="50 %", grace="1 month"),
        {"sites.hall.h100e_hours": hours},
        8,
        stopped={"company": 4},
    )
    # Credited 450 and 900 twice; idle in 5 and 6, ended then.
    np.testing.assert_allclose(table["refund"], [0, 0, 0, 0, 0, 0, 0, 2750, 0])
    np.testing.assert_allclose(table["terminated"], [0, 0, 0, 0, 0, 0, 0, 1, 1])
