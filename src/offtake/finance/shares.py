"""Shares of a company: how many money buys, what part of it they are, what owners of others lose.

    issued   = money / price
    relative = shares / outstanding
    dilution = shares / (outstanding + shares)

Owners divide distributions in proportion to weights. With weights of the owners before an issue
that add up to 1 for the `outstanding` shares, `relative` is the weight of the new ones.
"""

from offtake.core.arrays import Array, jnp
from offtake.core.flows import ALL_THERE_IS
from offtake.finance.span import reached


def issued(money: Array, price: Array) -> Array:
    """Shares that money buys; none where the price is zero. Shapes alike."""
    return _ratio(money, price)


def relative(shares: Array, outstanding: Array) -> Array:
    """Weight of new shares beside owners whose weights add up to 1."""
    return _ratio(shares, outstanding)


def dilution(shares: Array, outstanding: Array) -> Array:
    """Part of the company that new shares are, and that owners before them lose."""
    return _ratio(shares, outstanding + shares)


def distributed(first: Array, weight: Array, t: Array) -> Array:
    """Most of what is left that owners take, shared in proportion to weights, USD, `[..., path]`.

    Args:
        first: position from which there are distributions, `[..., path]`.
        weight: of the shares beside other owners, `[..., path]`.
        t: [] period.
    """
    return jnp.where(reached(first, t), weight * ALL_THERE_IS, 0.0)


def _ratio(above: Array, below: Array) -> Array:
    """A ratio; 0, with a derivative of 0, where nothing stands below."""
    some = below > 0.0
    return jnp.where(some, above / jnp.where(some, below, 1.0), 0.0)
