"""The derivative of clearing is that of the fixed point, forwards and backwards (DESIGN §5.4).

Away from kinks payments are linear in cash and ratios of linear pieces in amounts, so a central
bump errs by rounding, 1e-15 of the gross amounts over the bump, and by the bump squared: with bumps
of 1e-4 of amounts of about ten 1e-9. 1e-7 is asked.
"""

from typing import Any

import numpy as np
import pytest

from offtake.core.arrays import jax, jnp
from offtake.engine.clear import UNLIMITED, clear
from tests.engine.networks import SHAPE, Claims

BUMP, TOLERANCE = 1e-4, 1e-7


def cyclic() -> Claims:
    """Everyone owes everyone at two ranks; two of three are in default."""
    network = Claims(3, 4, [4.0, 1.0, 2.0])
    for payer in range(3):
        network.owe(payer, (payer + 1) % 3, 10.0 + payer, rank=1)
        network.owe(payer, (payer + 2) % 3, 3.0 + payer, rank=2)
        network.owe(payer, 3, 4.0, rank=1 + payer % 2)
    return network


def chain() -> Claims:
    network = Claims(3, 5, [6.0, 1.0, 2.0], minimum=[0.0, 0.0, 0.5])
    network.owe(0, 1, 8.0)
    network.owe(0, 3, 4.0)
    network.owe(1, 2, 9.0)
    network.owe(2, 4, 3.0)
    network.owe(2, 3, UNLIMITED, rank=900, form="residual")
    return network


def supported() -> Claims:
    """Two tiers; the first supporter is inside and short, the second has a limit to spare."""
    network = Claims(3, 6, [3.0, 4.0, 1.0])
    rent = network.owe(0, 2, 10.0)
    network.owe(0, 3, 5.0)
    network.owe(1, 3, 2.0)
    network.owe(2, 4, 30.0)
    network.support(1, 0, (rent,), 6.0, tier=1, rank=200, recovery_rank=600)
    network.support(4, 0, (rent,), 50.0, tier=2, weight=1.0)
    network.support(5, 0, (rent,), 50.0, tier=2, weight=2.0)
    return network


def total(network: Claims) -> Any:
    """Payments weighted by 1, 2, 3, ... as a function of cash [N] and amounts [C]."""
    given = network.given()
    filled = network.network()
    _, limits, weights, _, minimum, payout = given.arguments(1)
    weight = jnp.arange(1.0, len(filled.payer) + 1.0)

    def value(cash: Any, amounts: Any) -> Any:
        found = clear(
            filled, SHAPE, amounts[:, None], limits, weights, cash[:, None], minimum, payout
        )
        return jnp.sum(found.paid[:, 0] * weight)

    return value, jnp.asarray(given.cash[:, 0]), jnp.asarray(given.amounts[:, 0])


@pytest.mark.parametrize("make", [cyclic, chain, supported])
def test_equals_central_bumps_forwards_and_backwards(make: Any):
    network = make()
    value, cash, amounts = total(network)
    backwards = jax.jit(jax.grad(value, argnums=(0, 1)))(cash, amounts)
    forwards = jax.jit(jax.jacfwd(value, argnums=(0, 1)))(cash, amounts)
    run = jax.jit(value)
    places = (range(network.internal), [k for k, x in enumerate(network.amounts) if 0 < x < 1e9])
    for which, rows in enumerate(places):
        np.testing.assert_allclose(backwards[which], forwards[which], rtol=0, atol=1e-11)
        for row in rows:
            step = np.zeros_like((cash, amounts)[which])
            step[row] = BUMP
            up, down = [cash, amounts], [cash, amounts]
            up[which], down[which] = up[which] + step, down[which] - step
            bump = float(run(*up) - run(*down)) / (2 * BUMP)
            assert float(backwards[which][row]) == pytest.approx(bump, abs=TOLERANCE)


def test_some_derivative_of_the_cycle_is_worked_by_hand():
    """Half of what goes round comes back: a dollar of cash is paid 1 / (1 - 1 / 2) times."""
    network = Claims(1, 3, [1.0])
    network.owe(0, 1, 10.0)
    value, cash, amounts = total(network)
    slope = jax.grad(value)(cash, amounts)
    assert slope[0] == 1.0
    network = Claims(2, 3, [1.0, 0.0])
    network.owe(0, 1, 10.0)
    network.owe(1, 0, 5.0)
    network.owe(1, 2, 5.0)
    # The first pays c + x with x half of what the second pays, which is what the first pays.
    value, cash, amounts = total(network)
    slope = jax.grad(value)(cash, amounts)
    assert slope[0] == pytest.approx(1 * 2.0 + 2 * 1.0 + 3 * 1.0, abs=1e-12)


def test_slow_cycle_has_the_derivative_of_its_solution():
    """One percent leaves per round: d paid / d cash is 100, not what a few rounds would say."""
    network = Claims(2, 3, [0.1, 0.0])
    network.owe(0, 1, 99.0)
    network.owe(0, 2, 1.0)
    network.owe(1, 0, 99.0)
    value, cash, amounts = total(network)
    slope = jax.grad(value)(cash, amounts)
    # p = 0.1 + 0.99 p leaves the first, of which 0.99 goes round through the second.
    expected = 100.0 * (0.99 * 1 + 0.01 * 2 + 0.99 * 3)
    assert slope[0] == pytest.approx(expected, rel=1e-9)
