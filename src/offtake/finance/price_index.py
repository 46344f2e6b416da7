"""Chained Fisher index: how prices of a changing basket moved, month by month.

    Laspeyres L(t) = sum p(t) q(t-1) / sum p(t-1) q(t-1)
    Paasche   P(t) = sum p(t) q(t)   / sum p(t-1) q(t)
    Fisher    F(t) = sqrt(L(t) P(t)),   index I(t) = I(t-1) F(t),   I = 1 in the first period

The link is 1 where a basket is empty in either period. F(t) times the same with p and q exchanged
is the ratio of what was spent (Fisher's product test), so what was spent over I is an amount of
goods.

References:
    1. Fisher, I. (1922). The Making of Index Numbers.
    2. IMF et al. (2020). Consumer Price Index Manual: Concepts and Methods, chapters 2 and 9
       (chaining).
"""

from offtake.core.arrays import Array, jnp
from offtake.core.rows import total


def chained_fisher(price: Array, quantity: Array) -> Array:
    """[T, P] index, 1 in the first period.

    Args:
        price: [N, T, P] of N products, any unit.
        quantity: [N, T, P] bought at it.
    """
    before, after = price[:, :-1], price[:, 1:]
    old, new = quantity[:, :-1], quantity[:, 1:]
    above, below = (
        total(after * old) * total(after * new),
        total(before * old) * total(before * new),
    )
    full = (above > 0.0) & (below > 0.0)
    links = jnp.sqrt(jnp.where(full, above, 1.0) / jnp.where(full, below, 1.0))
    return jnp.concatenate([jnp.ones_like(price[0, :1]), jnp.cumprod(links, axis=0)])
