"""The environment of a plan: market and physical models composed into one `observe` (DESIGN §3)."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from offtake.core.arrays import Array, jax, jnp, lax
from offtake.core.contract import IntArray
from offtake.lowering.spot import Earned, Period, Spot, SpotState
from offtake.market.credit import Credit
from offtake.market.formula import Node
from offtake.market.process import Processes, ProcessState, Regimes
from offtake.market.published import GENERAL
from offtake.market.series import SeriesGroup
from offtake.physical.fabs import Fabs, Made
from offtake.physical.fleet import Cohorts, FleetView, Sold
from offtake.physical.power import Offer, Sources
from offtake.physical.resale import Resale
from offtake.physical.sites import Phases, open_share
from offtake.physical.supply import Sent, Supply
from offtake.physical.works import Works, WorkView


class WorldState(NamedTuple):
    """What the environment carries from month to month."""

    processes: ProcessState
    regimes: Array
    credit: Array
    delay: Array
    """[H, P] delay of everything that is built, periods"""
    delivered_hours: Array
    """[sites, P] H100e-hours of the period before"""
    spot: SpotState
    sent: Array
    """[F, P] chips that vendors have sent"""
    fab_age: Array
    """[U, P] periods since each fab opened"""
    efficiency: Array
    """[F, P] work per watt of cohorts as they arrived"""
    owned: Array | None
    """[F, P] 1.0 while a cohort belongs to its first owner; None where none can be sold"""


class Seen(NamedTuple):
    """Physical results of a period, for `World._physical`."""

    works: WorkView
    offer: Offer
    fleet: FleetView
    earned: Earned
    running: Array
    """[sites, P] share of each site that is paid for"""
    sent: Sent
    made: Made
    on_sale: Array
    """[0 or 2, P] H100e offered for sale, and H100e that the whole market supplies; 0 if unknown"""
    years: Array
    hours: Array


class World(NamedTuple):
    """Environment of a plan."""

    series: SeriesGroup
    processes: Processes
    regimes: Regimes
    formulas: tuple[Node, ...]
    credit: Credit
    works: Works
    """phases in the order of `phases`, then sources of power, then fabs"""
    phases: Phases
    sources: Sources
    fabs: Fabs
    cohorts: Cohorts
    supply: Supply
    spot: Spot
    built_formulas: tuple[Node, ...]
    """formulas over what vendors make"""
    late_formulas: tuple[Node, ...]
    """formulas over what the market tells"""
    resale: Resale | None
    """cohorts that may be sold; None where none can"""
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
            self.works.delay(values, once),
            jnp.zeros((self.site_marks.shape[0], paths)),
            self.spot.init(paths),
            self.supply.init(paths),
            self.fabs.init(paths),
            jnp.ones((self.cohorts.site.shape[0], paths)),
            None if self.resale is None else jnp.ones((self.cohorts.site.shape[0], paths)),
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
        works = self.works.view(values, state.delay, offered[self.works.paid_signal + 1], now)
        offer = self._offer(values, market, works)
        paid = offered[self.cohorts.paid_signal + 1]
        claimed, settled = offered[self.running_signal + 1]
        running = open_share(claimed, settled)
        stays = self.spot.stays(values, state.spot)
        made, fab_age = self._chips(values, market, state, works, years)
        sent = self.supply.send(values, market, state.sent, made.of_vendor, now, years)
        rate = sent.made / jnp.where(years > 0.0, years, 1.0)
        market = _extended(self.built_formulas, values, jnp.concatenate([market, rate]))
        efficiency = self.cohorts.efficiency(values, market, state.efficiency, now)
        owned = self._owned(state, offered)
        sold_on = None if owned is None else Sold(owned, offer.power[0])
        powered, per_year = offer.power[0] * running, jnp.asarray(self.per_year)
        fleet = self.cohorts.view(
            values, paid, powered, now, per_year, stays, sent.ready, efficiency, sold_on
        )
        length = Period(years, hours, per_year)
        contracted = offered[self.spot.contracted_signal + 1]
        contracted = jnp.where((self.spot.contracted_signal >= 0)[:, None], contracted, 0.0)
        earned, spot = self.spot.trade(
            values, market, state.spot, fleet, offer, contracted, length, owned
        )
        on_sale = self._on_sale(fleet, owned, offered, earned)
        market = _extended(self.late_formulas, values, jnp.concatenate([market, earned.told]))
        credit = self.credit.advance(values, state.credit, years, shocks, market)
        delivered = fleet.site_h100e * hours
        sold = jnp.where((self.sold_signal >= 0)[:, None], offered[self.sold_signal + 1], 0.0)
        excess = jnp.maximum(sold - state.delivered_hours, 0.0)
        seen = Seen(works, offer, fleet, earned, running, sent, made, on_sale, years, hours)
        payout = self.credit.payout(values, credit, self.party_marks.shape[0])
        observed = jnp.concatenate([market, *self._physical(seen), excess, payout])
        following = WorldState(
            processes,
            regimes,
            credit,
            state.delay,
            delivered,
            spot,
            sent.so_far,
            fab_age,
            efficiency,
            owned,
        )
        return observed, payout, following

    def default_bounds(self, values: Array, shocks: Array) -> Array:
        """Own shock below which a party with a credit defaults, given the drivers, [T, E, P].

        For hazard rates that the market's clearing does not move (`hazards_known`).

        Args:
            values: [row, P].
            shocks: [T, stream, P].
        """

        def period(
            state: tuple[ProcessState, Array], now: tuple[Array, Array]
        ) -> tuple[tuple[ProcessState, Array], Array]:
            t, moved = now
            years = jnp.asarray(self.years)[t]
            processes = self.processes.advance(
                values, state[0], years, moved, jnp.asarray(self.per_year)
            )
            moves = jnp.where(t > 0, 1.0, 0.0)
            regimes = self.regimes.advance(values, state[1], moves, moved)
            market = self._market(values, processes, regimes, t, jnp.asarray(self.elapsed)[t])
            return (processes, regimes), self.credit.bounds(values, years, moved, market)

        start = self.processes.init(values), self.regimes.init(values)
        return lax.scan(period, start, (jnp.arange(shocks.shape[0]), shocks))[1]

    @property
    def hazards_known(self) -> NDArray[np.bool_]:
        """[E] whether a party's hazard rate is known before the market clears."""
        before = 1 + self.series.before.shape[0] + self.processes.start.shape[0]
        before += self.regimes.initial.shape[0] + len(self.formulas)
        return np.asarray(self.credit.hazard) < before

    def log_likelihood(self, values: Array, shocks: Array, hazard: Array) -> Array:
        """Log probability of the events that happened: defaults outside, changes of regime, [P].

        Args:
            values: [row, P].
            shocks: [T, stream, P].
            hazard: [T, E, P] of the parties with a credit, per year.
        """
        defaults = self.credit.log_likelihood(values, jnp.asarray(self.years), shocks, hazard)
        return defaults + self.regimes.log_likelihood(values, shocks)

    def _owned(self, state: WorldState, signals: Array) -> Array | None:
        """[F, P] 1.0 while a cohort belongs to its first owner; signals: ones, then signals."""
        if self.resale is None or state.owned is None:
            return None
        return self.resale.owned(state.owned, signals)

    def _on_sale(
        self, fleet: FleetView, owned: Array | None, signals: Array, earned: Earned
    ) -> Array:
        """[0 or 2 + F, P] H100e offered for sale, supplied in all; 1.0 for cohorts not sold."""
        if self.resale is None or owned is None:
            return jnp.zeros((0, signals.shape[-1]))
        offered = self.resale.offered(fleet.full_h100e, owned, signals)
        supplied = jnp.zeros_like(offered)
        if self.spot.exchange is not None:
            supplied = earned.told[list(GENERAL).index("capacity")]
        return jnp.concatenate([jnp.stack([offered, supplied]), owned])

    def _offer(self, values: Array, market: Array, works: WorkView) -> Offer:
        """Power that sites can run on, and where it may come from."""
        phases, sources = self.phases.site.shape[0], self.sources.capacity.shape[0]
        energised = self.phases.energised(values, works.active[:phases])
        on = works.active[phases : phases + sources]
        price = market[self.spot.energy_price]
        return self.sources.offer(values, market, on, energised, price)

    def _chips(
        self, values: Array, market: Array, state: WorldState, works: WorkView, years: Array
    ) -> tuple[Made, Array]:
        """What fabs make, and periods since they opened."""
        first = self.phases.site.shape[0] + self.sources.capacity.shape[0]
        return self.fabs.make(values, market, state.fab_age, works.active[first:], years)

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

    def _physical(self, seen: Seen) -> list[Array]:
        """Physical observations in the order of `observation_names`."""
        sites, fleet, earned = self.site_marks.shape[0], seen.fleet, seen.earned
        return [
            seen.works.due,
            seen.works.active,
            seen.offer.power[0],
            fleet.site_mw,
            fleet.site_h100e,
            fleet.site_h100e * seen.hours,
            jax.ops.segment_sum(earned.energy, self.cohorts.site, sites),
            seen.running,
            earned.site_run,
            earned.site_price,
            earned.drawn.price,
            earned.drawn.link_mw * seen.hours,
            seen.offer.link_mw,
            seen.offer.price,
            seen.offer.source_mw,
            seen.made.wafers,
            seen.made.chips,
            seen.sent.unsold,
            fleet.cohort_h100e,
            fleet.cohort_mw,
            fleet.age,
            earned.margin,
            earned.run,
            earned.work,
            earned.value,
            seen.sent.ready,
            seen.sent.chips,
            earned.resale,
            seen.on_sale,
        ]


def _extended(formulas: tuple[Node, ...], values: Array, observed: Array) -> Array:
    """Observations followed by formulas, each of which may use those before it."""
    for formula in formulas:
        observed = jnp.concatenate([observed, formula.value(values, observed)[None]])
    return observed


WORK_OBSERVATIONS = ("due", "active")
SITE_OBSERVATIONS = (
    "power_mw",
    "running_mw",
    "h100e",
    "h100e_hours",
    "energy_mwh",
    "open",
    "sold_share",
    "spot_price",
    "energy_price",
)
LINK_OBSERVATIONS = ("mwh", "mw")
SOURCE_OBSERVATIONS = ("price", "available_mw")
FAB_OBSERVATIONS = ("wafers", "chips")
RESALE_OBSERVATIONS = ("resale.offered_h100e", "resale.market_h100e")
COHORT_OBSERVATIONS = ("h100e", "mw", "age", "margin", "run", "work", "value", "ready", "sent")


class Names(NamedTuple):
    """Names of things that are observed."""

    works: Sequence[str]
    sites: Sequence[str]
    links: Sequence[tuple[str, str]]
    """site, source of power"""
    sources: Sequence[str]
    fabs: Sequence[str]
    vendors: Sequence[str]
    cohorts: Sequence[str]
    parties: Sequence[str]
    resold: Sequence[str]
    """cohorts that have a value for resale: all, or none"""


def observation_names(market: Sequence[str], names: Names) -> list[str]:
    """Names of the environment's observations, in the order of `World.observe`.

    Args:
        market: names of what the market and the formulas tell.
        names: of everything else.
    """
    return [
        *market,
        *(f"{work}.{what}" for what in WORK_OBSERVATIONS for work in names.works),
        *(f"sites.{site}.{what}" for what in SITE_OBSERVATIONS for site in names.sites),
        *(f"sites.{s}.power.{p}.{what}" for what in LINK_OBSERVATIONS for s, p in names.links),
        *(f"power.{source}.{what}" for what in SOURCE_OBSERVATIONS for source in names.sources),
        *(f"fabs.{fab}.{what}" for what in FAB_OBSERVATIONS for fab in names.fabs),
        *(f"vendors.{vendor}.unsold" for vendor in names.vendors),
        *(f"chips.{cohort}.{what}" for what in COHORT_OBSERVATIONS for cohort in names.cohorts),
        *(f"chips.{cohort}.resale_value" for cohort in names.resold),
        *(RESALE_OBSERVATIONS if names.resold else ()),
        *(f"chips.{cohort}.owned" for cohort in names.resold),
        *(f"sites.{site}.oversold_hours" for site in names.sites),
        *(f"parties.{party}.payout" for party in names.parties),
    ]
