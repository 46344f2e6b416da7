"""Cover: how every facility stands at the end of each year, on every path.

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

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from offtake.core.arrays import Array, jnp
from offtake.core.contract import IntArray
from offtake.core.flows import PAID_TOLERANCE, Flow
from offtake.core.measure import Book, Facility, Output, Record
from offtake.finance.facility import SENIORITY, counts_with
from offtake.finance.trailing import NO_SERVICE
from offtake.measures.economic_end import pledges
from offtake.measures.selection import (
    Published,
    Sums,
    at_close,
    borrower_of,
    each,
    plus,
    published,
    published_together,
    summed,
    sums,
)


class Standing(NamedTuple):
    """Where the record keeps facilities; first axis [F]."""

    balance: Published
    beside: Published
    """balances of what ranks with it on the same pledge"""
    accelerated: Published
    dscr: Published
    principal: Sums
    pledged: NDArray[np.float64]
    """[F, cohort] 1.0 where it is"""
    chips_only: NDArray[np.float64]
    """[F] 1.0 where chips are pledged and nothing else"""


class Cover(NamedTuple):
    """The measure."""

    standing: Standing
    worth: IntArray
    """[cohort] observation of its market value"""
    last: IntArray
    """[year] last period"""
    in_year: NDArray[np.float64]
    """[year, T] 1.0 where a period lies in the year"""

    name = "cover"
    wanted = ("contracts.*.balance", "contracts.*.accelerated", "contracts.*.dscr", "chips.*.value")
    outputs = {  # noqa: RUF012 - a constant of the class, never changed
        "dscr": Output(("facility", "year"), "paths", "1", "Trailing cover at the close."),
        "ltv": Output(("facility", "year"), "paths", "1", "Debt over the worth of its chips."),
        "due_usd": Output(("facility", "year"), "mean", "USD", "Principal that falls due."),
    }

    @classmethod
    def build(cls, book: Book) -> "Cover":
        """The measure for one plan."""
        facilities = book.facilities
        names = [facility.contract for facility in facilities]
        held = pledges(book, facilities)
        years, year = np.unique(book.calendar_years, return_inverse=True)
        other = np.max(held.asset_pledged, axis=1, initial=0.0)
        standing = Standing(
            balance=published(book, names, "balance"),
            beside=published_together(book, [_beside(book, f) for f in facilities], "balance"),
            accelerated=published(book, names, "accelerated"),
            dscr=published(book, names, "dscr"),
            principal=sums([plus(_principal(book, facility)) for facility in facilities]),
            pledged=held.cohort_pledged,
            chips_only=np.max(held.cohort_pledged, axis=1, initial=0.0) * (1.0 - other),
        )
        worth = [book.labels.observation(f"chips.{cohort}.value") for cohort in book.cohorts]
        return cls(
            standing=standing,
            worth=np.array(worth, np.int64),
            last=np.array([np.flatnonzero(year == y)[-1] for y in range(len(years))], np.int64),
            in_year=(year[None] == np.arange(len(years))[:, None]).astype(np.float64),
        )

    def reduce(self, record: Record) -> Mapping[str, Array]:
        """Outputs of a block, each [F, year, P]."""
        if not self.standing.chips_only.shape[0]:
            empty = jnp.zeros((0, self.last.shape[0], record.values.shape[-1]))
            return dict.fromkeys(self.outputs, empty)
        return each(lambda item: self._one(record, item), self.standing)

    def _one(self, record: Record, item: Standing) -> dict[str, Array]:
        """Outputs of one facility, each [year, P]."""
        balance = jnp.sum(at_close(record, item.balance, 0.0), axis=1)
        owed = balance > PAID_TOLERANCE * jnp.max(balance, axis=0, keepdims=True)
        going = jnp.max(at_close(record, item.accelerated, 0.0), axis=1) < 0.5
        opened = jnp.concatenate([jnp.zeros_like(owed[:1]), owed[:-1]])
        cover = jnp.min(at_close(record, item.dscr, NO_SERVICE), axis=1)
        told = opened & going & (cover < 0.5 * NO_SERVICE)
        debt = balance + jnp.sum(at_close(record, item.beside, 0.0), axis=1)
        observed = record.months.observations[:, self.worth]
        worth = jnp.einsum("k,tkp->tp", jnp.asarray(item.pledged), observed)
        delivered = jnp.cumsum(worth, axis=0) > 0.0
        ltv = jnp.where(worth > 0.0, debt / jnp.where(worth > 0.0, worth, 1.0), jnp.inf)
        secured = (item.chips_only > 0.5) & delivered & owed
        claimed = summed(record.months.claimed, item.principal)
        short = jnp.maximum(claimed - summed(record.months.paid, item.principal), 0.0)
        carried = jnp.concatenate([jnp.zeros_like(short[:1]), short[:-1]])
        due = jnp.maximum(claimed - carried, 0.0)
        return {
            "dscr": jnp.where(told, cover, jnp.nan)[self.last],
            "ltv": jnp.where(secured, ltv, jnp.nan)[self.last],
            "due_usd": jnp.asarray(self.in_year) @ due,
        }


def _principal(book: Book, facility: Facility) -> list[int]:
    borrower = borrower_of(book, facility)
    return book.claims(contract=facility.contract, payer=borrower, flow=int(Flow.PRINCIPAL))


def _beside(book: Book, facility: Facility) -> list[str]:
    """Facilities of the same borrower that rank senior or equal and share a pledge."""
    borrower = borrower_of(book, facility)

    def seniority(name: str) -> str:
        return getattr(book.terms.get(name), "seniority", SENIORITY[0])

    return [
        other.contract
        for other in book.facilities
        if other.contract != facility.contract
        and borrower_of(book, other) == borrower
        and set(other.collateral) & set(facility.collateral)
        and counts_with(seniority(other.contract), seniority(facility.contract))
    ]
