"""Annuities: what a stream of equal payments is worth, and the payment that repays a balance.

    factor(r, n)  = (1 − (1 + r)^−n) / r = Σ_{k=1..n} (1 + r)^−k,      factor(0, n) = n
    payment       = balance / factor(r, n)

with r the rate of one period and n the number of payments, the first one period from now. Both are
smooth through r = 0 (a series stands in where n r is small) and have finite derivatives everywhere,
also where no payment remains.

Example:
    level_payment(200_000.0, 0.075 / 12, 180.0) = 1_854.0247200054619

References:
    [1] S. Kellison, The Theory of Interest, 3rd ed., McGraw-Hill 2009, §3.2.
"""

from __future__ import annotations

from offtake.core.arrays import Array, jnp

_SMALL = 1e-3
"""|n r| below which the series is used: its first neglected term is then below 1e-17."""


def annuity_factor(rate: Array, periods: Array) -> Array:
    """Present value of 1 paid at the end of each of the coming periods.

    Args:
        rate: rate of one period, 1/period, above −1, `[..., path]`.
        periods: number of payments, `[..., path]`; zero and below count as none.

    Returns:
        Factor, in periods, `[..., path]`; 0 where no payment remains.
    """
    n = jnp.maximum(periods, 0.0)
    small = jnp.abs(n * rate) < _SMALL
    r = jnp.where(small, 1.0, rate)
    exact = -jnp.expm1(-n * jnp.log1p(r)) / r
    r = jnp.where(small, rate, 0.0)
    k = jnp.where(small, n, 0.0)
    # Σ_j (−r)^j (n+1)…(n+j) / (j+1)!, in nested form
    nested = 1.0 - (k + 4.0) * r / 5.0
    nested = 1.0 - (k + 3.0) * r / 4.0 * nested
    nested = 1.0 - (k + 2.0) * r / 3.0 * nested
    nested = 1.0 - (k + 1.0) * r / 2.0 * nested
    return jnp.where(small, k * nested, exact)


def level_payment(balance: Array, rate: Array, remaining: Array) -> Array:
    """Equal payment, interest included, which repays a balance over the remaining periods.

    Args:
        balance: opening balance, USD, `[..., path]`.
        rate: rate of one period, 1/period, above −1, `[..., path]`.
        remaining: payments that remain, this period's included, `[..., path]`.

    Returns:
        Payment of this period, USD, `[..., path]`; 0 where no payment remains.
    """
    due = remaining > 0.0
    factor = annuity_factor(rate, jnp.where(due, remaining, 1.0))
    return jnp.where(due, balance / factor, 0.0)
