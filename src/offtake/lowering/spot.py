"""What cohorts earn by the hour, what they are worth for it, and when they leave.

Where the market clears, a cohort runs in the share of hours that the merit order gives it and is
paid the price of each; elsewhere it is sold at the plan's price and utilisation. In both

    margin = what it is paid - energy price x energy - running cost x IT power x length

the energy price being the mean that its site pays; what it costs to run when the market clears is
that of a site all of whose chips run.

and a cohort leaves for good after `retire_after` periods in a row of negative margin, unless
capacity of its site is under contract. What a site sells and draws is that of cohorts which its
owner still owns; one that was sold earns for its buyer.

Where chips may be sold on, they have a value for resale beside that of what they earn now: with
power for all of them, whether the site has it and its bills are paid or not.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from offtake.core.arrays import Array, jax, jnp
from offtake.core.contract import IntArray
from offtake.core.rows import written
from offtake.market.clearing import Cleared
from offtake.market.exchange import (
    HOURS_PER_YEAR,
    Exchange,
    ExchangeState,
    Rates,
    Traded,
    mean_price,
    relative_bandwidth,
)
from offtake.market.expectation import Outlook, value
from offtake.market.surplus import over_blocks
from offtake.physical.fleet import FleetView
from offtake.physical.power import Drawn, Offer
from offtake.physical.sites import pue


class SpotState(NamedTuple):
    """What is carried from period to period."""

    generation: Array
    """[P] generation price, USD/H100e/h; 0 before the first period"""
    exchange: ExchangeState | None
    losing: Array
    """[F, P] periods in a row with a negative margin; stays where it is once the cohort has left"""


class Period(NamedTuple):
    """Lengths of a period."""

    years: Array
    hours: Array
    per_year: Array


class Earned(NamedTuple):
    """Cohorts and sites on the spot market in one period."""

    told: Array
    """[named value, P] what the market tells; of no rows where it does not clear"""
    run: Array
    """[F, P] share of the hours that are sold"""
    work: Array
    """[F, P] hours of an H100's work in an H100e-hour; 1 where no market clears"""
    energy: Array
    """[F, P] MWh at the meter"""
    margin: Array
    """[F, P] USD"""
    value: Array
    """[F, P] USD, of the cohort at the period's outlook"""
    resale: Array
    """[F, P] USD, with power for all its chips; of no rows where no cohort may be sold"""
    site_run: Array
    """[sites, P] share of its H100e-hours that are sold"""
    site_price: Array
    """[sites, P] what an H100e-hour sold is paid, USD/H100e/h"""
    drawn: Drawn
    """where the power of sites came from, and its price"""


class Spot(NamedTuple):
    """The spot market as cohorts see it; indices into the market observations unless said."""

    compute_price: IntArray
    """[] USD/H100e/h; 0 where the plan has none"""
    energy_price: IntArray
    """[] USD/MWh, of sites without sources of power"""
    running_cost: IntArray
    """[] USD/MW/year of IT power"""
    utilisation: IntArray
    """[] share of running hours that is sold"""
    rates: Rates
    exchange: Exchange | None
    bandwidth: IntArray
    """[2, F] rows: memory bandwidth relative to an H100, and capacity that it is divided by"""
    site: IntArray
    """[F] index of the site"""
    site_marks: NDArray[np.float64]
    """[sites] zeros; its length is the number of sites"""
    hazard: IntArray
    """[F] rows: share of chips lost, 1/year"""
    physical_life: IntArray
    """[F] rows, periods"""
    retire_after: IntArray
    """row, periods"""
    contracted_signal: IntArray
    """[sites] signal that says whether capacity is under contract; -1 for none"""

    def init(self, paths: int) -> SpotState:
        """State before the opening period."""
        exchange = None if self.exchange is None else self.exchange.init(paths)
        return SpotState(jnp.zeros(paths), exchange, jnp.zeros((self.site.shape[0], paths)))

    def stays(self, values: Array, state: SpotState) -> Array:
        """[F, P] 1.0 while a cohort has not left."""
        return jnp.where(state.losing >= values[self.retire_after][None], 0.0, 1.0)

    def trade(
        self,
        values: Array,
        observed: Array,
        state: SpotState,
        fleet: FleetView,
        offer: Offer,
        contracted: Array,
        length: Period,
        owned: Array | None = None,
    ) -> tuple[Earned, SpotState]:
        """One period of the spot market.

        Args:
            observed: [observation, P] what stands before the market clears.
            offer: what sources of power give.
            contracted: [sites, P] above 0 where capacity is under contract.
            owned: [F, P] 1.0 while a cohort belongs to its first owner; None if all always do.
        """
        sites = self.site_marks.shape[0]
        metered = fleet.cohort_mw * pue(offer.power)[self.site]
        if self.exchange is None:
            price = observed[self.compute_price]
            sold = observed[self.utilisation][None]
            paid = price[None] * fleet.cohort_h100e * sold
            runs = work = jnp.ones_like(metered)
            told, following = jnp.zeros((0, price.shape[-1])), None
            view = self._look(values, observed, state, price, length)
            full = price[None] * fleet.full_h100e * sold
        else:
            most = offer.draw(jax.ops.segment_sum(metered, self.site, sites)).price
            cost = jnp.maximum(most, 0.0)[self.site] * metered
            paid, runs, work, told, view, following, full = self._clear(
                self.exchange, values, observed, state, fleet, cost, length
            )
        mine = jnp.ones_like(metered) if owned is None else owned
        drawn = offer.draw(jax.ops.segment_sum(metered * runs * mine, self.site, sites))
        energy_cost = drawn.price[self.site] * metered * runs
        standing = observed[self.running_cost][None] * fleet.cohort_mw
        margin = (paid - energy_cost) * length.hours - standing * length.years
        yearly = energy_cost * HOURS_PER_YEAR + standing
        worth = self._value(values, view, fleet, paid, yearly, length)
        resale = jnp.zeros((0, view.price.shape[-1]))
        if owned is not None:
            ratio = jnp.maximum(pue(offer.power), 1.0)[self.site]
            whole = drawn.price[self.site] * fleet.full_mw * ratio * runs * HOURS_PER_YEAR
            whole = whole + observed[self.running_cost][None] * fleet.full_mw
            complete = fleet._replace(cohort_h100e=fleet.full_h100e)
            resale = self._value(values, view, complete, full, whole, length)
        site_run, site_price = self._sites(view.price, fleet, runs * mine, paid * mine)
        energy = metered * length.hours * runs * mine
        earned = Earned(
            told, runs, work, energy, margin, worth, resale, site_run, site_price, drawn
        )
        free = (contracted[self.site] <= 0.0) | (mine < 0.5)
        loses = (margin < 0.0) & (fleet.cohort_h100e > 0.0) & free
        left = self.stays(values, state) < 0.5
        losing = jnp.where(left, state.losing, jnp.where(loses, state.losing + 1.0, 0.0))
        return earned, SpotState(view.generation, following, losing)

    def _look(
        self, values: Array, observed: Array, state: SpotState, price: Array, length: Period
    ) -> Outlook:
        return self.rates.look(
            values, observed, state.generation, price, length.years, length.per_year
        )

    def _clear(
        self,
        exchange: Exchange,
        values: Array,
        observed: Array,
        state: SpotState,
        fleet: FleetView,
        cost: Array,
        length: Period,
    ) -> tuple[Array, Array, Array, Array, Outlook, ExchangeState, Array]:
        """Paid to cohorts, USD/h, shares run, work [F, P]; what is told, outlook, state.

        The last is what would be paid to cohorts all of whose chips run, [F, P] USD/h, at the
        prices there are.

        Args:
            cost: [F, P] of running each cohort, USD/h.
        """
        assert state.exchange is not None  # a market that clears has a state
        demand, asked = exchange.segments.demand(values, observed)
        bandwidth = relative_bandwidth(values, self.bandwidth)
        work = exchange.segments.productivity(values, asked, bandwidth)
        capacity = fleet.cohort_h100e * work
        there = capacity > 0.0
        unit_cost = jnp.where(there, cost / jnp.where(there, capacity, 1.0), 0.0)
        cleared, supply, gains = exchange.clear(
            observed, state.exchange, demand, capacity, unit_cost
        )
        view = self._look(
            values, observed, state, mean_price(cleared, exchange.rule.weight), length
        )
        traded = Traded(cleared, gains, demand, supply, view)
        told = exchange.tells(values, observed, traded)
        runs, paid = _received(cleared, capacity, exchange.rule.weight)
        following = exchange.after(values, state.exchange, view, length.years, length.per_year)
        full = _received(cleared, fleet.full_h100e * work, exchange.rule.weight)[1]
        return paid, runs, work, told, view, following, full

    def _value(
        self,
        values: Array,
        view: Outlook,
        fleet: FleetView,
        paid: Array,
        cost: Array,
        length: Period,
    ) -> Array:
        """[F, P] USD."""
        priced = view.price > 0.0
        hours = paid * HOURS_PER_YEAR / jnp.where(priced, view.price, 1.0)[None]
        left = values[self.physical_life] / length.per_year - fleet.age
        worth = value(view, hours, cost, values[self.hazard], jnp.maximum(left, 0.0))
        return jnp.where(priced[None] & (fleet.cohort_h100e > 0.0), worth, 0.0)

    def _sites(
        self, price: Array, fleet: FleetView, runs: Array, paid: Array
    ) -> tuple[Array, Array]:
        """Share of each site's H100e-hours that are sold, and what one sold is paid."""
        if self.exchange is None:
            shape = fleet.site_h100e.shape
            return jnp.ones(shape), jnp.ones(shape) * price[None]
        sites = self.site_marks.shape[0]
        sold = jax.ops.segment_sum(fleet.cohort_h100e * runs, self.site, sites)
        received = jax.ops.segment_sum(paid, self.site, sites)
        there, any_sold = fleet.site_h100e > 0.0, sold > 0.0
        share = jnp.where(there, sold / jnp.where(there, fleet.site_h100e, 1.0), 0.0)
        mean = jnp.where(any_sold, received / jnp.where(any_sold, sold, 1.0), price[None])
        return share, mean


def _received(
    cleared: Cleared, capacity: Array, weight: NDArray[np.float64]
) -> tuple[Array, Array]:
    """Share of hours that each cohort runs [F, P], and what it is paid [F, P] USD/h."""
    run = jnp.asarray(weight)[None, :, None] * cleared.run
    paid = capacity * over_blocks(run * cleared.price[None])
    return written(over_blocks(run)), written(paid)
