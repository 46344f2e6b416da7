"""Shares of a difference by change, against games whose answer is known."""

import numpy as np
import pytest

from offtake.risk.shapley import FloatArray, exact, sampled

ROUNDING = 1e-12


def gloves(some: frozenset[int]) -> FloatArray:
    """One left glove (0) and two right ones: a pair is worth 1. Shares 2/3, 1/6, 1/6."""
    return np.array([1.0 if 0 in some and len(some) > 1 else 0.0])


def product(some: frozenset[int]) -> FloatArray:
    """2 x 3 x .. of those made, and ten times that: all factors but one."""
    worth = float(np.prod([2.0 + i for i in some]))
    return np.array([worth, 10.0 * worth])


def test_the_glove_game() -> None:
    found = exact(3, gloves)
    assert found.values[:, 0] == pytest.approx([2 / 3, 1 / 6, 1 / 6], abs=ROUNDING)
    assert found.sets == 8


def test_shares_add_up_and_are_linear() -> None:
    found = exact(4, product).values
    assert found[:, 0].sum() == pytest.approx(2.0 * 3.0 * 4.0 * 5.0 - 1.0, rel=ROUNDING)
    assert found[:, 1] == pytest.approx(10.0 * found[:, 0], rel=ROUNDING)


def test_random_orders_come_near_and_say_how_near() -> None:
    truth, found = exact(5, product).values[:, 0], sampled(5, product, 400, 1)
    assert found.values[:, 0].sum() == pytest.approx(truth.sum(), rel=ROUNDING)
    assert np.all(found.order_error > 0.0)
    # five independent-looking errors: one beyond four standard errors comes once in 3,000
    assert np.all(np.abs(found.values[:, 0] - truth) < 4.0 * found.order_error)


def test_one_order_tells_no_error() -> None:
    with pytest.raises(ValueError, match="at least 2 orders"):
        sampled(3, gloves, 1, 1)
