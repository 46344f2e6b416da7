"""Demand and supply of a plan, put together period by period and cleared.

A segment that asks for V tokens a year at reference price p0 and is served at T tokens per
H100e-hour asks, at a price p of compute, for

    V / (8766 T) x (p / (p0 T (1 - m)))^(-e)     H100e

since a token then sells at p / (T (1 - m)), m the gross margin of its seller; T grows with software
efficiency. A segment that asks for capacity has T = 1.

Fleets outside the plan answer to scarcity x = ln(price / generation price), through two lags that
together last the lead time L:

    a' = (x - a) 2 / L,   b' = (a - b) 2 / L,   ln growth' = response x b

Chips wait on memory for a share of the time: with h the mean of that share over demand, weighted by
what is asked at reference prices, a chip with r times the bandwidth per H100e of an H100 does

    1 / (1 - h + h / r)

hours of an H100's work in one H100e-hour. The market counts such hours.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from offtake.core.arrays import Array, jnp
from offtake.core.contract import IntArray
from offtake.core.rows import total, written
from offtake.market.clearing import Cleared, Rule
from offtake.market.curves import SMALL, Demand, Supply
from offtake.market.expectation import Outlook, follow
from offtake.market.surplus import Surplus, over_blocks, surplus

HOURS_PER_YEAR = 8766.0
ROUNDING = 1e-9
"""Share of demand below which what is not served is rounding."""
MOST_SCARCE = 2.0
"""Outside fleets answer to a price of at most e^2 times the generation price, or e^-2."""


class Segments(NamedTuple):
    """S segments; [S] rows of the table or indices of observations, as said."""

    volume: IntArray
    """observation, token/year or H100e"""
    price: IntArray
    """observation, USD/token or USD/H100e/h"""
    choke: IntArray
    """observation, same unit"""
    throughput: IntArray
    """observation, token/H100e/h; unused where `tokens` is 0"""
    tokens: NDArray[np.float64]
    """1.0 where tokens are asked for, 0.0 where compute is"""
    efficiency: IntArray
    """[] observation; 0 where none is stated"""
    elasticity: IntArray
    """row"""
    gross_margin: IntArray
    """row"""
    memory_bound: IntArray
    """row"""
    waits: IntArray
    """row"""
    shape: IntArray
    """[S, B, 24 / B] rows of hourly factors"""

    def served(self, observed: Array) -> Array:
        """[S, P] tokens per H100e-hour of an H100; 1 for compute."""
        better = jnp.where(self.efficiency > 0, observed[self.efficiency], 1.0)
        rate = observed[self.throughput] * better[None]
        return jnp.where(jnp.asarray(self.tokens)[:, None] > 0.5, jnp.maximum(rate, SMALL), 1.0)

    def demand(self, values: Array, observed: Array) -> tuple[Demand, Array]:
        """Demand of the period, and what is asked at reference prices, [S, P] H100e."""
        rate = self.served(observed)
        counted = jnp.asarray(self.tokens)[:, None] > 0.5
        hours = jnp.where(counted, HOURS_PER_YEAR, 1.0)
        asked = observed[self.volume] / (hours * rate)
        kept = jnp.maximum(1.0 - values[self.gross_margin], 1e-3)
        reference = jnp.maximum(observed[self.price] * rate * kept, SMALL)
        elasticity, waits = values[self.elasticity], values[self.waits]
        shape = jnp.mean(values[self.shape], axis=2)
        level = asked * jnp.exp(elasticity * jnp.log(reference))
        choke = observed[self.choke] * rate * kept
        known = written(jnp.concatenate([level, choke]))
        demand = Demand(
            level=known[: len(level)],
            elasticity=elasticity,
            choke=known[len(level) :],
            firm=written((1.0 - waits)[:, None] * shape),
            waiting=waits,
            mark_up=1.0 / kept,
        )
        return demand, asked

    def productivity(self, values: Array, asked: Array, bandwidth: Array) -> Array:
        """[F, P] hours of an H100's work per H100e-hour.

        Args:
            asked: [S, P] H100e asked at reference prices.
            bandwidth: [F, P] per H100e, relative to an H100.
        """
        whole = total(asked)
        share = asked / jnp.where(whole > 0.0, whole, 1.0)[None]
        bound = total(share * values[self.memory_bound])[None]
        return 1.0 / (1.0 - bound + bound / jnp.maximum(bandwidth, 1e-3))


class Outside(NamedTuple):
    """R fleets outside the plan; [R] rows or observations, as said."""

    capacity: IntArray
    """observation, H100e"""
    cost_from: IntArray
    """observation, USD/H100e/h"""
    cost_to: IntArray
    """observation, USD/H100e/h"""
    capital_cost: IntArray
    """row, USD/H100e"""
    life: IntArray
    """row, periods over which it is spread"""
    response: IntArray
    """row, 1/year"""
    lead_time: IntArray
    """row, periods"""


class ExchangeState(NamedTuple):
    """What the market carries from period to period."""

    lags: Array
    """[2, R, P] a and b"""
    growth: Array
    """[R, P] logarithm of what the price called forth"""


class Traded(NamedTuple):
    """One period of the market."""

    cleared: Cleared
    gains: Surplus
    demand: Demand
    supply: Supply
    view: Outlook


class Rates(NamedTuple):
    """Rows and observations by which the market looks ahead."""

    generation: IntArray
    """[] observation; 0 where none is stated"""
    decline: IntArray
    """row, 1/year"""
    half_life: IntArray
    """row, periods"""
    window: IntArray
    """row, periods"""
    asset_rate: IntArray
    """row, 1/year"""

    def look(
        self,
        values: Array,
        observed: Array,
        before: Array,
        price: Array,
        years: Array,
        per_year: Array,
    ) -> Outlook:
        """What is expected at a price [P], given the generation factor [P] of the period before."""
        decline = -jnp.log1p(-jnp.minimum(values[self.decline], 0.99))
        window = values[self.window] / per_year
        followed = follow(before, price, decline, years, window)
        stated = jnp.where(self.generation > 0, observed[self.generation], followed)
        half_life = jnp.maximum(values[self.half_life] / per_year, 1e-6)
        reversion, rate = jnp.log(2.0) / half_life, jnp.log1p(values[self.asset_rate])
        return Outlook(price, stated, decline, reversion, rate, 1.0 / per_year)


class Exchange(NamedTuple):
    """The market of a plan."""

    segments: Segments
    outside: Outside
    rule: Rule
    cap: IntArray
    """[] observation, USD/H100e/h"""
    fixed: IntArray
    """[] observation, USD/H100e/h"""

    def init(self, paths: int) -> ExchangeState:
        """State before the opening period."""
        fleets = self.outside.capacity.shape[0]
        return ExchangeState(jnp.zeros((2, fleets, paths)), jnp.zeros((fleets, paths)))

    def clear(
        self,
        observed: Array,
        state: ExchangeState,
        demand: Demand,
        capacity: Array,
        cost: Array,
    ) -> tuple[Cleared, Supply, Surplus]:
        """The market of one period.

        Args:
            observed: [observation, P] what stands before the market clears.
            capacity: [F, P] H100e of cohorts, in hours of an H100's work.
            cost: [F, P] cash cost of running, USD/H100e/h.
        """
        fleet = self.outside
        lowest = observed[fleet.cost_from]
        supply = Supply(
            capacity=capacity,
            cost=cost,
            outside=observed[fleet.capacity] * jnp.exp(state.growth),
            lowest=lowest,
            highest=jnp.maximum(observed[fleet.cost_to], lowest * (1.0 + 1e-6)),
        )
        cap = jnp.maximum(observed[self.cap], SMALL)
        cleared = self.rule.clear(demand, supply, cap, observed[self.fixed])
        return cleared, supply, surplus(demand, supply, cleared, self.rule.weight)

    def after(
        self, values: Array, state: ExchangeState, view: Outlook, years: Array, per_year: Array
    ) -> ExchangeState:
        """State after a period of `years` length."""
        fleet = self.outside
        scarce = jnp.log(jnp.maximum(view.price, SMALL) / jnp.maximum(view.generation, SMALL))
        x = jnp.clip(scarce, -MOST_SCARCE, MOST_SCARCE)[None]
        length = jnp.maximum(values[fleet.lead_time] / per_year, 1e-6)
        weight = -jnp.expm1(-2.0 * years / length)
        first = state.lags[0] + weight * (x - state.lags[0])
        second = state.lags[1] + weight * (first - state.lags[1])
        growth = state.growth + values[fleet.response] * second * years
        return ExchangeState(jnp.stack([first, second]), growth)

    def _charge(self, values: Array, view: Outlook) -> Array:
        """[R, P] level charge that pays for capacity over its life, USD/H100e/year."""
        fleet = self.outside
        life = jnp.maximum(values[fleet.life] * view.period, 1e-6)
        rate = jnp.maximum(view.rate, 1e-9)[None]
        return values[fleet.capital_cost] * rate / -jnp.expm1(-rate * life)

    def tells(self, values: Array, observed: Array, traded: Traded) -> Array:
        """[named value, P] in the order of `published.names`."""
        cleared, gains, supply = traded.cleared, traded.gains, traded.supply
        hours = jnp.asarray(self.rule.weight)[:, None]
        firm = over_blocks(hours[None] * cleared.firm)
        compute = written(firm + cleared.waited)
        asked = over_blocks(hours[None] * cleared.asked) + cleared.would_wait
        there = total(supply.capacity) + total(supply.outside)
        served = total(compute)
        missing = total(asked) - served
        view = traded.view
        year = HOURS_PER_YEAR
        general = [
            view.price,
            jnp.max(cleared.price, axis=0),
            jnp.min(cleared.price, axis=0),
            view.generation,
            view.price / jnp.maximum(view.generation, SMALL),
            served / jnp.where(there > 0.0, there, 1.0),
            total(jnp.where(cleared.short, hours, 0.0)),
            there,
            served,
            jnp.where(missing > ROUNDING * (missing + served), missing, 0.0),
            total(gains.consumer) * year,
            total(gains.seller) * year,
            (total(gains.cohorts) + gains.outside) * year,
            total(supply.outside * self._charge(values, traded.view)),
        ]
        spent = over_blocks((hours * cleared.price)[None] * cleared.firm)
        spent = spent + cleared.valley[None] * cleared.waited
        bought = compute > 0.0
        mean = jnp.where(bought, spent / jnp.where(bought, compute, 1.0), view.price[None])
        rate = self.segments.served(observed)
        counted = jnp.asarray(self.segments.tokens)[:, None] > 0.5
        tokens = jnp.where(counted, compute * rate * year, 0.0)
        mark_up = traded.demand.mark_up
        return jnp.concatenate(
            [
                jnp.stack(general),
                mean * mark_up / rate,
                mean / rate,
                tokens,
                spent * mark_up * year,
                compute,
                jnp.where(asked > 0.0, compute / jnp.where(asked > 0.0, asked, 1.0), 1.0),
                gains.consumer * year,
                rate,
                supply.outside,
            ]
        )


def relative_bandwidth(values: Array, rows: IntArray) -> Array:
    """[F, P] memory bandwidth per H100e relative to an H100.

    Args:
        rows: [2, F] of bandwidth and of what it is divided by.
    """
    capacity = values[rows[1]]
    return values[rows[0]] / jnp.where(capacity > 0.0, capacity, 1.0)


def mean_price(cleared: Cleared, weight: NDArray[np.float64]) -> Array:
    """[P] mean price over the hours of a period, USD/H100e/h."""
    return total(jnp.asarray(weight)[:, None] * cleared.price)
