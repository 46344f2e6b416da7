"""Random drivers: prices and rates around a trend, and regimes that switch.

A process in a plan is a trend with a deviation,

    value(t) = start (1 + trend)^years(t) exp(x(t))
    x(t) = x(t-1) exp(-k dt) + s sqrt((1 - exp(-2 k dt)) / (2 k)) e(t),    k = ln 2 / half-life

with `e` standard normal, correlated between processes. A random walk is the limit k = 0. With all
shocks zero the value is its median, start (1 + trend)^years; with a ceiling C that trend g(t) is
bent into the logistic curve g / (1 + (g - start) / C).

A regime process sits in one of a few states and leaves it with probability
1 - exp(-dt / mean stay), for another state chosen at random.

References:
    1. Glasserman, P. (2004). Monte Carlo Methods in Financial Engineering, section 3.3.1 (exact
       transition of the Ornstein-Uhlenbeck process).
"""

from typing import Any, NamedTuple, cast

from offtake.core.arrays import Array, jax, jnp, lax
from offtake.core.contract import IntArray


class ProcessState(NamedTuple):
    """State of the processes of a plan."""

    deviation: Array
    """[D, P] log deviation from the trend."""
    mixing: Array
    """[D, D, P] lower triangular factor of the correlation matrix."""


class Processes(NamedTuple):
    """D random walks and mean-reverting processes; every field [D] is a row of the table."""

    start: IntArray
    trend: IntArray
    """per year"""
    volatility: IntArray
    """per square root of a year"""
    half_life: IntArray
    """periods; infinite for a random walk"""
    ceiling: IntArray
    """level at which the trend ends; never reached where none is stated"""
    correlation: IntArray
    """[D, D] rows of the correlation matrix"""
    stream: IntArray
    """[D] index of the monthly random stream"""

    def init(self, values: Array) -> ProcessState:
        """State before the opening period."""
        matrix = jnp.moveaxis(values[self.correlation], -1, 0)
        factor: Any = jnp.linalg.cholesky(matrix)  # pyright: ignore[reportUnknownVariableType]
        mixing = jnp.moveaxis(cast("Array", factor), 0, -1)
        return ProcessState(jnp.zeros((self.start.shape[0], values.shape[-1])), mixing)

    def advance(
        self, values: Array, state: ProcessState, years: Array, shocks: Array, per_year: Array
    ) -> ProcessState:
        """Deviations after one period of `years` length; shocks [stream, P]."""
        mixed = jnp.sum(state.mixing * shocks[self.stream][None], axis=1)
        decay, spread = self.transition(values, years, per_year)
        deviation = state.deviation * decay + spread * mixed
        return state._replace(deviation=deviation)

    def transition(self, values: Array, years: Array, per_year: Array) -> tuple[Array, Array]:
        """What a deviation keeps over a period, and the size of its shock, [D, P] each."""
        half_life = values[self.half_life] / per_year
        speed = jnp.log(2.0) / jnp.maximum(half_life, 1e-9)
        slow = speed < 1e-6
        safe = jnp.where(slow, 1.0, speed)
        variance = jnp.where(slow, years, -jnp.expm1(-2.0 * safe * years) / (2.0 * safe))
        spread = values[self.volatility] * jnp.sqrt(jnp.maximum(variance, 0.0) + 1e-300)
        return jnp.where(slow, 1.0, jnp.exp(-speed * years)), spread

    def level(self, values: Array, state: ProcessState, elapsed: Array) -> Array:
        """Values [D, P], `elapsed` [] years after the start."""
        trend = jnp.power(jnp.maximum(1.0 + values[self.trend], 1e-12), elapsed)
        start = values[self.start]
        grown = start * trend
        bent = grown / (1.0 + (grown - start) / values[self.ceiling])
        return bent * jnp.exp(state.deviation)


class Regimes(NamedTuple):
    """D regime processes with at most Q states each; fields are rows of the table."""

    value: IntArray
    """[D, Q] value in each state; missing states repeat the first"""
    stay: IntArray
    """[D, Q] mean stay, periods"""
    states: IntArray
    """[D] number of states"""
    initial: IntArray
    """[D] index of the first state"""
    stream: IntArray
    """[D] index of the monthly random stream"""

    def init(self, values: Array) -> Array:
        """State index [D, P] before the opening period."""
        paths = values.shape[-1]
        return jnp.repeat(jnp.asarray(self.initial)[:, None], paths, axis=1)

    def advance(self, values: Array, state: Array, moves: Array, shocks: Array) -> Array:
        """State index after one period; `moves` [] is 0 in the opening period, else 1."""
        uniform = jax.scipy.stats.norm.cdf(shocks[self.stream])
        leaves = -jnp.expm1(-moves / self._stay(values, state))
        others = jnp.maximum(jnp.asarray(self.states) - 1, 1)[:, None]
        choices = others.astype(jnp.float64)
        # Given that it leaves, uniform / leaves is uniform again and picks among the others.
        ratio = uniform / jnp.maximum(leaves, 1e-300)
        hop = 1 + jnp.clip((ratio * choices).astype(jnp.int64), 0, others - 1)
        moved = (state + hop) % jnp.asarray(self.states)[:, None]
        switch = (uniform < leaves) & (jnp.asarray(self.states)[:, None] > 1)
        return jnp.where(switch, moved, state)

    def level(self, values: Array, state: Array) -> Array:
        """Values [D, P]."""
        return self._pick(values[self.value], state)

    def log_likelihood(self, values: Array, shocks: Array) -> Array:
        """Log probability of the states that came about, up to what no number moves, [P].

        Args:
            values: [row, P].
            shocks: [T, stream, P].
        """

        def period(state: Array, now: tuple[Array, Array]) -> tuple[Array, Array]:
            moves, moved = now
            following = self.advance(values, state, moves, moved)
            rate = moves / self._stay(values, state)
            switched = following != state
            left = jnp.log(-jnp.expm1(-jnp.where(switched, rate, 1.0)))
            several = jnp.asarray(self.states)[:, None] > 1
            said = jnp.where(several, jnp.where(switched, left, -rate), 0.0)
            return following, jnp.sum(said, axis=0)

        moves = jnp.where(jnp.arange(shocks.shape[0]) > 0, 1.0, 0.0)
        return jnp.sum(lax.scan(period, self.init(values), (moves, shocks))[1], axis=0)

    def _stay(self, values: Array, state: Array) -> Array:
        """Mean stay in the state, periods, [D, P]."""
        return jnp.maximum(self._pick(values[self.stay], state), 1e-9)

    @staticmethod
    def _pick(table: Array, state: Array) -> Array:
        return jnp.take_along_axis(table, state[:, None, :], axis=1)[:, 0]
