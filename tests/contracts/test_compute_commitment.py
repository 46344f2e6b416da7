"""Compute commitment: golden table, and every rule against hand arithmetic."""

import math

import numpy as np
import pytest
from pydantic import ValidationError

from offtake.contracts.compute_commitment import EXAMPLE, ComputeCommitment
from tests.contracts.harness import check_golden, gradient, run_alone

H = np.array([0, 744, 672, 744, 720, 744, 720, 744, 744, 720, 744, 720, 744, 744, 672])
PLAIN = {
    k: v
    for k, v in EXAMPLE.model_dump(exclude_unset=True).items()
    if k not in ("step_down", "resale", "market", "need")
}


def plain(**changes):
    """The example without options and with everything used."""
    return type(EXAMPLE).model_validate(PLAIN | changes)


def run(terms=EXAMPLE, paid=lambda line, t, claimed: claimed, observations=None, **setting):
    return run_alone(ComputeCommitment, terms, observations, 14, paid=paid, **setting)


def test_golden():
    check_golden(run())


def test_example_by_hand():
    table = run()
    # February: 9 of 10 paid for, 6 used. The last 5 would be used to a fifth: 1.80 less 0.2 x 1
    # less 0.7 x 0.8 is saved per hour, the fee is 0.18; notice of two months: 5 from May.
    capacity = np.array([0, 0, 10, 10, 10] + [5] * 9 + [0])
    used = np.minimum(capacity, [0, 0, 6, 6, *[2] * 11])
    billed = np.maximum(0.9 * capacity, used)
    np.testing.assert_allclose(table["capacity"], 2 * billed * H)
    np.testing.assert_allclose(table["resale"], 0.8 * (billed - used) * H)
    np.testing.assert_allclose(table["offered_hours"], capacity * H)
    fee = np.zeros(15)
    fee[3] = 0.1 * 2 * 0.9 * 5 * 672 * 9
    np.testing.assert_allclose(table["fee"], fee)
    assert table["stepped_down"].tolist() == [0] * 3 + [1] * 12


def test_all_is_used_where_no_need_is_stated():
    table = run(plain())
    np.testing.assert_allclose(table["capacity"], 20 * H * ([0, 0] + [1] * 12 + [0]))
    assert not table["fee"].any()


def test_the_ramp_counts_in_the_middle_of_the_month():
    table = run(plain(ramp="4 months"))
    level = np.array([0, 0, 0.125, 0.375, 0.625, 0.875] + [1] * 8 + [0])
    np.testing.assert_allclose(table["offered_hours"], 10 * H * level)


def test_a_term_that_began_before_the_plan():
    table = run(plain(start="2025-11", term="5.5 months"))
    np.testing.assert_allclose(table["offered_hours"], 10 * H * ([0, 1, 1, 1, 0.5] + [0] * 10))


def test_those_named_first_serve_first():
    served = {"contracts.first.offered_hours": 4 * H}
    table = run(plain(need="9 H100e", after=["first"], take_or_pay="40 %"), observations=served)
    np.testing.assert_allclose(table["capacity"], 2 * 5 * H * ([0, 0] + [1] * 12 + [0]))


def test_a_site_bounds_what_is_offered():
    hours = np.where(np.arange(15) < 4, 3000.0, 20000.0)
    table = run(plain(site="hall"), observations={"sites.hall.h100e_hours": hours})
    offered = np.minimum(10 * H, hours) * ([0, 0] + [1] * 12 + [0])
    np.testing.assert_allclose(table["offered_hours"], offered)
    np.testing.assert_allclose(table["signals.sold_hours"], offered)
    np.testing.assert_allclose(table["reserved_h100e"], [0, 0] + [10] * 12 + [0])


CANCEL = {"earliest": "6 months", "notice": "2 months", "fee": "25 %"}


@pytest.mark.parametrize(("market", "goes"), [(1.4, True), (1.6, False)])
def test_cancels_where_the_market_is_cheaper_by_more_than_the_fee(market, goes):
    # All is used: 2 less the market's price against a fee of 0.25 x 0.9 x 2 = 0.45.
    table = run(plain(market=f"{market} USD/H100e/h", cancellation=CANCEL))
    # Position 1 + 6, chosen two months before; six months of the term are left.
    last = 7 if goes else 13
    np.testing.assert_allclose(table["offered_hours"], 10 * H * (np.arange(15) <= last) * (H > 0)
                               * (np.arange(15) > 1))  # fmt: skip
    assert table["fee"].sum() == pytest.approx(0.45 * 10 * 744 * 6 if goes else 0.0)
    assert bool(table["cancelled"][6]) is goes


def policy(*numbers):
    return {"exercise": "fitted", "policy": [f"{x} USD/H100e/h" for x in numbers]}


@pytest.mark.parametrize("below", [True, False])
def test_a_fitted_policy_cancels_where_its_advantage_is_positive(below):
    # Market 1.2 against 2: z = -0.25; need 2.5 and capacity 10: n = 0.2.
    # p0 + 2 x 0.25 - 25.6 x 0.25^4 + 0.2 x (2 x 0.25^2) = p0 + 0.5 - 0.1 + 0.025
    least = -0.425 + (1e-6 if below else -1e-6)
    numbers = (least, -2.0, 0.0, 0.0, -25.6, 0.0, 0.0, 2.0, 0.0, 0.0)
    terms = plain(
        market="1.2 USD/H100e/h", need="2.5 H100e", cancellation=CANCEL | policy(*numbers)
    )
    table = run(terms)
    assert bool(table["cancelled"][6]) is below
    assert table["fee"].sum() == pytest.approx(0.45 * 10 * 744 * 6 if below else 0.0)


STEP = {"share": "40 %", "earliest": "6 months", "notice": "2 months", "fee": "25 %"}


@pytest.mark.parametrize("below", [True, False])
def test_a_fitted_policy_steps_down_where_its_advantage_is_positive(below):
    # Market 1.2 against 2: z = -0.25. Need 7 and capacity 10: of the last 4 one is needed, n = 0.2.
    # p0 + 2 x 0.25 - 25.6 x 0.25^4 + 0.2 x (2 x 0.25^2) = p0 + 0.5 - 0.1 + 0.025
    least = -0.425 + (1e-6 if below else -1e-6)
    numbers = (least, -2.0, 0.0, 0.0, -25.6, 0.0, 0.0, 2.0, 0.0, 0.0)
    terms = plain(market="1.2 USD/H100e/h", need="7 H100e", step_down=STEP | policy(*numbers))
    table = run(terms)
    assert bool(table["stepped_down"][6]) is below
    assert table["fee"].sum() == pytest.approx(0.45 * 4 * 744 * 6 if below else 0.0)


def test_a_policy_has_ten_numbers_and_a_reader():
    for wrong in (policy(1.0), policy(*range(10)) | {"exercise": "rule"}):
        with pytest.raises(ValidationError, match="policy"):
            plain(market="1 USD/H100e/h", cancellation=CANCEL | wrong)
        with pytest.raises(ValidationError, match="policy"):
            plain(market="1 USD/H100e/h", step_down=STEP | wrong)


def test_expects_what_it_is_told_to():
    # 1.60 falling by 40 % a year is 1.60 x 0.6^((2 + 3) / 12) = 1.293 in the middle of the rest.
    market = {"market": "1.6 USD/H100e/h", "cancellation": CANCEL}
    assert run(plain(**market, price_outlook="-40 %/year"))["cancelled"][6] == 1.0
    # Half is needed, the market dear: not given up for what is needed, nor where need will grow.
    half = {"market": "2 USD/H100e/h", "cancellation": CANCEL, "need": "5 H100e"}
    assert run(plain(**half))["cancelled"][6] == 1.0
    assert run(plain(**half, need_outlook="300 %/year"))["cancelled"][6] == 0.0


DEFER = {"by": "4 months", "notice": "2 months", "fee": "20 %"}


@pytest.mark.parametrize("need", [0, 10])
def test_starts_later_where_it_has_no_need(need):
    later = need == 0
    terms = plain(start="2026-04", need=f"{need} H100e", market="1.7 USD/H100e/h", deferral=DEFER)
    table = run(terms)
    first = 8 if later else 4
    np.testing.assert_allclose(table["offered_hours"], 10 * H * (np.arange(15) >= first))
    # Chosen at the close of January: a fee on nine of ten hours of four months of its length.
    fee = np.where(np.arange(15) == 2, 0.2 * 2 * 9 * 744 * 4, 0.0)
    np.testing.assert_allclose(table["fee"], fee * later)
    assert table["deferred"].tolist() == [0, 0, *[float(later)] * 13]


def test_the_price_is_set_when_the_term_starts():
    written = {k: v for k, v in PLAIN.items() if k != "price"}
    terms = type(EXAMPLE).model_validate(
        written
        | {"price_share": "80 %", "start": "2026-03-16", "need": "10 H100e"}
        | {
            "market": {
                "2026-01": "3 USD/H100e/h",
                "2026-03": "2 USD/H100e/h",
                "2026-04": "5 USD/H100e/h",
            }
        }
    )
    table = run(terms)
    np.testing.assert_allclose(table["capacity"], 1.6 * table["offered_hours"])
    assert table["offered_hours"][3] == pytest.approx(10 * 744 * 16 / 31)
    with pytest.raises(ValidationError, match="price"):
        plain(price_share="80 %")


def test_an_option_needs_the_price_of_the_market():
    with pytest.raises(ValidationError, match="market"):
        plain(cancellation=CANCEL)


def test_ends_after_grace_and_owes_for_the_rest():
    terms = plain(grace="1 month", termination="50 %", need="0 H100e")
    table = run(terms, lambda line, t, claimed: claimed * (t < 4))
    # Unpaid in April and May; eight of twelve months are left.
    assert table["terminated"].tolist() == [0] * 6 + [1] * 9
    owed = 0.5 * 2 * 9 * 744 * 8
    np.testing.assert_allclose(table["termination.claimed"], [0] * 6 + [owed] * 9)
    assert not table["offered_hours"][6:].any()
    np.testing.assert_allclose(table["capacity.claimed"][6:], 2 * 9 * (720 + 744))


def test_recovery_settles_what_a_buyer_in_default_owes():
    payout = {"parties.lab.payout": np.where(np.arange(15) >= 3, 0.4, 1.0)}
    table = run(EXAMPLE, lambda line, t, claimed: claimed * (0.4 if t >= 3 else 1.0), payout)
    assert not table["arrears"].any()
    assert table["fee.claimed"][4] == 0.0


def test_gradient():
    terms = type(EXAMPLE).model_validate(
        EXAMPLE.model_dump(exclude_unset=True)
        | {"start": "2026-02-10", "ramp": "3.3 months", "term": "10.4 months"}
    )
    fields = ("capacity", "ramp", "price", "start", "term", "take_or_pay", "market")
    options = ("step_down.share", "step_down.fee", "step_down.notice", "resale.spread")
    places = [f"contracts.example.{field}" for field in (*fields, *options)]
    found = gradient(ComputeCommitment, terms, periods=14, share=0.9, bump=places)
    assert all(map(math.isfinite, found.slope.values()))
    for place in places:
        assert math.isclose(found.slope[place], found.bump[place], rel_tol=1e-5), place
