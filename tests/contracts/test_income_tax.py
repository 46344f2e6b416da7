"""Income tax: golden table, and every rule against hand arithmetic."""

import datetime
import math

import numpy as np
import pytest

from offtake.contracts.income_tax import EXAMPLE, IncomeTax
from offtake.core.calendar import Periods
from offtake.core.flows import Flow
from tests.contracts.harness import bench, check_golden, gradient, run_alone, scaled

SALES, COST = ("in", Flow.SALE), ("out", Flow.RUNNING_COST)
BOUGHT, INTEREST = ("out", Flow.CAPITAL_COST), ("out", Flow.INTEREST)


def terms(**changes):
    return type(EXAMPLE).model_validate(EXAMPLE.model_dump(exclude_unset=True) | changes)


def monthly(amount, periods=26, only=None):
    """The same amount in every period but the opening, or in one period alone."""
    months = np.arange(periods + 1)
    return np.where(months > 0 if only is None else months == only, amount, 0.0)


BOOKS = {SALES: monthly(100.0), COST: monthly(40.0), BOUGHT: monthly(1200.0, only=1)}


def run(book=BOOKS, pay=lambda line, t, claimed: claimed, paid_book=None, values=None, **changes):
    periods = len(next(iter(book.values()))) - 1
    calendar = changes.pop("calendar", periods)
    return run_alone(
        IncomeTax,
        terms(**changes),
        None,
        calendar,
        paid=pay,
        values=values,
        books={"company": book},
        paid_books=None if paid_book is None else {"company": paid_book},
    )


def test_golden():
    check_golden(run())


def test_example_by_hand():
    table = run()
    # 60 a month; 1200 over five years, half a year's worth in the first year; losses of 100.
    first = 0.21 * (12 * 60 - 1200 / 5 / 2 - 100)
    second = 0.21 * (12 * 60 - 1200 / 5)
    # Two months of the third year remain: the plan's last period closes it.
    third = 0.21 * (2 * 60 - 1200 / 5 * 2 / 12)
    assert np.flatnonzero(table["tax.claimed"]).tolist() == [12, 24, 26]
    np.testing.assert_allclose(table["tax.claimed"][[12, 24, 26]], [first, second, third])
    np.testing.assert_allclose(table["losses"][[12, 13]], [100, 0], atol=1e-9)
    np.testing.assert_allclose(table.columns["paid"][[13, 25], 0, 0], [first, first + second])


def test_instalments_add_up_to_the_year():
    yearly, instalments = run(), run(paid="monthly")
    year = slice(1, 13), slice(13, 25), slice(25, 27)
    for span in year:
        total = yearly["tax.claimed"][span].sum()
        np.testing.assert_allclose(instalments["tax.claimed"][span].sum(), total)
    # January: 60 of income, 80 % of it offset by losses.
    np.testing.assert_allclose(instalments["tax.claimed"][1], 0.21 * 60 * 0.2)


def test_what_instalments_exceed_the_year_by_is_set_against_the_next():
    earned = np.concatenate([[0.0], np.full(6, 100.0), np.full(6, -50.0), np.full(12, 100.0)])
    book = {SALES: np.maximum(earned, 0.0), COST: np.maximum(-earned, 0.0)}
    table = run(book, paid="monthly", losses="0 USD")
    tax = table["tax.claimed"]
    np.testing.assert_allclose(tax[1:13], [21.0] * 6 + [0.0] * 6, atol=1e-9)
    # 300 of the year are taxed with 63; the other 63 pay for the first three months of the next.
    np.testing.assert_allclose(tax[13:], [0.0] * 3 + [21.0] * 9, atol=1e-9)


def test_losses_are_carried_forward_up_to_the_limit():
    book = {SALES: monthly(10.0, 36), COST: np.where(np.arange(37) <= 12, 30.0, 0.0)}
    book[COST][0] = 0.0
    table = run(book, losses="0 USD")
    assert table["losses"][13] == 12 * 20
    np.testing.assert_allclose(table["tax.claimed"][24], 0.21 * 120 * 0.2)
    np.testing.assert_allclose(table["losses"][25], 240 - 96)
    np.testing.assert_allclose(table["tax.claimed"][36], 0.21 * (120 - 96))
    full = run(book, losses="0 USD", loss_limit="100 %")
    np.testing.assert_allclose(full["tax.claimed"][[24, 36]], [0.0, 0.0])


def test_accelerated_depreciation_by_table():
    book = {SALES: monthly(1000.0, 84), BOUGHT: monthly(10_000.0, 84, only=5)}
    table = run(book, losses="0 USD", depreciation="macrs_5")
    # IRS Publication 946, Table A-1, five-year property.
    shares = np.array([20.0, 32.0, 19.2, 11.52, 11.52, 5.76, 0.0]) / 100
    expected = 0.21 * (12_000 - 10_000 * shares)
    np.testing.assert_allclose(table["tax.claimed"][12::12], expected)


def test_bonus_in_the_year_of_purchase():
    book = {SALES: monthly(1000.0, 24), BOUGHT: monthly(10_000.0, 24, only=5)}
    table = run(book, losses="0 USD", bonus="40 %")
    first, second = 4000 + 6000 * 0.1, 6000 * 0.2
    expected = [0.21 * (12_000 - first), 0.21 * (12_000 - second)]
    np.testing.assert_allclose(table["tax.claimed"][[12, 24]], expected)


def test_bought_in_the_last_month_is_caught_up_with():
    book = {SALES: monthly(1000.0, 24), BOUGHT: monthly(10_000.0, 24, only=12)}
    table = run(book, losses="0 USD")
    # Paid with the last claim of the year: the half year of it counts in the next one.
    expected = [0.21 * 12_000, 0.21 * (12_000 - 1000 - 2000)]
    np.testing.assert_allclose(table["tax.claimed"][[12, 24]], expected)


def test_claims_made_again_are_counted_once():
    claimed = {SALES: monthly(100.0, 12)}
    paid = {SALES: monthly(100.0, 12)}
    # March is not paid, so April asks for both.
    paid[SALES] = paid[SALES].copy()
    claimed[SALES] = claimed[SALES].copy()
    paid[SALES][3], claimed[SALES][4], paid[SALES][4] = 0.0, 200.0, 200.0
    table = run(claimed, paid_book=paid, losses="0 USD")
    np.testing.assert_allclose(table["tax.claimed"][12], 0.21 * 1200)


def test_claims_given_up_are_written_off():
    claimed = {SALES: monthly(100.0, 12), INTEREST: monthly(10.0, 12)}
    paid = {
        SALES: claimed[SALES] * np.where(np.arange(13) == 3, 0.4, 1.0),
        INTEREST: monthly(10.0, 12),
    }
    table = run(claimed, paid_book=paid, losses="0 USD")
    np.testing.assert_allclose(table["tax.claimed"][12], 0.21 * (1200 - 60 - 120))


def test_unpaid_tax_is_claimed_again():
    table = run(pay=lambda line, t, claimed: claimed * (0.5 if t == 12 else 1.0))
    np.testing.assert_allclose(table["arrears"][13], 52.5)
    np.testing.assert_allclose(table["tax.claimed"][[12, 13]], [105.0, 52.5])


def test_plan_that_starts_within_a_year():
    quarters = Periods(datetime.date(2026, 7, 1), 6, "quarters")
    book = {SALES: monthly(100.0, 6), BOUGHT: monthly(1200.0, 6, only=1)}
    table = run(book, losses="0 USD", calendar=quarters)
    # Half of 2026, then the whole of 2027.
    assert np.flatnonzero(table["tax.claimed"]).tolist() == [2, 6]
    expected = [0.21 * (200 - 120), 0.21 * (400 - 240)]
    np.testing.assert_allclose(table["tax.claimed"][[2, 6]], expected)


def test_tax_years():
    def years(start, horizon, length):
        example = bench(IncomeTax, EXAMPLE, periods=Periods(start, horizon, length))
        year, passed = example.at.tax_years()
        return year.tolist(), passed.round(6).tolist()

    assert years(datetime.date(2026, 10, 1), 5, "months") == (
        [0, 0, 0, 0, 1, 1],
        [0, 0.333333, 0.666667, 1, 0.083333, 0.166667],
    )
    assert years(datetime.date(2026, 7, 1), 2, "years") == ([0, 0, 1], [0, 1, 1])


def test_scales_and_vanishes():
    twice = {way: 2 * amount for way, amount in BOOKS.items()}
    table = run(twice, values=scaled(EXAMPLE, 2.0))
    np.testing.assert_allclose(table["tax.claimed"], 2 * run()["tax.claimed"])
    assert not run(rate="0 %")["tax.claimed"].any()
    assert not run({SALES: monthly(0.0)})["tax.claimed"].any()


def test_gradient():
    places = tuple(f"contracts.example.{f}" for f in ("rate", "life", "losses", "bonus"))
    example = terms(bonus="10 %")
    found = gradient(
        IncomeTax, example, periods=26, share=0.7, bump=places, books={"company": BOOKS}
    )
    assert all(map(math.isfinite, found.slope.values()))
    for place in places:
        assert math.isclose(found.slope[place], found.bump[place], rel_tol=1e-5), place
    # A life of no length writes everything off at once and has a finite derivative.
    none = gradient(IncomeTax, terms(life="0 years"), periods=26, books={"company": BOOKS})
    assert all(map(math.isfinite, none.slope.values()))


def test_losses_used_at_once_save_tax():
    book = {SALES: monthly(10.0, 24), COST: np.where(np.arange(25) <= 12, 30.0, 0.0)}
    book[COST][0] = 0.0
    table = run(book, losses="0 USD", losses_used="at_once")
    np.testing.assert_allclose(table["saving"][[12, 24]], [0.21 * 240, 0.0])
    np.testing.assert_allclose(table["tax"][[12, 24]], [0.0, 0.21 * 120])
    assert not table["losses"].any()


def test_instalments_of_tax_and_savings_add_up_to_the_year():
    earned = np.concatenate([[0.0], np.full(6, 100.0), np.full(6, -50.0)])
    book = {SALES: np.maximum(earned, 0.0), COST: np.maximum(-earned, 0.0)}
    table = run(book, losses="0 USD", losses_used="at_once", paid="monthly")
    np.testing.assert_allclose(table["tax"][1:], [21.0] * 6 + [0.0] * 6, atol=1e-9)
    np.testing.assert_allclose(table["saving"][1:], [0.0] * 6 + [10.5] * 6, atol=1e-9)


ASSETS = [
    {"share": "60 %", "depreciation": "custom", "yearly": ["50 %", "30 %"], "reduction": "15 %"},
    {"share": "30 %", "depreciation": "macrs_5", "bonus": "40 %"},
    {"life": "4 years", "held_by": "account"},
]


def test_classes_of_assets():
    books = {
        "company": {SALES: monthly(1000.0, 24), BOUGHT: monthly(10_000.0, 24, only=1)},
        "account": {BOUGHT: monthly(800.0, 24, only=5)},
    }
    table = run_alone(IncomeTax, terms(losses="0 USD", assets=ASSETS), None, 24, books=books)
    custom = 10_000 * 0.6 * 0.85 * np.array([0.5, 0.3])
    macrs = 3000 * np.array([0.4 + 0.6 * 0.2, 0.6 * 0.32])
    held = 800 * np.array([1 / 8, 1 / 4])
    np.testing.assert_allclose(table["tax"][[12, 24]], 0.21 * (12_000 - custom - macrs - held))
    np.testing.assert_allclose(table["written_off"][13], (custom + macrs + held)[0])


def test_capital_cost_that_falls_due_counts_at_once():
    book = {SALES: monthly(1000.0, 24), BOUGHT: monthly(10_000.0, 24, only=12)}
    table = run(book, losses="0 USD", counted="due")
    expected = [0.21 * (12_000 - 1000), 0.21 * (12_000 - 2000)]
    np.testing.assert_allclose(table["tax"][[12, 24]], expected)
    # What was due and not paid is taken out of the pool again; claimed again, it comes in again.
    paid = {SALES: book[SALES], BOUGHT: 0.0 * book[BOUGHT]}
    none = run(book, paid_book=paid, losses="0 USD", counted="due")
    np.testing.assert_allclose(none["tax"][24], 0.21 * (12_000 + 1000))


def test_a_partner_pays_on_its_share_less_the_tax_of_a_state_and_on_grants():
    share = np.where(np.arange(25) <= 12, 0.9, 0.2)
    common = {"income_of": "plant", "partnership": "flip", "losses_used": "at_once"}
    both = {
        "state": terms(rate="6 %", **common),
        "example": terms(rate="25 %", deducts="state", also_taxed=["gift"], **common),
    }
    fees = monthly(5.0, 24)
    books = {"plant": {SALES: monthly(100.0, 24), ("out", Flow.FEE): fees}}
    seen = {"contracts.flip.investor_tax_share": share, "contracts.gift.due": monthly(70.0, 24, 3)}
    table = run_alone(IncomeTax, both, seen, 24, books=books)
    income = np.array([0.9, 0.2]) * 12 * 95
    np.testing.assert_allclose(table["tax"][[12, 24], 0], 0.06 * income)
    taxed = income * 0.94 + np.array([0.9 * 70, 0.0])
    np.testing.assert_allclose(table["tax"][[12, 24], 1], 0.25 * taxed)
    without = {
        k: terms(**{**v.model_dump(exclude_unset=True), "fees": "not_deducted"})
        for k, v in both.items()
    }
    more = run_alone(IncomeTax, without, seen, 24, books=books)
    np.testing.assert_allclose(more["tax"][12, 0], 0.06 * 0.9 * 1200)


def test_custom_years_are_stated_where_they_are_used():
    for wrong in ({"depreciation": "custom"}, {"yearly": ["50 %"]}):
        with pytest.raises(ValueError, match="custom"):
            terms(assets=[wrong])
