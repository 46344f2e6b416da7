"""Schedules of loans equal those of numpy-financial and QuantLib to a cent."""

from datetime import date

import numpy as np
import numpy_financial as npf
import pytest
import QuantLib as ql

from offtake.contracts.delayed_draw_loan import DelayedDrawLoan, DelayedDrawLoanTerms
from offtake.contracts.revolver import Revolver, RevolverTerms
from offtake.contracts.term_loan import TermLoan, TermLoanTerms
from offtake.core.calendar import Periods
from tests.contracts.harness import run_alone

CENT = 0.01
MONTHS = 60
AMOUNT = 2_300_000.0
DAY_COUNTS = {
    "A/360": ql.Actual360(),
    "A/365": ql.Actual365Fixed(),
    "30/360": ql.Thirty360(ql.Thirty360.BondBasis),
    "30E/360": ql.Thirty360(ql.Thirty360.European),
    "A/A ISDA": ql.ActualActual(ql.ActualActual.ISDA),
}
FIRST = date(2026, 11, 1)


def loan(periods=None, observations=None, **changes):
    written = {
        "kind": "term_loan",
        "lender": "bank",
        "borrower": "company",
        "amount": f"{AMOUNT} USD",
        "rate": "7.5 %/year",
        "term": f"{MONTHS} months",
    }
    terms = TermLoanTerms.model_validate(written | changes)
    return run_alone(TermLoan, terms, observations, periods or Periods(FIRST, MONTHS + 1))


def schedule(first=FIRST, months=MONTHS, step=1):
    start = ql.Date(first.day, first.month, first.year)
    return ql.Schedule(
        start,
        start + ql.Period(months, ql.Months),
        ql.Period(step, ql.Months),
        ql.NullCalendar(),
        ql.Unadjusted,
        ql.Unadjusted,
        ql.DateGeneration.Forward,
        False,
    )


def by_date(bond, dates, kind):
    """Amounts of the coupons, or of the repayments, of a bond on each date after the first."""
    amounts = dict.fromkeys([d.serialNumber() for d in list(dates)[1:]], 0.0)
    for flow in bond.cashflows():
        is_coupon = ql.as_coupon(flow) is not None
        if is_coupon == (kind == "interest"):
            amounts[flow.date().serialNumber()] += flow.amount()
    return np.array(list(amounts.values()))


def check(table, bond, dates):
    """Interest and principal of a run equal those of a bond."""
    count = len(list(dates)) - 1
    for kind in ("interest", "principal"):
        expected = by_date(bond, dates, kind)
        np.testing.assert_allclose(table[kind][1 : count + 1], expected, atol=CENT, rtol=0.0)
        assert not table[kind][count + 1 :].any()


@pytest.mark.parametrize(("length", "per_year", "count"), [("months", 12, 60), ("quarters", 4, 20)])
def test_annuity_is_ipmt_and_ppmt(length, per_year, count):
    table = loan(Periods(FIRST, count + 1, length), amortisation="annuity")
    period = np.arange(1, count + 1)
    interest = -npf.ipmt(0.075 / per_year, period, count, AMOUNT)
    principal = -npf.ppmt(0.075 / per_year, period, count, AMOUNT)
    np.testing.assert_allclose(table["interest"][1:-1], interest, atol=CENT, rtol=0.0)
    np.testing.assert_allclose(table["principal"][1:-1], principal, atol=CENT, rtol=0.0)


def test_annuity_after_an_interest_only_period():
    table = loan(amortisation="annuity", interest_only="18 months")
    left = MONTHS - 18
    np.testing.assert_allclose(table["principal"][:19], 0.0)
    principal = -npf.ppmt(0.075 / 12, np.arange(1, left + 1), left, AMOUNT)
    np.testing.assert_allclose(table["principal"][19:-1], principal, atol=CENT, rtol=0.0)


def test_annuity_is_quantlibs_sinking_notionals():
    dates = schedule()
    tenor = ql.Period(MONTHS, ql.Months)
    notionals = ql.sinkingNotionals(tenor, ql.Monthly, 0.075, AMOUNT)
    day_count = DAY_COUNTS["30/360"]
    bond = ql.AmortizingFixedRateBond(0, notionals[:-1], dates, [0.075], day_count)
    check(loan(amortisation="annuity"), bond, dates)


@pytest.mark.parametrize("day_count", DAY_COUNTS)
def test_linear_with_every_day_count(day_count):
    dates = schedule()
    notionals = [AMOUNT * (MONTHS - k) / MONTHS for k in range(MONTHS)]
    bond = ql.AmortizingFixedRateBond(0, notionals, dates, [0.075], DAY_COUNTS[day_count])
    check(loan(amortisation="linear", day_count=day_count), bond, dates)


@pytest.mark.parametrize("day_count", DAY_COUNTS)
def test_bullet_with_every_day_count(day_count):
    dates = schedule()
    bond = ql.FixedRateBond(0, AMOUNT, dates, [0.075], DAY_COUNTS[day_count])
    check(loan(day_count=day_count), bond, dates)


def test_floating_rate_with_margin_and_floor():
    dates = schedule()
    base = 0.02 + 0.025 * np.sin(np.arange(MONTHS + 2) / 7.0)
    index = ql.IborIndex(
        "base", ql.Period(1, ql.Months), 0, ql.USDCurrency(), ql.NullCalendar(), ql.Unadjusted,
        False, DAY_COUNTS["A/360"],
    )  # fmt: skip
    before = ql.Settings.instance().evaluationDate
    ql.Settings.instance().evaluationDate = list(dates)[-1] + 1
    try:
        index.addFixings(list(dates)[:-1], base[1 : MONTHS + 1].tolist(), True)
        notionals = [AMOUNT * (MONTHS - k) / MONTHS for k in range(MONTHS)]
        # QuantLib's floor is on the whole coupon: base floor and margin together.
        bond = ql.AmortizingFloatingRateBond(
            0, notionals, dates, index, DAY_COUNTS["A/360"], ql.Unadjusted, 0, [1.0], [0.035], [],
            [0.01 + 0.035],
        )  # fmt: skip
        ql.setCouponPricer(bond.cashflows(), ql.BlackIborCouponPricer())
        table = loan(
            None,
            {"drivers.SOFR": base},
            rate="SOFR + 350 bp",
            floor="1 %/year",
            day_count="A/360",
            amortisation="linear",
        )
        check(table, bond, dates)
        assert (base[1 : MONTHS + 1] < 0.01).any()
    finally:
        index.clearFixings()
        ql.Settings.instance().evaluationDate = before


def test_upfront_fee_raises_the_lenders_return():
    table = loan(amortisation="annuity", upfront_fee="2 %")
    np.testing.assert_allclose(table["fee"][0], 0.02 * AMOUNT, atol=CENT)
    flows = table["fee"] + table["interest"] + table["principal"] - table["advance"]
    payment = npf.pmt(0.075 / 12, MONTHS, AMOUNT)
    expected = npf.rate(MONTHS, payment, 0.98 * AMOUNT, 0.0)
    assert abs(npf.irr(flows[:-1]) - expected) < 1e-9


def test_mini_perm_leaves_the_balloon_of_a_longer_annuity():
    written = {
        "kind": "delayed_draw_loan",
        "lender": "bank",
        "borrower": "company",
        "amount": f"{AMOUNT} USD",
        "funds": ["order"],
        "rate": "7.5 %/year",
        "availability": "12 months",
        "term": "5 years",
        "amortisation": "annuity",
        "amortise_over": "15 years",
    }
    terms = DelayedDrawLoanTerms.model_validate(written)
    table = run_alone(
        DelayedDrawLoan,
        terms,
        None,
        Periods(FIRST, MONTHS + 1),
        drawn=lambda line, t, limit: limit * (t == 12),
    )
    paid = np.arange(1, 49)
    interest = -npf.ipmt(0.075 / 12, paid, 180, AMOUNT)
    np.testing.assert_allclose(table["interest"][13:61], interest, atol=CENT, rtol=0.0)
    principal = -npf.ppmt(0.075 / 12, paid[:-1], 180, AMOUNT)
    np.testing.assert_allclose(table["principal"][13:60], principal, atol=CENT, rtol=0.0)
    payment = npf.pmt(0.075 / 12, 180, AMOUNT)
    balloon = -npf.fv(0.075 / 12, 47, payment, AMOUNT)
    np.testing.assert_allclose(table["principal"][60], balloon, atol=CENT, rtol=0.0)


@pytest.mark.parametrize("day_count", DAY_COUNTS)
def test_revolver_accrues_like_quantlib(day_count):
    terms = RevolverTerms.model_validate(
        {
            "kind": "revolver",
            "lender": "bank",
            "borrower": "company",
            "amount": "1 M USD",
            "rate": "7.5 %/year",
            "commitment_fee": "50 bp",
            "term": "3 years",
            "day_count": day_count,
        }
    )
    table = run_alone(
        Revolver, terms, None, Periods(FIRST, MONTHS + 1), drawn=lambda line, t, limit: limit * 0.1
    )
    dates = list(schedule())
    for t in range(1, 37):
        years = DAY_COUNTS[day_count].yearFraction(dates[t - 1], dates[t])
        balance = table["balance"][t]
        np.testing.assert_allclose(table["interest"][t], balance * 0.075 * years, atol=CENT)
        np.testing.assert_allclose(table["fee"][t], (1e6 - balance) * 0.005 * years, atol=CENT)
