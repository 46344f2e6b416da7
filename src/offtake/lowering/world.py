"""The environment of a plan: market and physical models composed into one `observe` (DESIGN §3)."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from offtake.core.arrays import Array, jax, jnp
from offtake.core.contract import IntArray
from offtake.market.credit import Credit
from offtake.market.formula import Node
from offtake.market.process import Processes, ProcessState, Regimes
from offtake.market.series import SeriesGroup
from offtake.physical.fleet import Cohorts, FleetView
from offtake.physical.sites import Phases, PhaseView, open_share


class WorldState(NamedTuple):
    """What the environment carries from month to month."""

    processes: ProcessState
    regimes: Array
    credit: Array
    delay: Array
    """[H, P] delay of every phase, periods"""
    delivered_hours: Array
    """[sites, P] H100e-hours of the period before"""


class Margins(NamedTuple):
    """What a cohort would earn on the spot market; indices into the market observations."""

    compute_price: IntArray
    """[] USD/H100e/h"""
    energy_price: IntArray
    """[] USD/MWh"""
    running_cost: IntArray
    """[] USD/MW/year of IT power"""
    utilisation: IntArray
    """[] share of running hours that is sold"""


class World(NamedTuple):
    """Environment of a plan."""

    series: SeriesGroup
    processes: Processes
    regimes: Regimes
    formulas: tuple[Node, ...]
    credit: Credit
    phases: Phases
    cohorts: Cohorts
    margins: Margins
    sold_signal: IntArray
    """[sites] signal that carries the H100e-hours sold as delivered"""
    running_signal: IntArray
    """[2, sites] signals that carry what is claimed and paid for power and running, USD"""
    party_marks: NDArray[np.float64]
    """[M] zeros; its length is the number of parties"""
    site_marks: NDArray[np.float64]
    """[sites] zeros; its length is the number of sites"""
    years: NDArray[np.float64]
    """[T]"""
    hours: NDArray[np.float64]
    """[T]"""
    elapsed: NDArray[np.float64]
    """[T] years from the start to the close of the period"""
    per_year: NDArray[np.float64]
    """[] periods per year"""

    def init(self, values: Array, once: Array) -> WorldState:
        """State before the opening period."""
        paths = values.shape[-1]
        return WorldState(
            self.processes.init(values),
            self.regimes.init(values),
            self.credit.init(values),
            self.phases.delay(values, once),
            jnp.zeros((self.site_marks.shape[0], paths)),
        )

    def observe(
        self, values: Array, state: WorldState, t: Array, shocks: Array, signals: Array
    ) -> tuple[Array, Array, WorldState]:
        """Observations in the order of `observation_names`, payout shares [M, P], next state."""
        now = t.astype(jnp.float64)
        years, hours = jnp.asarray(self.years)[t], jnp.asarray(self.hours)[t]
        elapsed = jnp.asarray(self.elapsed)[t]
        processes = self.processes.advance(
            values, state.processes, years, shocks, jnp.asarray(self.per_year)
        )
        moves = jnp.where(t > 0, 1.0, 0.0)
        regimes = self.regimes.advance(values, state.regimes, moves, shocks)
        market = self._market(values, processes, regimes, t, elapsed)
        credit = self.credit.advance(values, state.credit, years, shocks, market)
        offered = jnp.concatenate([jnp.ones_like(signals[:1]), signals])
        phases = self.phases.view(values, state.delay, offered[self.phases.paid_signal + 1], now)
        power = self._power(values, phases)
        paid = offered[self.cohorts.paid_signal + 1]
        claimed, settled = offered[self.running_signal + 1]
        running = open_share(claimed, settled)
        powered = power[0] * running
        fleet = self.cohorts.view(values, paid, powered, now, jnp.asarray(self.per_year))
        delivered = fleet.site_h100e * hours
        sold = jnp.where((self.sold_signal >= 0)[:, None], offered[self.sold_signal + 1], 0.0)
        excess = jnp.maximum(sold - state.delivered_hours, 0.0)
        physical = self._physical(values, market, phases, power, fleet, hours, years, running)
        payout = self.credit.payout(values, credit, self.party_marks.shape[0])
        observed = jnp.concatenate([market, *physical, excess, payout])
        following = WorldState(processes, regimes, credit, state.delay, delivered)
        return observed, payout, following

    def _market(
        self, values: Array, processes: ProcessState, regimes: Array, t: Array, elapsed: Array
    ) -> Array:
        """[market observations, P]: zero, series, processes, regimes, formulas."""
        parts = [
            jnp.zeros((1, values.shape[-1])),
            self.series.at(values, t),
            self.processes.level(values, processes, elapsed),
            self.regimes.level(values, regimes),
        ]
        observed = jnp.concatenate(parts)
        for formula in self.formulas:
            observed = jnp.concatenate([observed, formula.value(values, observed)[None]])
        return observed

    def _power(self, values: Array, view: PhaseView) -> Array:
        """[2, sites, P] energised IT power, and power of the whole facility when fully used, MW."""
        power = view.active * values[self.phases.power]
        facility = power * values[self.phases.pue]
        sites = self.site_marks.shape[0]
        return jnp.stack(
            [jax.ops.segment_sum(x, self.phases.site, sites) for x in (power, facility)]
        )

    def _physical(
        self,
        values: Array,
        market: Array,
        phases: PhaseView,
        power: Array,
        fleet: FleetView,
        hours: Array,
        years: Array,
        running: Array,
    ) -> list[Array]:
        """Physical observations in the order of `observation_names`."""
        energised, facility = power
        pue = jnp.where(energised > 0.0, facility / jnp.where(energised > 0.0, energised, 1.0), 0.0)
        energy = fleet.site_mw * pue * hours
        price, energy_price, cost, used = (market[index][None] for index in self.margins)
        cohort_energy = fleet.cohort_mw * pue[self.cohorts.site] * hours
        earned = price * fleet.cohort_h100e * hours * used
        margin = earned - energy_price * cohort_energy - cost * fleet.cohort_mw * years
        return [
            phases.due,
            phases.active,
            energised,
            fleet.site_mw,
            fleet.site_h100e,
            fleet.site_h100e * hours,
            energy,
            running,
            fleet.cohort_h100e,
            fleet.cohort_mw,
            fleet.age,
            margin,
        ]


PHASE_OBSERVATIONS = ("due", "active")
SITE_OBSERVATIONS = ("power_mw", "running_mw", "h100e", "h100e_hours", "energy_mwh", "open")
COHORT_OBSERVATIONS = ("h100e", "mw", "age", "margin")


def observation_names(
    market: Sequence[str],
    phases: Sequence[str],
    sites: Sequence[str],
    cohorts: Sequence[str],
    parties: Sequence[str],
) -> list[str]:
    """Names of the environment's observations, in the order of `World.observe`."""
    return [
        *market,
        *(f"{phase}.{what}" for what in PHASE_OBSERVATIONS for phase in phases),
        *(f"sites.{site}.{what}" for what in SITE_OBSERVATIONS for site in sites),
        *(f"chips.{cohort}.{what}" for what in COHORT_OBSERVATIONS for cohort in cohorts),
        *(f"sites.{site}.oversold_hours" for site in sites),
        *(f"parties.{party}.payout" for party in parties),
    ]
