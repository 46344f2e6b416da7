"""Default of external parties with a stated credit.

In a period of length dt a party that is going defaults with probability 1 - exp(-h dt), h its hazard
rate per year. The latent variable of the period, rho d + sqrt(1 - rho^2) e, may be correlated with the
shock d of one driver (Gaussian copula [1]): with rho > 0 defaults come when the driver falls.
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
    """per year"""
    recovery: IntArray
    """share of each claim paid while in default"""
    stream: IntArray
    """[E] index of the monthly random stream"""
    driver_stream: IntArray
    """[E] stream of the driver it is correlated with; its own where it has none"""
    correlation: IntArray

    def init(self, values: Array) -> Array:
        """In default, [E, P] bool."""
        return jnp.zeros((self.party.shape[0], values.shape[-1]), bool)

    def advance(self, values: Array, state: Array, years: Array, shocks: Array) -> Array:
        """In default after one period."""
        rho = jnp.clip(values[self.correlation], -1.0, 1.0)
        latent = rho * shocks[self.driver_stream]
        latent = latent + jnp.sqrt(jnp.maximum(1.0 - rho**2, 0.0)) * shocks[self.stream]
        probability = -jnp.expm1(-values[self.hazard] * years)
        return state | (jax.scipy.stats.norm.cdf(latent) < probability)

    def payout(self, values: Array, state: Array, parties: int) -> Array:
        """Share of its claims that each party meets, [M, P]; 1 unless in default."""
        share = jnp.ones((parties, values.shape[-1]))
        return share.at[self.party].set(jnp.where(state, values[self.recovery], 1.0))
