"""Where supply meets demand: between which prices, then the root itself.

Supply less demand, the excess, never falls with the price. It jumps at the cost of a cohort and at
a choke price, bends where a fleet outside the plan begins or ends to run, and is smooth between
two such prices, the marks. So the excess just above every mark says between which neighbours the
root lies; if it is still negative just below the upper one, the root is that mark. If not, it is
found in logarithms, x = ln p, by Newton on ln demand - ln supply, which is nearly a line, halving
wherever Newton would leave the bracket.

Nothing here has a derivative: the caller takes one Newton step from the root with derivatives,
which gives that of the implicit function.
"""

from collections.abc import Callable
from typing import NamedTuple

from offtake.core.arrays import Array, jnp, lax
from offtake.core.rows import least, most, written
from offtake.market.curves import SMALL, Supply

CLOSE = 1e-6
"""Newton step in ln p that leaves 1e-12, which the step of the caller brings to rounding."""
HALVED = 1e-10
"""Half of a bracket in ln p that is as good as its root."""
NEWTON = 8
"""Steps after which every second one halves the bracket; Newton alone usually needs four."""
MOST_STEPS = 80
"""Cap on all steps; 36 halvings bring three decades of price to `HALVED`."""
SAME = 5e-8
"""Prices that differ by less, as a share, are one: costs of equal chips differ by rounding."""


class Bracket(NamedTuple):
    """Where K roots lie."""

    low: Array
    """[K, P] highest mark just above which supply falls short, or the floor, USD/H100e/h"""
    high: Array
    """[K, P] lowest mark just above which it does not, or the ceiling"""
    short: Array
    """[K, P] bool: supply falls short even at the ceiling, which then is both ends"""


class Sides(NamedTuple):
    """Both sides of K roots at some prices, every field [K, P]."""

    asked: Array
    """H100e"""
    offered: Array
    """H100e"""
    falls: Array
    """how fast demand falls with x, H100e"""
    rises: Array
    """how fast supply rises with x, H100e"""


def floor_of(supply: Supply) -> Array:
    """[P] just below the least cost of anything that is there, USD/H100e/h."""
    costs = jnp.concatenate([supply.cost, supply.lowest])
    there = jnp.concatenate([supply.capacity, supply.outside]) > 0.0
    return jnp.maximum(least(jnp.where(there, costs, jnp.inf)) * (1.0 - 1e-6), SMALL)


def marks(supply: Supply, others: Array, floor: Array, ceiling: Array) -> Array:
    """[Q, P] marks of supply and others [.., P] between the ends [P]; the last is the ceiling."""
    found = jnp.concatenate([supply.cost, supply.lowest, supply.highest, others, ceiling[None]])
    return written(jnp.clip(found, jnp.minimum(floor, ceiling)[None], ceiling[None]))


def between(at: Array, excess: Array, floor: Array) -> Bracket:
    """The neighbours of K roots.

    Args:
        at: [Q, P] marks.
        excess: [Q, K, P] just above them; of the last, the ceiling, at it.
        floor: [P].
    """
    ceiling = at[-1][None]
    below = most(jnp.where(excess < 0.0, at[:, None], 0.0))
    short = below >= ceiling
    low = jnp.maximum(below, jnp.minimum(floor[None], ceiling))
    high = least(jnp.where(at[:, None] > low[None], at[:, None], jnp.inf))
    return Bracket(low, jnp.where(short, ceiling, jnp.minimum(high, ceiling)), short)


def root(sides: Callable[[Array], Sides], where: Bracket) -> tuple[Array, Array]:
    """The roots [K, P], USD/H100e/h, and whether each is the upper mark itself.

    Args:
        sides: of prices x [K, P] between the neighbours, everything that jumps held as it is there.
        where: the neighbours.
    """
    low, high = jnp.log(where.low), jnp.log(where.high)
    first, last = sides(low), sides(high)
    jumps = (last.asked > last.offered) & ~where.short
    gaps = _gap(first), _gap(last)
    across = low + (high - low) * gaps[0] / (gaps[0] - gaps[1])
    across = jnp.where((across >= low) & (across <= high), across, high)
    done = where.short | jumps | (first.asked <= first.offered)

    def unfinished(at: tuple[Array, ...]) -> Array:
        return (at[0] < MOST_STEPS) & jnp.any(at[1])

    def closer(at: tuple[Array, ...]) -> tuple[Array, ...]:
        step, open_, low, high, x = at
        here = sides(x)
        covered = here.asked <= here.offered
        low, high = jnp.where(covered, low, x), jnp.where(covered, x, high)
        newton = x + _gap(here) / (here.falls / here.asked + here.rises / here.offered)
        halves = (step >= NEWTON) & (step % 2 == 0)
        inside = (newton >= low) & (newton <= high) & ~halves
        new = jnp.where(inside, newton, 0.5 * (low + high))
        new = jnp.where(open_, new, x)
        far = jnp.abs(new - x) > jnp.where(inside, CLOSE, HALVED)
        return step + 1, open_ & far, low, high, new

    start = (jnp.zeros((), dtype=int), ~done, low, high, across)
    found = lax.while_loop(unfinished, closer, start)[4]
    price = jnp.where(done, where.low, jnp.exp(found))
    return told(jnp.where(jumps, where.high, price), jumps)


def told(price: Array, jumps: Array) -> tuple[Array, Array]:
    """Roots [K, P] and whether they are marks, the same to whoever reads them."""
    kept = written(jnp.concatenate([price, jnp.where(jumps, 1.0, 0.0)]))
    return kept[: len(price)], kept[len(price) :] > 0.5


def _gap(here: Sides) -> Array:
    """[K, P] ln demand - ln supply; falls with the price."""
    return jnp.log(here.asked / here.offered)


def near(values: Array, mark: Array, jumps: Array) -> Array:
    """[N, K, P] whether values [N, P] are the marks [K, P] at which the excess jumps."""
    close = jnp.abs(values[:, None] - mark[None]) <= SAME * mark[None]
    return close & jumps[None]
