"""Contagion in a plan: what is owed within a window of each future, and what failures do to it.

The network of a month holds, for every pair of parties (accounts merged into their owners), what
the first promises the second for the first time in the periods of the window
(`offtake.measures.promises`); of a party outside the plan what it pays in them, support it gives
included, as its cash is not bounded. A party inside enters the window with the cash it has. So what
a party is owed and owes within the window is cleared at once, down the ranks of its waterfall: a
reading of solvency over the window beside the month-by-month clearing of the simulation, which
knows reserves, supports and collateral too. Nobody steps in but as it did in the simulation, and
what a party pays its owners is no promise. What fails without anybody made to fail is told apart,
and every figure is the difference to it.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from offtake.core.arrays import jax
from offtake.core.errors import PlanErrors, in_option, quoted
from offtake.core.measure import Book
from offtake.core.names import suggestion
from offtake.core.random import BLOCK
from offtake.finance.contagion import (
    Network,
    capital_needed,
    debt_rank,
    netted_bilaterally,
    netted_fully,
    spread,
)
from offtake.lowering.book import book_of
from offtake.lowering.lower import LoweredPlan, lower
from offtake.measures.owners import owner_of
from offtake.measures.promises import followed, promises_of
from offtake.plan.schema import Plan
from offtake.results.contagion import Caused, Contagion, Variant
from offtake.results.tables.estimates import mean_and_error
from offtake.run.draw import draw
from offtake.run.record import recorder
from offtake.run.structuring import structure

FloatArray = NDArray[np.float64]
FRICTION = 0.9
"""α and β of the line that tells what friction adds."""
ROUNDS = 6
"""Rounds told apart; the last one holds all that come later."""
UNBOUNDED = 1e21
"""USD; capital of parties outside the plan."""


@dataclass(frozen=True)
class Owed:
    """What parties owe each other over the life of a plan, on some paths."""

    book: Book
    parties: tuple[str, ...]
    """[N] without accounts, internal ones first"""
    internal: int
    promised: FloatArray
    """[T, N, N, P] what the first promises the second in each period, USD"""
    cash: FloatArray
    """[T, N, P] with which each enters each period, USD; 0 for external ones"""
    claimed: FloatArray
    """[T, K, P] of what parties inside promise, what stands at each place, USD"""
    places: NDArray[np.int64]
    """[K, 3] who promises, whom, and at what rank"""

    def busiest(self, length: int) -> int:
        """Period that opens the window in which parties inside owe most, the opening one apart."""
        sums = np.mean(self.promised[:, : self.internal].sum(axis=(1, 2)), axis=-1)
        ahead = [float(sums[t : t + length].sum()) for t in range(1, len(sums))]
        return 1 + int(np.argmax(ahead))

    def window(self, first: int, length: int) -> Network:
        """Claims of the periods first .. first + length - 1."""
        paths, count = self.cash.shape[2], len(self.parties)
        owed = np.zeros((paths, count, count + 1))
        inside = self.promised[first : first + length].sum(axis=0)
        owed[:, :, :-1] = np.moveaxis(inside, -1, 0)
        ranked = self._ranked(first, length, owed)
        cash = self.cash[first].T.copy()
        # An external party has what it pays; made to fail it pays nothing all the same.
        cash[:, self.internal :] = owed[:, self.internal :].sum(axis=2)
        return Network(owed, cash, ranked)

    def _ranked(self, first: int, length: int, owed: FloatArray) -> FloatArray:
        """[P, R, N, N + 1] claims of a window by rank; those of parties outside are of the first.

        Args:
            owed: [P, N, N + 1] the same of all ranks, to which ranks are made to add up.
        """
        ranks = int(self.places[:, 2].max(initial=0)) + 1
        made = np.zeros((owed.shape[0], ranks, *owed.shape[1:]))
        for (payer, payee, rank), part in zip(
            self.places.tolist(), self.claimed[first : first + length].sum(axis=0), strict=True
        ):
            made[:, rank, payer, payee] += part
        total = made.sum(axis=1)
        made *= (owed / np.where(total > 0.0, total, 1.0))[:, None]
        made[:, 0] += np.where(total > 0.0, 0.0, owed)
        return made


def owed_in(plan: Plan, paths: int, seed: int, done: Callable[[int, int], None] | None) -> Owed:
    """Run some futures of a plan and add up what is promised.

    Args:
        plan: as loaded.
        paths: number of futures.
        seed: of every random stream.
        done: told after every block: futures done, futures in all.
    """
    lowered = lower(structure(plan).plan)
    book = book_of(lowered)
    record, add, places = recorder(lowered), _adder(book), _places(lowered, book)
    promised, cash = list[FloatArray](), list[FloatArray]()
    claims = list[FloatArray]()
    for first in range(0, paths, BLOCK):
        count = min(BLOCK, paths - first)
        months: Any = record(draw(lowered, seed, first, BLOCK, BLOCK))
        claimed, paid, held = (
            np.asarray(part)[..., :count] for part in (months.claimed, months.paid, months.cash)
        )
        promised.append(add(claimed, paid))
        claims.append(_by_place(places, claimed))
        cash.append(_opening(lowered, book, held))
        if done is not None:
            done(first + count, paths)
    kept = _owners(book)
    return Owed(
        book=book,
        parties=tuple(book.labels.parties[m] for m in kept),
        internal=sum(1 for m in kept if m < book.labels.internal),
        promised=np.concatenate(promised, axis=-1),
        cash=np.concatenate(cash, axis=-1),
        claimed=np.concatenate(claims, axis=-1),
        places=np.array(list(places), np.int64).reshape(-1, 3),
    )


Places = dict[tuple[int, int, int], list[int]]
"""(who promises, whom, rank) -> claims"""


def _places(lowered: LoweredPlan, book: Book) -> Places:
    """Where claims of parties inside stand; ranks are numbered anew from 0 for all payers."""
    owner, column = owner_of(book), {m: n for n, m in enumerate(_owners(book))}
    network, ranks = lowered.program.network, lowered.shape.ranks
    found = dict[tuple[int, int, int], list[int]]()
    for c, claim in enumerate(book.labels.claims):
        payer, payee = int(owner[claim.payer]), int(owner[claim.payee])
        inside = claim.payer < book.labels.internal and payer < book.labels.internal
        if inside and claim.form != "residual" and payer != payee:
            key = column[payer], column[payee], int(network.slot[c]) % ranks
            found.setdefault(key, []).append(c)
    new = {rank: n for n, rank in enumerate(sorted({key[2] for key in found}))}
    return {(i, j, new[rank]): claims for (i, j, rank), claims in found.items()}


def _by_place(places: Places, claimed: FloatArray) -> FloatArray:
    """[T, K, P] claims as they stood, by place."""
    parts = [claimed[:, claims].sum(axis=1) for claims in places.values()]
    return np.stack(parts, axis=1) if parts else np.zeros((claimed.shape[0], 0, claimed.shape[2]))


def _owners(book: Book) -> list[int]:
    """Parties that are no accounts, internal ones first."""
    return [m for m, name in enumerate(book.labels.parties) if name not in book.owners]


def _adder(book: Book) -> Callable[[FloatArray, FloatArray], FloatArray]:
    """What adds claims and payments [T, C, P] up to promises between owners [T, N, N, P]."""
    promises, kept = promises_of(book), _owners(book)

    def first_time(claimed: Any, paid: Any) -> Any:
        return followed(promises, claimed, paid)[0]

    follow: Any = jax.jit(first_time)
    owner, column = owner_of(book), {m: n for n, m in enumerate(kept)}
    inside = book.labels.internal
    cells = [
        (column[int(np.argmax(payer))], column[int(np.argmax(payee))])
        for payer, payee in zip(promises.payer, promises.payee, strict=True)
    ]

    def add(claimed: FloatArray, paid: FloatArray) -> FloatArray:
        made = np.zeros((claimed.shape[0], len(kept), len(kept), claimed.shape[2]))
        first = np.asarray(follow(claimed, paid))
        for q, (payer, payee) in enumerate(cells):
            if kept[payer] < inside:
                made[:, payer, payee] += first[:, q]
        for c, claim in enumerate(book.labels.claims):
            payer, payee = int(owner[claim.payer]), int(owner[claim.payee])
            if payer >= inside and payer != payee:
                made[:, column[payer], column[payee]] += paid[:, c]
        return np.maximum(made, 0.0)

    return add


def _opening(lowered: LoweredPlan, book: Book, closing: FloatArray) -> FloatArray:
    """[T, N, P] cash with which owners enter each period, from closing cash [T, internal, P]."""
    owner, kept = owner_of(book), _owners(book)
    values = lowered.table.medians()[lowered.program.opening_cash]
    start = np.repeat(values[:, None], closing.shape[2], axis=1)[None]
    entered = np.concatenate([start, closing[:-1]])
    made = np.zeros((closing.shape[0], len(kept), closing.shape[2]))
    for n in range(entered.shape[1]):
        made[:, kept.index(int(owner[n]))] += entered[:, n]
    return np.maximum(made, 0.0)


def contagion(
    plan: Plan,
    month: str | None = None,
    fail: str | None = None,
    paths: int = 512,
    seed: int = 1,
    *,
    window: int = 12,
    recovery: float = 0.0,
    done: Callable[[int, int], None] | None = None,
) -> Contagion:
    """Who owes whom, and what the failure of each party does to the others.

    Args:
        plan: as loaded.
        month: such as 2028-06, in which the window opens; the one in which most is owed if None.
        fail: party whose failure is told in full; the most systemic one if None.
        paths: number of futures.
        seed: of every random stream.
        window: months whose claims are cleared together.
        recovery: share of what it owes that a party made to fail pays.
        done: told after every block: futures done, futures in all.

    Raises:
        PlanErrors: there is no such month or party.
        ValueError: fewer than one path or month, or a recovery that is no share.
    """
    if paths < 1 or window < 1:
        message = f"at least 1 future and 1 month are needed, found {paths} and {window}"
        raise ValueError(message)
    names = tuple(n for n, party in plan.parties.items() if party.kind != "account")
    if fail is not None and fail not in names:
        raise _unknown_party(fail, names)
    at = None if month is None else _period(plan, month)
    owed = owed_in(plan, paths, seed, done)
    length = max(1, round(window / plan.calendar.months))
    first = owed.busiest(length) if at is None else at
    network = owed.window(first, length)
    caused = [_caused(owed, network, n, recovery) for n in range(len(owed.parties))]
    order = sorted(range(len(caused)), key=lambda n: -caused[n].lost)
    chosen = order[0] if fail is None else owed.parties.index(fail)
    days = plan.calendar.labels()
    return Contagion(
        plan=plan.plan.name,
        month=days[first],
        window=length * plan.calendar.months,
        paths=paths,
        seed=seed,
        recovery=recovery,
        parties=owed.parties,
        internal=owed.internal,
        periods=days,
        owed=np.mean(network.owed[:, :, :-1], axis=0),
        owed_by_period=np.mean(owed.promised, axis=-1),
        first=first,
        caused=tuple(caused[n] for n in order if caused[n].lost > 0.0),
        told=caused[chosen],
        variants=_variants(network, chosen, recovery),
    )


def _unknown_party(name: str, known: tuple[str, ...]) -> PlanErrors:
    expected = "a party of the plan that is no account"
    mend = suggestion(name, known, otherwise="the plan has none")
    return PlanErrors([in_option("--fail", name, "party-unknown", quoted(name), expected, mend)])


def _period(plan: Plan, month: str) -> int:
    """Period that holds a month written as 2028-06."""
    from datetime import date

    calendar = plan.calendar
    try:
        day = date.fromisoformat(f"{month.strip()}-01")
    except ValueError:
        day = None
    starts = [date.fromordinal(int(start)) for start in calendar.starts[1:]]
    end = date.fromordinal(int(calendar.ends[-1]))
    if day is None or not starts[0] <= day < end:
        expected = f"a month of the plan, {starts[0]:%Y-%m} to {starts[-1]:%Y-%m}"
        mend = f"write for example --month {starts[len(starts) // 2]:%Y-%m}"
        found = quoted(month)
        raise PlanErrors([in_option("--month", month, "month-form", found, expected, mend)])
    return sum(1 for start in starts if start <= day)


def _made_to_fail(network: Network, party: int) -> NDArray[np.bool_]:
    made = np.zeros(network.cash.shape, bool)
    made[:, party] = True
    return made


def _caused(owed: Owed, network: Network, party: int, recovery: float) -> Caused:
    """What the failure of one party causes, beside what happens without it."""
    made = _made_to_fail(network, party)
    plain = spread(network, rounds=ROUNDS)
    found = spread(network, made, recovery, rounds=ROUNDS, start=plain.paid)
    more = found.losses[:, :, :-1]
    more[:, :, party] = 0.0
    total: FloatArray = np.sum(more, axis=(1, 2))
    follows = (found.round > 0) & (plain.round < 0)
    stopped = capital_needed(network, made, recovery)
    lacking = capital_needed(network, np.zeros_like(made))
    seen = np.where(follows, found.round, 0).sum(axis=0)
    times = follows.sum(axis=0)
    return Caused(
        party=owed.parties[party],
        lost=float(np.mean(total)),
        lost_error=mean_and_error(total)[1],
        by_round=np.mean(np.sum(more, axis=2), axis=0),
        by_creditor=np.mean(more, axis=0),
        follows=np.mean(follows, axis=0),
        rounds=np.where(times > 0, seen / np.maximum(times, 1), np.nan),
        anybody=float(np.mean(follows.any(axis=1))),
        capital=np.mean(np.maximum(stopped - lacking, 0.0), axis=0),
        debt_rank=_debt_rank(owed, network, party),
    )


def _debt_rank(owed: Owed, network: Network, party: int) -> float:
    """Mean DebtRank of a failure, weighted by what each party is owed.

    The capital of a party inside is what it has and is owed less what it owes; a party outside has
    no bounds.
    """
    exposure = np.swapaxes(network.owed[:, :, :-1], 1, 2)
    due, receipts = network.owed.sum(axis=2), exposure.sum(axis=2)
    capital = np.maximum(network.cash + receipts - due, 0.0)
    capital[:, owed.internal :] = UNBOUNDED
    shock = np.zeros_like(capital)
    shock[:, party] = 1.0
    grown = debt_rank(exposure, capital, shock) - shock
    whole = receipts.sum(axis=1)
    weighted = (grown * receipts).sum(axis=1)
    return float(np.mean(np.where(whole > 0.0, weighted / np.where(whole > 0.0, whole, 1.0), 0.0)))


def _variants(network: Network, party: int, recovery: float) -> tuple[Variant, ...]:
    """The same failure at one rank, with netting, with friction, and as it is."""
    count = network.cash.shape[1]

    def of(what: str, given: Network, share: float = 1.0) -> Variant:
        plain = spread(given, alpha=share, beta=share)
        made = _made_to_fail(given, party)
        more = spread(given, made, recovery, share, share, start=plain.paid).lost[:, :count]
        more[:, party] = 0.0
        paths = given.owed.shape[0]
        owed = float(np.sum(given.owed[:, :count]))
        anyway = float(np.sum(plain.lost[:, :count]))
        return Variant(what, owed / paths, anyway / paths, float(np.sum(more)) / paths)

    pairs, full = netted_bilaterally(network), netted_fully(network)
    return (
        of("as it is owed", network),
        of("all of one rank", network._replace(ranked=None)),
        of("netted between pairs", pairs),
        of("netted in full", full),
        of(f"{1.0 - FRICTION:.0%} lost on failing", network, FRICTION),
    )
