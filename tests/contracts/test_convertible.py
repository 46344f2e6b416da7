"""Convertible: golden table, and every rule against hand arithmetic."""

import math

import numpy as np

from offtake.contracts.convertible import EXAMPLE, Convertible
from tests.contracts.harness import bench, check_golden, gradient, run_alone
from tests.contracts.terms import codes, written

PRICE = {"drivers.price": [9.0, 9.0, 14.0, 9.0, 9.0, 9.0, 11.0, 20.0]}


def run(observations=None, **setting):
    changes = {"share_price": "price"} | setting.pop("changes", {})
    seen = PRICE | (observations or {})
    setting.setdefault("books", {})
    return run_alone(Convertible, written(EXAMPLE, **changes), seen, 7, **setting)


def test_golden():
    check_golden(run(taken=lambda line, t, cap: np.minimum(cap, 7.0)))


def test_converts_at_maturity_if_worth_more():
    table = run()
    np.testing.assert_allclose(table["advance"], [1000, *[0] * 7])
    # 1 % every two months, also in the month of conversion.
    np.testing.assert_allclose(table["interest"], [0, 0, 10, 0, 10, 0, 10, 0])
    np.testing.assert_allclose(table["conversion"], [0] * 6 + [1000, 0])
    np.testing.assert_allclose(table["contribution"], table["conversion"])
    assert not table["principal"].any()
    np.testing.assert_allclose(table["balance"], [0] + [1000] * 6 + [0])
    np.testing.assert_allclose(table["shares"], [0] * 7 + [100])
    np.testing.assert_allclose(table["dilution"][7], 0.2)
    np.testing.assert_allclose(table["holding"][7], 2000)


def test_is_repaid_if_not():
    table = run({"drivers.price": 10.0})
    np.testing.assert_allclose(table["principal"], [0] * 6 + [1000, 0])
    assert not table["conversion"].any()
    assert not table["shares"].any()


def test_the_issuer_forces_conversion_above_a_trigger():
    table = run(changes={"call_from": "2026-02"})
    # 14 in the second month is above 13: the interest since issue is paid, the rest never due.
    np.testing.assert_allclose(table["conversion"], [0, 0, 1000, 0, 0, 0, 0, 0])
    np.testing.assert_allclose(table["interest"], [0, 0, 10, 0, 0, 0, 0, 0])
    later = run(changes={"call_from": "2026-04"})["conversion"]
    np.testing.assert_allclose(later, [0] * 6 + [1000, 0])
    high = run(changes={"call_from": "2026-02", "call_trigger": "1.5"})["conversion"]
    np.testing.assert_allclose(high, [0] * 6 + [1000, 0])


def test_interest_in_kind_converts_too():
    table = run(changes={"payment": "in_kind"})
    owed = 1000 * 1.01**3
    np.testing.assert_allclose(table["conversion"][6], owed)
    np.testing.assert_allclose(table["shares"][7], owed / 10)
    assert not table["interest"].any()
    repaid = run({"drivers.price": 9.0}, changes={"payment": "in_kind"})
    np.testing.assert_allclose(repaid["principal"][6] + repaid["interest"][6], owed)


RAISE = {
    "contracts.round.raised": [50.0, 50.0, 50.0, 50.0, 90.0, 90.0, 90.0, 90.0],
    "contracts.round.issue_price": [7.0, 7.0, 7.0, 7.0, 15.0, 15.0, 15.0, 15.0],
}


def test_converts_on_the_next_raise_at_a_discount_below_a_cap():
    on_round = {"conversion_price": None, "converts_on": "round"}
    table = run(RAISE, changes=on_round)
    # What was raised before it was issued does not count; 15 less a fifth is 12.
    np.testing.assert_allclose(table["conversion"], [0, 0, 0, 0, 1000, 0, 0, 0])
    np.testing.assert_allclose(table["shares"][5], 1000 / 12)
    capped = run(RAISE, changes=on_round | {"cap": "8 USD"})
    np.testing.assert_allclose(capped["shares"][5], 1000 / 8)
    none = run(RAISE | {"contracts.round.raised": 50.0}, changes=on_round)
    np.testing.assert_allclose(none["principal"][6], 1000)


def test_nothing_converts_with_something_overdue():
    table = run(paid=lambda line, t, claimed: claimed * (line != "interest" or t != 4))
    np.testing.assert_allclose(table["arrears"][5], 10)
    assert table["conversion"][6] == 0.0 or table["arrears"][6] == 0.0
    called = run(paid=lambda line, t, claimed: claimed * (line != "interest"))
    assert not called["conversion"].any()
    assert called["accelerated"][7] == 1.0
    default = {"parties.bank.payout": [1.0] * 6 + [0.5, 1.0]}
    assert run(default)["conversion"][6] == 0.0


def test_a_conversion_is_a_pair_before_all_other_claims():
    lines = {x.name: x for x in bench(Convertible, EXAMPLE).lowered.lines}
    there, back = lines["conversion"], lines["contribution"]
    assert int(there.rank[0]) == int(back.rank[0]) == 50
    assert (there.payer == back.payee).all()
    assert (there.payee == back.payer).all()


def test_terms_that_do_not_fit():
    assert "convertible-price" in codes(EXAMPLE, conversion_price=None)
    assert "convertible-price" in codes(EXAMPLE, converts_on="c")


def test_gradient():
    places = ("contracts.example.rate", "contracts.example.conversion_price")
    found = gradient(Convertible, EXAMPLE, periods=7, take=4.0, bump=places, books={})
    assert all(map(math.isfinite, found.slope.values()))
    for place in places:
        assert math.isclose(found.slope[place], found.bump[place], rel_tol=1e-6, abs_tol=1e-6)
