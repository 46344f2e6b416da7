"""Depreciation by age against tables, hand cases and month-by-month loops."""

import jax
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from offtake import catalogue
from offtake.finance.depreciation import by_schedule, declining_balance, macrs, straight_line

AGES = np.arange(0.0, 241.0)


def test_straight_line():
    np.testing.assert_allclose(
        straight_line(np.array([-3.0, 0.0, 18.0, 72.0, 90.0]), 72.0), [0.0, 0.0, 0.25, 1.0, 1.0]
    )


def test_macrs_by_year_is_the_table():
    ages = np.array([0.0, 12.0, 24.0, 36.0, 48.0, 60.0, 72.0])
    charges = np.diff(np.asarray(macrs(ages, 5)))
    np.testing.assert_allclose(charges, [0.20, 0.32, 0.192, 0.1152, 0.1152, 0.0576])
    charges = np.diff(np.asarray(macrs(np.arange(0.0, 97.0, 12.0), 7)))
    np.testing.assert_allclose(
        charges, [0.1429, 0.2449, 0.1749, 0.1249, 0.0893, 0.0892, 0.0893, 0.0446]
    )


def test_macrs_within_a_year_is_even():
    np.testing.assert_allclose(np.diff(np.asarray(macrs(AGES[12:25], 5))), 0.32 / 12)


@pytest.mark.parametrize("class_years", [3, 5, 7, 10, 15, 20])
def test_macrs_follows_the_law_it_is_made_by(class_years):
    # 200 % (15 and 20 years: 150 %) declining balance, half a year first, then straight-line.
    # The published table rounds, so agreement is to its last digit.
    factor = 2.0 if class_years <= 10 else 1.5
    left, shares = 1.0, []
    for year in range(class_years + 1):
        remaining = class_years - max(0.0, year - 0.5)
        share = max(left * factor / class_years, left / remaining if year else 0.0)
        share = min(share * (0.5 if year == 0 else 1.0), left)
        shares.append(share)
        left -= share
    published = catalogue.macrs_year_shares(class_years)
    np.testing.assert_allclose(published, shares, atol=1.01e-4)


def test_an_unknown_class_names_those_there_are():
    with pytest.raises(catalogue.UnknownNameError, match=r"no MACRS property class '6'.*3, 5, 7"):
        macrs(AGES, 6)


@pytest.mark.parametrize(("life", "factor"), [(60.0, 2.0), (72.0, 1.5), (48.0, 1.0)])
def test_declining_balance_is_the_loop(life, factor):
    left, written_off = 1.0, [0.0]
    for month in range(int(life)):
        charge = max(left * factor / life, left / (life - month))
        left -= charge
        written_off.append(1.0 - left)
    result = declining_balance(np.arange(life + 1.0), life, factor)
    np.testing.assert_allclose(result, written_off, atol=1e-12)


def test_declining_balance_refuses_a_factor_below_one():
    with pytest.raises(ValueError, match=r"at least 1, found 0\.5"):
        declining_balance(AGES, 60.0, 0.5)


@given(st.floats(3.0, 480.0), st.floats(-12.0, 600.0), st.floats(0.0, 120.0))
def test_written_off_rises_from_none_to_all(life, age, later):
    profiles = [
        lambda months: straight_line(months, life),
        lambda months: declining_balance(months, life),
        lambda months: macrs(months, 5),
        lambda months: by_schedule(months, (0.4, 0.6)),
    ]
    for written_off in profiles:
        now, then = float(written_off(np.float64(age))), float(written_off(np.float64(age + later)))
        assert -1e-15 <= now <= then + 1e-12
        assert then <= 1.0 + 1e-12
        assert float(written_off(np.float64(1e4))) == pytest.approx(1.0)
        assert float(written_off(np.float64(-1.0))) == 0.0


@pytest.mark.parametrize("age", [-5.0, 0.0, 30.0, 60.0, 61.0])
def test_derivatives_are_finite(age):
    for written_off in (straight_line, declining_balance):
        slopes = jax.grad(written_off, argnums=(0, 1))(age, 60.0)
        assert all(np.isfinite(slope) for slope in slopes)
