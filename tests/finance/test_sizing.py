"""Debt that cash carries: closed forms, brute force, and schedules that keep their promises."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from offtake.finance.sizing import (
    Stream,
    carried,
    carried_by_profile,
    levelled,
    present_value,
    sculpted,
    tightness,
)


def stream(cash, rate, most=None, before=None) -> Stream:
    cash = np.atleast_2d(np.array(cash, float))
    shape = cash.shape
    return Stream(
        cash,
        np.zeros(shape) if before is None else np.atleast_2d(np.array(before, float)),
        np.broadcast_to(np.array(rate, float), shape).copy(),
        np.full(shape[1], np.inf) if most is None else np.array(most, float),
    )


def test_one_case_is_the_present_value_of_cash_over_cover():
    cash = np.array([[30.0, 40.0, 50.0, 20.0]])
    s = stream(cash / 1.3, 0.05)
    assert carried(s, 1.0)[0] == pytest.approx(present_value(cash / 1.3, s.interest)[0], rel=1e-14)
    principal, share = sculpted(s, carried(s, 1.0)[0])
    balance = carried(s, 1.0)[0]
    for t in range(4):
        interest = 0.05 * balance
        assert cash[0, t] / (interest + principal[t]) == pytest.approx(1.3, rel=1e-12)
        assert share[t] == pytest.approx(principal[t] / balance)
        balance -= principal[t]
    assert balance == pytest.approx(0.0, abs=1e-12)


def test_a_smaller_debt_has_one_higher_cover_in_every_period():
    s = stream([30.0, 40.0, 50.0, 20.0], 0.05)
    debt = 0.7 * carried(s, 1.0)[0]
    k = tightness(s, debt)
    principal, _ = sculpted(s, debt)
    balance = debt
    for t in range(4):
        assert (0.05 * balance + principal[t]) / s.available[0, t] == pytest.approx(k, rel=1e-12)
        balance -= principal[t]
    assert k < 1.0


def test_no_new_debt_pays_interest():
    # 5 a year for a year pay the interest of 100 at 5 %, whatever comes later.
    assert carried(stream([5.0, 1000.0], 0.05), 1.0)[0] == pytest.approx(100.0)
    assert carried(stream([-1.0, 1000.0], 0.05), 1.0)[0] == 0.0


def test_the_value_of_collateral_bounds_what_is_owed_at_each_close():
    s = stream([60.0, 60.0, 60.0], 0.0, most=[50.0, 20.0, 0.0])
    assert carried(s, 1.0)[0] == pytest.approx(110.0)
    principal, _ = sculpted(s, 110.0)
    owed = 110.0 - np.cumsum(principal)
    assert np.all(owed <= np.array([50.0, 20.0, 0.0]) + 1e-9)


def test_the_tightest_case_of_each_period_counts():
    s = stream([[30.0, 90.0], [80.0, 40.0]], [[0.0, 0.0], [0.0, 0.0]])
    assert carried(s, 1.0)[0] == pytest.approx(70.0)


@given(
    st.lists(st.floats(1.0, 100.0), min_size=2, max_size=5),
    st.floats(0.0, 0.3),
    st.floats(0.1, 1.0),
)
def test_schedules_repay_and_stay_within_cash(cash, rate, part):
    s = stream(cash, rate)
    debt = part * carried(s, 1.0)[0]
    principal, share = sculpted(s, debt)
    assert np.all(principal >= 0.0)
    assert np.all((share >= 0.0) & (share <= 1.0))
    assert principal.sum() == pytest.approx(debt, rel=1e-12)
    balance = debt
    for t, paid in enumerate(principal):
        # The bisection leaves k exact to a float; its error grows with interest over the periods.
        assert rate * balance + paid <= s.available[0, t] * (1.0 + 1e-9)
        balance -= paid


def test_a_profile_of_its_own_is_bound_where_cover_is_least():
    s = stream([30.0, 22.0, 40.0], 0.1)
    service = np.array([[10.0, 11.0, 10.0]])
    assert carried_by_profile(s, service, np.zeros(3)) == pytest.approx(2.0)
    tight = stream([30.0, 22.0, 40.0], 0.1, most=[0.5, 9.0, 9.0])
    assert carried_by_profile(tight, service, np.array([0.5, 0.2, 0.0])) == pytest.approx(1.0)


def test_levelled_cash_keeps_the_sum_of_every_window():
    cash = np.array([[1.0, 2.0, 3.0, 4.0, 5.0]])
    np.testing.assert_allclose(levelled(cash, 2), [[1.5, 1.5, 3.5, 3.5, 5.0]])
    assert levelled(cash, 1) is cash
