"""Default of external parties with a stated credit.

In a period of length dt a party that is going defaults with probability 1 - exp(-h dt), h its
hazard rate per year. The latent variable of the period, sum rho_d x_d + sqrt(1 - sum rho_d^2) e,
may be correlated with the own shocks x_d of drivers (Gaussian copula [1]): with rho > 0 defaults
come when the driver falls.
While in default a party pays the recovery share of every claim; it does not come back.

References:
    1. Li, D. X. (2000). On default correlation: a copula function approach. J. of Fixed Income 9.
"""

from typing import NamedTuple

from offtake.core.arrays import Array, jax, jnp, lax
from offtake.core.contract import IntArray

LEAST_PROBABILITY = 1e-15
"""Probability of a period below which a default is taken as impossible in a likelihood."""


class Credit(NamedTuple):
    """E external parties with a credit; fields are rows of the table unless said otherwise."""

    party: IntArray
    """[E] index of the party"""
    hazard: IntArray
    """[E] index of the market observation that carries the hazard rate, per year"""
    recovery: IntArray
    """share of each claim paid while in default"""
    stream: IntArray
    """[E] index of the monthly random stream"""
    driver_stream: IntArray
    """[E, Q] streams of the drivers it is correlated with; its own as padding"""
    correlation: IntArray
    """[E, Q] rows; a row that holds zero as padding"""

    def init(self, values: Array) -> Array:
        """In default, [E, P] bool."""
        return jnp.zeros((self.party.shape[0], values.shape[-1]), bool)

    def advance(
        self, values: Array, state: Array, years: Array, shocks: Array, market: Array
    ) -> Array:
        """In default after one period. market: [market observations, P]."""
        given, own = self._given(values, shocks)
        latent = given + own * shocks[self.stream]
        probability = -jnp.expm1(-market[self.hazard] * years)
        return state | (jax.scipy.stats.norm.cdf(latent) < probability)

    def _given(self, values: Array, shocks: Array) -> tuple[Array, Array]:
        """Part of the latent variable that drivers give, and the weight of the rest, [E, P]."""
        rho = values[self.correlation]
        own = jnp.sqrt(jnp.maximum(1.0 - jnp.sum(rho**2, axis=1), 1e-12))
        return jnp.sum(rho * shocks[self.driver_stream], axis=1), own

    def bounds(self, values: Array, years: Array, shocks: Array, market: Array) -> Array:
        """Own shock below which a party defaults in a period, given the drivers, [E, P].

        Args:
            values: [row, P].
            years: [] length of the period.
            shocks: [stream, P].
            market: [market observations, P].
        """
        given, own = self._given(values, shocks)
        probability = -jnp.expm1(-market[self.hazard] * years)
        return (jax.scipy.stats.norm.ppf(probability) - given) / own

    def log_likelihood(self, values: Array, years: Array, shocks: Array, hazard: Array) -> Array:
        """Log probability of the defaults that happened, given the drivers, [P].

        With q = 1 - exp(-h dt), a party that is going defaults in a period with probability
        Phi((Phi^-1(q) - sum rho_d x_d) / sqrt(1 - sum rho_d^2)). Its derivative by a number times a
        result is the derivative of the result by way of who defaults (score function), which the
        comparison that decides a default does not have.

        Args:
            values: [row, P].
            years: [T] length of each period.
            shocks: [T, stream, P].
            hazard: [T, E, P] per year.
        """

        def period(going: Array, now: tuple[Array, Array, Array]) -> tuple[Array, Array]:
            length, moved, rate = now
            given, own = self._given(values, moved)
            probability = -jnp.expm1(-rate * length)
            fails = jax.scipy.stats.norm.cdf(given + own * moved[self.stream]) < probability
            possible = probability > LEAST_PROBABILITY
            quantile = jax.scipy.stats.norm.ppf(jnp.where(possible, probability, 0.5))
            z = (quantile - given) / own
            said = _log_normal_cdf(jnp.where(fails, z, -z))
            counts = going & possible
            return going & ~fails, jnp.sum(jnp.where(counts, said, 0.0), axis=0)

        going = jnp.ones(hazard.shape[1:], bool)
        return jnp.sum(lax.scan(period, going, (years, shocks, hazard))[1], axis=0)

    def payout(self, values: Array, state: Array, parties: int) -> Array:
        """Share of its claims that each party meets, [M, P]; 1 unless in default."""
        share = jnp.ones((parties, values.shape[-1]))
        return share.at[self.party].set(jnp.where(state, values[self.recovery], 1.0))


def _log_normal_cdf(z: Array) -> Array:
    return jax.scipy.special.log_ndtr(z)  # pyright: ignore
