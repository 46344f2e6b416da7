"""Figures of a workbook over all periods of a row."""

import math

import numpy as np
import pytest

from offtake.results.workbook.figures import yearly_return


def test_of_two_rates_the_one_that_a_spreadsheet_finds_from_its_start_is_told() -> None:
    """-100 (1 - 1.1 / (1 + r)) (1 - 1.2 / (1 + r)): rates of 10 % and 20 %; IRR starts at 1 %."""
    assert yearly_return(np.array([-100.0, 230.0, -132.0]), 1) == pytest.approx(0.1, rel=1e-12)


def test_equal_periods_of_a_month_give_a_yearly_rate() -> None:
    """100 that return 1 % a month."""
    flows = np.array([-100.0, 1.0, 1.0, 101.0])
    assert yearly_return(flows, 12) == pytest.approx(1.01**12 - 1.0, rel=1e-12)


def test_no_rate_is_nan() -> None:
    """Nothing comes back; less than half comes back after a month."""
    assert math.isnan(yearly_return(np.array([-100.0, 0.0, 0.0]), 12))
    assert math.isnan(yearly_return(np.array([-100.0, 40.0, 0.0]), 12))
