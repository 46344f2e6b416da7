"""What stays owed of an unpaid claim, and what part of a period lies between two dates."""

import numpy as np

from offtake.core.arrays import jnp
from offtake.finance.span import after, before_plan, between, reached, since
from offtake.finance.unpaid import outstanding, unpaid


def test_owed_or_lost():
    claimed = jnp.asarray([100.0, 100.0, 100.0, 0.0, 100.0])
    paid = jnp.asarray([100.0, 40.0, 40.0, 0.0, 100.0 - 1e-8])
    payout = jnp.asarray([1.0, 1.0, 0.4, 1.0, 1.0])
    left = unpaid(claimed, paid, payout)
    np.testing.assert_allclose(left.owed, [0.0, 60.0, 0.0, 0.0, 0.0])
    assert left.short.tolist() == [False, True, True, False, False]


def test_parts_of_a_period():
    t = jnp.asarray(3.0)
    start = jnp.asarray([0.0, 2.25, 3.0, 2.25, 2.75])
    end = jnp.asarray([9.0, 9.0, 9.0, 2.75, 2.25])
    np.testing.assert_allclose(after(start, t), [1.0, 0.75, 0.0, 0.75, 0.25])
    np.testing.assert_allclose(between(start, end, t), [1.0, 0.75, 0.0, 0.5, 0.0])
    np.testing.assert_allclose(since(-start, t), 1.0)
    np.testing.assert_allclose(since(-start, 0.0 * t), 0.0)
    np.testing.assert_allclose(before_plan(-start), start)
    assert reached(jnp.asarray([2.9, 3.0, 3.1]), t).tolist() == [True, True, False]


def test_rounding_is_not_a_debt():
    due = jnp.asarray([60.0, 60.0, 60.0])
    left = outstanding(due, jnp.asarray([60.0 - 3e-15, 59.0, 61.0]))
    np.testing.assert_allclose(left, [0.0, 1.0, 0.0])
