"""Capacity backstop: golden table, and every rule against hand arithmetic."""

import math

import numpy as np

from offtake.contracts.capacity_backstop import EXAMPLE, CapacityBackstop
from offtake.contracts.reserved_capacity import EXAMPLE as RESERVATION
from offtake.contracts.spot_sale import EXAMPLE as SPOT
from offtake.core.flows import Flow
from tests.contracts.harness import bench, check_golden, gradient, run_alone

PERIODS = 7
HOURS = np.array([0.0, 1000, 2000, 2000, 2000, 2000, 2000, 2000])
RECEIVED = np.array([0.0, 500, 1500, 1500, 1500, 1500, 1500, 1500])
"""What the owner is paid for sales, the backstop's payments among it."""
SETTING = {
    "observations": {"sites.hall.h100e_hours": HOURS},
    "periods": PERIODS,
    "books": {"company": {("in", Flow.SALE): RECEIVED}},
}


def terms(**changes):
    return type(EXAMPLE).model_validate(EXAMPLE.model_dump(exclude_unset=True) | changes)


def run(paid=lambda line, t, claimed: claimed, observations=None, **changes):
    setting = SETTING | {"observations": SETTING["observations"] | (observations or {})}
    return run_alone(CapacityBackstop, terms(**changes), paid=paid, **setting)


def test_golden():
    check_golden(run())


def test_example_by_hand():
    table = run()
    # Nothing sells the hours of the site here: 80 % of them at 1 USD, a month later.
    payment = [0, 0, 800, 1600, 1600, 1600, 0, 0]
    np.testing.assert_allclose(table["payment"], payment)
    np.testing.assert_allclose(table["drawn"][1:], np.cumsum(payment)[:-1])
    # 10 % of what others paid in the month before, from April on 5 %.
    others = np.maximum(RECEIVED - payment, 0.0)
    share = np.array([0, 0, 0.1, 0.1, 0.05, 0.05, 0, 0])
    np.testing.assert_allclose(table["revenue_share"], share * np.roll(others, 1))
    np.testing.assert_allclose(table["fee"], [0, 10, 10, 10, 10, 0, 0, 0])


def test_only_what_finds_no_buyer():
    """Reserved half of the site, at most 1 H100e; sold 300 hours of the rest."""
    table = bench(CapacityBackstop, EXAMPLE, SETTING["observations"], PERIODS)
    table.at.terms = {"reservation": RESERVATION, "spot": SPOT, "example": EXAMPLE}
    group = CapacityBackstop.lower([("example", EXAMPLE)], table.at).group
    names = list(table.at.requests)
    assert [names[i] for i in group.sold[0]] == ["contracts.spot.sold"]
    assert [names[i] for i in group.kept.share[0]] == ["contracts.reservation.reserved_share"]
    # Delivered 2,000, reserved 744, sold 300: 956 are idle of the 1,600 that are backed.
    n, state = table.numbers, group.init(table.numbers)
    state = state._replace(left=state.left + 1256, backed=state.backed + 1600)
    state = state._replace(covered=state.covered + 1.0)

    class Seen:
        obs = np.zeros((len(names), 1))

    Seen.obs[group.sold[0, 0]] = 300.0
    assert float(group._idle(state, Seen)[0, 0]) == 956.0
    Seen.obs[group.sold[0, 0]] = 1300.0
    assert float(group._idle(state, Seen)[0, 0]) == 0.0
    del n


def test_capacity_and_dates_bound_it():
    table = run(capacity="1 H100e", start="2026-02-15", term="2 months")
    # 672 hours of February of which the half is covered, 744 of March, half of April's 720.
    np.testing.assert_allclose(table["payment"], [0, 0, 0, 336, 744, 360, 0, 0])


def test_what_is_unpaid_is_owed_next_period():
    table = run(paid=lambda line, t, claimed: claimed * (t > 3))
    np.testing.assert_allclose(table["payment.claimed"][:6], [0, 0, 800, 2400, 4000, 1600])
    np.testing.assert_allclose(table["outstanding"][:6], [0, 0, 0, 800, 2400, 0])
    np.testing.assert_allclose(table["fee.claimed"][:6], [0, 10, 20, 30, 40, 0])


def test_a_provider_in_default_settles_by_its_recovery():
    payout = np.where(np.arange(PERIODS + 1) >= 3, 0.4, 1.0)
    table = run(
        paid=lambda line, t, claimed: claimed * (payout[t] if line == "payment" else 1.0),
        observations={"parties.vendor.payout": payout},
    )
    np.testing.assert_allclose(table["payment"][2:6], [800, 640, 640, 640])
    assert not table["outstanding"].any()


def test_derivatives_are_finite_and_right():
    places = [f"contracts.example.{x}" for x in ("share", "fee")]
    seen, books = SETTING["observations"], SETTING["books"]
    found = gradient(CapacityBackstop, EXAMPLE, seen, PERIODS, share=0.5, bump=places, books=books)
    assert all(math.isfinite(value) for value in found.slope.values())
    for place in places:
        assert math.isclose(found.slope[place], found.bump[place], rel_tol=1e-5, abs_tol=1e-4)
