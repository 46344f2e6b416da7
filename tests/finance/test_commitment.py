"""Options of commitments: the rule by hand, at its edges."""

import numpy as np
import pytest

from offtake.core.arrays import jax, jnp
from offtake.finance.commitment import carried, gives_up, use_of_last


@pytest.mark.parametrize(
    ("needed", "part", "use"),
    [(10.0, 0.3, 1.0), (7.0, 0.3, 0.0), (8.5, 0.3, 0.5), (4.0, 1.0, 0.4), (-1.0, 1.0, 0.0)],
)
def test_the_last_part_is_needed_last(needed: float, part: float, use: float):
    found = use_of_last(*(jnp.asarray([x]) for x in (needed, 10.0, part)))
    np.testing.assert_allclose(np.asarray(found), [use], atol=1e-15)


def test_of_nothing_nothing_is_needed():
    assert float(use_of_last(jnp.asarray(5.0), jnp.asarray(10.0), jnp.asarray(0.0))) == 0.0
    slope = jax.grad(lambda part: use_of_last(jnp.asarray(5.0), jnp.asarray(10.0), part))
    assert np.isfinite(float(slope(0.0)))


@pytest.mark.parametrize(
    ("use", "market", "resold", "fee", "goes"),
    [
        (1.0, 2.0, 0.0, 0.0, False),  # as dear elsewhere: nothing to gain
        (1.0, 1.9, 0.0, 0.0, True),
        (1.0, 1.9, 0.0, 0.05, True),  # 2 - 1.9 = 0.1 is saved against 0.05 x 1.8 = 0.09
        (1.0, 1.9, 0.0, 0.06, False),  # against 0.108
        (0.0, 1.9, 0.0, 0.5, True),
        (0.0, 1.9, 0.8, 0.5, False),  # 1.8 - 0.9 x 0.8 x 1.9 = 0.432 against 0.9
        (0.5, 1.0, 0.5, 0.6, True),  # 1.8 - 0.5 - 0.4 x 0.5 = 1.1 against 1.08
        (0.5, 1.0, 0.5, 0.62, False),  # against 1.116
    ],
)
def test_gives_up_what_costs_more_than_the_fee(use, market, resold, fee, goes):
    given = (jnp.asarray(x) for x in (use, 2.0, 0.9, market, resold, fee))
    assert bool(gives_up(*given)) is goes


def test_carried_forward():
    found = carried(jnp.asarray(3.0), jnp.asarray(-0.2), jnp.asarray(2.5))
    assert float(found) == pytest.approx(3.0 * 0.8**2.5, rel=1e-14)
