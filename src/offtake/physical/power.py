"""Sources of power: what a site can draw, from which source it comes, and what it costs.

A source gives capacity x capacity factor once it is built and paid for (`physical.works`). Its
energy costs, per MWh,

    price + heat rate x price of fuel + other cost

A source that several sites name is shared among them in proportion to the power of their energised
phases. A site with sources runs on no more than they give; one without draws what it needs at the
market's price of energy. What a site draws comes from its cheapest sources first, those that must
be taken before all others, on average over the period: the order holds for every hour alike.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from offtake.core.arrays import Array, jax, jnp
from offtake.core.contract import IntArray
from offtake.core.rows import ratio


class Drawn(NamedTuple):
    """Power drawn by sites in a period."""

    link_mw: Array
    """[E, P] from each source by each site"""
    price: Array
    """[sites, P] USD/MWh, mean over what is drawn; of the first MWh where nothing is"""


class Offer(NamedTuple):
    """What sources give in a period."""

    sources: "Sources"
    link_mw: Array
    """[E, P] most that a site can draw from a source"""
    source_mw: Array
    """[V, P] most that a source gives"""
    price: Array
    """[V, P] USD/MWh"""
    market_price: Array
    """[sites, P] USD/MWh of sites without sources"""
    power: Array
    """[2, sites, P] IT power that can be run, and facility power, MW"""

    def draw(self, wanted: Array) -> Drawn:
        """Where the power of sites comes from.

        Args:
            wanted: [sites, P] MW at the meter.
        """
        links, sites = self.sources, self.market_price.shape[0]
        if not links.link_site.shape[0]:
            return Drawn(self.link_mw, self.market_price)
        price = self.price[links.link_source]
        rank = jnp.where(jnp.asarray(links.must_take)[:, None] > 0.5, -jnp.inf, price)
        other, mine = rank[links.rivals], rank[:, None]
        before = (other < mine) | ((other == mine) & jnp.asarray(links.earlier)[:, :, None])
        before &= jnp.asarray(links.rival)[:, :, None]
        cheaper = jnp.sum(jnp.where(before, self.link_mw[links.rivals], 0.0), axis=1)
        used = jnp.clip(wanted[links.link_site] - cheaper, 0.0, self.link_mw)
        drawn = jax.ops.segment_sum(used, links.link_site, sites)
        cost = jax.ops.segment_sum(used * price, links.link_site, sites)
        first = jnp.where((cheaper <= 0.0) & (self.link_mw > 0.0), price, 0.0)
        first = jax.ops.segment_sum(first, links.link_site, sites)
        linked = jnp.asarray(links.linked)[:, None] > 0.5
        return Drawn(used, jnp.where(linked, ratio(cost, drawn, first), self.market_price))


class Sources(NamedTuple):
    """V sources and E links, each from a source to a site that names it."""

    capacity: IntArray
    """[V] rows, MW at the meter"""
    factor: IntArray
    """[V] rows, share of capacity that is given on average"""
    heat_rate: IntArray
    """[V] rows, MWh of fuel per MWh"""
    price: IntArray
    """[V] observations, USD/MWh"""
    fuel: IntArray
    """[V] observations, USD per MWh of fuel"""
    other_cost: IntArray
    """[V] observations, USD/MWh"""
    link_site: IntArray
    """[E]"""
    link_source: IntArray
    """[E]"""
    must_take: NDArray[np.float64]
    """[E] 1.0 where the source comes before all others"""
    rivals: IntArray
    """[E, W] links of the same site; padded"""
    rival: NDArray[np.bool_]
    """[E, W] whether it is one, and another than this"""
    earlier: NDArray[np.bool_]
    """[E, W] whether it is named before this one; so ties are broken"""
    linked: NDArray[np.float64]
    """[sites] 1.0 where a site names sources"""

    def offer(
        self, values: Array, observed: Array, active: Array, power: Array, market_price: Array
    ) -> Offer:
        """What sources give.

        Args:
            observed: [observation, P] what stands before the market clears.
            active: [V, P] share of the period for which each source is switched on.
            power: [2, sites, P] energised IT power, and power of the whole facility, MW.
            market_price: [P] price of energy of sites without sources, USD/MWh.
        """
        sites = power.shape[1]
        everywhere = jnp.broadcast_to(market_price[None], power.shape[1:])
        if not self.link_site.shape[0]:
            nothing = jnp.zeros((0, power.shape[-1]))
            return Offer(self, nothing, nothing, nothing, everywhere, power)
        fuel = values[self.heat_rate] * observed[self.fuel]
        price = observed[self.price] + fuel + observed[self.other_cost]
        gives = values[self.capacity] * values[self.factor] * active
        asked = power[1][self.link_site]
        whole = jax.ops.segment_sum(asked, self.link_source, len(self.capacity))
        mine = gives[self.link_source] * ratio(asked, whole[self.link_source], 0.0)
        supplied = jax.ops.segment_sum(mine, self.link_site, sites)
        linked = jnp.asarray(self.linked)[:, None] > 0.5
        share = jnp.where(linked, jnp.minimum(ratio(supplied, power[1]), 1.0), 1.0)
        return Offer(self, mine, gives, price, everywhere, power * share[None])
