"""The greatest fixed point of an increasing map, path by path, and its derivative (§5.4)."""

from collections.abc import Callable
from typing import Any, TypeVar

from offtake.core.arrays import Array, jax, jnp, lax
from offtake.core.rows import highest

Map = Callable[[Array], Array]

ROUNDS_MAX = 64
"""Plain rounds before the paths that still move are handed to leaps."""
LEAPS_MAX = 64
PATIENCE = 20_000
"""Plain rounds after which a path, or a derivative, is given up; what is left is reported."""
TOLERANCE = 1e-14
"""Of a month's gross amounts; a path whose round moves less has settled."""
T = TypeVar("T")


def choose(when: Array, yes: Callable[..., T], no: Callable[..., T], *given: Any) -> T:
    """`lax.cond`, which runs one branch alone, with the type of what it returns."""
    return lax.cond(when, yes, no, *given)  # pyright: ignore


def recomputed(body: Callable[..., T]) -> Callable[..., T]:
    """The body of a scan, to be computed again on the way back rather than kept, round by round."""
    return jax.checkpoint(body, prevent_cse=False)  # pyright: ignore


def same(state: T) -> T:
    """The branch that changes nothing."""
    return state


def distance(new: Array, old: Array) -> Array:
    """Largest change of each path, [P]."""
    return highest(jnp.abs(new - old))[0]


def _iterate(
    step: Map, start: Array, moving: Array, scale: Array, limit: int
) -> tuple[Array, Array]:
    """Rounds until none of the paths `moving` [P] does, others left alone; which still do."""

    def unsettled(carry: tuple[Array, Array, Array]) -> Array:
        return jnp.any(carry[1]) & (carry[2] < limit)

    def once(carry: tuple[Array, Array, Array]) -> tuple[Array, Array, Array]:
        state, moving, count = carry
        new = jnp.where(moving[None], step(state), state)
        return new, distance(new, state) > TOLERANCE * scale, count + 1

    return lax.while_loop(unsettled, once, (start, moving, jnp.asarray(0)))[:2]


def fixed_point(step: Map, leap: Map, start: Array, scale: Array) -> Array:
    """Greatest fixed point of `step` below `start`, with the derivative of the fixed point.

    Args:
        step: increasing map [rows, P] -> the same, path by path; USD.
        leap: map that never gets below the greatest fixed point from above, where rounds are slow.
        start: [rows, P] a point above the solution.
        scale: [P] gross amounts, USD; the tolerance is `TOLERANCE` of them.
    """

    def solve(_: Map, first: Array) -> Array:
        plain, still = _iterate(step, first, jnp.ones(scale.shape, bool), scale, ROUNDS_MAX)

        def far(state: Array) -> Array:
            return step(leap(state))

        def refine(state: Array) -> Array:
            near, _ = _iterate(far, state, still, scale, LEAPS_MAX)
            return _iterate(step, near, still, scale, PATIENCE)[0]

        return choose(jnp.any(still), refine, same, plain)

    def tangent_solve(linear: Map, right: Array) -> Array:
        return lax.custom_linear_solve(linear, right, _neumann, transpose_solve=_neumann)

    def gap(state: Array) -> Array:
        return step(state) - state

    return lax.custom_root(gap, start, solve, tangent_solve)


def _neumann(linear: Map, right: Array) -> Array:
    """Solve linear(v) = J v - v = right, that is v = J v - right, by rounds.

    They end on a network without cycles; round a slow one they fall short past `PATIENCE` rounds.
    """

    def once(carry: tuple[Array, Array, Array]) -> tuple[Array, Array, Array]:
        v, _, count = carry
        new = linear(v) + v - right
        size = jnp.maximum(distance(new, jnp.zeros_like(new)), 1e-300)
        return new, jnp.any(distance(new, v) > 1e-14 * size), count + 1

    def unsettled(carry: tuple[Array, Array, Array]) -> Array:
        return carry[1] & (carry[2] < PATIENCE)

    return lax.while_loop(unsettled, once, (-right, jnp.asarray(True), jnp.asarray(0)))[0]
