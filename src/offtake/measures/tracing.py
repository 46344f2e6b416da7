"""Tracing: whose money it was in the end, and how much of what a financier gets is its own.

Ultimate sources. Every dollar carries a label: the external party that brought it, or the owner
whose cash it was at the start. Each internal party i (accounts on their own) has one pool a
month, its opening cash and all it receives, and pays everything out of it pro rata. With h(i, l)
the opening cash by label, e(i, l) what external parties pay i, f(j, i) what internal party j pays
i and

    pool(i)    = Σ_l [h(i, l) + e(i, l)] + Σ_j f(j, i)
    y(i, l)    = [h(i, l) + e(i, l) + Σ_j f(j, i) y(j, l)] / pool(i)

the composition y of all pools is one linear system a month. What leaves i for outside is of the
composition y(i), and so is the cash that i carries into the next month. A *use* is all that
leaves for one external party in one class, or the cash that an owner still has at the horizon.
What one external party pays another is its own money.

Own money, for each financier v: the same system with two labels, v's and all other. Money is
labelled v when v (or its account) pays it as capital in, whatever it was made of; what v pays in
other classes keeps its composition, which is none of v's for an external party. The share of own
money is the part labelled v in v's receipts. (v invests 10; a lab buys 35 of chips with it and
with 25 from customers: 10/35.)

Netted. Parties that no outside money and no cash of their own reaches, directly or through
others, may still pay each other in a circle, as clearing lets them. Their payments to each other
have no source: they are taken out before anything else, and reported as netted.

Amounts are present values at the plan's rate, to stand beside who pays; compositions do not
depend on it. This runs on a stated subsample of paths, outside the compiled program, in NumPy.

References:
    1. Grassmann, W. K., Taksar, M. I., Heyman, D. P. (1985). Regenerative analysis and steady state
       distributions for Markov chains. Operations Research 33.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from offtake.core.flows import Flow
from offtake.core.measure import Book
from offtake.measures.owners import internal_owners, owner_of

FloatArray = NDArray[np.float64]

NEGLIGIBLE = 1e-9
"""Share of a pool below which a source does not count as one: what rounding leaves behind."""

NOTHING = 1e-6
"""USD; what is in a pool is traced from here on: a residue of rounding has no sources."""


@dataclass(frozen=True)
class Traced:
    """Sources and uses of money, and the money that came back to who put it in."""

    uses: tuple[str, ...]
    """[U]"""
    sources: tuple[str, ...]
    """[L]"""
    amounts: FloatArray
    """[U, L, P] present value, USD"""
    parties: tuple[str, ...]
    """[F] financiers, and the other internal parties, which may be part of a circle"""
    financier: NDArray[np.bool_]
    """[F]"""
    receipts: FloatArray
    """[F, P] present value of all receipts but those netted, USD"""
    own: FloatArray
    """[F, P] of which own money"""
    netted: FloatArray
    """[F, P] present value of receipts that were taken out, USD"""


Cells = Sequence[tuple[int, int, int]]
"""(claim, row, column): where the payment of a claim is added in a grid."""


@dataclass(frozen=True)
class _Routes:
    """Where every claim leads; N internal parties, L labels, U uses."""

    inner: Cells
    """payer, payee: between internal parties"""
    inward: Cells
    """payee, label"""
    outward: Cells
    """payer, use"""
    direct: Cells
    """use, label: between external parties"""
    home: NDArray[np.int64]
    """[N] label of a party's cash at the start"""
    held: NDArray[np.int64]
    """[N] use of a party's cash at the horizon"""


@dataclass(frozen=True)
class _Circular:
    """A financier, whose own money is followed, or an internal party, which may be in a circle."""

    party: int
    fronts: bool
    inside: bool
    """internal"""
    capital: Cells
    """payer, payee: capital it puts into others from a pool of its own"""
    capital_in: Sequence[tuple[int, int]]
    """(claim, payee) all capital it puts into internal parties"""
    receipts: Sequence[tuple[int, int]]
    """(claim, payer) all it receives from others"""


def _words(flow: int) -> str:
    return Flow(flow).name.lower().replace("_", " ")


def _names(book: Book) -> tuple[list[str], list[str]]:
    """Labels of money and names of uses."""
    labels, owners = book.labels, internal_owners(book)
    external = list(labels.parties[labels.internal :])
    sources = external + [f"{labels.parties[i]} (opening cash)" for i in owners]
    uses = {
        f"{labels.parties[c.payee]}: {_words(c.flow)}": None
        for c in labels.claims
        if c.payee >= labels.internal and c.payer != c.payee
    }
    held = {f"{labels.parties[i]}: cash at the horizon": None for i in owners}
    return sources, list(uses | held)


def _routes(book: Book, sources: list[str], uses: list[str]) -> _Routes:
    labels, n = book.labels, book.labels.internal
    inner, inward, outward, direct = (list[tuple[int, int, int]]() for _ in range(4))
    for c, claim in enumerate(labels.claims):
        payer, payee = claim.payer, claim.payee
        if payer == payee:
            continue
        if payee < n and payer < n:
            inner.append((c, payer, payee))
        elif payee < n:
            inward.append((c, payee, payer - n))
        else:
            use = uses.index(f"{labels.parties[payee]}: {_words(claim.flow)}")
            if payer < n:
                outward.append((c, payer, use))
            else:
                direct.append((c, use, payer - n))
    names = [labels.parties[int(i)] for i in owner_of(book)[:n]]
    home = np.array([sources.index(f"{name} (opening cash)") for name in names], np.int64)
    held = np.array([uses.index(f"{name}: cash at the horizon") for name in names], np.int64)
    return _Routes(inner, inward, outward, direct, home, held)


def _circular(book: Book) -> list[_Circular]:
    """Financiers and internal parties, in the order of the parties."""
    labels, owner = book.labels, owner_of(book)
    n, claims = labels.internal, list(enumerate(labels.claims))
    found: list[_Circular] = []
    for v in range(len(labels.parties)):
        out = [
            (c, claim)
            for c, claim in claims
            if owner[claim.payer] == v != owner[claim.payee]
            and claim.flow == int(Flow.CAPITAL_IN)
            and claim.form != "recovery"
        ]
        if owner[v] == v and (out or v < n):
            inner = [(c, claim) for c, claim in out if claim.payee < n]
            one = _Circular(
                party=v,
                fronts=bool(out),
                inside=v < n,
                capital=[(c, x.payer, x.payee) for c, x in inner if x.payer < n],
                capital_in=[(c, claim.payee) for c, claim in inner],
                receipts=[
                    (c, claim.payer)
                    for c, claim in claims
                    if owner[claim.payee] == v != owner[claim.payer]
                ],
            )
            found.append(one)
    return found


def _grid(paid: FloatArray, cells: Cells, rows: int, columns: int) -> FloatArray:
    """[rows, columns, P] payments [C, P] added up in cells."""
    grid = np.zeros((rows, columns, paid.shape[1]))
    for claim, row, column in cells:
        grid[row, column] += paid[claim]
    return grid


def _solve(shares: FloatArray, exits: FloatArray, right: FloatArray) -> FloatArray:
    """Composition y(i) = right(i) + Σ_j shares(j, i) y(j), [N, K, P], all paths at once.

    Elimination in the form of Grassmann, Taksar and Heyman [1]: with exits(i) + Σ_j shares(j, i)
    equal to 1 every pivot is a sum of what is left in its row, nothing is subtracted, and the
    result is accurate element by element however long money goes round before it leaves.

    Args:
        shares: share of pool i that comes from pool j, at (j, i), [N, N, P].
        exits: share of a pool that comes from no pool, [N, P].
        right: [N, K, P].
    """
    n = shares.shape[0]
    rows, exits, y = np.swapaxes(shares, 0, 1).copy(), exits.copy(), right.copy()
    filled = np.any(rows != 0.0, axis=2)
    for k in reversed(range(n)):
        pivot = exits[k] + np.sum(rows[k, :k], axis=0)
        inverse = np.divide(1.0, pivot, out=np.zeros_like(pivot), where=pivot > 0.0)
        rows[k] *= inverse
        exits[k] *= inverse
        y[k] *= inverse
        for i in range(k):
            if filled[i, k]:
                rows[i, :k] += rows[i, k] * rows[k, :k]
                exits[i] += rows[i, k] * exits[k]
                y[i] += rows[i, k] * y[k]
                filled[i] |= filled[k]
    for k in range(1, n):
        for j in np.flatnonzero(filled[k, :k]):
            y[k] += rows[k, j] * y[j]
    return y


def _unreached(flow: FloatArray, source: FloatArray, pool: FloatArray) -> NDArray[np.bool_]:
    """[N, P] parties that receive money whose source is nobody.

    Args:
        flow: payments between internal parties, [payer, payee, P].
        source: own cash and outside money of each, [N, P].
        pool: the same with all receipts.
    """
    reached = (source > NEGLIGIBLE * pool) | (pool <= 0.0)
    edges = flow > NEGLIGIBLE * pool[None]
    while not reached.all():
        further = reached | np.any(edges & reached[:, None], axis=0)
        if np.array_equal(further, reached):
            break
        reached = further
    return ~reached


class _Pools:
    """Pools of all internal parties, moved on month by month."""

    def __init__(
        self, routes: _Routes, circular: list[_Circular], cash: FloatArray, labels: int
    ) -> None:
        """Start with opening cash [N, P], labelled by owner."""
        self.routes, self.circular = routes, circular
        self.parties = cash.shape[0]
        self.cash = np.zeros((self.parties, labels, cash.shape[1]))
        """[N, L, P] cash by label, USD"""
        self.cash[range(self.parties), routes.home] = np.maximum(cash, 0.0)
        self.own = np.zeros((self.parties, len(circular), cash.shape[1]))
        """[N, F, P] own money of each financier in every pool, USD"""

    def month(self, paid: FloatArray, factor: FloatArray, traced: Traced) -> None:
        """Move on by a month and add what it moved to the present values of `traced`.

        Args:
            paid: [C, P] USD.
            factor: [P] discount factor.
            traced: arrays are added to in place.
        """
        routes, n, labels = self.routes, self.parties, self.cash.shape[1]
        source = self.cash + _grid(paid, routes.inward, n, labels)
        flow, pool, paid = self._without_circles(paid, np.sum(source, axis=1), factor, traced)
        scale = np.divide(1.0, pool, out=np.zeros_like(pool), where=pool > NOTHING)
        made, own = self._composition(paid, flow, source, scale)
        present = factor * paid
        for claim, payer, use in routes.outward:
            traced.amounts[use] += present[claim] * made[payer]
        for claim, use, label in routes.direct:
            traced.amounts[use, label] += present[claim]
        for f, one in enumerate(self.circular):
            for claim, payer in one.receipts:
                traced.receipts[f] += present[claim]
                if payer < n:
                    traced.own[f] += present[claim] * own[payer, f]
        left = pool - np.sum(flow, axis=1)
        for claim, payer, _ in routes.outward:
            left[payer] -= paid[claim]
        left = np.maximum(left, 0.0)[:, None]
        self.cash, self.own = made * left, own * left

    def _without_circles(
        self, paid: FloatArray, source: FloatArray, factor: FloatArray, traced: Traced
    ) -> tuple[FloatArray, FloatArray, FloatArray]:
        """Flows [N, N, P], pools [N, P] and payments [C, P] without what has no source."""
        flow = _grid(paid, self.routes.inner, self.parties, self.parties)
        pool = source + np.sum(flow, axis=0)
        dead = _unreached(flow, source, pool)
        if not dead.any():
            return flow, pool, paid
        paid = paid.copy()
        gone = np.zeros_like(paid)
        for claim, payer, payee in self.routes.inner:
            gone[claim] = paid[claim] * (dead[payer] & dead[payee])
            paid[claim] -= gone[claim]
        for f, one in enumerate(self.circular):
            for claim, _ in one.receipts:
                traced.netted[f] += factor * gone[claim]
        flow = _grid(paid, self.routes.inner, self.parties, self.parties)
        return flow, source + np.sum(flow, axis=0), paid

    def _composition(
        self, paid: FloatArray, flow: FloatArray, source: FloatArray, scale: FloatArray
    ) -> tuple[FloatArray, FloatArray]:
        """Shares of every pool by label [N, L, P] and own money of every financier [N, F, P]."""
        put = self.own.copy()
        for f, one in enumerate(self.circular):
            for claim, payee in one.capital_in:
                put[payee, f] += paid[claim]
        outside = [f for f, one in enumerate(self.circular) if one.fronts and not one.inside]
        right = np.concatenate([source, put[:, outside]], axis=1) * scale[:, None]
        exits = np.sum(source, axis=1)
        solved = _solve(flow * scale[None], exits * scale, right)
        own = np.zeros_like(put)
        own[:, outside] = solved[:, source.shape[1] :]
        for f, one in enumerate(self.circular):
            if one.fronts and one.inside:
                capital = _grid(paid, one.capital, self.parties, self.parties)
                other = np.maximum(flow - capital, 0.0) * scale[None]
                leaving = (exits + np.sum(capital, axis=0)) * scale
                own[:, f] = _solve(other, leaving, (put[:, f] * scale)[:, None])[:, 0]
        return solved[:, : source.shape[1]], own


def trace(book: Book, paid: FloatArray, cash: FloatArray, rate: float | FloatArray) -> Traced:
    """Trace the money of some paths.

    Args:
        book: names of the plan.
        paid: what was paid on every claim, [T, C, P] USD.
        cash: closing cash of internal parties, [T, N, P] USD; only the opening period is read.
        rate: the plan's discount rate, 1/year, or one for each path [P].
    """
    sources, uses = _names(book)
    circular, paths = _circular(book), paid.shape[2]
    opening = cash[0].copy()
    for c, claim in enumerate(book.labels.claims):
        for party, sign in ((claim.payer, 1.0), (claim.payee, -1.0)):
            if party < book.labels.internal:
                opening[party] += sign * paid[0, c]
    traced = Traced(
        uses=tuple(uses),
        sources=tuple(sources),
        amounts=np.zeros((len(uses), len(sources), paths)),
        parties=tuple(book.labels.parties[one.party] for one in circular),
        financier=np.array([one.fronts for one in circular], np.bool_),
        receipts=np.zeros((len(circular), paths)),
        own=np.zeros((len(circular), paths)),
        netted=np.zeros((len(circular), paths)),
    )
    pools = _Pools(_routes(book, sources, uses), circular, opening, len(sources))
    factor = np.ones(paths)
    for t in range(paid.shape[0]):
        factor = (1.0 + np.asarray(rate)) ** -book.elapsed[t] * np.ones(paths)
        pools.month(np.maximum(paid[t], 0.0), factor, traced)
    for party, use in enumerate(pools.routes.held):
        traced.amounts[use] += factor * pools.cash[party]
    return traced
