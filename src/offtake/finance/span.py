"""What part of a period lies after a date, or between two.

Positions are on the axis of periods: the plan starts at 0.0, period t closes at t (semantics §5.1).
"""

from offtake.core.arrays import Array, jnp


def after(position: Array, t: Array) -> Array:
    """Share of period t that lies after a position, `[..., path]`; t: [] period."""
    return jnp.clip(t - position, 0.0, 1.0)


def since(start: Array, t: Array) -> Array:
    """Share of period t that lies after a start; 0 in the opening, which has no length."""
    return after(jnp.maximum(start, 0.0), t)


def before_plan(start: Array) -> Array:
    """Periods between a start and the plan's, where the start is earlier; else 0."""
    return jnp.maximum(-start, 0.0)


def between(start: Array, end: Array, t: Array) -> Array:
    """Share of period t that lies between two positions; 0 where the end precedes the start."""
    return jnp.maximum(after(start, t) - after(end, t), 0.0)


def reached(position: Array, t: Array) -> Array:
    """Whether a payment dated at a position has fallen due by the close of period t."""
    return t >= position - 1e-9
