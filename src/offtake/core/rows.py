"""Rows of paths: many to few, [rows, P] -> [count, P], by scatters; shares.

XLA's own reductions of some rows to one wait for its pool of threads each time, which costs more
than all the arithmetic of a month; the scatters here run where they stand.
"""

import functools
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from offtake.core.arrays import Array, jax, jnp, lax
from offtake.core.contract import IntArray

Fold = Callable[[Array, Array], Array]
_SIDE_BY_SIDE = 8
"""Rows folded in one pass; with sixteen the compiler no longer works on several paths at once."""


def added(rows: Array, index: Array | IntArray, count: int) -> Array:
    """[count, P] rows added up by `index`."""
    return jax.ops.segment_sum(rows, index, count)


def total(rows: Array) -> Array:
    """[P] all rows added up."""
    return added(rows, jnp.zeros(len(rows), int), 1)[0]


def written(rows: Array) -> Array:
    """The same rows, put to memory: what was compared with others then has one rounding for all.

    XLA works out again what is cheap wherever it is read, and may round it otherwise there.
    """
    return added(rows, np.arange(len(rows)), len(rows))


def inline(rows: Array) -> Array:
    """[..] a few rows added up as part of what reads them; worked out again wherever it is read."""
    return functools.reduce(jnp.add, [row[0] for row in apart(rows, [1] * len(rows))])


def apart(rows: Array, counts: Sequence[int], axis: int = 0) -> Sequence[Array]:
    """Rows cut into parts of so many each, one after another.

    The derivative of a cut into parts is one concatenation; that of a slice is a whole array of
    zeros round the part, to be added to those of all other slices.
    """
    return lax.split(rows, counts, axis)


def summed(rows: Array) -> Array:
    """[..] rows added up, those of eight stretches side by side first, in one pass over them."""
    return _folded(rows, jnp.add, total)


def most(rows: Array) -> Array:
    """[..] largest of the rows and of 0; no derivative."""
    return _folded(rows, jnp.maximum, lambda few: _extreme(few, 0.0, "max"))


def least(rows: Array) -> Array:
    """[..] least of the rows; no derivative."""
    return _folded(rows, jnp.minimum, lambda few: _extreme(few, np.inf, "min"))


def _folded(rows: Array, pair: Fold, rest: Callable[[Array], Array]) -> Array:
    """Eight stretches by `pair`, in which all is fused, what they leave by `rest`."""
    length = len(rows) // _SIDE_BY_SIDE
    if length < 2:
        return rest(rows)
    whole = _SIDE_BY_SIDE * length
    few = functools.reduce(pair, [rows[k : k + length] for k in range(0, whole, length)])
    return rest(jnp.concatenate([few, rows[whole:]]) if whole < len(rows) else few)


def _extreme(rows: Array, start: float, way: str) -> Array:
    rows = lax.stop_gradient(rows)
    at = jnp.full((1, *rows.shape[1:]), start).at[jnp.zeros(len(rows), int)]
    return (at.max(rows) if way == "max" else at.min(rows))[0]


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
