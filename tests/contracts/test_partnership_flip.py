"""Partnership flip: golden table, and every rule against hand arithmetic."""

import math

import numpy as np

from offtake.contracts.partnership_flip import EXAMPLE, PartnershipFlip
from offtake.core.flows import Flow
from tests.contracts.harness import check_golden, gradient, run_alone, scaled

PERIODS = 12
CASH = 100.0
RATE = 1.12 ** (1 / 12)


def terms(**changes):
    return type(EXAMPLE).model_validate(EXAMPLE.model_dump(exclude_unset=True) | changes)


def taken(line, t, cap):
    """100 a month from the second on: the sponsor first, then by share."""
    if t < 2:
        return 0.0 * cap
    first = np.minimum(RECOVERY.get(t, 0.0), CASH)
    if line == "recovery":
        return np.minimum(cap, first)
    return cap / 1e15 * (CASH - first)


RECOVERY = {2: 40.0, 3: 20.0}
"""What is left of the sponsor's 60 in periods 2 and 3, 40 of it paid back at first by `recover`."""


def run(investor=None, **setting):
    """240 and 60 put in at the start; the investor's receipts are those of its own books."""
    months = np.arange(PERIODS + 1)
    received = np.where(months > 1, 60.0, 0.0) if investor is None else investor
    paid_in = np.where(months == 0, 240.0, 0.0)
    scale = setting.pop("scale", 1.0)
    books = {
        "tax_investor": {
            ("in", Flow.DISTRIBUTION): scale * received,
            ("out", Flow.CAPITAL_IN): scale * paid_in,
        }
    }
    return run_alone(
        PartnershipFlip,
        terms(**setting.pop("changes", {})),
        None,
        PERIODS,
        books=books,
        drawn=lambda line, t, limit: (
            scale * (240.0 if line == "investor_draw" else 60.0) if t == 0 else 0.0
        ),
        taken=lambda line, t, cap: scale * taken(line, t, cap / scale if scale else cap),
        **setting,
    )


def test_golden():
    check_golden(run())


def test_the_investor_has_its_return_and_the_shares_change():
    table = run()
    earned = -240.0
    flips = None
    for t in range(1, PERIODS + 1):
        np.testing.assert_allclose(table["earned"][t], earned)
        earned = earned * RATE + (60.0 if t > 1 else 0.0)
        if earned >= 0.0 and flips is None:
            flips = t
    # -240 and five times 60 from February on: at 12 % a year 240 is repaid by four and a bit.
    assert flips == 6
    before, after = (np.arange(PERIODS + 1) <= 6), (np.arange(PERIODS + 1) > 6)
    np.testing.assert_allclose(table["investor_tax_share"], 0.99 * before + 0.05 * after)
    np.testing.assert_allclose(table["sponsor_tax_share"], 0.01 * before + 0.95 * after)
    got = table["investor_distribution"]
    np.testing.assert_allclose(got[2:4], [0.75 * 60, 0.75 * 80])
    np.testing.assert_allclose(got[4:], np.where(before, 75.0, 10.0)[4:])
    np.testing.assert_allclose((got + table["sponsor_distribution"])[4:], CASH)


def test_the_sponsor_recovers_what_it_put_in_for_a_time():
    table = run()
    np.testing.assert_allclose(table["recovery"], [0, 0, 40, 20, *[0] * 9])
    assert not run(changes={"recovery": "0 months"})["recovery"].any()


def test_draws_are_shared_within_the_commitment():
    table = run()
    np.testing.assert_allclose(table.columns["drawn"][1, 0, 0], 300.0)
    np.testing.assert_allclose(table["development_fee"], [20, *[0] * 12])
    less = run(changes={"commitment": "100 USD"})
    np.testing.assert_allclose(less["investor_draw"][0], 80.0)
    np.testing.assert_allclose(less["sponsor_draw"][0], 20.0)


def test_a_date_changes_the_shares_without_the_return():
    table = run(investor=np.zeros(PERIODS + 1), changes={"flip_date": "2026-05"})
    np.testing.assert_array_equal(table["flipped"], np.arange(PERIODS + 1) > 4)


def test_nothing_put_in_is_no_return():
    table = run_alone(
        PartnershipFlip, EXAMPLE, None, 4, books={"tax_investor": {("in", Flow.TAX): 5.0}}
    )
    assert not table["flipped"].any()


def test_scales():
    twice = run(values=scaled(EXAMPLE, 2.0), scale=2.0)
    np.testing.assert_allclose(twice["earned"], 2 * run()["earned"])
    np.testing.assert_allclose(twice["development_fee"], 2 * run()["development_fee"])


def test_gradient():
    places = ("contracts.example.development_fee", "contracts.example.commitment")
    found = gradient(PartnershipFlip, EXAMPLE, periods=6, bump=places[:1])
    assert all(map(math.isfinite, found.slope.values()))
    assert math.isclose(found.slope[places[0]], found.bump[places[0]], rel_tol=1e-5)
