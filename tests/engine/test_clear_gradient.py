"""The derivative of clearing is that of the fixed point, forwards and backwards (DESIGN §5.4).

Away from kinks payments are linear in cash and ratios of linear pieces in amounts, so a central
bump errs by rounding, 1e-15 of the gross amounts over the bump, and by the bump squared: with bumps
of 1e-4 of amounts of about ten 1e-9. 1e-7 is asked.
"""

from functools import cache
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


def total(cash: Any, amounts: Any, filled: Any, rest: Any) -> Any:
    """Payments weighted by 1, 2, 3, ...; cash [N], amounts [C]."""
    limits, weights, minimum, payout = rest
    weight = jnp.arange(1.0, amounts.shape[0] + 1.0)
    found = clear(filled, SHAPE, amounts[:, None], limits, weights, cash[:, None], minimum, payout)
    return jnp.sum(found.paid[:, 0] * weight)


@cache
def compiled(what: str) -> Any:
    """The total, and its slopes by cash and amounts, compiled once for all networks."""
    made = {
        "value": total,
        "backwards": jax.grad(total, argnums=(0, 1)),
        "forwards": jax.jacfwd(total, argnums=(0, 1)),
    }
    return jax.jit(made[what])


def arguments(network: Claims) -> tuple[Any, Any, Any, Any]:
    amounts, limits, weights, cash, minimum, payout = network.given().arguments(1)
    return cash[:, 0], amounts[:, 0], network.network(), (limits, weights, minimum, payout)


@pytest.mark.parametrize("make", [cyclic, chain, supported])
def test_equals_central_bumps_forwards_and_backwards(make: Any):
    network = make()
    cash, amounts, *fixed = arguments(network)
    backwards = compiled("backwards")(cash, amounts, *fixed)
    forwards = compiled("forwards")(cash, amounts, *fixed)
    places = (range(network.internal), [k for k, x in enumerate(network.amounts) if 0 < x < 1e9])
    for which, rows in enumerate(places):
        np.testing.assert_allclose(backwards[which], forwards[which], rtol=0, atol=1e-11)
        for row in rows:
            step = np.zeros_like((cash, amounts)[which])
            step[row] = BUMP
            up, down = [cash, amounts], [cash, amounts]
            up[which], down[which] = up[which] + step, down[which] - step
            run = compiled("value")
            bump = float(run(*up, *fixed) - run(*down, *fixed)) / (2 * BUMP)
            assert float(backwards[which][row]) == pytest.approx(bump, abs=TOLERANCE)


def test_a_dollar_that_comes_back_by_half():
    """The first pays c + x, x half of what the second pays, which is what the first pays: 2 c."""
    network = Claims(2, 3, [1.0, 0.0])
    network.owe(0, 1, 10.0)
    network.owe(1, 0, 5.0)
    network.owe(1, 2, 5.0)
    slope, _ = compiled("backwards")(*arguments(network))
    assert slope[0] == pytest.approx(1 * 2.0 + 2 * 1.0 + 3 * 1.0, abs=1e-12)


def test_slow_cycle_has_the_derivative_of_its_solution():
    """One percent leaves per round: d paid / d cash is 100, not what a few rounds would say."""
    network = Claims(2, 3, [0.1, 0.0])
    network.owe(0, 1, 99.0)
    network.owe(0, 2, 1.0)
    network.owe(1, 0, 99.0)
    slope, _ = compiled("backwards")(*arguments(network))
    # p = 0.1 + 0.99 p leaves the first, of which 0.99 goes round through the second.
    expected = 100.0 * (0.99 * 1 + 0.01 * 2 + 0.99 * 3)
    assert slope[0] == pytest.approx(expected, rel=1e-9)
