"""Who gains by the trade of one period: buyers, sellers of tokens, owners of compute.

    consumer(s) = h_b sum over blocks of  (served / asked) x integral of demand from p_b to c_s
                  + the same of what waited, at its price;   times the mark-up
    seller(s)   = what buyers pay for tokens less what the compute in them costs
    producer    = h_b sum over blocks of  (p_b - cost) x what runs

Buyers of a segment that is served in part are served at random, so their mean surplus is that of
all who ask. Everything in USD per hour.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from offtake.core.arrays import Array, jnp
from offtake.core.rows import inline, total, written
from offtake.market.clearing import Cleared
from offtake.market.curves import Demand, Supply


class Surplus(NamedTuple):
    """Gains of one period, USD/h."""

    consumer: Array
    """[S, P]"""
    seller: Array
    """[S, P]"""
    cohorts: Array
    """[F, P] of each cohort: what it is paid less its cash cost of running"""
    outside: Array
    """[P] of all fleets outside the plan"""


def surplus(
    demand: Demand, supply: Supply, cleared: Cleared, weight: NDArray[np.float64]
) -> Surplus:
    """Gains of a period. weight: [B] share of hours in each block."""
    hours = jnp.asarray(weight)[:, None]
    area = written(demand.beyond(cleared.price))
    firm = _mean(cleared.firm, cleared.asked) * demand.firm * area
    valley = cleared.valley[None]
    beyond = demand.waiting * demand.beyond(valley)[:, 0]
    waited = _mean(cleared.waited, cleared.would_wait) * beyond
    spent = over_blocks((hours * cleared.price)[None] * cleared.firm) + valley * cleared.waited
    ran = hours[None] * cleared.run * supply.capacity[:, None]
    share = cleared.outside
    spread = (supply.highest - supply.lowest)[:, None]
    cost = supply.lowest[:, None] * share + 0.5 * spread * share**2
    outside = supply.outside[:, None] * (cleared.price[None] * share - cost)
    return Surplus(
        consumer=demand.mark_up * (over_blocks(hours[None] * firm) + waited),
        seller=(demand.mark_up - 1.0) * spent,
        cohorts=over_blocks((cleared.price[None] - supply.cost[:, None]) * ran),
        outside=inline(total(outside) * hours),
    )


def _mean(served: Array, asked: Array) -> Array:
    return served / jnp.where(asked > 0.0, asked, 1.0)


def over_blocks(rows: Array) -> Array:
    """[N, P] of [N, B, P], blocks added up as part of what reads them."""
    return inline(jnp.moveaxis(rows, 1, 0))
