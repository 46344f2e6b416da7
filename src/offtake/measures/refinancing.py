"""Take-outs: facilities whose draws repay another one on the same collateral.

A facility that is repaid by a new loan on the same collateral is not repaid: its lender is, and the
collateral still owes. Facility g takes f out where the terms of g name f among what it funds and
both pledge some of the same assets. With x the claims on the borrower that g may fund, and
principal of f claimed c and paid p,

    refinanced(f, g) = sum over t of min(draw on g(t) c(t) / all x(t), p(t))

The take-out is followed: f counts as repaid when g is, and g in turn when what took it out is.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from offtake.core.arrays import Array, jnp, lax
from offtake.core.contract import IntArray
from offtake.core.flows import Flow
from offtake.core.measure import Book, Record
from offtake.measures.selection import (
    FloatArray,
    Signed,
    Sums,
    borrower_of,
    nested,
    plus,
    summed,
)

SOME = 1e-6
"""Share of the principal from which a facility counts as taken out."""


REPAID = (int(Flow.PRINCIPAL), int(Flow.FEE))
"""Classes of claim that a refinancing meets."""


class Takeouts(NamedTuple):
    """What may take a facility out; fields [F, take-outs]."""

    facility: IntArray
    """the other facility"""
    present: FloatArray
    """1.0 for a take-out, 0.0 for padding"""
    drawn: Sums
    """[F, take-outs, width] its draws"""
    scope: Sums
    """[F, take-outs, width] claims that the draws may pay"""


class Repaid(NamedTuple):
    """Repayment of facilities, [F, P]."""

    done: Array
    """True where in full"""
    failed: Array
    """True where it never will be: in default, or given up; else what is owed is not yet due"""
    period: Array
    """close at which nothing was owed any more"""


def refinanced(record: Record, takeouts: Takeouts, claimed: Array, paid: Array) -> Array:
    """[take-outs, P] principal of one facility that each take-out paid, USD.

    Args:
        takeouts: of one facility, fields [take-outs].
        claimed: [T, P] principal claimed on the facility, USD.
        paid: [T, P] principal paid on it, USD.
    """

    def one(_: None, item: Takeouts) -> tuple[None, Array]:
        scope = summed(record.months.claimed, item.scope)
        share = jnp.where(scope > 0.0, claimed / jnp.where(scope > 0.0, scope, 1.0), 0.0)
        drawn = summed(record.months.paid, item.drawn) * jnp.minimum(share, 1.0)
        moved = jnp.sum(jnp.minimum(drawn, paid), axis=0)
        return None, jnp.where(item.present > 0.5, moved, 0.0)

    return lax.scan(one, None, takeouts)[1]


def followed(takeouts: Takeouts, own: Repaid, taken: Array) -> Repaid:
    """Repayment of facilities with their take-outs followed.

    Args:
        takeouts: of all facilities.
        own: repayment of every facility by itself.
        taken: [F, take-outs, P] True where a take-out repaid some of it.
    """

    def again(last: Repaid, _: None) -> tuple[Repaid, None]:
        done = jnp.all(~taken | last.done[takeouts.facility], axis=1)
        failed = jnp.any(taken & last.failed[takeouts.facility], axis=1)
        period = jnp.max(jnp.where(taken, last.period[takeouts.facility], -1.0), axis=1)
        return Repaid(own.done & done, own.failed | failed, jnp.maximum(own.period, period)), None

    # A chain of take-outs is no longer than there are facilities.
    return lax.scan(again, own, None, length=takeouts.facility.shape[0])[0]


def takeouts_of(book: Book) -> Takeouts:
    """Take-outs of every facility of a plan."""
    facilities = book.facilities
    found: list[list[tuple[int, Signed, Signed]]] = []
    for old in facilities:
        mine: list[tuple[int, Signed, Signed]] = []
        for g, new in enumerate(facilities):
            funds = funded(book, new.contract)
            shared = set(old.collateral) & set(new.collateral)
            if new.contract != old.contract and old.contract in funds and shared:
                draws = book.claims(contract=new.contract, flow=int(Flow.CAPITAL_IN))
                owed = book.claims(payer=borrower_of(book, old), form="claim")
                scope = [
                    c
                    for c in owed
                    if (claim := book.labels.claims[c]).contract in funds
                    and (repays_all(book, new.contract) or claim.flow in REPAID)
                ]
                mine.append((g, plus(draws), plus(scope)))
        found.append(mine)
    width = max([1, *(len(row) for row in found)])
    facility, present = np.zeros((len(found), width), np.int64), np.zeros((len(found), width))
    for f, row in enumerate(found):
        facility[f, : len(row)] = [g for g, _, _ in row]
        present[f, : len(row)] = 1.0
    return Takeouts(
        facility,
        present,
        nested([[draws for _, draws, _ in row] for row in found]),
        nested([[scope for _, _, scope in row] for row in found]),
    )


def repays_all(book: Book, contract: str) -> bool:
    """Whether draws meet every claim of what they fund; a refinancing meets those of `REPAID`."""
    return book.kinds.get(contract) != "refinancing"


def funded(book: Book, contract: str) -> Sequence[str]:
    """Contracts that a facility funds by name."""
    funds = getattr(book.terms.get(contract), "funds", ())
    return () if isinstance(funds, str) else tuple(funds)
