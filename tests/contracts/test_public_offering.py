"""Public offering: golden table, and every rule against hand arithmetic."""

import math

import numpy as np

from offtake.contracts.public_offering import EXAMPLE, PublicOffering
from tests.contracts.harness import check_golden, gradient, run_alone
from tests.contracts.terms import written

MOOD = {"drivers.mood": [1.0, 0.4, 0.6, 0.9, 0.9]}


def run(observations=None, **setting):
    changes = {"sentiment": "mood"} | setting.pop("changes", {})
    seen = MOOD | (observations or {})
    return run_alone(PublicOffering, written(EXAMPLE, **changes), seen, 4, **setting)


def test_golden():
    check_golden(run(taken=lambda line, t, cap: 7.0))


def test_example_by_hand():
    table = run()
    # A fifth of the company after the offering: 540 x 0.2 / 0.8.
    np.testing.assert_allclose(table["proceeds"], [0, 0, 135 * 0.95, 0, 0])
    np.testing.assert_allclose(table["fee"], [0, 0, 135 * 0.05, 0, 0])
    np.testing.assert_allclose(table["raised"], [0, 0, 0, 135, 135])
    np.testing.assert_allclose(table["issue_price"], [0, 0, 0, 540, 540])
    np.testing.assert_allclose(table["dilution"], [0, 0, 0, 0.2, 0.2])
    np.testing.assert_allclose(table["holding"], [0, 0, 0, 0.25 * 900, 0.25 * 900])


def test_no_more_than_is_sought():
    table = run(changes={"amount": "60 USD"})
    np.testing.assert_allclose(table["raised"][3], 60.0)
    np.testing.assert_allclose(table["shares"][3], 60.0 / 540)
    whole = run(changes={"most": "100 %"})
    np.testing.assert_allclose(whole["raised"][3], 300.0)


def test_waits_for_its_date_its_window_and_its_minimum():
    def when(**changes):
        return np.flatnonzero(run(changes=changes)["proceeds"]).tolist()

    assert when() == [2]
    assert when(threshold="40 %") == [1]
    assert when(start="2026-01", threshold="40 %") == [0]
    assert when(start="2026-05") == [4]
    assert when(minimum="150 USD") == [3]
    assert when(until="2026-02") == []
    assert when(threshold="95 %") == []


def test_nothing_of_an_issuer_in_default():
    assert not run(stopped={"lab": 2})["proceeds"].any()
    np.testing.assert_allclose(run(stopped={"lab": 4})["holding"][3:], [225, 0])


def test_what_an_investor_does_not_pay_buys_no_shares():
    table = run(paid=lambda line, t, claimed: 0.4 * claimed)
    np.testing.assert_allclose(table["raised"][3:], 54)
    np.testing.assert_allclose(table["shares"][3:], 0.1)


def test_shares_beside_other_owners():
    most = run(taken=lambda line, t, cap: cap)["distribution"]
    np.testing.assert_allclose(most / 1e15, [0, 0, 0, 0.25, 0.25])
    later = {"distributions_from": "2026-05"}
    most = run(taken=lambda line, t, cap: cap, changes=later)["distribution"]
    np.testing.assert_allclose(most / 1e15, [0, 0, 0, 0, 0.25])


def test_gradient():
    places = ("contracts.example.discount", "contracts.example.multiple")
    terms = written(EXAMPLE, sentiment="80 %", amount="3,000 USD")
    found = gradient(PublicOffering, terms, periods=4, take=4.0, bump=places)
    assert all(map(math.isfinite, found.slope.values()))
    for place in places:
        assert math.isclose(found.slope[place], found.bump[place], rel_tol=1e-6, abs_tol=1e-6)
