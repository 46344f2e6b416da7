"""What guarantees cost who gives them: fees, payments, recoveries, how often they are called.

For a contract that publishes `drawn` and `outstanding`, with g who pays its support, v(t) what a
dollar at the close of t is worth at the start,

    paid       = sum over t of v(t) (support paid by g)(t)
    recovered  = sum over t of v(t) (support that comes back to g)(t)
    fees       = sum over t of v(t) (fees received by g)(t)
    cost       = paid - recovered - fees
    guaranteed = sum of what was paid in under the contracts it names (principal drawn)

v is the contract's own where it publishes a `discount_factor` (a state's, at the risk-free rate:
the cost is then the subsidy cost of the budget), else at the plan's rate. What is open at the
horizon counts for nothing: what g still claims then is taken as lost.
"""

from typing import NamedTuple

import numpy as np

from offtake.core.arrays import Array, jnp
from offtake.core.contract import IntArray
from offtake.core.flows import Flow
from offtake.core.measure import Book, Output, Record
from offtake.finance.discount import factors_at
from offtake.measures.owners import owner_of
from offtake.measures.selection import (
    FloatArray,
    Published,
    Sums,
    at_close,
    each,
    named_contracts,
    plus,
    published,
    summed,
    sums,
)


def names(book: Book) -> tuple[str, ...]:
    """Contracts by which one party stands for what another owes, in the order of the plan."""
    seen = set(book.labels.published)
    return tuple(
        name
        for name in book.kinds
        if {f"contracts.{name}.drawn", f"contracts.{name}.outstanding"} <= seen
        and book.claims(contract=name, flow=int(Flow.SUPPORT))
    )


def guarantor_of(book: Book, contract: str) -> int:
    """Index of the party that pays the support: the payer of its first line of that class."""
    first = book.claims(contract=contract, flow=int(Flow.SUPPORT))[0]
    return int(owner_of(book)[book.labels.claims[first].payer])


def relieved(book: Book, contract: str) -> tuple[str, ...]:
    """Parties that are paid by it: creditors of what it protects, or whom it pays itself."""
    owner, parties = owner_of(book), book.labels.parties
    supports = book.claims(contract=contract, flow=int(Flow.SUPPORT))
    drawn = book.labels.claims[supports[0]]
    if drawn.form != "support":
        return (parties[int(owner[drawn.payee])],)
    named = named_contracts(book, contract)
    found = (
        parties[int(owner[claim.payee])]
        for claim in book.labels.claims
        if claim.contract in named and claim.payer == drawn.payee and claim.form != "recovery"
    )
    return tuple(dict.fromkeys(found))


def _output(keep: str, meaning: str) -> Output:
    return Output(("guarantee",), keep, "USD", meaning)  # pyright: ignore[reportArgumentType]


OUTPUTS = {
    "guaranteed_usd": _output("mean", "Principal drawn under the contracts guaranteed."),
    "fees_usd": _output("mean", "Value today of the fees received."),
    "paid_usd": _output("paths", "Value today of what was paid under the guarantee."),
    "recovered_usd": _output("mean", "Value today of what came back of it."),
    "cost_usd": _output("paths", "Paid less recovered less fees; value today."),
}


class Given(NamedTuple):
    """Where the record keeps guarantees; first axis [G]."""

    paid: Sums
    recovered: Sums
    fees: Sums
    lent: Sums
    factor: Published


class Guarantees(NamedTuple):
    """The measure."""

    given: Given
    elapsed: FloatArray
    """[T]"""
    discount_row: IntArray
    """[]"""

    name = "guarantees"
    wanted = ("contracts.*.discount_factor",)
    outputs = OUTPUTS

    @classmethod
    def build(cls, book: Book) -> "Guarantees":
        """The measure for one plan."""
        owner, found = owner_of(book), names(book)
        giver = {name: guarantor_of(book, name) for name in found}

        def claims(way: str, flow: Flow) -> Sums:
            return sums(
                [
                    plus(
                        [
                            i
                            for i in book.claims(contract=name, flow=int(flow))
                            if owner[getattr(book.labels.claims[i], way)] == giver[name]
                        ]
                    )
                    for name in found
                ]
            )

        lent = [
            plus(
                [
                    i
                    for named in sorted(named_contracts(book, name))
                    for i in book.claims(contract=named, flow=int(Flow.CAPITAL_IN))
                ]
            )
            for name in found
        ]
        given = Given(
            claims("payer", Flow.SUPPORT),
            claims("payee", Flow.SUPPORT),
            claims("payee", Flow.FEE),
            sums(lent),
            published(book, found, "discount_factor"),
        )
        return cls(given, np.asarray(book.elapsed), np.array(book.discount_row, np.int64))

    def reduce(self, record: Record) -> dict[str, Array]:
        """Outputs of a block, each [guarantee, P]."""
        if not self.given.paid.claim.shape[0]:
            return dict.fromkeys(OUTPUTS, jnp.zeros((0, record.values.shape[-1])))
        plain = factors_at(record.values[self.discount_row], jnp.asarray(self.elapsed))
        return each(lambda item: self._one(record, item, plain), self.given)

    def _one(self, record: Record, item: Given, plain: Array) -> dict[str, Array]:
        """Outputs of one guarantee, each [P]; plain: [T, P] factors at the plan's rate."""
        own = at_close(record, item.factor, 0.0)[:, 0]
        factor = jnp.where(item.factor.present[0] > 0.5, own, plain)

        def worth(claims: Sums) -> Array:
            return jnp.sum(factor * summed(record.months.paid, claims), axis=0)

        paid, back, fees = (worth(claims) for claims in (item.paid, item.recovered, item.fees))
        return {
            "guaranteed_usd": jnp.sum(summed(record.months.paid, item.lent), axis=0),
            "fees_usd": fees,
            "paid_usd": paid,
            "recovered_usd": back,
            "cost_usd": paid - back - fees,
        }
