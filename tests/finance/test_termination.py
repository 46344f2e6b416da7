"""Ends of contracts, by hand."""

import numpy as np
import pytest

from offtake.core.arrays import jnp
from offtake.finance.termination import ending, rest_of_term


def test_the_rest_of_a_term():
    # 100 a quarter at 8.243216 % a year, 2 % a quarter: two and a half quarters, as an annuity.
    yearly, periods = jnp.array([[1.02**4 - 1, 0.0, 0.1]]), jnp.array([[2.5, 3.0, -1.0]])
    worth = rest_of_term(jnp.full((1, 3), 100.0), yearly, jnp.array(0.25), periods)
    expected = [100 * (1 - 1.02**-2.5) / 0.02, 300.0, 0.0]
    np.testing.assert_allclose(worth[0], expected)


@pytest.mark.parametrize(
    ("before", "late", "idle", "expected"),
    [
        (0, 2, 0, (0, 0, 0)),
        (0, 3, 0, (1, 70, 0)),
        (0, 0, 3, (1, 0, 30)),
        (0, 3, 3, (1, 70, 0)),
        (1, 3, 3, (1, 0, 0)),
    ],
)
def test_who_ends_it(before: float, late: float, idle: float, expected: tuple[float, ...]):
    given = [jnp.array([[float(x)]]) for x in (before, late, idle, 2, 100, 30)]
    assert [float(x[0, 0]) for x in ending(*given)] == list(expected)
