"""What the sale of collateral brought a facility after its default, and when money came back."""

from typing import NamedTuple

import numpy as np

from offtake.core.arrays import Array, jnp
from offtake.core.contract import IntArray
from offtake.core.measure import Book, Record
from offtake.finance.enforcement import BROUGHT
from offtake.measures.selection import FloatArray, Sums, plus, summed, sums

MONTHS_PER_YEAR = 12.0


class Collateral(NamedTuple):
    """Where the record keeps what is sold for facilities; first axis [F]."""

    paid: Sums
    """paid by buyers of what is pledged"""
    proceeds: IntArray
    """[F, assets] observation: what each asset brings all that it secures"""
    present: FloatArray
    """[F, assets] 1.0 for an asset, 0.0 for padding"""
    chips: FloatArray
    """[F, assets] 1.0 for a cohort of chips"""


class Recovered(NamedTuple):
    """How one facility came back after default, every field [P]."""

    sold: Array
    """value at default of what buyers of collateral paid, USD"""
    chips: Array
    """of that, for chips, USD"""
    months: Array
    """mean time from default to what came back, by value, months; NaN where nothing did"""


def sales_of(book: Book, facility: str) -> list[int]:
    """Claims by which buyers of what is pledged pay for a facility."""
    lines = set(BROUGHT.values())
    return [i for i in book.claims(contract=facility) if book.labels.claims[i].line in lines]


def collateral_of(book: Book) -> Collateral:
    """What is sold for each facility of a plan."""
    names = [facility.contract for facility in book.facilities]
    assets: list[list[tuple[str, str]]] = [
        [
            (agreement, asset)
            for agreement, terms in book.terms.items()
            if name in getattr(terms, "secures", ())
            for asset in getattr(terms, "assets", ())
        ]
        for name in names
    ]
    shape = (len(names), max([1, *map(len, assets)]))
    proceeds, present, chips = np.zeros(shape, np.int64), np.zeros(shape), np.zeros(shape)
    for f, row in enumerate(assets):
        for a, (agreement, asset) in enumerate(row):
            proceeds[f, a] = book.labels.observation(f"contracts.{agreement}/{asset}.proceeds")
            present[f, a], chips[f, a] = 1.0, float(asset in book.cohorts)
    return Collateral(
        sums([plus(sales_of(book, name)) for name in names]), proceeds, present, chips
    )


def recoveries(
    record: Record, item: Collateral, received: Array, worth: Array, since: Array
) -> Recovered:
    """How one facility came back.

    Args:
        received: [T, P] on the facility, supports apart, USD.
        worth: [T, P] value at default of 1 USD of a period; 0 up to default.
        since: [T, P] years since default.
    """
    brought = summed(record.months.paid, item.paid) * worth
    proceeds = record.months.observations[:, item.proceeds] * item.present[None, :, None]
    whole = jnp.sum(proceeds, axis=1)
    chips = jnp.sum(proceeds * item.chips[None, :, None], axis=1)
    share = chips / jnp.where(whole > 0.0, whole, 1.0)
    back = received * worth
    total = jnp.sum(back, axis=0)
    months = MONTHS_PER_YEAR * jnp.sum(back * since, axis=0) / jnp.where(total > 0.0, total, 1.0)
    return Recovered(
        jnp.sum(brought, axis=0),
        jnp.sum(brought * share, axis=0),
        jnp.where(total > 0.0, months, jnp.nan),
    )
