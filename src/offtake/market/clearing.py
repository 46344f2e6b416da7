"""The market of one period: a price per block of the day at which demand meets supply.

Rule `price`. The price p_b of block b is the lowest at which supply S(p) covers firm demand D_b(p),
and at most the price cap. Demand that can wait is served where there is room at the least price v:

    sum_b h_b max(S(v) - D_b(v), 0) = W(v)        p_b = max(own price of b, v)

A cohort whose cost equals the price runs in part, a segment whose choke price equals it is served
in part. At the cap every segment gets the same share of what it asks; what can wait comes last.

Rules `ration` and `priority`. The price is fixed. What costs at most the price is offered, and the
cheapest runs first. Where demand is above it, `ration` gives every segment of the block the same
share, `priority` serves segments in their order; what can wait is served from what then is left.

How roots are found is in `offtake.market.root`. The derivative of the result is that of the root
(implicit function): prices found and slopes carry none, one Newton step from there has it.

References:
    1. Schweppe, F. C. et al. (1988). Spot Pricing of Electricity (merit order, scarcity price).
    2. Boiteux, M. (1960). Peak-load pricing. Journal of Business 33(2).
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from offtake.core.arrays import Array, jnp, lax
from offtake.core.contract import IntArray
from offtake.core.rows import inline, summed, written
from offtake.market.curves import SMALL, Demand, Supply
from offtake.market.root import SAME, Bracket, Sides, between, floor_of, marks, near, root, told


class Cleared(NamedTuple):
    """What the market of one period says."""

    price: Array
    """[B, P] USD/H100e/h"""
    valley: Array
    """[P] price of what can wait, USD/H100e/h"""
    asked: Array
    """[S, B, P] firm demand at the price, H100e"""
    firm: Array
    """[S, B, P] firm demand served, H100e"""
    would_wait: Array
    """[S, P] demand that can wait at its price, H100e"""
    waited: Array
    """[S, P] served of it, H100e"""
    run: Array
    """[F, B, P] share of each cohort that runs"""
    outside: Array
    """[R, B, P] share of each fleet outside the plan that runs"""
    short: Array
    """[B, P] bool: somebody who would pay the price is not served"""


class _Margin(NamedTuple):
    """What stands at K roots: everything below runs and asks, the marginal may in part."""

    low: Array
    """[K, P] cohorts run in full whose cost is at most this, USD/H100e/h"""
    price: Array
    """[K, P] the root, USD/H100e/h; no derivative"""
    jumps: Array
    """[K, P] bool: the excess jumps there"""
    short: Array
    """[K, P] bool: supply falls short at the ceiling"""
    sure: Array
    """[K, P] H100e of cohorts that run in full"""
    jump: Array
    """[K, P] H100e of marginal ones"""
    cost: Array
    """[K, P] their mean cost, USD/H100e/h"""

    @classmethod
    def of(cls, supply: Supply, where: Bracket, found: tuple[Array, Array]) -> "_Margin":
        price, jumps = found
        cost = lax.stop_gradient(supply.cost)
        at = near(cost, price, jumps)
        below = (cost[:, None] <= where.low[None]) & ~at
        jump = summed(jnp.where(at, supply.capacity[:, None], 0.0))
        weighted = summed(jnp.where(at, (supply.capacity * supply.cost)[:, None], 0.0))
        sure = summed(jnp.where(below, supply.capacity[:, None], 0.0))
        mean = weighted / jnp.where(jump > 0.0, jump, 1.0)
        return cls(where.low, price, jumps, where.short, sure, jump, mean)

    def run(self, supply: Supply, price: Array, load: Array) -> tuple[Array, Array]:
        """Shares of cohorts [F, K, P] and of outside fleets [R, K, P] that meet the load [K, P]."""
        outside = supply.share_outside(price)
        rest = load - self.sure - summed(supply.outside[:, None] * outside)
        part = written(_part(rest, self.jump))[None]
        cost = lax.stop_gradient(supply.cost)
        below = jnp.where(cost[:, None] <= self.low[None], 1.0, 0.0)
        return jnp.where(near(cost, self.price, self.jumps), part, below), outside

    def asks(self, demand: Demand) -> tuple[Array, Array]:
        """[S, K, P] bool: who asks at the roots, and who of them may be served in part."""
        choke = lax.stop_gradient(demand.choke)
        part = near(choke, self.price, self.jumps)
        return _asks(choke, self.low, self.short) | part, part | self.short[None]


def _asks(choke: Array, low: Array, short: Array) -> Array:
    """[S, K, P] bool: segments that ask just above prices [K, P]; at the ceiling if short."""
    here, edge = choke[:, None], low[None]
    return (here > edge) | (short[None] & (here == edge))


def _step(start: Array, excess: Array, slope: Array) -> Array:
    """One Newton step from a point without derivative; the derivative is that of the root."""
    known = lax.stop_gradient(jnp.where(slope > 0.0, slope, jnp.inf))
    return lax.stop_gradient(start) - excess / known


def _part(amount: Array, whole: Array) -> Array:
    """Share of a whole, kept between 0 and 1; 0 where the whole is nothing."""
    held = jnp.clip(amount / jnp.where(whole > 0.0, whole, 1.0), 0.0, 1.0)
    return jnp.where(whole > 0.0, held, 0.0)


def _share(room: Array, sure: Array, jump: Array) -> tuple[Array, Array]:
    """Shares served of what is sure to be and of what is at the margin, given the room for both."""
    return jnp.where(sure > 0.0, _part(room, sure), 1.0), _part(room - sure, jump)


class ByPrice(NamedTuple):
    """The price clears the market, up to the cap."""

    weight: NDArray[np.float64]
    """[B] share of hours in each block"""

    def clear(self, demand: Demand, supply: Supply, cap: Array, fixed: Array) -> Cleared:
        """The market of a period. cap: [P] USD/H100e/h."""
        del fixed
        d, s = lax.stop_gradient((demand, supply))
        floor, ceiling = floor_of(s), lax.stop_gradient(cap)
        at = marks(s, d.choke, floor, ceiling)
        where = between(at, self._above(d, s, at), floor)
        asks = _asks(d.choke, where.low, where.short)
        sure = s.cohorts(where.low)
        found = root(lambda logs: self._sides(d, s, sure, asks, logs), where)
        margin = _Margin.of(supply, where, found)
        who, part = margin.asks(demand)
        logs = jnp.log(found[0])
        here = self._sides(demand, supply, margin.sure, asks, logs)
        smooth = _step(found[0], here.offered - here.asked, (here.falls + here.rises) / found[0])
        choke = summed(jnp.where(part, demand.choke[:, None], 0.0))
        count = summed(jnp.where(part, 1.0, 0.0))
        price = jnp.where(count > 0.0, choke / jnp.maximum(count, 1.0), smooth)
        price = jnp.where(margin.jump > 0.0, margin.cost, price)
        price = written(jnp.where(where.short, cap[None], price))
        return self._serve(demand, supply, margin, (who, part), price)

    def _above(self, demand: Demand, supply: Supply, at: Array) -> Array:
        """[Q, B + 1, P] excess of blocks and of what waits just above marks; of the last at it."""
        last = jnp.arange(len(at))[:, None] == len(at) - 1
        asked = demand.wanted(jnp.log(at), _asks(demand.choke, at, last))
        asked, offered = written(asked), written(supply.offered(at))[:, None]
        own = offered - inline(demand.firm[:, None] * asked[:, :, None])
        own = written(own)
        hours = jnp.asarray(self.weight)[:, None, None]
        room = inline(hours * jnp.maximum(jnp.moveaxis(own, 1, 0), 0.0))
        waits = inline(demand.waiting[:, None] * asked)
        return jnp.concatenate([own, (room - waits)[:, None]], axis=1)

    def _sides(
        self, demand: Demand, supply: Supply, sure: Array, asks: Array, logs: Array
    ) -> Sides:
        """Blocks at their own prices and what waits at the last of K = B + 1 prices.

        Args:
            sure: [K, P] H100e of cohorts that run.
            asks: [S, K, P] bool: who asks.
            logs: [K, P] logarithms of prices.
        """
        blocks = self.weight.shape[0]
        price = jnp.exp(logs)
        asked = demand.wanted(logs, asks)
        falling = demand.elasticity[:, None] * asked
        offered = sure + supply.from_outside(price)
        rises = price * supply.rises(price)
        inner = inline(demand.firm * asked[:, blocks:])
        room = jnp.where(offered[blocks:] > inner, jnp.asarray(self.weight)[:, None], 0.0)
        hours = inline(room)

        def both(each: Array) -> Array:
            """Of blocks, and of those with room together with what waits."""
            own = inline(demand.firm * each[:, :blocks])
            taken = inline(room * inline(demand.firm * each[:, blocks:]))
            waits = inline(demand.waiting * each[:, blocks])
            return jnp.concatenate([own, (taken + waits)[None]])

        def shared(each: Array) -> Array:
            return jnp.concatenate([each[:blocks], (hours * each[blocks])[None]])

        return Sides(both(asked), shared(offered), both(falling), shared(rises))

    def _serve(
        self,
        demand: Demand,
        supply: Supply,
        margin: _Margin,
        asks: tuple[Array, Array],
        prices: Array,
    ) -> Cleared:
        """Who is served and what runs at B own prices and the price of what can wait.

        Where the price is somebody's choke price, those who would pay more come first, whether
        they can wait or not.
        """
        blocks = self.weight.shape[0]
        hours = jnp.asarray(self.weight)[:, None]
        who, marginal = asks
        own, valley = margin.price[:blocks], margin.price[blocks:]
        jump = margin.jumps[:blocks] & margin.jumps[blocks:]
        takes = own <= valley * jnp.where(jump, 1.0 + SAME, 1.0)

        def chosen(field: Array) -> Array:
            """Of a block that takes what waits, what holds at its price; else its own."""
            return jnp.where(takes, field[..., blocks:, :], field[..., :blocks, :])

        price = written(chosen(prices))
        edge = _Margin(*(chosen(field) for field in margin))
        part = chosen(marginal)
        outside = written(supply.from_outside(price))
        least, most = edge.sure + outside, edge.sure + edge.jump + outside
        logs = jnp.log(jnp.maximum(prices, SMALL))
        wanted = written(demand.wanted(logs, who))
        asked = written(demand.firm * chosen(wanted))
        waiting = demand.waiting * wanted[:, blocks]
        sure, at = _served(most, asked, part)
        spare = jnp.where(takes, jnp.maximum(most - summed(asked), 0.0), 0.0)
        edge_load = jnp.where(takes, summed(jnp.where(part, asked * at[None], 0.0)), 0.0)
        missing = summed(jnp.where(marginal[:, blocks], 0.0, waiting)) - summed(hours * spare)
        at = at * (1.0 - jnp.where(takes, _part(missing, summed(hours * edge_load)), 0.0))
        firm = written(asked * jnp.where(part, at[None], sure[None]))
        load = summed(firm)
        ends = [jnp.where(takes, jnp.maximum(end - load, 0.0), 0.0) for end in (least, most)]
        room = summed(hours * ends[1])
        first, then = _served(room, waiting, marginal[:, blocks])
        waited = waiting * jnp.where(marginal[:, blocks], then[None], first[None])
        gap = summed(hours * (ends[1] - ends[0]))
        rest = summed(waited) - summed(hours * ends[0])
        up = _part(rest, gap)
        run, out = edge.run(supply, price, load + ends[0] + up[None] * (ends[1] - ends[0]))
        short = margin.short[:blocks] | (margin.short[blocks:] & takes)
        return Cleared(price, prices[blocks], asked, firm, waiting, waited, run, out, short)


def _served(room: Array, asked: Array, marginal: Array) -> tuple[Array, Array]:
    """Shares of sure and of marginal demand that the room allows; asked [S, .., P]."""
    return _share(
        room, summed(jnp.where(marginal, 0.0, asked)), summed(jnp.where(marginal, asked, 0.0))
    )


class Fixed(NamedTuple):
    """The price is fixed; a shortage is shared at random or in an order of segments."""

    weight: NDArray[np.float64]
    """[B] share of hours in each block"""
    order: IntArray
    """[S] segments as they are served; empty to serve all at random"""

    def clear(self, demand: Demand, supply: Supply, cap: Array, fixed: Array) -> Cleared:
        """The market of a period. fixed: [P] USD/H100e/h."""
        blocks = self.weight.shape[0]
        hours = jnp.asarray(self.weight)[:, None]
        held = jnp.minimum(fixed, cap)
        price = jnp.broadcast_to(held, (blocks, held.shape[-1]))
        offered = supply.offered(held[None])
        asked_all = demand.asked(held[None])
        asked = demand.firm * asked_all
        firm = self._shared(asked, jnp.broadcast_to(offered, price.shape))
        left = offered - summed(firm)
        left = jnp.where(left > 1e-12 * offered, left, 0.0)  # rounding is no room
        waiting = demand.waiting * asked_all[:, 0]
        room = summed(hours * left)
        waited = self._shared(waiting[:, None], room[None])[:, 0]
        share = summed(waited) / jnp.where(room > 0.0, room, 1.0)
        load = summed(firm) + left * share[None]
        s, wanted, ceiling = lax.stop_gradient((supply, load, held))
        floor = floor_of(s)
        at = marks(s, s.cost[:0], floor, ceiling)
        where = between(at, s.offered(at)[:, None] - wanted[None], floor)
        before = s.cohorts(where.low) + s.from_outside(where.high)
        jumps = (before < wanted) & ~where.short
        middle = 0.5 * (where.low + where.high)
        margin = _Margin.of(supply, where, told(jnp.where(jumps, where.high, middle), jumps))
        rest = margin.sure + supply.from_outside(middle) - load
        level = _step(middle, rest, s.rises(middle))
        level = jnp.where(margin.jump > 0.0, margin.cost, jnp.where(where.short, price, level))
        run, out = margin.run(supply, level, load)
        unserved = summed(asked) > summed(firm) * (1.0 + 1e-9)
        return Cleared(price, held, asked, firm, waiting, waited, run, out, unserved)

    def _shared(self, asked: Array, room: Array) -> Array:
        """What is served of [S, K, P] asked where there is room [K, P] for."""
        if not self.order.shape[0]:
            whole = summed(asked)
            share = jnp.minimum(room / jnp.where(whole > 0.0, whole, 1.0), 1.0)
            return asked * jnp.where(whole > 0.0, share, 1.0)[None]
        ranked = asked[jnp.asarray(self.order)]
        before = jnp.cumsum(ranked, axis=0) - ranked
        over = room[None] - before
        served = jnp.where(over > 0.0, jnp.where(over > ranked, ranked, over), 0.0)
        return jnp.zeros_like(asked).at[jnp.asarray(self.order)].set(served)


Rule = ByPrice | Fixed
