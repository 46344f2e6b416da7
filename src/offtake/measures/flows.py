"""Flows: what every claim moved, over the whole plan and year by year, and what contracts raised.

value   present value of what was paid on a claim, at the plan's rate
paid    the same by calendar year, undiscounted
raised  undiscounted sum of what a contract brought in as capital, from a party to another one
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from offtake.core.arrays import Array, jnp
from offtake.core.contract import IntArray
from offtake.core.flows import Flow
from offtake.core.measure import Book, Output, Record
from offtake.finance.discount import factors_at
from offtake.measures.owners import by_party


class Flows(NamedTuple):
    """The measure."""

    elapsed: NDArray[np.float64]
    """[T] years"""
    in_year: NDArray[np.float64]
    """[year, T] 1.0 where a period lies in the year"""
    capital: NDArray[np.float64]
    """[contract, claim] 1.0 for capital in"""
    discount: IntArray
    """[] row of the plan's rate"""

    name = "flows"
    wanted = ()
    outputs = {  # noqa: RUF012 - a constant of the class, never changed
        "value_usd": Output(("claim",), "mean", "USD", "Present value of what was paid."),
        "paid_usd": Output(("year", "claim"), "mean", "USD", "Paid in the year."),
        "raised_usd": Output(("contract",), "mean", "USD", "Capital brought in, undiscounted."),
    }

    @classmethod
    def build(cls, book: Book) -> "Flows":
        """The measure for one plan."""
        years, year = np.unique(book.calendar_years, return_inverse=True)
        fresh = by_party(
            book, "in", lambda claim: claim.flow == Flow.CAPITAL_IN and claim.form != "recovery"
        )
        of = np.array([claim.contract for claim in book.labels.claims])
        contracts = np.array(list(book.kinds))
        return cls(
            elapsed=np.asarray(book.elapsed, np.float64),
            in_year=(year[None] == np.arange(len(years))[:, None]).astype(np.float64),
            capital=(contracts[:, None] == of[None]) * np.sum(fresh, axis=0),
            discount=np.array(book.discount_row, np.int64),
        )

    def reduce(self, record: Record) -> dict[str, Array]:
        """Outputs of a block, [claim, P], [year, claim, P] and [contract, P], USD."""
        paid = record.months.paid
        worth = factors_at(record.values[self.discount], jnp.asarray(self.elapsed))
        by_year = jnp.einsum("yt,tcp->ycp", jnp.asarray(self.in_year), paid)
        return {
            "value_usd": jnp.einsum("tp,tcp->cp", worth, paid),
            "paid_usd": by_year,
            "raised_usd": jnp.asarray(self.capital) @ jnp.sum(by_year, axis=0),
        }
