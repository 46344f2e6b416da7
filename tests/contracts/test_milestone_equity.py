"""Milestone equity: golden table, and every rule against hand arithmetic."""

import math

import numpy as np

from offtake.contracts.milestone_equity import EXAMPLE, MilestoneEquity
from tests.contracts.harness import bench, check_golden, gradient, run_alone
from tests.contracts.terms import codes, written

POWER = {"sites.campus.power_mw": [0.0, 0.5, 1.2, 1.9, 0.8, 6.0, 6.0]}


def terms(**changes):
    return written(EXAMPLE, **changes)


def run(observations=None, **setting):
    changes = setting.pop("changes", {})
    given = POWER | (observations or {})
    return run_alone(MilestoneEquity, terms(**changes), given, 6, **setting)


def test_golden():
    check_golden(run(taken=lambda line, t, cap: 7.0))


def test_example_by_hand():
    table = run()
    # Whole MW only, and none twice; the last tranche is what is left of 450.
    np.testing.assert_allclose(table["tranche"], [100, 0, 100, 0, 0, 250, 0])
    np.testing.assert_allclose(table["shares"], [0, 20, 20, 40, 40, 40, 90])
    np.testing.assert_allclose(table["dilution"], [0, 1 / 3, 1 / 3, 0.5, 0.5, 0.5, 9 / 13])
    np.testing.assert_allclose(table["holding"], 5 * table["shares"])


def test_every_mw_by_itself():
    table = run(changes={"step": "0 MW"})
    np.testing.assert_allclose(table["tranche"], [100, 50, 70, 70, 0, 160, 0])


def test_from_signing_until_a_date():
    table = run(changes={"start": "2026-03", "until": "2026-04"})
    np.testing.assert_allclose(table["tranche"], [0, 0, 200, 0, 0, 0, 0])


def test_an_event():
    seen = {"drivers.listed": [0, 0, 0, 1, 0, 0, 0]}
    table = run(seen, changes={"event": "listed", "on_event": "30 USD", "per_mw": "0 USD/MW",
                               "sites": None})  # fmt: skip
    np.testing.assert_allclose(table["tranche"], [100, 0, 0, 30, 0, 0, 0])
    late = {"event": "listed", "on_event": "30 USD", "until": "2026-02"}
    np.testing.assert_allclose(run(seen, changes=late)["tranche"], [100, 0, 0, 0, 0, 0, 0])


def test_the_price_of_the_day():
    prices = {"drivers.price": [5.0, 5.0, 10.0, 10.0, 10.0, 25.0, 25.0]}
    table = run(prices, changes={"share_price": "price"})
    np.testing.assert_allclose(table["shares"][[1, 3, 6]], [20, 30, 40])
    np.testing.assert_allclose(table["issue_price"], [0, 5, 5, 10, 10, 10, 25])


def test_unpaid_is_asked_again_and_a_part_is_lost_in_default():
    half = run(paid=lambda line, t, claimed: claimed * (0.5 if t == 0 else 1.0))
    np.testing.assert_allclose(half["tranche"][:3], [50, 50, 100])
    default = {"parties.vendor.payout": [0.3] + [1.0] * 6}
    lost = run(default, paid=lambda line, t, claimed: claimed * (0.3 if t == 0 else 1.0))
    np.testing.assert_allclose(lost["tranche"], [30, 0, 100, 0, 0, 250, 0])


def test_nothing_for_an_issuer_in_default():
    table = run(stopped={"lab": 4})
    np.testing.assert_allclose(table["tranche"], [100, 0, 100, 0, 0, 0, 0])
    np.testing.assert_allclose(table["holding"][4:], 0.0)


def test_shares_beside_other_owners():
    table = bench(MilestoneEquity, EXAMPLE, POWER, 6).lowered
    assert [(x.name, x.form) for x in table.lines] == [
        ("tranche", "claim"),
        ("distribution", "residual"),
    ]
    most = run(taken=lambda line, t, cap: cap)["distribution"]
    np.testing.assert_allclose(most / 1e15, [0, 0.5, 0.5, 1, 1, 1, 2.25])
    later = {"distributions_from": "2026-04"}
    most = run(taken=lambda line, t, cap: cap, changes=later)["distribution"]
    np.testing.assert_allclose(most / 1e15, [0, 0, 0, 1, 1, 1, 2.25])


def test_terms_that_do_not_fit():
    assert "milestone-of-nothing" in codes(EXAMPLE, sites=None)
    assert "milestone-of-nothing" in codes(EXAMPLE, on_event="3 USD")
    assert "milestone-of-nothing" in codes(EXAMPLE, event="100 %")
    assert not codes(EXAMPLE)


def test_gradient():
    places = ("contracts.example.per_mw", "contracts.example.outstanding")
    found = gradient(MilestoneEquity, EXAMPLE, POWER, periods=6, take=4.0, bump=places)
    assert all(map(math.isfinite, found.slope.values()))
    for place in places:
        assert math.isclose(found.slope[place], found.bump[place], rel_tol=1e-6, abs_tol=1e-6)
