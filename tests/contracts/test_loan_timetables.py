"""Term loan: dates of interest, principal and resets, stated payments, interest capitalised."""

import numpy as np
import numpy_financial as npf
import pytest

from offtake.contracts.term_loan import EXAMPLE, TermLoan
from offtake.core.flows import Flow
from tests.contracts.harness import run_alone

PERIODS = 8
BULLET = {"amortisation": "bullet"}


def run(observations=None, books=None, paid=lambda line, t, claimed: claimed, **changes):
    terms = type(EXAMPLE).model_validate(EXAMPLE.model_dump(exclude_unset=True) | changes)
    return run_alone(TermLoan, terms, observations, PERIODS, books=books, paid=paid)


def test_interest_accrues_between_its_dates_on_the_balance_of_each_month():
    table = run(interest_every="3 months")
    # 12 + 9 + 6 in the third month; the stub of one month at maturity.
    np.testing.assert_allclose(table["interest"], [0, 0, 0, 27, 3, 0, 0, 0, 0])
    np.testing.assert_allclose(table["principal"], [0, 300, 300, 300, 300, 0, 0, 0, 0])
    np.testing.assert_allclose(table["accrued"][:6], [0, 0, 12, 21, 0, 0])


def test_principal_every_second_month_is_spread_over_its_dates():
    table = run(principal_every="2 months", term="5 months")
    # Dates 2, 4 and the stub 5: three parts.
    np.testing.assert_allclose(table["principal"], [0, 0, 400, 0, 400, 400, 0, 0, 0])
    np.testing.assert_allclose(table["interest"][:6], [0, 12, 12, 8, 8, 4])


def test_a_level_payment_of_a_cycle_is_that_of_its_length():
    table = run(
        amortisation="annuity", term="6 months", interest_every="2 months",
        principal_every="2 months",
    )  # fmt: skip
    payment = -npf.pmt(0.02, 3, 1200.0)
    total = table["interest"] + table["principal"]
    np.testing.assert_allclose(total[[2, 4, 6]], payment, rtol=1e-12)
    np.testing.assert_allclose(total[[0, 1, 3, 5, 7, 8]], 0.0)


@pytest.mark.parametrize("day_count", ["30/360", "A/365", "A/A ISDA"])
def test_a_level_payment_on_given_dates_is_level_under_every_day_count(day_count):
    days = [f"2026-0{month}-01" for month in (3, 4, 6, 7)]
    table = run(
        amortisation="annuity", term="6 months", principal_dates=days, interest_dates=days,
        day_count=day_count,
    )  # fmt: skip
    total = (table["interest"] + table["principal"])[[2, 3, 5, 6]]
    np.testing.assert_allclose(total, total[0], rtol=1e-12)
    assert table["balance"][7] == pytest.approx(0.0, abs=1e-9)


def test_given_dates_beyond_maturity_leave_a_balloon():
    days = [f"2026-0{month}-01" for month in range(2, 8)]
    table = run(principal_dates=days, term="3 months")
    np.testing.assert_allclose(table["principal"][:5], [0, 200, 200, 800, 0])


def test_interest_is_capitalised_until_a_date():
    table = run(**BULLET, interest_every="2 months", capitalise_until="2026-03-10")
    # 24 of two months joins the balance in period 2; then 12.24 a month.
    np.testing.assert_allclose(table["balance"][:5], [0, 1200, 1200, 1224, 1224])
    np.testing.assert_allclose(table["interest"][:5], [0, 0, 0, 0, 24.48])
    np.testing.assert_allclose(table["principal"][4], 1224.0)


def test_a_payment_below_the_interest_grows_the_balance():
    table = run(amortisation="annuity", payment={"2026-01": "5 USD", "2026-03": "112 USD"})
    np.testing.assert_allclose(table["interest"][1:4], [5, 5, 12.1407], rtol=1e-12)
    np.testing.assert_allclose(table["balance"][1:4], [1200, 1207, 1214.07])
    np.testing.assert_allclose(table["interest"][3] + table["principal"][3], 112.0)
    # What the payments left is due at maturity.
    np.testing.assert_allclose(table["principal"][4], table["balance"][4])


def test_a_stated_part_of_a_linear_loan():
    table = run(payment="500 USD")
    np.testing.assert_allclose(table["principal"], [0, 500, 500, 200, 0, 0, 0, 0, 0])


def test_the_rate_is_held_between_resets():
    base = {"drivers.base": np.linspace(0.0, 0.08, PERIODS + 1)}
    floating = {"rate": "base + 2 %/year", "reset_every": "2 months", **BULLET}
    table = run(base, **floating, term="6 months")
    # Set in 1 (base 1 %), 3 (3 %) and 5 (5 %).
    np.testing.assert_allclose(table["interest"][1:7], [3, 3, 5, 5, 7, 7])
    table = run(base, **floating, term="6 months", first_rate="12 %/year")
    np.testing.assert_allclose(table["interest"][1:7], [12, 12, 5, 5, 7, 7])
    table = run(base, **floating, term="6 months", reset_dates=["2026-04-01"])
    np.testing.assert_allclose(table["interest"][1:7], [3, 3, 3, 6, 6, 6])
    np.testing.assert_allclose(table["rate"][1:5], [0.03, 0.03, 0.03, 0.06])


def test_a_discount_is_lent_less_and_repaid_in_full():
    table = run(**BULLET, issue_price="95 %")
    assert table["advance"][0] == pytest.approx(1140.0)
    assert table["principal"][4] == pytest.approx(1200.0)


def test_late_interest_of_a_quarter_bears_interest_from_its_date():
    half = lambda line, t, claimed: claimed * (0.5 if t == 3 else 1.0)  # noqa: E731
    table = run(**BULLET, interest_every="3 months", term="6 months", paid=half)
    np.testing.assert_allclose(table["interest"][3:7], [18, 18 * 1.01, 0, 36])


def test_cover_of_a_quarterly_loan_is_that_of_the_quarter():
    books = {"company": {("in", Flow.SALE): 400.0, ("out", Flow.RUNNING_COST): 100.0}}
    monthly = run(books=books, **BULLET, term="7 months")
    each = run(books=books, **BULLET, term="7 months", interest_every="3 months")
    # 300 a month over 12, or 900 over 36: the same, known from the first date on.
    np.testing.assert_allclose(monthly["dscr"][7], 25.0)
    np.testing.assert_allclose(each["dscr"][4:8], 25.0)
    assert each["dscr"][3] == 1e9


def test_a_loan_ends_by_its_term_or_on_a_date():
    by_term, by_date = run(), run(term=None, maturity="2026-05-01")
    for line in ("interest", "principal", "balance"):
        np.testing.assert_array_equal(by_term[line], by_date[line])
    for wrong in ({"maturity": "2026-05-01"}, {"term": None}):
        with pytest.raises(ValueError, match="one of them"):
            run(**wrong)
