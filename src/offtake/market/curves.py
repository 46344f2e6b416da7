"""Curves of one period: what is asked at a price and what is offered at it.

Compute is one commodity, the H100e-hour. A period is cut into blocks of the day with weights h_b
that add up to one; quantities are H100e on average over the hours of their block.

Demand of segment s at price p, in USD/H100e/h:

    firm, block b:   (1 - w_s) f_sb A_s p^(-e_s)       zero above the choke price c_s
    waiting:         w_s A_s p^(-e_s)                  of the whole day, to be served in any block

with w_s the share that can wait and f_sb the hourly shape, of mean one. Supply at p: every cohort
whose cash cost is at most p, and of each fleet outside the plan the part of its capacity whose cost
is at most p, cost rising evenly from its lowest to its highest.
"""

from typing import NamedTuple

from offtake.core.arrays import Array, jnp
from offtake.core.rows import summed, written

SMALL = 1e-30
"""Stands for zero where a logarithm or a quotient is taken."""


class Demand(NamedTuple):
    """S segments in one period."""

    level: Array
    """[S, P] H100e asked at 1 USD/H100e/h, A_s"""
    elasticity: Array
    """[S, P] e_s, at least 0"""
    choke: Array
    """[S, P] USD/H100e/h above which nothing is asked, c_s"""
    firm: Array
    """[S, B, P] (1 - w_s) f_sb"""
    waiting: Array
    """[S, P] w_s"""
    mark_up: Array
    """[S, P] what buyers pay for a token over the compute in it, 1 / (1 - gross margin)"""

    def asked(self, price: Array) -> Array:
        """[S, K, P] H100e asked at K prices [K, P], shape and waiting apart."""
        below = price[None] <= self.choke[:, None]
        return self.wanted(jnp.log(jnp.maximum(price, SMALL)), below)

    def wanted(self, logs: Array, there: Array) -> Array:
        """[S, K, P] H100e asked at K prices of logarithms [K, P] by segments that are there."""
        power = jnp.exp(-self.elasticity[:, None] * logs[None])
        return jnp.where(there, self.level[:, None] * power, 0.0)

    def beyond(self, price: Array) -> Array:
        """[S, K, P] integral of `asked` from K prices [K, P] up to the choke price, USD/h.

        With u = ln(c / p) and k = 1 - e it is A (c^k - p^k) / k; where k u is small that is lost in
        rounding, and A p^k u (1 + k u / 2 + (k u)^2 / 6 + ..) is used, exact to 1e-14 below 0.03.
        """
        logs = written(jnp.log(jnp.maximum(price, SMALL)))[None]
        ends = jnp.log(jnp.maximum(self.choke, SMALL))
        k = 1.0 - self.elasticity
        most = written(jnp.concatenate([ends, jnp.exp(k * ends)]))[:, None]
        ends, most, k = most[: len(k)], most[len(k) :], k[:, None]
        power = written(jnp.exp(k * logs))
        room = jnp.maximum(ends - logs, 0.0)
        x = k * room
        flat = jnp.abs(x) < 0.03
        small = jnp.where(flat, x, 0.0)
        series = 1.0
        for n in range(7, 1, -1):
            series = 1.0 + small * (1.0 / n) * series
        steep = (most - power) / jnp.where(flat, 1.0, k)
        return self.level[:, None] * jnp.where(flat, power * room * series, steep)


class Supply(NamedTuple):
    """F cohorts of the plan and R fleets outside it in one period."""

    capacity: Array
    """[F, P] H100e"""
    cost: Array
    """[F, P] cash cost of running, USD/H100e/h"""
    outside: Array
    """[R, P] H100e"""
    lowest: Array
    """[R, P] USD/H100e/h at which the first of an outside fleet runs"""
    highest: Array
    """[R, P] USD/H100e/h from which all of it runs"""

    def cohorts(self, price: Array) -> Array:
        """[K, P] H100e of cohorts whose cost is at most the price [K, P]."""
        runs = self.cost[:, None] <= price[None]
        return summed(jnp.where(runs, self.capacity[:, None], 0.0))

    def share_outside(self, price: Array) -> Array:
        """[R, K, P] share of outside fleets that runs at K prices [K, P]."""
        width = jnp.maximum(self.highest - self.lowest, SMALL)[:, None]
        return jnp.clip((price[None] - self.lowest[:, None]) / width, 0.0, 1.0)

    def from_outside(self, price: Array) -> Array:
        """[K, P] H100e of outside fleets that run at K prices [K, P]."""
        return summed(self.outside[:, None] * self.share_outside(price))

    def rises(self, price: Array) -> Array:
        """[K, P] H100e per USD/H100e/h by which outside fleets rise at K prices [K, P]."""
        width = jnp.maximum(self.highest - self.lowest, SMALL)[:, None]
        rising = (price[None] > self.lowest[:, None]) & (price[None] < self.highest[:, None])
        return summed(jnp.where(rising, self.outside[:, None] / width, 0.0))

    def offered(self, price: Array) -> Array:
        """[K, P] H100e offered at K prices [K, P]."""
        return self.cohorts(price) + self.from_outside(price)
