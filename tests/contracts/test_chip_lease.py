"""Chip lease: golden table, and every rule against hand arithmetic."""

import math

import numpy as np
import pytest
from pydantic import ValidationError

from offtake.contracts.chip_lease import EXAMPLE, ChipLease
from tests.contracts.harness import check_golden, gradient, run_alone

PERIODS = 8
NUMBERS = {"chips.rented.units": 10.0, "chips.rented.deliver": 0.6}
SEEN = {
    "chips.rented.ready": 1.0,
    "chips.rented.h100e": 12.0,
    "chips.rented.margin": 90.0,
    "chips.rented.resale_value": np.array([500, 400, 300, 250, 180, 160, 150, 140, 130.0]),
}


def terms(**changes):
    return type(EXAMPLE).model_validate(EXAMPLE.model_dump(exclude_unset=True) | changes)


def run(paid=lambda line, t, claimed: claimed, seen=None, **setting):
    changes = setting.pop("changes", {})
    return run_alone(
        ChipLease, terms(**changes), SEEN | (seen or {}), PERIODS, paid=paid, numbers_at=NUMBERS,
        **setting,
    )  # fmt: skip


def test_golden():
    check_golden(run())


def test_example_by_hand():
    table = run()
    # 100 a month for three months from period 1 on; worth 180 and not 200 in period 4, so rented
    # for another two months at 80; worth 150 in period 6: given back for 15, and sold.
    np.testing.assert_allclose(table["rent"], [0, 0, 100, 100, 100, 80, 80, 0, 0])
    np.testing.assert_allclose(table["purchase"], 0)
    np.testing.assert_allclose(table["return"], [0] * 6 + [15, 0, 0])
    np.testing.assert_allclose(table["resale"], [0] * 6 + [150, 0, 0])
    assert table["renewed"].tolist() == [0] * 5 + [1] * 4
    assert table["vacated"].tolist() == [0] * 7 + [1] * 2
    assert table["signals.sold"].tolist() == [0] * 6 + [1, 0, 0]


@pytest.mark.parametrize(("price", "buys"), [("195 USD", True), ("196 USD", False)])
def test_it_is_bought_where_that_costs_less_than_it_is_worth(price, buys):
    """180 and the 15 of giving it back that are saved."""
    table = run(changes={"purchase_price": price})
    assert table["purchase"][4] == (195 if buys else 0)
    assert table["bought"][5] == buys
    assert not (buys and table["signals.sold"].any())


@pytest.mark.parametrize("margin", [79.9, 80.0])
def test_it_is_kept_on_where_it_earns_its_rent(margin):
    table = run(seen={"chips.rented.margin": margin})
    assert table["rent"][5] == (80 if margin == 80.0 else 0)


def test_bought_at_the_value_of_the_day_or_because_it_must():
    table = run(changes={"purchase": "value", "purchase_price": "0 USD"})
    np.testing.assert_allclose(table["purchase"][4], 180)
    table = run(changes={"purchase": "obliged", "purchase_price": "1,000 USD"})
    np.testing.assert_allclose(table["purchase"][4], 1000)
    table = run(changes={"purchase": "none", "purchase_price": "0 USD", "buyer": None})
    assert not table["purchase"].any()
    assert not table["resale"].any()


def test_rent_by_the_hour_within_a_term_that_ends_within_a_month():
    changes = {"per_chip": "0 USD/GPU/year", "per_hour": "0.01 USD/H100e/h", "term": "1.5 months"}
    table = run(
        changes=changes | {"rent_free": "0.25 months", "renewals": "0", "purchase_price": "900 USD"}
    )
    # February: 12 H100e x 672 hours, three quarters of them; March: 744 hours, half of them.
    np.testing.assert_allclose(table["rent"][2:5], [0.12 * 672 * 0.75, 0.12 * 744 / 2, 0])
    np.testing.assert_allclose(table["resale"][3], 250)


def test_a_month_may_hold_the_end_of_the_term_and_a_renewal():
    table = run(changes={"term": "2.5 months"})
    np.testing.assert_allclose(table["rent"][2:7], [100, 100, 50 + 40, 80, 40])


def test_unpaid_rent_ends_the_lease():
    table = run(
        paid=lambda line, t, claimed: claimed * (line == "resale"), changes={"grace": "1 month"}
    )
    # Overdue in 2 and 3; taken back and sold in 4; what was overdue stays owed.
    np.testing.assert_allclose(table["rent.claimed"][2:7], [100, 200, 200, 200, 200])
    np.testing.assert_allclose(table["resale"], [0, 0, 0, 0, 180, 0, 0, 0, 0])
    assert table["terminated"].tolist()[3:6] == [0, 1, 1]


def test_a_price_that_nothing_asks_for_is_refused():
    with pytest.raises(ValidationError, match="a purchase_price, with purchase: value"):
        terms(purchase="value")


def test_derivatives_are_finite_and_right():
    places = [f"contracts.example.{x}" for x in ("per_chip", "renewal_rent", "return_cost", "term")]
    found = gradient(
        ChipLease,
        terms(term="2.4 months"),
        SEEN,
        PERIODS,
        numbers_at=NUMBERS,
        share=0.9,
        bump=places,
    )
    assert all(math.isfinite(value) for value in found.slope.values())
    for place in places:
        assert math.isclose(found.slope[place], found.bump[place], rel_tol=1e-5, abs_tol=1e-4)
