"""Depreciation as the share of cost written off by a given age; a period's charge is a difference.

    charge(t) = cost × (written_off(age at the end of t) − written_off(age at its start))

so charges add up to the cost exactly, whatever the periods. Ages are in months since the asset was
placed in service and may be fractional; they may differ by path.

References:
    [1] IRS, Publication 946, How To Depreciate Property, Appendix A, Table A-1 (half-year
        convention).
"""

from __future__ import annotations

from collections.abc import Sequence

from offtake import catalogue
from offtake.core.arrays import Array, jnp


def straight_line(age_months: Array, life_months: Array) -> Array:
    """Share of cost written off by an age, in equal parts over the life.

    Args:
        age_months: age, months, `[..., path]`; below zero is not yet in service.
        life_months: accounting life, months, above zero, `[..., path]`.

    Returns:
        Share between 0 and 1, `[..., path]`.
    """
    return jnp.clip(age_months / life_months, 0.0, 1.0)


def declining_balance(age_months: Array, life_months: Array, factor: float = 2.0) -> Array:
    """Share of cost written off by an age, declining monthly, then straight-line once faster.

    Each month writes off factor / life of what is left; from age life × (1 − 1/factor) on, what is
    left then goes in equal parts to zero at the end of the life.

    Args:
        age_months: age, months, `[..., path]`; below zero is not yet in service.
        life_months: life, months, above factor, `[..., path]`.
        factor: multiple of the straight-line rate, at least 1 (2: double declining).

    Returns:
        Share between 0 and 1, `[..., path]`.

    Raises:
        ValueError: factor is below 1.
    """
    if factor < 1.0:
        message = f"factor of a declining balance must be at least 1, found {factor}"
        raise ValueError(message)
    age = jnp.clip(age_months, 0.0, life_months)
    switch = life_months * (1.0 - 1.0 / factor)
    declined = jnp.exp(jnp.minimum(age, switch) * jnp.log1p(-factor / life_months))
    straight = 1.0 - jnp.maximum(age - switch, 0.0) / (life_months - switch)
    return 1.0 - declined * straight


def by_schedule(age_months: Array, year_shares: Sequence[float]) -> Array:
    """Share of cost written off by an age, from a table of shares by year, evenly within each year.

    Args:
        age_months: age, months, `[..., path]`; below zero is not yet in service.
        year_shares: share of cost written off in each year of age (12 months), first year first.

    Returns:
        Share between 0 and the sum of the table, `[..., path]`.
    """
    written_off = jnp.zeros_like(age_months)
    for year, share in enumerate(year_shares):
        written_off = written_off + share * jnp.clip(age_months / 12.0 - year, 0.0, 1.0)
    return written_off


def macrs(age_months: Array, class_years: int) -> Array:
    """Share of cost written off for US tax by an age: MACRS, half-year convention.

    The tax years of the table are laid on years of age: the first year's share falls evenly in the
    first 12 months in service, the last (half) year's in the 12 months after the class life.

    Args:
        age_months: age, months, `[..., path]`; below zero is not yet in service.
        class_years: property class, years: 3, 5, 7, 10, 15 or 20.

    Returns:
        Share between 0 and 1, `[..., path]`.

    Raises:
        offtake.catalogue.UnknownNameError: there is no such property class.
    """
    return by_schedule(age_months, catalogue.macrs_year_shares(class_years))
