"""Internal rates of return against libraries, published cases and their own definition."""

import datetime as dt
import math
from functools import cache

import numpy as np
import numpy_financial as npf
import pytest
import pyxirr
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as nps

from offtake.core.arrays import jax, jnp
from offtake.finance.returns import irr, xirr, xnpv, year_fractions

# Published cases of pyxirr (Unlicense), some of them numpy-financial's issues 28 and 44.
PUBLISHED = [
    ([-100.0, 39.0, 59.0, 55.0, 20.0], 0.28094842116),
    ([-100.0, 0.0, 0.0, 74.0], -0.09549583034),
    ([-100.0, 100.0, 0.0, -7.0], -0.08329966618),
    ([-100.0, 100.0, 0.0, 7.0], 0.06205848562),
    ([-161445.03, 2113.73, 7626.73, 8619.84, 8612.92], -0.43658134635),
    ([-150000.0, 15000.0, 25000.0, 35000.0, 45000.0, 60000.0], 0.05243288885),
    ([-5.0, 10.5, 1.0, -8.0, 1.0], 0.08859833852),
    ([-5.0, 10.5, 1.0, -8.0, 1.0, 0.0, 0.0, 0.0], 0.08859833852),
    ([-40000.0, 5000.0, 8000.0, 12000.0, 30000.0], 0.10582259840),
    ([-10.0, 2.0, 2.0, 2.0, 2.0], -0.08364541746615073),
    ([87.17] * 5 + [-86.43], -0.49367042606),
    ([-87.17] * 180 + [5809.3], -0.01352676905),
    ([-172545.848122807] + [787.735232517999] * 480, 0.0038401048),
    ([-1678.87, 771.96, 1814.05, 3520.30, 3552.95, 3584.99, -1.0], 0.9688775470209261),
    ([-50.0, -100.0, 600.0, 300.0, -100.0], 1.8544178284461061),
]


@cache
def rates():
    """The function, compiled once per number of flows."""
    return jax.jit(irr)


def rate_of(flows):
    return float(rates()(np.array(flows)[:, None, None])[0, 0])


@pytest.mark.parametrize(("flows", "expected"), PUBLISHED)
def test_published_cases(flows, expected):
    assert rate_of(flows) == pytest.approx(expected, abs=1e-9)


def test_a_loan_returns_its_rate():
    flows = np.full(61, -npf.pmt(0.09 / 12, 60, 1e9))
    flows[0] = -1e9
    assert rate_of(flows) == pytest.approx(0.09 / 12, abs=1e-13)


def test_many_at_once_are_those_of_a_library():
    rng = np.random.default_rng(7)
    flows = rng.normal(1.0, 0.6, (121, 3, 64))
    flows[0] = -80.0
    result = np.asarray(rates()(flows))
    for item, path in np.ndindex(3, 64):
        expected = pyxirr.irr(flows[:, item, path])
        assert result[item, path] == pytest.approx(expected, abs=1e-11)


@pytest.mark.parametrize(
    "flows", [[0.0, 0.0, 0.0], [1.0, 2.0, 3.0], [-1.0, -2.0, 0.0], [10.0, -20.0, 15.0]]
)
def test_no_rate_is_nan(flows):
    assert math.isnan(rate_of(flows))


def test_a_rate_beyond_the_grid_is_nan():
    assert rate_of([-1.0, 20_000.0]) == pytest.approx(19_999.0)
    assert math.isnan(rate_of([-1.0, 23_000.0]))


def test_of_two_rates_the_one_nearest_to_zero_is_taken():
    # (1 - 1.1 v)(1 - 1.5 v): rates 10 % and 50 %; with 1/1.2 for 1.1: -16.7 % and 50 %.
    assert rate_of([1.0, -2.6, 1.65]) == pytest.approx(0.10)
    assert rate_of([1.0, -1.5 - 1 / 1.2, 1.5 / 1.2]) == pytest.approx(1 / 1.2 - 1.0)


def test_flows_that_sum_to_nothing_return_nothing():
    assert rate_of([-5.0, 2.0, 3.0]) == 0.0


def test_empty_periods_before_and_after_change_nothing():
    expected = rate_of([-5.0, 0.0, 6.0])
    assert rate_of([0.0] * 30 + [-5.0, 0.0, 6.0]) == pytest.approx(expected, abs=1e-14)
    assert rate_of([-5.0, 0.0, 6.0] + [0.0] * 470) == pytest.approx(expected, abs=1e-14)


def test_an_almost_total_loss_over_a_long_horizon_is_found():
    expected = 1e-12**0.2 - 1.0
    assert rate_of([-1e9, 0, 0, 0, 0, 1e-3] + [0.0] * 470) == pytest.approx(expected, abs=1e-9)


def test_derivative_is_that_of_the_root():
    flows = np.array([-100.0, 39.0, 59.0, 55.0, 20.0])
    losing = np.array([-100.0, 10.0, 20.0, 30.0, 20.0])
    both = np.stack([flows, losing], axis=1)[:, None, :]
    slope = jax.jit(jax.grad(lambda f: irr(f).sum()))(both)
    for path, period in np.ndindex(2, 5):
        bump = np.zeros_like(both)
        bump[period, 0, path] = 1e-4
        expected = (rates()(both + bump) - rates()(both - bump))[0, path] / 2e-4
        assert slope[period, 0, path] == pytest.approx(float(expected), rel=1e-7)


def test_derivative_is_finite_where_there_is_no_rate():
    slope = jax.jit(jax.grad(lambda f: jnp.nansum(irr(f))))(np.ones((4, 1, 2)))
    assert np.isfinite(slope).all()


@given(
    nps.arrays(np.float64, 12, elements=st.just(0.0) | st.floats(1.0, 1e4)),
    st.floats(1.0, 1e4),
    st.floats(1e-3, 1e3),
)
def test_conventional_flows_have_one_rate_and_scale_does_not_matter(received, paid, scale):
    flows = np.concatenate([[-paid], received])
    rate = rate_of(flows)
    if not received.any():
        assert math.isnan(rate)
        return
    assert rate > -1.0
    worth = flows * (1.0 + rate) ** -np.arange(13.0)
    assert abs(worth.sum()) <= 1e-9 * np.abs(worth).sum()
    assert rate_of(flows * scale) == pytest.approx(rate, rel=1e-9, abs=1e-9)
    assert rate_of(-flows) == pytest.approx(rate, rel=1e-9, abs=1e-9)


# ---------------------------------------------------------------------------------- dated flows

DATES = [dt.date(2007, 1, 12), dt.date(2008, 2, 14), dt.date(2008, 3, 3), dt.date(2008, 6, 14)]


def test_year_fractions_start_at_the_earliest_date():
    np.testing.assert_allclose(
        year_fractions([dt.date(2025, 1, 1), dt.date(2024, 1, 1)]), [366 / 365, 0.0]
    )


def test_xnpv_is_that_of_a_library_in_any_order():
    amounts = [-10000.0, 2500.0, 2000.0, 7000.0]
    expected = pyxirr.xnpv(0.1, DATES, amounts)
    assert xnpv(0.1, DATES, amounts) == pytest.approx(expected, rel=1e-13)
    assert xnpv(0.1, DATES[::-1], amounts[::-1]) == pytest.approx(expected, rel=1e-13)
    assert xnpv(-1.0, DATES, amounts) == math.inf


def test_xirr_of_two_flows_in_closed_form():
    days = [dt.date(2025, 1, 1), dt.date(2026, 1, 1)]
    assert xirr(days, [-100.0, 110.0]) == pytest.approx(0.1, abs=1e-15)
    assert math.isnan(xirr([days[0], days[0]], [-100.0, 110.0]))


@pytest.mark.parametrize("amounts", [[0.0] * 4, [1.0, 0.0, 2.0, 3.0], [-1.0] * 4])
def test_xirr_of_one_sign_is_nan(amounts):
    assert math.isnan(xirr(DATES, amounts))


def test_as_many_dates_as_amounts():
    with pytest.raises(ValueError, match="as many, and some: 4 and 2"):
        xirr(DATES, [1.0, -1.0])
    with pytest.raises(ValueError, match="0 and 0"):
        xnpv(0.1, [], [])


@given(st.floats(-0.5, 3.0), st.lists(st.floats(1.0, 1e6), min_size=2, max_size=20))
def test_xirr_recovers_the_rate_that_made_the_flows(rate, received):
    days = [dt.date(2026, 1, 31) + dt.timedelta(days=40 * i) for i in range(len(received) + 1)]
    paid = sum(
        amount * (1.0 + rate) ** (-40.0 * i / 365.0) for i, amount in enumerate(received, start=1)
    )
    amounts = [-paid, *received]
    assert xirr(days, amounts) == pytest.approx(rate, abs=1e-7)
    assert xirr(days, amounts) == pytest.approx(pyxirr.xirr(days, amounts), abs=1e-7)
