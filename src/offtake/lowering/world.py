"""The environment of a plan: market and physical models composed into one `observe` (DESIGN §3)."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from offtake.core.arrays import Array, jax, jnp
from offtake.core.contract import IntArray
from offtake.lowering.spot import Earned, Period, Spot, SpotState
from offtake.market.credit import Credit
from offtake.market.formula import Node
from offtake.market.process import Processes, ProcessState, Regimes
from offtake.market.series import SeriesGroup
from offtake.physical.fleet import Cohorts, FleetView
from offtake.physical.sites import Phases, PhaseView, open_share
from offtake.physical.supply import Supply


class WorldState(NamedTuple):
    """What the environment carries from month to month."""

    processes: ProcessState
    regimes: Array
    credit: Array
    delay: Array
    """[H, P] delay of every phase, periods"""
    delivered_hours: Array
    """[sites, P] H100e-hours of the period before"""
    spot: SpotState
    sent: Array
    """[F, P] chips that vendors have sent"""


class World(NamedTuple):
    """Environment of a plan."""

    series: SeriesGroup
    processes: Processes
    regimes: Regimes
    formulas: tuple[Node, ...]
    credit: Credit
    phases: Phases
    cohorts: Cohorts
    supply: Supply
    spot: Spot
    late_formulas: tuple[Node, ...]
    """formulas over what the market tells"""
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
            self.spot.init(paths),
            self.supply.init(paths),
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
        offered = jnp.concatenate([jnp.ones_like(signals[:1]), signals])
        phases = self.phases.view(values, state.delay, offered[self.phases.paid_signal + 1], now)
        power = self._power(values, phases)
        paid = offered[self.cohorts.paid_signal + 1]
        claimed, settled = offered[self.running_signal + 1]
        running = open_share(claimed, settled)
        powered = power[0] * running
        stays = self.spot.stays(values, state.spot)
        ready, sent = self.supply.send(values, market, state.sent, now, years)
        fleet = self.cohorts.view(
            values, paid, powered, now, jnp.asarray(self.per_year), stays, ready
        )
        length = Period(years, hours, jnp.asarray(self.per_year))
        pue = _pue(power)
        contracted = offered[self.spot.contracted_signal + 1]
        contracted = jnp.where((self.spot.contracted_signal >= 0)[:, None], contracted, 0.0)
        earned, spot = self.spot.trade(values, market, state.spot, fleet, pue, contracted, length)
        market = _extended(self.late_formulas, values, jnp.concatenate([market, earned.told]))
        credit = self.credit.advance(values, state.credit, years, shocks, market)
        delivered = fleet.site_h100e * hours
        sold = jnp.where((self.sold_signal >= 0)[:, None], offered[self.sold_signal + 1], 0.0)
        excess = jnp.maximum(sold - state.delivered_hours, 0.0)
        physical = self._physical(phases, power, fleet, earned, hours, running, ready)
        payout = self.credit.payout(values, credit, self.party_marks.shape[0])
        observed = jnp.concatenate([market, *physical, excess, payout])
        following = WorldState(processes, regimes, credit, state.delay, delivered, spot, sent)
        return observed, payout, following

    def _market(
        self, values: Array, processes: ProcessState, regimes: Array, t: Array, elapsed: Array
    ) -> Array:
        """[observation, P] of the market before it clears: series, processes, regimes, formulas."""
        parts = [
            jnp.zeros((1, values.shape[-1])),
            self.series.at(values, t),
            self.processes.level(values, processes, elapsed),
            self.regimes.level(values, regimes),
        ]
        return _extended(self.formulas, values, jnp.concatenate(parts))

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
        phases: PhaseView,
        power: Array,
        fleet: FleetView,
        earned: Earned,
        hours: Array,
        running: Array,
        ready: Array,
    ) -> list[Array]:
        """Physical observations in the order of `observation_names`."""
        sites = self.site_marks.shape[0]
        return [
            phases.due,
            phases.active,
            power[0],
            fleet.site_mw,
            fleet.site_h100e,
            fleet.site_h100e * hours,
            jax.ops.segment_sum(earned.energy, self.cohorts.site, sites),
            running,
            earned.site_run,
            earned.site_price,
            fleet.cohort_h100e,
            fleet.cohort_mw,
            fleet.age,
            earned.margin,
            earned.run,
            earned.work,
            earned.value,
            ready,
        ]


def _pue(power: Array) -> Array:
    """[sites, P] facility power over IT power, of [2, sites, P] IT and facility power; or 0."""
    energised, facility = power
    lit = energised > 0.0
    return jnp.where(lit, facility / jnp.where(lit, energised, 1.0), 0.0)


def _extended(formulas: tuple[Node, ...], values: Array, observed: Array) -> Array:
    """Observations followed by formulas, each of which may use those before it."""
    for formula in formulas:
        observed = jnp.concatenate([observed, formula.value(values, observed)[None]])
    return observed


PHASE_OBSERVATIONS = ("due", "active")
SITE_OBSERVATIONS = (
    "power_mw",
    "running_mw",
    "h100e",
    "h100e_hours",
    "energy_mwh",
    "open",
    "sold_share",
    "spot_price",
)
COHORT_OBSERVATIONS = ("h100e", "mw", "age", "margin", "run", "work", "value", "ready")


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
