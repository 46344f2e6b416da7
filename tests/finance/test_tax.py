"""Tax: depreciation within tax years, losses."""

import numpy as np

from offtake.core.arrays import jnp
from offtake.finance.tax import losses_used, straight_by_year_end, within_year


def test_straight_line_has_half_a_year_at_both_ends():
    ages = jnp.arange(-1.0, 6.0)[:, None]
    by_end = np.asarray(straight_by_year_end(ages, jnp.full((1, 1), 4.0)))[:, 0]
    np.testing.assert_allclose(np.diff(by_end), [0.125, 0.25, 0.25, 0.25, 0.125, 0.0])
    assert by_end[0] == 0.0


def test_life_of_no_length_writes_off_at_once():
    assert float(straight_by_year_end(jnp.zeros(1), jnp.zeros(1))[0]) == 1.0


def test_charge_runs_evenly_within_a_year():
    before, after = jnp.asarray([0.0, 0.1]), jnp.asarray([0.1, 0.3])
    bonus, first = jnp.asarray([0.4, 0.4]), jnp.asarray([1.0, 0.0])
    half = within_year(before, after, bonus, jnp.asarray(0.5), first)
    np.testing.assert_allclose(half, [0.4 * 0.5 + 0.6 * 0.05, 0.4 + 0.6 * 0.2])
    none = within_year(before, after, bonus, jnp.asarray(0.5), -jnp.ones(2))
    np.testing.assert_allclose(none, 0.6 * np.array([0.05, 0.2]))


def test_losses():
    income, losses = jnp.asarray([100.0, 100.0, -50.0]), jnp.asarray([30.0, 300.0, 300.0])
    np.testing.assert_allclose(losses_used(income, losses, jnp.asarray(0.8)), [30.0, 80.0, 0.0])
