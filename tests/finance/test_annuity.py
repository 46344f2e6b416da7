"""Annuities against numpy-financial, against QuantLib, and against their own definition."""

import jax
import numpy as np
import numpy_financial as npf
import pytest
from hypothesis import given
from hypothesis import strategies as st

from offtake.finance.annuity import annuity_factor, level_payment

RATES = [-0.02, -1e-6, -1e-9, 0.0, 1e-12, 1e-9, 3e-6, 1e-5, 1e-4, 0.005, 0.02, 0.1, 0.9]


def column(*values):
    return np.array(values, dtype=np.float64)


@pytest.mark.parametrize("rate", RATES)
@pytest.mark.parametrize("periods", [1.0, 2.0, 12.0, 180.0, 480.0])
def test_factor_is_the_sum_of_discount_factors(rate, periods):
    expected = np.sum((1.0 + rate) ** -np.arange(1.0, periods + 1.0))
    np.testing.assert_allclose(annuity_factor(rate, periods), expected, rtol=2e-13)


@pytest.mark.parametrize("rate", [0.0, 0.075 / 12, 0.02, 0.5])
def test_level_payment_is_pmt(rate):
    periods = column(1, 7, 180)
    expected = -npf.pmt(rate, periods, 200_000.0)
    result = level_payment(column(2e5, 2e5, 2e5), column(rate, rate, rate), periods)
    np.testing.assert_allclose(result, expected, rtol=1e-13)


def test_example_of_the_docstring():
    assert float(level_payment(200_000.0, 0.075 / 12, 180.0)) == pytest.approx(1854.0247200054619)


def test_nothing_is_due_where_no_payment_remains():
    np.testing.assert_array_equal(
        level_payment(column(5.0, 5.0), column(0.1, 0.0), column(0.0, -3.0)), [0.0, 0.0]
    )
    np.testing.assert_array_equal(annuity_factor(column(0.1, 0.0), column(0.0, -1.0)), [0.0, 0.0])


@pytest.mark.parametrize("remaining", [-1.0, 0.0, 1.0, 2.0, 360.0])
@pytest.mark.parametrize("rate", [-0.01, 0.0, 1e-7, 0.01])
def test_derivatives_are_finite_and_right(rate, remaining):
    slopes = jax.grad(level_payment, argnums=(0, 1, 2))(1000.0, rate, remaining)
    assert all(np.isfinite(slope) for slope in slopes)
    step = 1e-6
    bump = (
        level_payment(1000.0, rate + step, remaining)
        - level_payment(1000.0, rate - step, remaining)
    ) / (2 * step)
    assert float(slopes[1]) == pytest.approx(float(bump), rel=1e-5, abs=1e-5)


@given(st.floats(1.0, 1e12), st.floats(-0.05, 0.5), st.integers(1, 600), st.floats(0.1, 10.0))
def test_the_payments_repay_the_balance(balance, rate, periods, scale):
    payment = float(level_payment(balance, rate, float(periods)))
    growth = (1.0 + rate) ** np.arange(periods)
    left = balance * (1.0 + rate) ** periods - payment * growth.sum()
    assert abs(left) <= 1e-9 * balance * max(1.0, (1.0 + rate) ** periods)
    scaled = float(level_payment(balance * scale, rate, float(periods)))
    assert scaled == pytest.approx(payment * scale, rel=1e-12)
