"""The market of one period: a price per block of the day at which demand meets supply.

Rule `price`. The price p_b of block b is the lowest at which supply S(p) covers firm demand D_b(p),
and at most the price cap. Demand that can wait is served where there is room at the least price v:

    sum_b h_b max(S(v) - D_b(v), 0) = W(v)        p_b = max(own price of b, v)

A cohort whose cost equals the price runs in part, a segment whose choke price equals it is served
in part. At the cap every segment gets the same share of what it asks; what can wait comes last.

Rules `ration` and `priority`. The price is fixed. What costs at most the price is offered, and the
cheapest runs first. Where demand is above it, `ration` gives every segment of the block the same
share, `priority` serves segments in their order; what can wait is served from what then is left.

Roots are bracketed to 1e-7 by halving and brought to rounding by one Newton step; a cohort or choke
price inside the bracket is the root itself. The derivative of the result is that of the root
(implicit function), not of the rounds: brackets and slopes carry none.

References:
    1. Schweppe, F. C. et al. (1988). Spot Pricing of Electricity (merit order, scarcity price).
    2. Boiteux, M. (1960). Peak-load pricing. Journal of Business 33(2).
"""

from collections.abc import Callable
from typing import NamedTuple, cast

import numpy as np
from numpy.typing import NDArray

from offtake.core.arrays import Array, jnp, lax
from offtake.core.contract import IntArray
from offtake.core.rows import total
from offtake.market.curves import SMALL, Demand, Supply

HALVINGS = 26
"""Brings a bracket of three decades of price to 1e-7 of the price."""


class Bracket(NamedTuple):
    """Where K roots lie; no derivative."""

    low: Array
    """[K, P] supply falls short of demand here, USD/H100e/h"""
    high: Array
    """[K, P] it does not here; the upper bound where it does at every price"""
    short: Array
    """[K, P] bool: supply falls short even at the upper bound"""


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


def bracket(excess: Callable[[Array], Array], floor: Array, ceiling: Array, roots: int) -> Bracket:
    """Halve until every root of `excess` lies between neighbours.

    Args:
        excess: [K, P] -> [K, P], supply less demand at K prices; never falls.
        floor: [P] below every root, USD/H100e/h.
        ceiling: [P] above every root that there is.
    """
    top = jnp.broadcast_to(jnp.log(ceiling), (roots, ceiling.shape[-1]))
    bottom = jnp.minimum(jnp.broadcast_to(jnp.log(floor), top.shape), top)

    def halve(_: Array, ends: tuple[Array, Array]) -> tuple[Array, Array]:
        low, high = ends
        middle = 0.5 * (low + high)
        covered = excess(jnp.exp(middle)) >= 0.0
        return jnp.where(covered, low, middle), jnp.where(covered, middle, high)

    low, high = cast(
        "tuple[Array, Array]",
        lax.fori_loop(0, HALVINGS, halve, (bottom, top)),  # pyright: ignore[reportUnknownMemberType]
    )
    limit = jnp.broadcast_to(ceiling, top.shape)
    short = excess(limit) < 0.0
    high = jnp.where(high >= top, limit, jnp.exp(high))
    return Bracket(jnp.where(short, limit, jnp.exp(low)), jnp.where(short, limit, high), short)


def floor_of(supply: Supply) -> Array:
    """[P] just below the least cost of anything that is there, USD/H100e/h."""
    costs = jnp.concatenate([supply.cost, supply.lowest])
    there = jnp.concatenate([supply.capacity, supply.outside]) > 0.0
    return jnp.maximum(jnp.min(jnp.where(there, costs, jnp.inf), axis=0) * (1.0 - 1e-6), SMALL)


def _between(values: Array, at: Bracket) -> Array:
    """[N, K, P] whether values [N, P] lie inside brackets."""
    return (at.low[None] < values[:, None]) & (values[:, None] <= at.high[None])


class _Margin(NamedTuple):
    """What stands at K brackets: everything below runs, the marginal may run in part."""

    below: Array
    """[F, K, P] 1.0 for cohorts cheaper than the bracket"""
    at: Array
    """[F, K, P] 1.0 for cohorts whose cost lies in it"""
    sure: Array
    """[K, P] H100e of those below"""
    jump: Array
    """[K, P] H100e of those in it"""
    cost: Array
    """[K, P] their mean cost, USD/H100e/h"""

    @classmethod
    def of(cls, supply: Supply, where: Bracket) -> "_Margin":
        cost = lax.stop_gradient(supply.cost)
        below = jnp.where(cost[:, None] <= where.low[None], 1.0, 0.0)
        at = jnp.where(_between(cost, where), 1.0, 0.0)
        jump = total(at * supply.capacity[:, None])
        weighted = total(at * (supply.capacity * supply.cost)[:, None])
        mean = weighted / jnp.where(jump > 0.0, jump, 1.0)
        return cls(below, at, total(below * supply.capacity[:, None]), jump, mean)

    def run(self, supply: Supply, price: Array, load: Array) -> tuple[Array, Array]:
        """Shares of cohorts [F, K, P] and of outside fleets [R, K, P] that meet the load [K, P]."""
        outside = supply.share_outside(price)
        rest = load - self.sure - total(supply.outside[:, None] * outside)
        return self.below + self.at * _part(rest, self.jump)[None], outside


def _slope(supply: Supply, price: Array) -> Array:
    """[K, P] rise of outside supply with the price, H100e per USD/H100e/h."""
    share = supply.share_outside(price)
    width = jnp.maximum(supply.highest - supply.lowest, SMALL)[:, None]
    rising = (share > 0.0) & (share < 1.0)
    return total(jnp.where(rising, supply.outside[:, None] / width, 0.0))


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
        blocks = self.weight.shape[0]
        hours = jnp.asarray(self.weight)[:, None]

        def parts(price: Array, d: Demand, s: Supply) -> tuple[Array, ...]:
            """Of B + 1 prices: asked, supply, firm demand of own blocks, of all at the last."""
            asked = d.asked(price)
            own = total(d.firm * asked[:, :blocks])
            last = total(d.firm * asked[:, blocks:])
            return asked, s.offered(price), own, last

        def excess(price: Array, d: Demand, s: Supply) -> Array:
            asked, offered, own, last = parts(price, d, s)
            room = jnp.maximum(offered[blocks:] - last, 0.0)
            waiting = total(d.waiting * asked[:, blocks])
            valley = total(hours * room) - waiting
            return jnp.concatenate([offered[:blocks] - own, valley[None]])

        still = lax.stop_gradient((demand, supply))
        where = bracket(
            lambda price: excess(price, *still),
            floor_of(still[1]),
            lax.stop_gradient(cap),
            blocks + 1,
        )
        margin = _Margin.of(supply, where)
        choked = _between(still[0].choke, where)
        middle = jnp.sqrt(where.low * where.high)
        smooth = _step(middle, excess(middle, demand, supply), self._rise(middle, *still))
        choke = jnp.max(jnp.where(choked, demand.choke[:, None], 0.0), axis=0)
        price = jnp.where(jnp.any(choked, axis=0), choke, smooth)
        price = jnp.where(margin.jump > 0.0, margin.cost, price)
        price = jnp.where(where.short, cap[None], price)
        return self._serve(demand, supply, where, margin, choked | where.short[None], price)

    def _rise(self, price: Array, demand: Demand, supply: Supply) -> Array:
        """[B + 1, P] slope of the excess."""
        blocks = self.weight.shape[0]
        asked, rising = demand.asked(price), _slope(supply, price)
        falls = demand.elasticity[:, None] * asked / jnp.maximum(price, SMALL)[None]
        own = rising[:blocks] + total(demand.firm * falls[:, :blocks])
        firm = total(demand.firm * asked[:, blocks:])
        room = supply.offered(price)[blocks:] > firm
        inner = rising[blocks:] + total(demand.firm * falls[:, blocks:])
        valley = total(jnp.where(room, jnp.asarray(self.weight)[:, None] * inner, 0.0))
        return jnp.concatenate([own, (valley + total(demand.waiting * falls[:, blocks]))[None]])

    def _serve(
        self,
        demand: Demand,
        supply: Supply,
        where: Bracket,
        margin: _Margin,
        marginal: Array,
        prices: Array,
    ) -> Cleared:
        """Who is served and what runs at B own prices and the price of what can wait.

        Where the price is somebody's choke price, those who would pay more come first, whether
        they can wait or not.
        """
        blocks = self.weight.shape[0]
        hours = jnp.asarray(self.weight)[:, None]
        takes = where.low[:blocks] <= where.low[blocks:]

        def chosen(field: Array) -> Array:
            """Of a block that takes what waits, what holds at its price; else its own."""
            return jnp.where(takes, field[..., blocks:, :], field[..., :blocks, :])

        price = chosen(prices)
        edge = _Margin(*(chosen(field) for field in margin))
        part = chosen(marginal)
        outside = total(supply.outside[:, None] * supply.share_outside(price))
        least, most = edge.sure + outside, edge.sure + edge.jump + outside
        asked = demand.firm * _held(demand, price, part)
        waiting = demand.waiting * _held(demand, prices[blocks:], marginal[:, blocks:])[:, 0]
        sure, at = _served(most, asked, part)
        spare = jnp.where(takes, jnp.maximum(most - total(asked), 0.0), 0.0)
        edge_load = jnp.where(takes, total(jnp.where(part, asked * at[None], 0.0)), 0.0)
        missing = total(jnp.where(marginal[:, blocks], 0.0, waiting)) - total(hours * spare)
        at = at * (1.0 - jnp.where(takes, _part(missing, total(hours * edge_load)), 0.0))
        firm = asked * jnp.where(part, at[None], sure[None])
        load = total(firm)
        ends = [jnp.where(takes, jnp.maximum(end - load, 0.0), 0.0) for end in (least, most)]
        room = total(hours * ends[1])
        first, then = _served(room, waiting, marginal[:, blocks])
        waited = waiting * jnp.where(marginal[:, blocks], then[None], first[None])
        gap = total(hours * (ends[1] - ends[0]))
        rest = total(waited) - total(hours * ends[0])
        up = _part(rest, gap)
        run, out = edge.run(supply, price, load + ends[0] + up[None] * (ends[1] - ends[0]))
        short = where.short[:blocks] | (where.short[blocks:] & takes)
        return Cleared(price, prices[blocks], asked, firm, waiting, waited, run, out, short)


def _held(demand: Demand, price: Array, marginal: Array) -> Array:
    """[S, K, P] asked at K prices; rounding does not silence who is at the margin."""
    choke = demand.choke[:, None]
    choke = jnp.where(marginal, jnp.maximum(price[None], choke), choke)
    logs = jnp.log(jnp.maximum(price, SMALL))[None]
    power = jnp.exp(-demand.elasticity[:, None] * logs)
    return jnp.where(price[None] <= choke, demand.level[:, None] * power, 0.0)


def _served(room: Array, asked: Array, marginal: Array) -> tuple[Array, Array]:
    """Shares of sure and of marginal demand that the room allows; asked [S, .., P]."""
    return _share(
        room, total(jnp.where(marginal, 0.0, asked)), total(jnp.where(marginal, asked, 0.0))
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
        left = offered - total(firm)
        left = jnp.where(left > 1e-12 * offered, left, 0.0)  # rounding is no room
        waiting = demand.waiting * asked_all[:, 0]
        room = total(hours * left)
        waited = self._shared(waiting[:, None], room[None])[:, 0]
        share = total(waited) / jnp.where(room > 0.0, room, 1.0)
        load = total(firm) + left * share[None]
        still, wanted = lax.stop_gradient((supply, load))
        where = bracket(
            lambda x: still.offered(x) - wanted, floor_of(still), lax.stop_gradient(held), blocks
        )
        margin = _Margin.of(supply, where)
        middle = jnp.sqrt(where.low * where.high)
        level = _step(middle, supply.offered(middle) - load, _slope(still, middle))
        level = jnp.where(margin.jump > 0.0, margin.cost, jnp.where(where.short, price, level))
        run, out = margin.run(supply, level, load)
        unserved = total(asked) > total(firm) * (1.0 + 1e-9)
        return Cleared(price, held, asked, firm, waiting, waited, run, out, unserved)

    def _shared(self, asked: Array, room: Array) -> Array:
        """What is served of [S, K, P] asked where there is room [K, P] for."""
        if not self.order.shape[0]:
            whole = total(asked)
            share = jnp.minimum(room / jnp.where(whole > 0.0, whole, 1.0), 1.0)
            return asked * jnp.where(whole > 0.0, share, 1.0)[None]
        ranked = asked[jnp.asarray(self.order)]
        before = jnp.cumsum(ranked, axis=0) - ranked
        over = room[None] - before
        served = jnp.where(over > 0.0, jnp.where(over > ranked, ranked, over), 0.0)
        return jnp.zeros_like(asked).at[jnp.asarray(self.order)].set(served)


Rule = ByPrice | Fixed
