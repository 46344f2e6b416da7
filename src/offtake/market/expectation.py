"""What the market expects of the price of compute, and what chips are worth for it.

Two factors move the price: the generation factor G, what a newest chip's hour costs, which falls at
rate g, and scarcity P / G, of which half passes in a half-life (k = ln 2 / half-life):

    E_t[P(t + s)] = G_t e^(-g s) (1 + (P_t / G_t - 1) e^(-k s))

Nothing in it looks at the path's future. A cohort is worth its expected margin until that first
turns negative or its physical life ends, at rate r, surviving with hazard l:

    V = integral over s from 0 to the end of (E[P(s)] q - c) e^(-(r + l) s)

with q the H100e-hours it sells a year and c its cash cost a year; each term is an exponential.
Without a stated generation price G follows the price with its swings taken out,

    ln G(t) = ln G(t-1) - g dt + (1 - e^(-dt / window)) (ln P(t) - ln G(t-1) + g dt).
"""

from typing import NamedTuple

from offtake.core.arrays import Array, jnp, lax
from offtake.core.rows import some
from offtake.market.curves import SMALL

ROUNDS = 6
"""Newton steps for the end of the margin, at most; its logarithm is nearly a line, six do."""
SETTLED = 1e-8
"""A step of this share is the last one needed: what it leaves is its square."""


class Outlook(NamedTuple):
    """What is expected in one period; every field [P]."""

    price: Array
    """USD/H100e/h"""
    generation: Array
    """USD/H100e/h"""
    decline: Array
    """g, 1/year, continuous"""
    reversion: Array
    """k, 1/year"""
    rate: Array
    """r, 1/year, continuous"""
    period: Array
    """[] length of a period, years"""


def follow(generation: Array, price: Array, decline: Array, years: Array, window: Array) -> Array:
    """The generation factor after a period of `years` length, [P] USD/H100e/h.

    Args:
        generation: [P] of the period before; 0 before the first.
        window: [P] years.
    """
    logs = jnp.log(jnp.maximum(price, SMALL))
    fallen = jnp.log(jnp.maximum(generation, SMALL)) - decline * years
    weight = -jnp.expm1(-years / jnp.maximum(window, 1e-9))
    moved = jnp.exp(fallen + weight * (logs - fallen))
    return jnp.where(generation > 0.0, moved, price)


def _discounted(rate: Array, end: Array) -> Array:
    """Integral of e^(-rate s) from 0 to `end`."""
    small = jnp.abs(rate * end) < 1e-9
    safe = jnp.where(jnp.abs(rate) < SMALL, 1.0, rate)
    return jnp.where(small, end, -jnp.expm1(-rate * end) / safe)


def margin_ends(view: Outlook, hours: Array, cost: Array) -> Array:
    """[F, P] years until the expected margin first turns negative; no derivative."""
    level = lax.stop_gradient(view.generation[None] * hours)
    swing = lax.stop_gradient((view.price - view.generation)[None] * hours)
    below = jnp.maximum(lax.stop_gradient(cost), SMALL)
    g = jnp.maximum(lax.stop_gradient(view.decline), 1e-9)[None]
    k = lax.stop_gradient(view.reversion)[None]
    earns = level + swing > below
    top = jnp.maximum(level + jnp.maximum(swing, 0.0), SMALL)
    end = jnp.maximum(jnp.log(top / below), 0.0) / g

    def unsettled(state: tuple[Array, Array, Array]) -> Array:
        return state[1] & (state[2] < ROUNDS)

    def closer(state: tuple[Array, Array, Array]) -> tuple[Array, Array, Array]:
        end, _, count = state
        steady, passing = level * jnp.exp(-g * end), swing * jnp.exp(-(g + k) * end)
        income = jnp.maximum(steady + passing, 1e-12 * top)
        fall = (g * steady + (g + k) * passing) / income
        step = jnp.log(income / below) / jnp.where(fall > 0.0, fall, g)
        moved = jnp.maximum(end + step, 0.0)
        far = jnp.abs(moved - end) > SETTLED * jnp.maximum(end, 1.0)
        return moved, some(far & earns), count + 1

    end = lax.while_loop(unsettled, closer, (end, some(earns), jnp.asarray(0)))[0]
    return jnp.where(earns, end, 0.0)


def value(view: Outlook, hours: Array, cost: Array, hazard: Array, left: Array) -> Array:
    """[F, P] USD, market value of cohorts.

    Args:
        view: what is expected.
        hours: [F, P] H100e-hours sold a year.
        cost: [F, P] cash cost, USD/year.
        hazard: [F, P] share of chips lost, 1/year.
        left: [F, P] years of physical life left.
    """
    end = jnp.clip(left, 0.0, margin_ends(view, hours, cost))
    rate = view.rate[None] + hazard
    g, k = view.decline[None], view.reversion[None]
    steady = view.generation[None] * hours * _discounted(rate + g, end)
    passing = (view.price - view.generation)[None] * hours * _discounted(rate + g + k, end)
    return steady + passing - cost * _discounted(rate, end)
