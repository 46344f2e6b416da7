"""Discounting against numpy-financial and by definition."""

import numpy as np
import numpy_financial as npf
import pytest

from offtake.finance.discount import (
    annual_rate,
    discount_factors,
    period_rate,
    present_value_ahead,
)


def test_factors_by_hand():
    factors = discount_factors(np.array([0.0, 0.09]), np.array([0.0, 0.5, 0.5, 1.0]))
    np.testing.assert_allclose(factors[:, 0], 1.0)
    np.testing.assert_allclose(factors[:, 1], [1.0, 1.09**-0.5, 1 / 1.09, 1.09**-2])


def test_factors_of_one_rate():
    factors = discount_factors(np.float64(0.09), np.array([0.0, 1.0, 1.0]))
    np.testing.assert_allclose(factors, [1.0, 1 / 1.09, 1.09**-2])
    assert factors.shape == (3,)


def test_npv_is_that_of_a_library():
    flows = np.array([-40_000.0, 5_000.0, 8_000.0, 12_000.0, 30_000.0])
    factors = discount_factors(np.float64(0.08), np.array([0.0, 1.0, 1.0, 1.0, 1.0]))
    assert float((flows * np.asarray(factors)).sum()) == pytest.approx(npf.npv(0.08, flows))


def test_rates_of_a_period_and_of_a_year_are_inverse():
    rates = np.array([-0.3, 0.0, 1e-9, 0.08, 3.0])
    np.testing.assert_allclose(annual_rate(period_rate(rates, 1 / 12), 12.0), rates, atol=1e-14)


def test_present_value_ahead_by_hand():
    flows = np.array([[10.0], [20.0], [40.0]])
    rates = np.array([[0.1], [0.2], [0.25]])
    last = 40.0 / 1.25
    middle = (20.0 + last) / 1.2
    np.testing.assert_allclose(
        present_value_ahead(flows, rates)[:, 0], [(10.0 + middle) / 1.1, middle, last]
    )
