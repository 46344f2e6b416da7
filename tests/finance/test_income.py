"""Shares of income where machines work beside people, by hand."""

import numpy as np
import pytest

from offtake.core.arrays import jnp
from offtake.finance.income import Income, income


def found(machines: list[float], elasticity: float, share: float, other: float) -> Income:
    one = [jnp.asarray([x]) for x in (elasticity, share, other)]
    parts = income(jnp.asarray(machines)[:, None], *one)
    return Income(*(np.asarray(part)[:, 0] for part in parts))


def test_elasticity_of_two_by_hand():
    """Four times the machines: 0.8 + 0.2 x 2 = 1.2, so H is 1.44 and Y, at a half, 1.2."""
    of = found([1.0, 4.0], 2.0, 0.2, 0.5)
    assert of.labour_share == pytest.approx([0.4, 0.5 * 0.8 / 1.2], rel=1e-12)
    assert of.capital_share == pytest.approx([0.6, 1.0 - 0.5 * 0.8 / 1.2], rel=1e-12)
    assert of.output == pytest.approx([1.0, 1.2], rel=1e-12)
    assert of.wage == pytest.approx([1.0, 1.2 * (0.8 / 1.2) / 0.8], rel=1e-12)


def test_elasticity_of_a_half_by_hand():
    """0.8 + 0.2 / 4 = 0.85: machines are plenty and people dear."""
    of = found([1.0, 4.0], 0.5, 0.2, 0.5)
    assert of.labour_share[1] == pytest.approx(0.4 / 0.85, rel=1e-12)
    assert of.output[1] == pytest.approx(0.85**-0.5, rel=1e-12)
    assert of.wage[1] == pytest.approx(0.85**-1.5, rel=1e-12)


def test_elasticity_of_one_is_cobb_douglas():
    of = found([1.0, 4.0], 1.0, 0.2, 0.5)
    assert of.labour_share == pytest.approx([0.4, 0.4], rel=1e-12)
    assert of.output[1] == pytest.approx(4.0 ** (0.2 * 0.5), rel=1e-12)
    near = found([1.0, 4.0], 1.0 + 3e-6, 0.2, 0.5)  # first order in 3e-6 either side of the switch
    assert near.output[1] == pytest.approx(of.output[1], rel=1e-5)


def test_machines_without_bound_leave_labour_nothing_or_all():
    assert found([1.0, 1e12], 2.0, 0.1, 0.3).labour_share[1] == pytest.approx(0.0, abs=1e-4)
    assert found([1.0, 1e12], 0.5, 0.1, 0.3).labour_share[1] == pytest.approx(0.7 * 0.9 / 0.9)
