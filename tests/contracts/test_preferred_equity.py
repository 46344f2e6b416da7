"""Preferred equity: golden table, and every rule against hand arithmetic."""

import math

import numpy as np
import pytest

from offtake.contracts.preferred_equity import EXAMPLE, PreferredEquity
from tests.contracts.harness import bench, check_golden, gradient, run_alone, scaled
from tests.contracts.terms import codes, written

CASH = {1: 5.0, 2: 5.0, 3: 0.0, 4: 8.0, 5: 50.0, 6: 500.0, 7: 400.0, 8: 400.0, 9: 400.0}
LOAN = "contracts.loan"


def terms(**changes):
    return written(EXAMPLE, **changes)


def run(cash=None, observations=None, drawn=None, values=None, **changes):
    """What is left is divided in order: dividend, redemption, then all for the rest."""
    left: dict[int, float] = {}
    given = CASH if cash is None else cash

    def taken(line, t, cap):
        left.setdefault(t, given.get(t, 0.0))
        part = np.minimum(cap, left[t])
        left[t] -= float(part.max())
        return part

    def draws(line, t, limit):
        return (drawn or {}).get(t, 0.0)

    return run_alone(
        PreferredEquity, terms(**changes), observations, 9, taken=taken, drawn=draws, values=values
    )


def test_golden():
    check_golden(run())


def test_example_by_hand():
    table = run()
    # 1,000 on the first day at 1 % a month: in kind in January and February, cash from March on.
    np.testing.assert_allclose(table["subscription"], [1000, *[0] * 9])
    owed = 1000 * 1.01**2
    np.testing.assert_allclose(table["preference"][3], 200 + owed)
    # March is paid nothing: 1 % of it is due; April has 8 at a rate of 18 % a year, May all of it.
    march = 0.01 * owed
    april = march + 0.015 * (owed + march) - 8.0
    may = april + 0.015 * (owed + april)
    np.testing.assert_allclose(table["arrears"][4:7], [march, april, 0.0])
    np.testing.assert_allclose(table["dividend"][3:6], [0.0, 8.0, may])
    # From then on, the close before June, what is left redeems it, 1.2 of the money first put in;
    # it costs 18 % a year while that is overdue.
    before = 200 + owed
    np.testing.assert_allclose(table["redemption"][5], 50.0 - may)
    left = before - (50.0 - may)
    np.testing.assert_allclose(table["preference"][6], left)
    np.testing.assert_allclose(table["dividend"][6], 0.015 * owed * left / before)
    np.testing.assert_allclose(table["holding"][[3, 4, 6]], [200 + owed, 0.0, 0.0])
    assert table["preference"][9] == 0.0
    np.testing.assert_allclose(table["redemption"].sum(), 200 + owed)
    assert not table["participation"].any()


def test_dividends_in_kind_only():
    table = run(dict.fromkeys(range(10), 9.0), payment="in_kind", redemption_from=None)
    np.testing.assert_allclose(table["preference"][9], 200 + 1000 * 1.01**8)
    assert not table["dividend"].any()


def test_participates_beside_its_preference():
    table = run({3: 700.0, 4: 90.0}, participation="0.25", redemption_from=None)
    owed = 1000 * 1.01**2
    np.testing.assert_allclose(table["participation"][3], 700.0 - 0.01 * owed)
    later = {"participation": "0.25", "participation_from": "2026-05", "redemption_from": None}
    table = run({3: 700.0, 4: 90.0}, **later)
    assert table["participation"][3] == 0.0
    assert table["participation"][4] > 0.0


def test_the_holder_converts_when_shares_are_worth_more():
    price = {"drivers.price": [9.0, 9.0, 9.0, 11.5, 12.5, 11.0, 11.0, 20.0, 20.0, 20.0]}
    option = {"conversion": "option", "conversion_price": "10 USD", "share_price": "price"}
    option |= {"outstanding": "900", "redemption_from": None}
    table = run({}, price, **option)
    # Shares are worth more than 1.2 of the capital once the price is above about 12 USD: in April.
    owed = 1000 * 1.01**2
    march, april = owed * 1.01, owed * 1.01 * 1.015
    assert 12.5 * march / 10 > 200 + march > 11.5 * owed / 10
    np.testing.assert_allclose(table["shares"], [0] * 5 + [april / 10] * 5)
    np.testing.assert_allclose(table["dilution"][5], april / 10 / (900 + april / 10))
    np.testing.assert_allclose(table["holding"][5], april / 10 * 11.0)
    assert table["preference"][5] == table["arrears"][5] == 0.0
    # Then the shares share in distributions beside owners who have 1 for 900 shares, and nothing
    # is redeemed.
    later = run(dict.fromkeys(range(6, 10), 10000.0), price, **option)
    np.testing.assert_allclose(later["participation"][6:], 1e4)
    assert not later["redemption"].any()


def test_a_mandatory_conversion_falls_on_its_date_whatever_it_is_worth():
    late = {"conversion": "mandatory", "conversion_price": "8 USD", "conversion_from": "2026-05"}
    table = run({3: 1e3, 4: 1e3}, **late)
    np.testing.assert_allclose(table["shares"], [0] * 5 + [1000 * 1.01**2 / 8] * 5)


def test_a_put_is_used_unless_shares_are_worth_more():
    price = {"drivers.price": [9.0] * 7 + [13.0, 9.0, 9.0]}
    later = {"conversion": "option", "conversion_price": "10 USD", "share_price": "price"}
    later |= {"conversion_from": "2026-12", "redemption": "put", "step_up": "0 %/year"}
    table = run(dict.fromkeys(range(2, 10), 100.0), price, **later)
    redeemed = table["redemption"] > 0.0
    assert redeemed.tolist() == [False] * 5 + [True, True, False, True, True]
    mandatory = run(
        dict.fromkeys(range(2, 10), 100.0), price, **later | {"redemption": "mandatory"}
    )
    assert mandatory["redemption"][7] > 0.0


def test_drawn_as_needed():
    table = run({}, drawn={1: 300.0, 4: 900.0}, start=None, funds=["order"], tier=2)
    np.testing.assert_allclose(table["draw"], [0, 300, 0, 0, 700, 0, 0, 0, 0, 0])
    line = bench(PreferredEquity, terms(start=None, funds=["order"], tier=2)).lowered.lines[1]
    assert (line.protects, line.tier.tolist()) == ((("order",),), [2])


def test_dividends_rank_before_redemption_and_both_before_common_owners():
    lines = {x.name: int(x.rank[0]) for x in bench(PreferredEquity, EXAMPLE).lowered.lines}
    assert 800 < lines["dividend"] < lines["redemption"] < lines["participation"] == 900


def test_locked_up_with_a_facility():
    seen = {f"{LOAN}.{name}": value for name, value in (("accelerated", 0.0), ("dscr", 9.0))}
    seen[f"{LOAN}.arrears"] = [0, 0, 0, 0, 1, 1, 0, 0, 0, 0]
    table = run(dict.fromkeys(range(10), 100000.0), seen, lock_up=["loan"])
    assert not table["dividend"][4:6].any()
    assert table["dividend"][3] > 0.0
    assert table["dividend"][6] > 0.0


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"funds": ["order"]}, "preferred-paid-in"),
        ({"start": None}, "preferred-paid-in"),
        ({"conversion": "mandatory"}, "preferred-price"),
        ({"conversion": "option", "conversion_price": "3 USD"}, "preferred-price"),
    ],
)
def test_terms_that_do_not_fit(changes, code):
    assert code in codes(EXAMPLE, **changes)


def test_scales():
    twice = scaled(EXAMPLE, 2.0)
    doubled = run({t: 2 * x for t, x in CASH.items()}, values=twice)
    np.testing.assert_allclose(doubled["redemption"], 2 * run()["redemption"])
    np.testing.assert_allclose(doubled["dividend"], 2 * run()["dividend"])


def test_gradient():
    places = ("contracts.example.dividend", "contracts.example.commitment")
    found = gradient(PreferredEquity, EXAMPLE, periods=6, take=4.0, bump=places)
    assert all(map(math.isfinite, found.slope.values()))
    for place in places:
        assert math.isclose(found.slope[place], found.bump[place], rel_tol=1e-6, abs_tol=1e-6)
