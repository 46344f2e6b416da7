"""What a buyer of compute pays, and what of its need nobody serves; for comparing reservations.

Over all contracts in which the party is named as buyer,

    cost     = PV[paid by the buyer - paid to the buyer],      PV as in `offtake.measures.who_pays`
    needed   = H100e-hours that its spot purchase counts as needed
    unserved = of these, neither offered by a reservation nor bought
    short    = 1 on paths on which the buyer left a claim of these contracts unpaid

Not one of the measures of every run: it is built for one buyer and its purchase.
"""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from offtake.core.arrays import Array, jnp
from offtake.core.contract import IntArray
from offtake.core.flows import PAID_TOLERANCE
from offtake.core.measure import Book, Output, Record
from offtake.finance.discount import factors_at


def _output(unit: str, meaning: str) -> Output:
    return Output((), "paths", unit, meaning)


OUTPUTS = {
    "cost": _output("USD", "Present value of what the buyer pays less what it gets."),
    "needed": _output("H100e*h", "Hours needed."),
    "unserved": _output("H100e*h", "Hours needed that nobody served."),
    "short": _output("1", "1 where the buyer left something unpaid."),
}


class Buyer(NamedTuple):
    """The measure, for one plan."""

    elapsed: NDArray[np.float64]
    """[T]"""
    discount: IntArray
    """[] row of the plan's rate"""
    out: IntArray
    """[C] claims that the buyer pays"""
    back: IntArray
    """[C] claims that it is paid"""
    needed: IntArray
    """[] row of the closing values"""
    unserved: IntArray
    """[] row of the closing values"""

    name = "buyer"
    outputs = OUTPUTS
    wanted = ()

    def reduce(self, record: Record) -> dict[str, Array]:
        """Outputs of a block, each [P]."""
        rate = record.values[self.discount]
        factor = factors_at(rate, jnp.asarray(self.elapsed))
        paid, claimed = record.months.paid, record.months.claimed
        spent = jnp.sum(paid[:, self.out], axis=1) - jnp.sum(paid[:, self.back], axis=1)
        missing = claimed[:, self.out] - paid[:, self.out]
        short = missing > PAID_TOLERANCE * claimed[:, self.out]
        return {
            "cost": jnp.sum(factor * spent, axis=0),
            "needed": record.closing[self.needed],
            "unserved": record.closing[self.unserved],
            "short": jnp.where(jnp.any(short, axis=(0, 1)), 1.0, 0.0),
        }


@dataclass(frozen=True)
class BuyerOf:
    """What makes the measure of one buyer."""

    buyer: str
    """party"""
    purchase: str
    """its spot purchase"""

    def build(self, book: Book) -> Buyer:
        """The measure for one plan."""
        parties = book.labels.parties
        mine = {name for name, t in book.terms.items() if getattr(t, "buyer", "") == self.buyer}

        def claims(side: str) -> IntArray:
            found = [
                c
                for c, claim in enumerate(book.labels.claims)
                if claim.contract in mine and parties[getattr(claim, side)] == self.buyer
            ]
            return np.array(found, np.int64)

        def row(name: str) -> IntArray:
            at = book.labels.published.index(f"contracts.{self.purchase}.{name}")
            return np.array(at, np.int64)

        return Buyer(
            elapsed=np.asarray(book.elapsed),
            discount=np.array(book.discount_row, np.int64),
            out=claims("payer"),
            back=claims("payee"),
            needed=row("needed"),
            unserved=row("unserved"),
        )
