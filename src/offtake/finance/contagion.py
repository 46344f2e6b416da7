"""Contagion in a network of claims: who fails in which round, who loses, what would stop it.

With L(i, j, r) what i owes j at rank r, p(i) = Σ_j,r L(i, j, r), c(i) what i has besides what it is
owed, and R(i; x) what i receives when everybody pays x, a clearing vector x solves

    x(i) = p(i)                             where c(i) + R(i; x) >= p(i), else
    x(i) = α c(i) + β R(i; x)               with α, β <= 1 lost to friction on failing [2]

What j pays goes to its first rank until that is met, then to the next, pro rata within a rank [5]:

    R(i; x) = Σ_j,r L(j, i, r) / p(j, r) min(p(j, r), max(0, x(j) - Σ_s<r p(j, s)))

With one rank and α = β = 1 it is [1]. What is owed to nobody in the network stands in one more
column, which pays nothing. Everybody is taken to pay first; round r is the r-th time that all look
at what they received and cut what they pay, so rounds come from above to the greatest clearing
vector, and the loss of round r is what creditors lose by it. Where money circles slowly, one round
in a hundred goes all the way of the linear system of those who are short. A party that is made to
fail pays a stated share of what it owes, in round 0; those who would have failed anyway start from
what they pay then.

    capital   what each party lacks if all but those made to fail pay in full: just this much stops
              it after the first round, and no less, as each has to be made whole by itself
    netting   bilateral: min(L(i, j), L(j, i)) is struck out of both; full: everybody owes, or is
              owed by, one counterparty only, which has nothing and passes on what it gets

DebtRank, with A(i, j) what i is owed by j and E(i) its capital [3, 4]:

    h(i, t+1) = min(1, h(i, t) + Σ_j min(1, A(i, j) / E(i)) (h(j, t) - h(j, t-1)))

in which distress is passed on before a party fails, and once more each time that it grows [4]; in
[3] a party passes on only once, what it has when it is first hit, and then no more. The figure is
what h grows by after the first shock, weighted. The published examples that tests reproduce count
min(1, A / E).

References:
    1. Eisenberg, L., Noe, T. (2001). Systemic risk in financial systems. Management Science 47.
    2. Rogers, L. C. G., Veraart, L. A. M. (2013). Failure and rescue in an interbank network.
       Management Science 59.
    3. Battiston, S., Puliga, M., Kaushik, R., Tasca, P., Caldarelli, G. (2012). DebtRank: too
       central to fail? Scientific Reports 2.
    4. Bardoscia, M., Battiston, S., Caccioli, F., Caldarelli, G. (2015). DebtRank: a microscopic
       foundation for shock propagation. PLoS ONE 10.
    5. Elsinger, H. (2009). Financial networks, cross holdings, and limited liability. OeNB Working
       Paper 156.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]
Marks = NDArray[np.bool_]

PAID = 1e-9
"""Share of what is owed that may be missing where it counts as paid."""
MOST_ROUNDS = 10_000
PATIENCE = 100
"""Rounds after which money that circles slowly is followed to its end at once, once in so many."""
NEVER = -1
"""Round of a party that does not fail."""


class Network(NamedTuple):
    """Claims of one date on many paths; N parties, P paths."""

    owed: FloatArray
    """[P, N, N + 1] what the first owes the second; the last column is owed to outside"""
    cash: FloatArray
    """[P, N] what each has besides what it is owed by the others"""
    ranked: FloatArray | None = None
    """[P, R, N, N + 1] `owed` by rank, the first one paid first; None where all ranks alike"""


class Spread(NamedTuple):
    """What happens once some have failed."""

    paid: FloatArray
    """[P, N] x, USD"""
    round: NDArray[np.int64]
    """[P, N] round in which a party fails, 0 for those made to; -1 for never"""
    losses: FloatArray
    """[P, R, N + 1] what each creditor loses by each round, USD; the last one is outside"""

    @property
    def lost(self) -> FloatArray:
        """[P, N + 1] what each creditor loses in all."""
        return np.sum(self.losses, axis=1)


def spread(
    network: Network,
    failing: Marks | None = None,
    recovery: float = 0.0,
    alpha: float = 1.0,
    beta: float = 1.0,
    rounds: int | None = None,
    start: FloatArray | None = None,
) -> Spread:
    """Let parties fail and see who follows.

    Args:
        network: claims and cash.
        failing: [P, N] who is made to fail; nobody if None.
        recovery: share of what those owe that they pay.
        alpha: share of its cash that one who fails has left.
        beta: share of its receipts that one who fails has left.
        rounds: rounds that are told apart, the last one holding all that come later; N if None.
        start: [P, N] what each pays before anybody is made to fail, a clearing vector of the same
            network and friction; losses are those beyond it. All that is owed if None.

    Raises:
        ValueError: a share that is not between 0 and 1.
        ArithmeticError: payments did not settle.
    """
    for name, share in (("recovery", recovery), ("alpha", alpha), ("beta", beta)):
        if not 0.0 <= share <= 1.0:
            message = f"{name} is a share between 0 and 1, found {share}"
            raise ValueError(message)
    owed, cash, _ = network
    paths, count = cash.shape
    made = np.zeros((paths, count), bool) if failing is None else failing
    due: FloatArray = np.sum(owed, axis=2)
    waterfall = _Waterfall(network)
    told = count if rounds is None else rounds
    losses = np.zeros((paths, told, count + 1))
    when = np.where(made, 0, NEVER)
    before = due if start is None else start
    paid: FloatArray = np.where(made, np.minimum(recovery * due, before), before)
    before_receipts, received = waterfall.received(before), waterfall.received(paid)
    losses[:, 0] = before_receipts - received
    for turn in range(1, MOST_ROUNDS):
        receipts = received[:, :-1]
        able = cash + receipts
        short = ~made & (able < due * (1.0 - PAID)) & (due > 0.0)
        left = np.minimum(alpha * cash + beta * receipts, due)
        kept: FloatArray = np.where(short, np.minimum(left, paid), paid)
        following: FloatArray = np.where(made, paid, kept)
        if turn % PATIENCE == 0:
            following = waterfall.leapt(following, np.where(short, beta, 0.0), alpha * cash)
        when = np.where(short & (when == NEVER), turn, when)
        cut = paid - following
        following_receipts = waterfall.received(following)
        losses[:, min(turn, told - 1)] += received - following_receipts
        paid, received = following, following_receipts
        if np.all(np.abs(cut) <= PAID * PAID * due):
            return Spread(paid, when, losses)
    message = f"payments did not settle within {MOST_ROUNDS} rounds"
    raise ArithmeticError(message)


class _Waterfall:
    """How what each party pays is shared among those it owes."""

    def __init__(self, network: Network) -> None:
        by_rank = network.owed[:, None] if network.ranked is None else network.ranked
        self.due: FloatArray = np.sum(by_rank, axis=3)
        self.ahead: FloatArray = np.cumsum(self.due, axis=1) - self.due
        self.shares: FloatArray = by_rank / np.where(self.due > 0.0, self.due, 1.0)[..., None]

    def leapt(self, paid: FloatArray, passing: FloatArray, own: FloatArray) -> FloatArray:
        """Payments [P, N] that those who are short come to if nothing else changed.

        The linear system of [1] for those who are short by now, each paying at the rank that it is
        at. All go the same part of the way, as far as the first gets to the end of its rank: up to
        there payments are linear or fall faster, so this stays above the clearing vector.

        Args:
            paid: in this round.
            passing: [P, N] share of its receipts that each passes on: β of those short, else 0.
            own: [P, N] what those have of their own, α of their cash.
        """
        at: Marks = (paid[:, None] > self.ahead) & (paid[:, None] <= self.ahead + self.due)
        shares: FloatArray = np.einsum(
            "prj,prji->pij", at.astype(np.float64), self.shares[..., :-1]
        )
        receipts: FloatArray = self.received(paid)[:, :-1]
        fall: FloatArray = np.where(
            passing > 0.0, np.minimum(own + passing * receipts - paid, 0.0), 0.0
        )
        # A little less than what is passed on keeps the system regular on a closed circle.
        system: FloatArray = np.eye(paid.shape[1]) - (1.0 - 1e-12) * passing[..., None] * shares
        step = np.asarray(np.linalg.solve(system, fall[..., None])[..., 0], np.float64)
        room: FloatArray = paid - np.sum(np.where(at, self.ahead, 0.0), axis=1)
        falls: Marks = step < 0.0
        reach: FloatArray = np.min(np.where(falls, room / np.where(falls, -step, 1.0), 1.0), axis=1)
        return np.maximum(paid + np.minimum(reach, 1.0)[:, None] * step, 0.0)

    def received(self, paid: FloatArray) -> FloatArray:
        """[P, N + 1] what each receives of payments [P, N]."""
        parts = np.clip(paid[:, None] - self.ahead, 0.0, self.due)
        return np.einsum("prij,pri->pj", self.shares, parts)


def capital_needed(network: Network, failing: Marks, recovery: float = 0.0) -> FloatArray:
    """[P, N] least capital with which nobody fails but those who are made to.

    Args:
        network: claims and cash.
        failing: [P, N] who is made to fail.
        recovery: share of what those owe that they pay.
    """
    due = np.sum(network.owed, axis=2)
    receipts = _Waterfall(network).received(np.where(failing, recovery, 1.0) * due)[:, :-1]
    return np.where(failing, 0.0, np.maximum(due - network.cash - receipts, 0.0))


def netted_bilaterally(network: Network) -> Network:
    """The same claims, all of one rank, each pair's smaller one struck out of both."""
    inside = network.owed[:, :, :-1]
    net = np.maximum(inside - np.swapaxes(inside, 1, 2), 0.0)
    return Network(np.concatenate([net, network.owed[:, :, -1:]], axis=2), network.cash)


def netted_fully(network: Network) -> Network:
    """The same claims, all of one rank, against one counterparty that has no cash.

    It is the last of N + 1 parties.
    """
    owed, cash, _ = network
    paths, count = cash.shape
    inside = owed[:, :, :-1]
    position = np.sum(inside, axis=2) - np.sum(inside, axis=1)
    made = np.zeros((paths, count + 1, count + 2))
    made[:, :count, count] = np.maximum(position, 0.0)
    made[:, count, :count] = np.maximum(-position, 0.0)
    made[:, :count, count + 1] = owed[:, :, -1]
    return Network(made, np.concatenate([cash, np.zeros((paths, 1))], axis=1))


def debt_rank(
    exposure: FloatArray,
    capital: FloatArray,
    shock: FloatArray,
    *,
    once: bool = False,
) -> FloatArray:
    """[.., N] distress h of each party at the end, between 0 and 1.

    Args:
        exposure: [.., N, N] what the first is owed by the second.
        capital: [.., N]; a party without any is in distress as soon as it loses something.
        shock: [.., N] distress at the start.
        once: whether a party passes distress on only once, as in [3]; each time it grows if not.
    """
    has = np.where(capital > 0.0, capital, 1.0)[..., None]
    impact = np.where(capital[..., None] > 0.0, exposure / has, np.where(exposure > 0.0, 1.0, 0.0))
    impact = np.minimum(impact, 1.0)
    level = np.clip(shock, 0.0, 1.0)
    passing, hit = level, level > 0.0
    for _ in range(MOST_ROUNDS):
        grown = np.minimum(level + np.einsum("...ij,...j->...i", impact, passing), 1.0)
        fresh = grown > 0.0
        passing = np.where(fresh & ~hit, grown, 0.0) if once else grown - level
        hit, level = hit | fresh, grown
        if np.all(passing <= PAID):
            break
    return np.asarray(level, np.float64)
