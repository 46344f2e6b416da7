"""Cover ratios of debt, and the test of a covenant.

    DSCR = CFADS / (scheduled interest + principal)
    LLCR = present value of CFADS over the remaining life of the loan / its balance
    PLCR = present value of CFADS over the remaining life of the project / the balance

Convention: where nothing is due (no debt service, no balance) the ratio is +inf, so that it never
is the smallest of a series and passes every covenant. It may be negative; it is never NaN.

References:
    [1] E. R. Yescombe, Principles of Project Finance, 2nd ed., Academic Press 2014, §12.3.
"""

from __future__ import annotations

from offtake.core.arrays import Array, jnp
from offtake.core.flows import PAID_TOLERANCE


def cover_ratio(available: Array, due: Array) -> Array:
    """What is available per unit of what is due; +inf where nothing is due.

    Args:
        available: cash or value available, USD, `[..., path]`.
        due: what it has to cover, USD, `[..., path]`; zero and below count as nothing.

    Returns:
        Ratio, dimensionless, `[..., path]`; its derivative is 0 where nothing is due.
    """
    something = due > 0.0
    return jnp.where(something, available / jnp.where(something, due, 1.0), jnp.inf)


def dscr(cfads: Array, debt_service: Array) -> Array:
    """Debt service cover ratio.

    Args:
        cfads: cash flow available for debt service over the test window, USD, `[..., path]`.
        debt_service: interest and principal scheduled over the same window, USD, `[..., path]`.

    Returns:
        Ratio, `[..., path]`; +inf where no debt service is due.
    """
    return cover_ratio(cfads, debt_service)


def llcr(cfads_present_value: Array, balance: Array) -> Array:
    """Loan life cover ratio.

    Args:
        cfads_present_value: CFADS from now to the loan's final maturity, discounted at the loan's
            rate (`discount.present_value_ahead`, flows after maturity set to zero), USD,
            `[..., path]`.
        balance: balance outstanding now, USD, `[..., path]`.

    Returns:
        Ratio, `[..., path]`; +inf where nothing is outstanding.
    """
    return cover_ratio(cfads_present_value, balance)


def plcr(cfads_present_value: Array, balance: Array) -> Array:
    """Project life cover ratio: as the LLCR, with CFADS to the end of the project's life.

    Args:
        cfads_present_value: CFADS from now to the end of the project, discounted at the loan's
            rate, USD, `[..., path]`.
        balance: balance outstanding now, USD, `[..., path]`.

    Returns:
        Ratio, `[..., path]`; +inf where nothing is outstanding.
    """
    return cover_ratio(cfads_present_value, balance)


def covers(available: Array, due: Array, minimum: Array) -> Array:
    """Whether what is available covers what is due at least `minimum` times (semantics §5.4).

    The tolerance is in the payer's favour: short by less than 1e-9 of what is asked is met.

    Args:
        available: cash or value available, USD, `[..., path]`.
        due: what it has to cover, USD, `[..., path]`.
        minimum: the covenant's ratio, `[..., path]`.

    Returns:
        True where met, `[..., path]`; always where nothing is due.
    """
    asked = minimum * jnp.maximum(due, 0.0)
    return (asked <= 0.0) | (available >= asked * (1.0 - PAID_TOLERANCE))
