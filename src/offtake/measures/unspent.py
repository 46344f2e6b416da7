"""Money raised before it is needed: how long it waits, what it costs to hold, what it earns.

For an account that publishes a negative carry (a construction account), with C the cash in it at
the start of a period, all undiscounted:

    raised = sum of what was paid in out of proceeds
    waits  = sum of C x years of the period / raised
    earned = sum of the interest paid on it
    carry  = sum of C x coupon - earned
"""

from typing import NamedTuple

import numpy as np

from offtake.core.arrays import Array, jnp
from offtake.core.flows import Flow
from offtake.core.measure import Book, Output, Record
from offtake.measures.selection import (
    FloatArray,
    Published,
    Sums,
    at_close,
    each,
    plus,
    published,
    summed,
    sums,
)


def names(book: Book) -> tuple[str, ...]:
    """Contracts that keep money until it is spent, in the order of the plan."""
    end = ".carry"
    found = [name for name in book.labels.published if name.endswith(end)]
    return tuple(name.removeprefix("contracts.").removesuffix(end) for name in found)


def _output(unit: str, meaning: str) -> Output:
    return Output(("unspent_account",), "mean", unit, meaning)


OUTPUTS = {
    "raised_usd": _output("USD", "Paid into the account out of proceeds."),
    "waits_years": _output("year", "Mean time for which a dollar paid in waits."),
    "earned_usd": _output("USD", "Interest paid on what waits."),
    "carry_usd": _output("USD", "Coupon on what waits less interest earned."),
}


class Accounts(NamedTuple):
    """Where the record keeps accounts; first axis [A]."""

    unspent: Published
    carry: Published
    raised: Sums
    earned: Sums


class Unspent(NamedTuple):
    """The measure."""

    accounts: Accounts
    years: FloatArray
    """[T]"""

    name = "unspent"
    wanted = ("contracts.*.unspent", "contracts.*.carry")
    outputs = OUTPUTS

    @classmethod
    def build(cls, book: Book) -> "Unspent":
        """The measure for one plan."""
        found = names(book)

        def claims(line: str, flow: Flow) -> Sums:
            mine = [book.claims(contract=name, flow=int(flow)) for name in found]
            return sums(
                [plus([i for i in row if book.labels.claims[i].line == line]) for row in mine]
            )

        accounts = Accounts(
            published(book, found, "unspent"),
            published(book, found, "carry"),
            claims("deposit", Flow.SUPPORT),
            claims("income", Flow.INTEREST),
        )
        return cls(accounts, np.asarray(book.years))

    def reduce(self, record: Record) -> dict[str, Array]:
        """Outputs of a block, each [account, P]."""
        if not self.accounts.raised.claim.shape[0]:
            return dict.fromkeys(OUTPUTS, jnp.zeros((0, record.values.shape[-1])))
        return each(lambda item: self._one(record, item), self.accounts)

    def _one(self, record: Record, item: Accounts) -> dict[str, Array]:
        """Outputs of one account, each [P]."""
        paid = record.months.paid
        held = at_close(record, item.unspent, 0.0)[:, 0]
        opened = jnp.concatenate([jnp.zeros_like(held[:1]), held[:-1]])
        raised = jnp.sum(summed(paid, item.raised), axis=0)
        waited = jnp.sum(opened * jnp.asarray(self.years)[:, None], axis=0)
        some = raised > 0.0
        return {
            "raised_usd": raised,
            "waits_years": jnp.where(some, waited / jnp.where(some, raised, 1.0), 0.0),
            "earned_usd": jnp.sum(summed(paid, item.earned), axis=0),
            "carry_usd": jnp.sum(at_close(record, item.carry, 0.0)[:, 0], axis=0),
        }
