"""Revenue share: golden table, and every rule against hand arithmetic."""

import math

import numpy as np
import pytest

from offtake.contracts.revenue_share import EXAMPLE, RevenueShare
from offtake.core.flows import Flow
from tests.contracts.harness import bench, check_golden, gradient, run_alone
from tests.contracts.terms import codes, written

SALES = np.array([500.0, 600.0, 1400.0, 300.0, 300.0, 100.0, 900.0])
PAID = SALES - np.array([0.0, 0.0, 200.0, 0.0, 0.0, 0.0, 0.0])


def run(sales=SALES, got=PAID, **setting):
    changes = setting.pop("changes", {})
    return run_alone(
        RevenueShare,
        written(EXAMPLE, **changes),
        None,
        6,
        books={"company": {("in", Flow.SALE): sales}},
        paid_books={"company": {("in", Flow.SALE): got}},
        **setting,
    )


def test_golden():
    check_golden(run())


def test_example_by_hand():
    table = run()
    np.testing.assert_allclose(table["advance"], [200, *[0] * 6])
    # A tenth of what is due, with 200 that were never paid taken back in the month after.
    np.testing.assert_allclose(table["royalty"], [0, 60, 140, 10, 30, 10, 0])
    np.testing.assert_allclose(table["remaining"][[1, 6]], [300, 50])


def test_no_more_than_the_cap():
    np.testing.assert_allclose(run(changes={"cap": "1.2"})["royalty"].sum(), 240)
    endless = {"term": None, "floor": None}
    np.testing.assert_allclose(run(changes=endless)["royalty"], [0, 60, 140, 10, 30, 10, 50])


def test_no_less_than_the_floor_at_the_end():
    table = run(changes={"share": "5 %"})
    np.testing.assert_allclose(table["royalty"], [0, 30, 70, 5, 15, 100, 0])
    capped = run(changes={"share": "5 %", "cap": "0.9"})
    np.testing.assert_allclose(capped["royalty"].sum(), 180)


def test_an_unpaid_royalty_is_asked_again():
    table = run(paid=lambda line, t, claimed: claimed * (line != "royalty" or t != 2))
    np.testing.assert_allclose(table["royalty"], [0, 60, 0, 150, 30, 10, 0])
    np.testing.assert_allclose(table["arrears"][3], 140)


def test_sales_that_are_claimed_again_count_once():
    again = SALES + np.array([0.0, 0.0, 0.0, 200.0, 0.0, 0.0, 0.0])
    got = SALES + np.array([0.0, 0.0, -200.0, 200.0, 0.0, 0.0, 0.0])
    np.testing.assert_allclose(run(again, got)["royalty"].sum(), 0.1 * SALES[1:6].sum())


def test_reads_the_contracts_named_only():
    named = bench(RevenueShare, written(EXAMPLE, contracts=["lease", "spot"])).at.totals
    assert [request.contracts for request in named] == [("lease", "spot")]


@pytest.mark.parametrize("changes", [{"term": None, "cap": None}, {"term": None}])
def test_terms_that_do_not_fit(changes):
    assert "share-without-end" in codes(EXAMPLE, **changes)


def test_gradient():
    places = ("contracts.example.share", "contracts.example.amount")
    books = {"company": {("in", Flow.SALE): SALES}}
    found = gradient(RevenueShare, EXAMPLE, periods=6, bump=places, books=books)
    assert all(map(math.isfinite, found.slope.values()))
    for place in places:
        assert math.isclose(found.slope[place], found.bump[place], rel_tol=1e-6, abs_tol=1e-6)
