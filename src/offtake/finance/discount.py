"""Discount factors and present values over periods of unequal length.

    factor(t) = Π_{s ≤ t} (1 + R)^−τ_s

with R an annual effective rate and τ_s the length of period s in years; flows fall at period ends.
"""

from __future__ import annotations

from offtake.core.arrays import Array, jnp, lax


def period_rate(annual_rate: Array, year_fraction: Array) -> Array:
    """Rate of one period from an annual effective rate: (1 + R)^τ − 1.

    Args:
        annual_rate: annual effective rate, 1/year, above −1.
        year_fraction: length of the period, years; shapes broadcast at equal rank.

    Returns:
        Rate, 1/period.
    """
    return jnp.expm1(year_fraction * jnp.log1p(annual_rate))


def annual_rate(rate_per_period: Array, periods_per_year: float) -> Array:
    """Annual effective rate from the rate of one period: (1 + r)^m − 1.

    Args:
        rate_per_period: rate of one period, 1/period, above −1.
        periods_per_year: number of periods in a year.

    Returns:
        Annual effective rate, 1/year, of the same shape; NaN stays NaN.
    """
    return jnp.expm1(periods_per_year * jnp.log1p(rate_per_period))


def discount_factors(annual_rate: Array, year_fractions: Array) -> Array:
    """Value today of 1 at the end of each period.

    Args:
        annual_rate: annual effective rate, 1/year, above −1, scalar array or `[..., path]`.
        year_fractions: length of each period in years, `[period]`; 0 for the opening period.

    Returns:
        Factors, `[period]` for a scalar rate, else `[period, ..., path]`.
    """
    return factors_at(annual_rate, jnp.cumsum(year_fractions))


def factors_at(annual_rate: Array, elapsed: Array) -> Array:
    """Value today of 1 at given times.

    Args:
        annual_rate: annual effective rate, 1/year, above −1, scalar array or `[..., path]`.
        elapsed: years from today, `[period]`.

    Returns:
        Factors, `[period]` for a scalar rate, else `[period, ..., path]`.
    """
    log_growth = jnp.log1p(annual_rate)
    elapsed = jnp.reshape(elapsed, (-1,) + (1,) * jnp.ndim(log_growth))
    return jnp.exp(-elapsed * log_growth[None, ...])


def present_value_ahead(flows: Array, rates: Array) -> Array:
    """Value at the start of each period of the flows of that period and all later ones.

        V_t = (flow_t + V_{t+1}) / (1 + r_t)

    It looks ahead, so it is for reporting, never for a contract's claim (semantics §5.1).

    Args:
        flows: flow at the end of each period, USD, `[period, ..., path]`.
        rates: rate of each period, 1/period, above −1, of the same shape.

    Returns:
        Present values, USD, `[period, ..., path]`.
    """

    def step(value: Array, period: tuple[Array, Array]) -> tuple[Array, Array]:
        flow, rate = period
        value = (flow + value) / (1.0 + rate)
        return value, value

    start = jnp.zeros_like(flows[0])
    return lax.scan(step, start, (flows, rates), reverse=True)[1]
