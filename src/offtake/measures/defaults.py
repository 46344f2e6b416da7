"""Defaults of parties: when each one first fails, whoever it is.

A party fails at the first close at which it is in default (DESIGN §5.8: an external party by its
credit, an internal one by a contract that stops it) or at which it leaves something unpaid that is
never paid later (`offtake.measures.promises`): an arrear that is made good is no failure. Accounts
are merged into their owners. A party that rests on no promise cannot fail.
"""

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from offtake.core.arrays import Array, jnp, lax
from offtake.core.measure import Book, Output, Record
from offtake.measures.owners import owner_of
from offtake.measures.promises import Promises, follow, nothing_owed, promises_of
from offtake.measures.selection import first


class Defaults(NamedTuple):
    """The measure."""

    promises: Promises
    own: NDArray[np.float64]
    """[M, M] 1.0 where the second party is the first one or an account of it"""

    name = "defaults"
    wanted = ()
    outputs = {  # noqa: RUF012 - a constant of the class, never changed
        "period": Output(
            ("party",), "paths", "period", "First period in which a party fails; NaN for never."
        )
    }

    @classmethod
    def build(cls, book: Book) -> "Defaults":
        """The measure for one plan."""
        return cls(promises_of(book), np.eye(len(book.labels.parties))[:, owner_of(book)])

    def reduce(self, record: Record) -> Mapping[str, Array]:
        """[M, P] period of every party's failure."""
        months = record.months
        owed = nothing_owed(self.promises, record.values.shape[-1])

        def month(short: Array, now: tuple[Array, Array]) -> tuple[Array, Array]:
            after = follow(self.promises, short, *now)
            return after.short, after.dropped

        left, dropped = lax.scan(month, owed, (months.claimed, months.paid))
        # What is dropped in a period was left unpaid at the close before it.
        lost = jnp.concatenate([dropped[1:], left[None]])
        failed = jnp.einsum("qm,tqp->tmp", jnp.asarray(self.promises.payer), lost)
        stopped = jnp.einsum(
            "mn,tnp->tmp", jnp.asarray(self.own), months.stopped.astype(lost.dtype)
        )
        flags = (failed > 0.0) | (stopped > 0.5)
        count = flags.shape[0]
        period = first(flags.reshape(count, -1)).reshape(flags.shape[1:])
        return {"period": jnp.where(period < float(count), period, jnp.nan)}
