"""Who a claim concerns: accounts belong to their owners; money moved within a party is no flow."""

from collections.abc import Callable
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from offtake.core.contract import IntArray
from offtake.core.labels import ClaimLabel
from offtake.core.measure import Book


def owner_of(book: Book) -> IntArray:
    """[M] party that stands for each party: the owner of an account, itself otherwise."""
    parties = book.labels.parties
    return np.array([parties.index(book.owners.get(name, name)) for name in parties], np.int64)


def internal_owners(book: Book) -> IntArray:
    """[A] internal parties without the accounts, in the order of the labels."""
    owner = owner_of(book)
    return np.flatnonzero(owner[: book.labels.internal] == np.arange(book.labels.internal))


def by_party(
    book: Book, way: Literal["in", "out"], wanted: Callable[[ClaimLabel], bool]
) -> NDArray[np.float64]:
    """[M, C] 1.0 where a wanted claim is received ("in") or paid ("out") by a party.

    Accounts are merged into their owners: their rows are zero, and so is a claim between the two.

    Args:
        book: names of the plan.
        way: which end of the claim.
        wanted: picks claims by their label.
    """
    owner = owner_of(book)
    marks = np.zeros((len(owner), len(book.labels.claims)))
    for c, claim in enumerate(book.labels.claims):
        payer, payee = owner[claim.payer], owner[claim.payee]
        if payer != payee and wanted(claim):
            marks[payee if way == "in" else payer, c] = 1.0
    return marks
