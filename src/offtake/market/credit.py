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

from offtake.core.arrays import Array, jax, jnp
from offtake.core.contract import IntArray


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
        rho = values[self.correlation]
        own = jnp.sqrt(jnp.maximum(1.0 - jnp.sum(rho**2, axis=1), 1e-12))
        latent = jnp.sum(rho * shocks[self.driver_stream], axis=1) + own * shocks[self.stream]
        probability = -jnp.expm1(-market[self.hazard] * years)
        return state | (jax.scipy.stats.norm.cdf(latent) < probability)

    def payout(self, values: Array, state: Array, parties: int) -> Array:
        """Share of its claims that each party meets, [M, P]; 1 unless in default."""
        share = jnp.ones((parties, values.shape[-1]))
        return share.at[self.party].set(jnp.where(state, values[self.recovery], 1.0))
