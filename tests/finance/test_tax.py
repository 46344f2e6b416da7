"""Tax: depreciation within tax years, losses."""

import numpy as np

from offtake.core.arrays import jnp
from offtake.finance.tax import losses_used, straight_by_year_end


def test_straight_line_has_half_a_year_at_both_ends():
    ages = jnp.arange(-1.0, 6.0)[:, None]
    by_end = np.asarray(straight_by_year_end(ages, jnp.full((1, 1), 4.0)))[:, 0]
    np.testing.assert_allclose(np.diff(by_end), [0.125, 0.25, 0.25, 0.25, 0.125, 0.0])
    assert by_end[0] == 0.0


def test_life_of_no_length_writes_off_at_once():
    assert float(straight_by_year_end(jnp.zeros(1), jnp.zeros(1))[0]) == 1.0


def test_losses():
    income, losses = jnp.asarray([100.0, 100.0, -50.0]), jnp.asarray([30.0, 300.0, 300.0])
    np.testing.assert_allclose(losses_used(income, losses, jnp.asarray(0.8)), [30.0, 80.0, 0.0])
