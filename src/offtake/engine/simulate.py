"""All months of a block of paths, and many blocks on all devices (DESIGN §12)."""

from collections.abc import Callable
from typing import Any, NamedTuple

from offtake.core.arrays import Array, jax, jnp, lax
from offtake.core.fixed_point import recomputed
from offtake.engine.program import Program, Shape
from offtake.engine.step import Carry, Entry, begun, group_numbers, opening, published, step


class Draws(NamedTuple):
    """Everything random about a block of paths."""

    values: Array
    """[row, P] the plan's numbers, uncertain ones drawn."""
    once: Array
    """[stream, P] standard normals drawn once per path."""
    monthly: Array
    """[T, stream, P] standard normals drawn every period."""
    weight: Array
    """[P] 1.0 for paths that count, 0.0 for those that fill a block up."""


class Record(NamedTuple):
    """What a block of paths leaves behind, before it is reduced."""

    months: Entry
    """Every leaf [T, .., P]."""
    closing: Array
    """[V, P] published values after the last period."""
    checks: Array
    """[check, P] worst violation over all periods."""
    values: Array
    """[row, P] the numbers the block was run with."""


def simulate(program: Program, shape: Shape, draws: Draws, remember: bool = False) -> Record:
    """Run a block of paths through all periods.

    Args:
        remember: for a reverse pass, keep each month's opening state and compute the rest again.
    """
    numbers = group_numbers(program, draws.values)

    def month(carry: Carry, now: tuple[Array, Array]) -> tuple[Carry, Entry]:
        return step(program, shape, draws.values, numbers, carry, now[0], now[1])

    body: Callable[[Carry, tuple[Array, Array]], tuple[Carry, Entry]]
    body = recomputed(month) if remember else month
    periods = jnp.arange(draws.monthly.shape[0])
    start = opening(program, shape, draws.values, draws.once)
    last, months = lax.scan(body, start, (periods, draws.monthly))
    end = begun(program, last, periods[-1] + 1, months.observations[-1])
    return Record(months, published(program, numbers, last.groups, end), last.checks, draws.values)


Reducer = Callable[[Any, Record, Array], Any]
"""(measures, record, weight [P]) -> a tree of arrays whose last axis devices may share."""
Block = Callable[[Program, Any, Draws], tuple[Any, Entry]]
"""(program, measures, draws) -> what measures reduced a block to, and the months' record."""


def _paths_first(leaf: Array) -> Array:
    return jnp.moveaxis(leaf, -1, 0)


def block(shape: Shape, reduce: Reducer) -> Block:
    """Function that runs one block and reduces it, to be traced.

    What `reduce` returns comes back with its last axis FIRST: one axis name then fits leaves of any
    rank. The months' record [T, .., P] comes back beside it; to leave it alone costs nothing.
    """

    def run(program: Program, measures: Any, draws: Draws) -> tuple[Any, Entry]:
        record = simulate(program, shape, draws)
        reduced = reduce(measures, record, draws.weight)
        return jax.tree.map(_paths_first, reduced), record.months

    return run
