"""Cover: how a facility stands at the end of each year, on every path.

dscr    published trailing cover at the last close of the year, as in `offtake.measures.facilities`:
        where something was owed when that period opened, and the facility is not called
ltv     debt over the worth of the chips that secure it, at the same close. Debt is its balance with
        those of the borrower's facilities that rank senior to it or equal and share a pledge with
        it; worth is the market value of the pledged cohorts (DESIGN §6). Told from their first
        delivery on, where nothing but chips is pledged: what a hall or a contract would fetch is
        not known
due     principal that falls due in the year for the first time, called in or not: claimed, less
        what was left unpaid the period before

A path on which there is nothing to tell has NaN; chips that are worth nothing give infinity.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from offtake.core.arrays import Array, jnp
from offtake.core.contract import IntArray
from offtake.core.measure import Book, Facility, Record
from offtake.finance.trailing import NO_SERVICE
from offtake.measures.economic_end import Pledges
from offtake.measures.selection import Published, at_close, published_together, ranking_with

WANTED = ("chips.*.value",)
DIMS = ("year", "facility")


class Security(NamedTuple):
    """What stands for a facility; first axis [F]."""

    beside: Published
    """balances of what ranks with it on the same pledge"""
    pledged: NDArray[np.float64]
    """[F, cohort] 1.0 where it is"""
    chips_only: NDArray[np.float64]
    """[F] 1.0 where chips are pledged and nothing else"""


class Years(NamedTuple):
    """The years of a plan and what chips are worth."""

    worth: IntArray
    """[cohort] observation of its market value"""
    last: IntArray
    """[Y] last period of each year"""
    in_year: NDArray[np.float64]
    """[Y, T] 1.0 where a period lies in the year"""


def security_of(book: Book, held: Pledges) -> Security:
    """What stands for the facilities of a plan."""
    other = np.max(held.asset_pledged, axis=1, initial=0.0)
    valued = float(set(_worths(book)) <= set(book.labels.observations))
    return Security(
        beside=published_together(book, [_beside(book, f) for f in book.facilities], "balance"),
        pledged=held.cohort_pledged,
        chips_only=np.max(held.cohort_pledged, axis=1, initial=0.0) * (1.0 - other) * valued,
    )


def years_of(book: Book) -> Years:
    """The years of a plan."""
    years, year = np.unique(book.calendar_years, return_inverse=True)
    seen = {name: o for o, name in enumerate(book.labels.observations)}
    return Years(
        worth=np.array([seen.get(name, 0) for name in _worths(book)], np.int64),
        last=np.array([np.flatnonzero(year == y)[-1] for y in range(len(years))], np.int64),
        in_year=(year[None] == np.arange(len(years))[:, None]).astype(np.float64),
    )


def _worths(book: Book) -> list[str]:
    """Observations of what cohorts are worth."""
    return [f"chips.{cohort}.value" for cohort in book.cohorts]


def standing(
    record: Record,
    years: Years,
    item: Security,
    dscr: Published,
    owed: Array,
    balance: Array,
    called: Array,
) -> dict[str, Array]:
    """DSCR and loan to value of one facility at the end of each year, [Y, P].

    Args:
        years: of the plan.
        item: what stands for it.
        dscr: that it publishes.
        owed: [T, P] True where something is owed at the close.
        balance: [T, P] USD.
        called: [T, P] True where it is accelerated.
    """
    cover = jnp.min(at_close(record, dscr, NO_SERVICE), axis=1)
    opened = jnp.concatenate([jnp.zeros_like(owed[:1]), owed[:-1]])
    debt = balance + jnp.sum(at_close(record, item.beside, 0.0), axis=1)
    observed = record.months.observations[:, years.worth]
    worth = jnp.einsum("k,tkp->tp", jnp.asarray(item.pledged), observed)
    delivered = jnp.cumsum(worth, axis=0) > 0.0
    ltv = jnp.where(worth > 0.0, debt / jnp.where(worth > 0.0, worth, 1.0), jnp.inf)
    told = opened & ~called & (cover < 0.5 * NO_SERVICE)
    secured = (item.chips_only > 0.5) & delivered & owed
    return {
        "year_dscr": jnp.where(told, cover, jnp.nan)[years.last],
        "year_ltv": jnp.where(secured, ltv, jnp.nan)[years.last],
    }


def due(years: Years, claimed: Array, paid: Array) -> Array:
    """[Y, P] principal that falls due for the first time, of claimed and paid [T, P], USD."""
    short = jnp.maximum(claimed - paid, 0.0)
    carried = jnp.concatenate([jnp.zeros_like(short[:1]), short[:-1]])
    return jnp.asarray(years.in_year) @ jnp.maximum(claimed - carried, 0.0)


def _beside(book: Book, facility: Facility) -> list[str]:
    """Facilities of the same borrower that rank senior or equal and share a pledge."""
    pledged = {other.contract: set(other.collateral) for other in book.facilities}
    return [
        name for name in ranking_with(book, facility) if pledged[name] & set(facility.collateral)
    ]
