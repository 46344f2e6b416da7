"""Defaults of parties: when each one first fails, whoever it is.

A party fails at the first close at which it is in default (semantics §5.8: an external party whose
credit lets it pay less than it owes, an internal one that a contract stops) or at which it leaves
something unpaid that is never paid later (`offtake.measures.promises`): an arrear that is made good
is no failure, rent that a company which winds down leaves unpaid is one. Accounts are merged into
their owners.
"""

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from offtake.core.arrays import Array, jnp
from offtake.core.contract import IntArray
from offtake.core.measure import Book, Output, Record
from offtake.measures.owners import owner_of
from offtake.measures.promises import Promises, followed, promises_of
from offtake.measures.selection import first


class Defaults(NamedTuple):
    """The measure."""

    promises: Promises
    own: NDArray[np.float64]
    """[M, M] 1.0 where the second party is the first one or an account of it"""
    payout: IntArray
    """[E] observation of the share of its claims that an external party meets"""
    whose: NDArray[np.float64]
    """[M, E] 1.0 for that party"""

    name = "defaults"
    wanted = ("parties.*.payout",)
    outputs = {  # noqa: RUF012 - a constant of the class, never changed
        "period": Output(
            ("party",), "paths", "period", "First period in which a party fails; NaN for never."
        )
    }

    @classmethod
    def build(cls, book: Book) -> "Defaults":
        """The measure for one plan."""
        seen = {name: o for o, name in enumerate(book.labels.observations)}
        parties = book.labels.parties
        outside = [
            m
            for m in range(book.labels.internal, len(parties))
            if f"parties.{parties[m]}.payout" in seen
        ]
        count = len(parties)
        return cls(
            promises=promises_of(book),
            own=np.eye(count)[:, owner_of(book)],
            payout=np.array([seen[f"parties.{parties[m]}.payout"] for m in outside], np.int64),
            whose=np.eye(count)[:, outside],
        )

    def reduce(self, record: Record) -> Mapping[str, Array]:
        """[M, P] period of every party's failure."""
        months = record.months
        _, lost = followed(self.promises, months.claimed, months.paid)
        failed = jnp.einsum("qm,tqp->tmp", jnp.asarray(self.promises.payer), lost)
        stopped = jnp.einsum(
            "mn,tnp->tmp", jnp.asarray(self.own), months.stopped.astype(lost.dtype)
        )
        short = (months.observations[:, self.payout] < 1.0).astype(lost.dtype)
        failed += stopped + jnp.einsum("me,tep->tmp", jnp.asarray(self.whose), short)
        flags = failed > 0.0
        count = flags.shape[0]
        period = first(flags.reshape(count, -1)).reshape(flags.shape[1:])
        return {"period": jnp.where(period < float(count), period, jnp.nan)}
