"""Repayment profiles rolled over a term, against QuantLib's amortising legs and numpy-financial."""

import numpy as np
import numpy_financial as npf
import pytest
import QuantLib as ql
from hypothesis import given
from hypothesis import strategies as st

from offtake.finance.amortisation import Profile, principal_due

TERM = 24


def rolled(profile, rate, *, term=TERM, balance=1000.0, extra_at=None):
    """Opening balances and principal of each period, where all that is due is paid."""
    balances, principals = [], []
    for period in range(term):
        due = principal_due(
            np.array([[profile]]),
            np.array([[balance]]),
            np.array([[rate]]),
            np.array([[float(term - period)]]),
        )
        balances.append(balance)
        principals.append(float(due[0, 0]))
        balance -= principals[-1] + (100.0 if period == extra_at else 0.0)
    return np.array(balances), np.array(principals), balance


def test_linear_is_in_equal_parts():
    balances, principals, left = rolled(Profile.LINEAR, 0.01)
    np.testing.assert_allclose(principals, 1000.0 / TERM, rtol=1e-12)
    assert left == pytest.approx(0.0, abs=1e-9)
    assert balances[12] == pytest.approx(500.0)


def test_annuity_is_ppmt():
    _, principals, left = rolled(Profile.ANNUITY, 0.01)
    np.testing.assert_allclose(principals, -npf.ppmt(0.01, np.arange(1, TERM + 1), TERM, 1000.0))
    assert left == pytest.approx(0.0, abs=1e-9)


def test_bullet_falls_due_with_the_last_payment():
    _, principals, left = rolled(Profile.BULLET, 0.01)
    np.testing.assert_array_equal(principals, [0.0] * (TERM - 1) + [1000.0])
    assert left == 0.0


@pytest.mark.parametrize("rate", [0.0, 0.01])
@pytest.mark.parametrize("profile", list(Profile))
def test_prepayment_spreads_the_rest_afresh(profile, rate):
    _, principals, left = rolled(profile, rate, extra_at=5)
    assert left == pytest.approx(0.0, abs=1e-9)
    assert principals.sum() == pytest.approx(900.0)
    assert (principals >= 0.0).all()


@pytest.mark.parametrize("annual", [0.03, 0.075, 0.12])
def test_annuity_balances_are_those_of_a_library(annual):
    # A level-payment bond of 15 years by months, face 1,000.
    start = ql.Date(15, 1, 2026)
    ql.Settings.instance().evaluationDate = start
    months = ql.Period(ql.Monthly)
    tenor = ql.Period(15, ql.Years)
    notionals = ql.sinkingNotionals(tenor, ql.Monthly, annual, 1000.0)
    schedule = ql.sinkingSchedule(start, tenor, ql.Monthly, ql.NullCalendar())
    bond = ql.AmortizingFixedRateBond(
        0, list(notionals), schedule, [annual], ql.Thirty360(ql.Thirty360.BondBasis)
    )
    assert months.length() == 1
    balances, principals, left = rolled(Profile.ANNUITY, annual / 12, term=180)
    np.testing.assert_allclose(balances, list(notionals)[:180], atol=5e-9)
    flows = [flow for flow in bond.cashflows() if flow.date() > start]
    redeemed = [flow.amount() for flow in flows if ql.as_coupon(flow) is None]
    interest = [flow.amount() for flow in flows if ql.as_coupon(flow) is not None]
    np.testing.assert_allclose(principals, redeemed, atol=5e-9)
    np.testing.assert_allclose(balances * annual / 12, interest, atol=5e-9)
    assert left == pytest.approx(0.0, abs=1e-8)


def test_nothing_is_due_after_the_last_payment():
    for profile in Profile:
        due = principal_due(
            np.array([[profile]]),
            np.full((1, 2), 7.0),
            np.full((1, 2), 0.1),
            np.array([[0.0, -4.0]]),
        )
        np.testing.assert_array_equal(due, [[0.0, 0.0]])


def test_each_row_has_its_profile():
    profile = np.array([[Profile.LINEAR], [Profile.ANNUITY], [Profile.BULLET]])
    due = principal_due(profile, np.full((3, 2), 100.0), np.full((3, 2), 0.1), np.full((3, 2), 2.0))
    np.testing.assert_allclose(due[:, 0], [50.0, 100.0 * 0.1 / (1 - 1.1**-2) - 10.0, 0.0])
    np.testing.assert_array_equal(due[:, 0], due[:, 1])


@given(
    st.sampled_from(Profile), st.floats(0.0, 1e12), st.floats(-0.02, 0.3), st.floats(-2.0, 600.0)
)
def test_principal_is_between_nothing_and_the_balance(profile, balance, rate, remaining):
    due = float(principal_due(np.array(profile), balance, rate, remaining))
    if rate >= 0.0 or profile != Profile.ANNUITY:
        assert -1e-9 * balance <= due <= balance * (1.0 + 1e-12)
    if 0.0 < remaining <= 1.0:
        assert due == pytest.approx(balance, rel=1e-12)
