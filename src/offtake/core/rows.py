"""Rows of paths: many to few, [rows, P] -> [count, P], by scatters; shares.

XLA's own reductions of some rows to one wait for its pool of threads each time, which costs more
than all the arithmetic of a month; the scatters here run where they stand.
"""

from typing import Any

from offtake.core.arrays import Array, jax, jnp, lax
from offtake.core.contract import IntArray


def added(rows: Array, index: Array | IntArray, count: int) -> Array:
    """[count, P] rows added up by `index`."""
    return jax.ops.segment_sum(rows, index, count)


def total(rows: Array) -> Array:
    """[P] all rows added up."""
    return added(rows, jnp.zeros(len(rows), int), 1)[0]


def highest(rows: Array, index: Any = 0, count: int = 1) -> Array:
    """[count, P] largest of the rows [.., P] that `index` sends there, and of 0; no derivative."""
    flat = lax.stop_gradient(rows).reshape(-1, rows.shape[-1])
    where = jnp.broadcast_to(jnp.asarray(index), flat.shape[:1])
    return jnp.zeros((count, flat.shape[-1])).at[where].max(flat)


def ratio(part: Array, whole: Array, nothing: Array | float = 1.0) -> Array:
    """Share of a whole that a part is, entry by entry; `nothing` where there is no whole."""
    return jnp.where(whole > 0.0, part / jnp.where(whole > 0.0, whole, 1.0), nothing)


def some(mask: Array) -> Array:
    """[] whether anything is true of [rows, P]."""
    return jnp.any(highest(jnp.where(mask, 1.0, 0.0)) > 0.0)
