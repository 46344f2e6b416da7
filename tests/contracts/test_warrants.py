"""Warrants: golden table, and every rule against hand arithmetic."""

import math

import numpy as np

from offtake.contracts.warrants import EXAMPLE, Warrants
from tests.contracts.harness import check_golden, gradient, run_alone
from tests.contracts.terms import written

SEEN = {
    "sites.campus.power_mw": [0.0, 0.5, 1.2, 2.5, 1.0, 1.0],
    "drivers.price": [5.0, 5.0, 5.0, 8.0, 10.0, 4.0],
}


def run(observations=None, **setting):
    changes = {"share_price": "price"} | setting.pop("changes", {})
    return run_alone(
        Warrants, written(EXAMPLE, **changes), SEEN | (observations or {}), 5, **setting
    )


def test_golden():
    check_golden(run(taken=lambda line, t, cap: np.minimum(cap, 7.0)))


def test_example_by_hand():
    table = run()
    first, second = [0, 0, 20, 0, 0, 0], [0, 0, 0, 0, 30, 0]
    np.testing.assert_allclose(table["strike"], np.transpose([first, second]))
    np.testing.assert_allclose(table["shares"][5], [20, 30])
    np.testing.assert_allclose(
        table["vested"][[1, 2, 3, 4], :], [[0, 0], [20, 0], [20, 0], [20, 30]]
    )
    np.testing.assert_allclose(table["intrinsic"][:, 1], [120, 120, 120, 210, 270, 0])
    np.testing.assert_allclose(table["holding"][5], [80, 120])
    np.testing.assert_allclose(table["dilution"][5], [20 / 220, 30 / 230])
    assert not table["proceeds"].any()


def test_a_buyer_pays_the_price_of_the_day():
    table = run(changes={"buyer": "capital_markets", "cost_of_sale": "10 %"})
    first, second = [0, 0, 20 * 4.5, 0, 0, 0], [0, 0, 0, 0, 30 * 9.0, 0]
    np.testing.assert_allclose(table["proceeds"], np.transpose([first, second]))
    assert not table["shares"].any()
    assert not table["holding"].any()
    np.testing.assert_allclose(table["dilution"][5, 0], 20 / 220)


def test_waits_until_it_is_in_the_money_and_lapses():
    table = run(changes={"strike": "6 USD"})
    np.testing.assert_allclose(np.flatnonzero(table["strike"][:, 0]), [3])
    lapsed = run(changes={"strike": "6 USD", "expiry": "2026-03"})
    assert not lapsed["strike"].any()


def test_an_issuer_in_default_issues_none():
    table = run(stopped={"company": 3})
    np.testing.assert_allclose(table["strike"].sum(axis=0), [20, 0])
    assert not table["holding"][3:].any()


def test_shares_in_proportion_to_what_was_paid():
    table = run(paid=lambda line, t, claimed: 0.25 * claimed)
    np.testing.assert_allclose(table["shares"][5], [5, 7.5])
    assert not run(paid=lambda line, t, claimed: 0.0 * claimed)["shares"].any()


def test_shares_beside_other_owners():
    most = run(taken=lambda line, t, cap: cap)["distribution"]
    np.testing.assert_allclose(most[5] / 1e15, [0.1, 0.15])
    later = {"distributions_from": "2026-05"}
    most = run(taken=lambda line, t, cap: cap, changes=later)["distribution"]
    assert not most[3].any()
    np.testing.assert_allclose(most[5] / 1e15, [0.1, 0.15])


def test_gradient():
    places = ("contracts.example.strike", "contracts.example.tranches[0].shares")
    terms = written(EXAMPLE, share_price="12 USD")
    seen = {"sites.campus.power_mw": SEEN["sites.campus.power_mw"]}
    found = gradient(Warrants, terms, seen, periods=5, take=1e12, bump=places)
    assert all(map(math.isfinite, found.slope.values()))
    for place in places:
        assert math.isclose(found.slope[place], found.bump[place], rel_tol=1e-6, abs_tol=1e-6)
