"""Formulas over named series, as trees of arrays.

A formula such as `consumer_share * consumer_market` is a tree whose nodes are classes (structure)
and whose leaves are indices and rows (arrays), so it is part of the program like anything else.
"""

from typing import NamedTuple

from offtake.core.arrays import Array, jnp
from offtake.core.contract import IntArray


class Observed(NamedTuple):
    """A series by its index."""

    place: IntArray

    def value(self, values: Array, observed: Array) -> Array:
        """[P]."""
        del values
        return observed[self.place]


class Literal(NamedTuple):
    """A number written in the formula, a row of the table."""

    row: IntArray

    def value(self, values: Array, observed: Array) -> Array:
        """[P]."""
        del observed
        return values[self.row]


class Add(NamedTuple):
    """left + right."""

    left: "Node"
    right: "Node"

    def value(self, values: Array, observed: Array) -> Array:
        """[P]."""
        return self.left.value(values, observed) + self.right.value(values, observed)


class Subtract(NamedTuple):
    """left - right."""

    left: "Node"
    right: "Node"

    def value(self, values: Array, observed: Array) -> Array:
        """[P]."""
        return self.left.value(values, observed) - self.right.value(values, observed)


class Multiply(NamedTuple):
    """left * right."""

    left: "Node"
    right: "Node"

    def value(self, values: Array, observed: Array) -> Array:
        """[P]."""
        return self.left.value(values, observed) * self.right.value(values, observed)


class Divide(NamedTuple):
    """left / right; 0 where right is 0."""

    left: "Node"
    right: "Node"

    def value(self, values: Array, observed: Array) -> Array:
        """[P]."""
        below = self.right.value(values, observed)
        safe = jnp.where(below == 0.0, 1.0, below)
        return jnp.where(below == 0.0, 0.0, self.left.value(values, observed) / safe)


class Power(NamedTuple):
    """left ** right, of a left side that is not negative."""

    left: "Node"
    right: "Node"

    def value(self, values: Array, observed: Array) -> Array:
        """[P]."""
        base = jnp.maximum(self.left.value(values, observed), 0.0)
        return jnp.power(base, self.right.value(values, observed))


class Smaller(NamedTuple):
    """min(left, right)."""

    left: "Node"
    right: "Node"

    def value(self, values: Array, observed: Array) -> Array:
        """[P]."""
        return jnp.minimum(self.left.value(values, observed), self.right.value(values, observed))


class Larger(NamedTuple):
    """max(left, right)."""

    left: "Node"
    right: "Node"

    def value(self, values: Array, observed: Array) -> Array:
        """[P]."""
        return jnp.maximum(self.left.value(values, observed), self.right.value(values, observed))


Node = Observed | Literal | Add | Subtract | Multiply | Divide | Power | Smaller | Larger
