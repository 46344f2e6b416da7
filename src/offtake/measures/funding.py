"""Funding: where the money of every party comes from and goes to, what it needs and does not get.

For an internal party with its accounts, year by year (nominal USD, cash before the year at the
close of the year before):

    promised  = what it promised that year, residual claims apart (`offtake.measures.promises`):
                costs, interest and principal, fees, tax, and capital it puts into others
    earned    = receipts of every class but capital in and supports
    liquidity = cash at the start of the year
    need      = max(0, promised - earned - liquidity)
    committed = capital in and supports received, but for new money raised
    gap       = max(0, need - committed)
    unfunded  = max(0, promised - paid on promises)

So `need` is the cash a party lacks before any financier pays, and `gap` what is left of it when its
liquidity and all money promised to it have been used: what it has to raise from those who have
promised nothing (`RAISES`), and what nobody gave it (`unfunded`). This is how analysts build a
funding gap: cumulative free cash flow less facilities, injections and liquidity. Where there is a
gap and something unfunded,

    gap = raised + unfunded - cash after - residual claims paid.

`paid` and `value` say the same claim by claim: what was paid on each in the year, and over the plan
as a present value at the plan's rate.

What a year leaves unpaid is in that year's gap and in no later one. Minimum cash is spent before
money is drawn (it is only kept from owners and sweeps), so it is no part of the gap; whoever wants
the gap with a cushion adds it.
"""

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from offtake.core.arrays import Array, jnp, lax
from offtake.core.contract import IntArray
from offtake.core.flows import PAID_TOLERANCE, Flow
from offtake.core.labels import ClaimLabel
from offtake.core.measure import Book, Output, Record
from offtake.measures.owners import by_party, internal_owners, owner_of
from offtake.measures.promises import (
    Promises,
    follow,
    nothing_owed,
    promises_of,
)

RAISES = frozenset({"equity_raise", "public_offering"})
"""Kinds by which money is raised from those who have not promised it."""

BY_YEAR = ("internal_party", "year")
BY_CLASS = ("internal_party", "flow", "year")


def _mean(dims: tuple[str, ...], meaning: str) -> Output:
    return Output(dims=dims, keep="mean", unit="USD", meaning=meaning)


class Funding(NamedTuple):
    """Funding of A internal parties, accounts merged into them, over Y calendar years."""

    year: IntArray
    """[T] index of the calendar year of each period"""
    last: IntArray
    """[Y] last period of each year"""
    opening: IntArray
    """[N] rows of opening cash"""
    holds: NDArray[np.float64]
    """[A, N] 1.0 for a party and its accounts"""
    earned: NDArray[np.float64]
    """[A, C]"""
    committed: NDArray[np.float64]
    """[A, C]"""
    received: NDArray[np.float64]
    """[A * flows, C] receipts by class"""
    spent: NDArray[np.float64]
    """[A * flows, C] payments by class"""
    kept: NDArray[np.float64]
    """[A, C] payments on promises"""
    owed: NDArray[np.float64]
    """[A, Q] promises made"""
    promises: Promises
    elapsed: NDArray[np.float64]
    """[T] years"""
    discount: IntArray
    """[] row of the plan's rate"""

    name = "funding"
    wanted = ()
    outputs = {  # noqa: RUF012 - a constant of the class, never changed
        "gap": Output(
            dims=BY_YEAR,
            keep="paths",
            unit="USD",
            meaning="Cash needed in the year beyond liquidity and all money promised.",
        ),
        "need": _mean(BY_YEAR, "Cash needed in the year before any financier pays."),
        "unfunded": _mean(BY_YEAR, "Promised in the year and not paid by its end."),
        "cash": _mean(BY_YEAR, "Cash at the close of the year, accounts included."),
        "received": _mean(BY_CLASS, "Sources of funds: receipts of the year by class."),
        "spent": _mean(BY_CLASS, "Uses of funds: payments of the year by class."),
        "paid": _mean(("year", "claim"), "Paid on the claim in the year."),
        "value": _mean(("claim",), "Present value of what was paid on the claim."),
    }

    @classmethod
    def build(cls, book: Book) -> "Funding":
        """The measure for one plan."""
        labels, owner, mine = book.labels, owner_of(book), internal_owners(book)
        inner = labels.parties[: labels.internal]
        years, year = np.unique(book.calendar_years, return_inverse=True)
        promises = promises_of(book)
        capital = by_party(book, "in", _is_capital)[mine]
        raised = by_party(
            book, "in", lambda c: _is_capital(c) and book.kinds.get(c.contract) in RAISES
        )
        return cls(
            year=np.asarray(year, np.int64),
            last=np.array([np.flatnonzero(year == y)[-1] for y in range(len(years))], np.int64),
            opening=np.array([book.rows[f"parties.{name}.cash"] for name in inner], np.int64),
            holds=(owner[: labels.internal][None] == mine[:, None]).astype(np.float64),
            earned=by_party(book, "in", lambda _: True)[mine] - capital,
            committed=capital - raised[mine],
            received=_by_class(by_party(book, "in", lambda _: True)[mine], book),
            spent=_by_class(by_party(book, "out", lambda _: True)[mine], book),
            kept=by_party(book, "out", lambda claim: claim.form != "residual")[mine],
            owed=promises.payer.T[mine],
            promises=promises,
            elapsed=np.asarray(book.elapsed, np.float64),
            discount=np.array(book.discount_row, np.int64),
        )

    def reduce(self, record: Record) -> Mapping[str, Array]:
        """Every figure by party and year, [A, Y, P] and [A, flow, Y, P], USD."""
        paid, promised, value = self._years(record)
        owed, kept = _spread(self.owed, promised), _spread(self.kept, paid)
        cash = jnp.asarray(self.holds) @ record.values[self.opening]
        closing = _spread(self.holds, record.months.cash[self.last])
        liquidity = jnp.concatenate([cash[:, None], closing[:, :-1]], axis=1)
        need = _beyond(owed - _spread(self.earned, paid) - liquidity, owed)
        by_class = (self.holds.shape[0], len(Flow), self.last.shape[0], paid.shape[-1])
        return {
            "gap": _beyond(need - _spread(self.committed, paid), owed),
            "need": need,
            "unfunded": _beyond(owed - kept, owed),
            "cash": closing,
            "received": _spread(self.received, paid).reshape(by_class),
            "spent": _spread(self.spent, paid).reshape(by_class),
            "paid": paid,
            "value": value,
        }

    def _years(self, record: Record) -> tuple[Array, Array, Array]:
        """Paid by claim [Y, C, P], promised [Y, Q, P], by year; present value paid [C, P]."""
        claimed, paid = record.months.claimed, record.months.paid
        growth = jnp.log1p(record.values[self.discount])

        def month(
            carry: tuple[Array, Array, Array, Array], now: tuple[Array, Array, Array, Array]
        ) -> tuple[tuple[Array, Array, Array, Array], None]:
            given, promised, value, short = carry
            year, elapsed, claimed, paid = now
            after = follow(self.promises, short, claimed, paid)
            added = given.at[year].add(paid), promised.at[year].add(after.promised)
            return (*added, value + jnp.exp(-elapsed * growth)[None] * paid, after.short), None

        years, paths = self.last.shape[0], paid.shape[-1]
        owed = nothing_owed(self.promises, paths)
        start = (
            jnp.zeros((years, *paid.shape[1:])),
            jnp.zeros((years, *owed.shape)),
            jnp.zeros_like(paid[0]),
            owed,
        )
        months = jnp.asarray(self.year), jnp.asarray(self.elapsed), claimed, paid
        given, promised, value, _ = lax.scan(month, start, months)[0]
        return given, promised, value


def _beyond(amount: Array, promised: Array) -> Array:
    """The amount where it is more than rounding of what was promised, else nothing."""
    return jnp.where(amount > PAID_TOLERANCE * promised, amount, 0.0)


def _is_capital(claim: ClaimLabel) -> bool:
    """Whether a claim brings a party money of financiers."""
    return claim.form == "support" or (
        claim.flow == int(Flow.CAPITAL_IN) and claim.form != "recovery"
    )


def _by_class(marks: NDArray[np.float64], book: Book) -> NDArray[np.float64]:
    """[A, C] -> [A * flows, C]: the marks of each class apart."""
    flow = np.array([claim.flow for claim in book.labels.claims], np.int64)
    classes = (flow[None] == np.arange(len(Flow))[:, None]).astype(np.float64)
    return (marks[:, None] * classes[None]).reshape(-1, marks.shape[1])


def _spread(marks: NDArray[np.float64], amounts: Array) -> Array:
    """Amounts [Y, C, P] added up by the rows of marks [R, C]: [R, Y, P]."""
    return jnp.einsum("rc,ycp->ryp", jnp.asarray(marks), amounts)
