"""Tax on income: depreciation by tax year of purchase, losses carried forward.

Additions are pooled by the tax year in which they were paid. With the half-year convention an
addition counts as made in the middle of its year, and by the end of the k-th tax year after it (0:
its own)

    straight line   C(k) = clip((k + 1/2) / life, 0, 1)
    by table        C(k) = sum of the shares of years 0..k
    with bonus b    b + (1 - b) C(k)

of it is written off. Within a year the charge runs evenly: after a share f of year k, what is
written off is C(k-1) + f (C(k) - C(k-1)), with C(-1) = 0.

References:
    1. IRS, Publication 946, How To Depreciate Property (half-year convention, tables, bonus).
    2. 26 USC 172 (losses: carried forward, at most 80 % of the income of a year).
"""

from typing import Protocol

from offtake.core.arrays import Array, jnp


class Partner(Protocol):
    """Terms of somebody who may have a share in a partnership."""

    @property
    def partnership(self) -> str | None:
        """Contract that says the share."""
        ...

    @property
    def partner(self) -> str:
        """Which partner it is."""
        ...


def partner_share(terms: Partner) -> str:
    """Name of the observation of a partner's share of income and credits; zero where all is its."""
    if terms.partnership is None:
        return "zero"
    return f"contracts.{terms.partnership}.{terms.partner}_tax_share"


def straight_by_year_end(year: Array, life_years: Array) -> Array:
    """Share written off in equal parts by the end of a tax year, half-year convention.

    Args:
        year: tax years since the year of purchase, `[..., path]`; below 0 is before it.
        life_years: accounting life, years, `[..., path]`; 0 writes all off at once.
    """
    share = jnp.clip((year + 0.5) / jnp.maximum(life_years, 1e-9), 0.0, 1.0)
    return jnp.where(year > -0.5, share, 0.0)


def losses_used(income: Array, losses: Array, limit: Array) -> Array:
    """Losses of earlier years set against the income of a year, USD `[..., path]`.

    Args:
        income: of the year before losses, USD; below zero is a loss of the year.
        losses: brought forward, USD, at least 0.
        limit: largest share of the income that losses may offset.
    """
    return jnp.minimum(losses, limit * jnp.maximum(income, 0.0))
