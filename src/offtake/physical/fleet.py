"""Cohorts: chips of one type delivered to one site in one month.

A cohort runs on what is delivered and what is energised. Its chips draw

    need = units x delivered x surviving x watts / work per watt when it arrived

and when a site has less power than its cohorts need, all run at the same share. Capacity in H100e
is units x delivered x surviving x share x H100e per chip x availability; chips fail at a constant
rate and leave at the end of their physical life, or earlier where they do not pay or where another
cohort replaces them, share by share as its chips arrive. Accounting and economic life are other
clocks. A cohort that was sold (`physical.resale`) runs on, but no longer for its site: what a site
has and draws is that of the cohorts its owner still owns.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from offtake.core.arrays import Array, jax, jnp
from offtake.core.contract import IntArray


class FleetView(NamedTuple):
    """Cohorts and sites in one period."""

    cohort_h100e: Array
    """[F, P] running capacity, H100e, on average over the period"""
    cohort_mw: Array
    """[F, P] IT power drawn, MW"""
    age: Array
    """[F, P] years since delivery, 0 before"""
    site_h100e: Array
    """[sites, P]"""
    site_mw: Array
    """[sites, P] IT power drawn"""
    full_h100e: Array
    """[F, P] H100e with power for all chips that work"""
    full_mw: Array
    """[F, P] IT power that all of them draw, MW"""


class Sold(NamedTuple):
    """Which cohorts have changed hands, and what they run on."""

    owned: Array
    """[F, P] 1.0 while a cohort belongs to its first owner"""
    power: Array
    """[sites, P] energised IT power, whether its owner paid for it or not, MW"""


class Cohorts(NamedTuple):
    """F cohorts; fields [F] are rows of the table unless said otherwise."""

    site: IntArray
    """[F] index of the site"""
    units: IntArray
    h100e: IntArray
    """H100e per chip"""
    watts: IntArray
    """W per chip, its share of server and network included"""
    pue: IntArray
    """what `watts` is divided by to be IT power: 1, or the site's PUE where it is utility power"""
    availability: IntArray
    failure_rate: IntArray
    """per year"""
    deliver: IntArray
    """position of the delivery date"""
    physical_life: IntArray
    """periods"""
    per_watt: IntArray
    """[F] observation: work per watt relative to what is stated; 0 for none"""
    successor: IntArray
    """[F] cohort that replaces it; -1 for none"""
    paid_signal: IntArray
    """[F] signal that carries the share of the order paid so far"""
    funded: NDArray[np.float64]
    """[F] 1.0 where some contract pays for the cohort"""

    def efficiency(self, values: Array, observed: Array, before: Array, t: Array) -> Array:
        """Work per watt of each cohort, [F, P]: that of the period in which it arrives.

        Args:
            observed: [observation, P] what stands before the market clears.
            before: [F, P] the same a period before; 1 at first.
        """
        since = t - values[self.deliver]
        moves = (jnp.asarray(self.per_watt)[:, None] > 0) & (since < 1.0) & (t > 0.0)
        return jnp.where(moves, jnp.maximum(observed[self.per_watt], 1e-9), before)

    def view(
        self,
        values: Array,
        paid: Array,
        power: Array,
        t: Array,
        per_year: Array,
        stays: Array,
        ready: Array,
        efficiency: Array,
        sold: Sold | None = None,
    ) -> FleetView:
        """What a period sees of the fleet.

        Args:
            paid: [F, P] share of the order paid by the end of the period before.
            power: [sites, P] energised IT power on average over the period, MW.
            ready: [F, P] share that the vendor has sent.
            efficiency: [F, P] work per watt, from `efficiency`.
            stays: [F, P] 0 for a cohort that has left before its time, else 1.
            sold: cohorts that have changed hands; none do if left out.
        """
        sites = power.shape[0]
        delivered = jnp.where(
            (jnp.asarray(self.funded) > 0.5)[:, None], jnp.clip(paid, 0.0, 1.0), 1.0
        )
        delivered = jnp.minimum(delivered, ready)
        since = t - values[self.deliver]
        here = jnp.clip(since, 0.0, 1.0)
        gone = jnp.clip(since - values[self.physical_life], 0.0, 1.0)
        age = jnp.maximum(since, 0.0) / per_year
        arrived = jnp.concatenate([jnp.zeros_like(here[:1]), delivered * here])
        stays = stays * (1.0 - arrived[self.successor + 1])
        alive = jnp.exp(-values[self.failure_rate] * age) * (here - gone)
        chips = values[self.units] * delivered * alive * stays
        need = chips * values[self.watts] / values[self.pue] / efficiency * 1e-6
        needed = jax.ops.segment_sum(need, self.site, sites)
        mine = _share(power, needed)[self.site]
        owned = jnp.ones_like(mine)
        if sold is not None:
            owned = sold.owned
            mine = jnp.where(owned > 0.5, mine, _share(sold.power, needed)[self.site])
        h100e = chips * mine * values[self.h100e] * values[self.availability]
        return FleetView(
            cohort_h100e=h100e,
            cohort_mw=need * mine,
            age=age,
            site_h100e=jax.ops.segment_sum(h100e * owned, self.site, sites),
            site_mw=jax.ops.segment_sum(need * mine * owned, self.site, sites),
            full_h100e=chips * values[self.h100e] * values[self.availability],
            full_mw=need,
        )


def _share(power: Array, needed: Array) -> Array:
    """[sites, P] share of what cohorts need that there is power for."""
    there = needed > 0.0
    return jnp.where(there, jnp.minimum(power / jnp.where(there, needed, 1.0), 1.0), 0.0)
