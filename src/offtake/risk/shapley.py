"""Which change explains how much of a difference: Shapley values [1, 2].

A difference v(all) - v(none) made by n changes together is shared out among them: the share of a
change is what it adds to those made before it, averaged over every order in which they can be made,

    phi_i = sum over S without i of |S|! (n - |S| - 1)! / n! (v(S + i) - v(S))

Shares add up to the difference, a change that never moves anything gets nothing, and two changes
that always do the same get the same. Exact over all 2^n sets up to `EXACT` changes; beyond, the
mean over random orders, each run forwards and backwards [2], with the error of that mean.

References:
    1. Shapley, L. S. (1953). A value for n-person games. Contributions to the Theory of Games II.
    2. Castro, J., Gomez, D., Tejada, J. (2009). Polynomial calculation of the Shapley value based
       on sampling. Computers & Operations Research 36.
"""

from collections.abc import Callable
from dataclasses import dataclass
from itertools import combinations
from math import factorial

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]
Value = Callable[[frozenset[int]], FloatArray]
"""Changes that are made -> what the result is then, [k] (the result, and it without each group)."""
EXACT = 8
"""Most changes for which all sets are run: 256 of them."""


@dataclass(frozen=True)
class Shares:
    """Shares of a difference."""

    values: FloatArray
    """[change, k]"""
    order_error: FloatArray
    """[change] standard error from the orders that were drawn; zero where all sets were run."""
    sets: int
    """Sets of changes that were run."""


def exact(changes: int, value: Value) -> Shares:
    """Over every set of changes."""
    everyone = range(changes)
    worth = {
        frozenset(some): value(frozenset(some))
        for size in range(changes + 1)
        for some in combinations(everyone, size)
    }
    shares = np.zeros((changes, worth[frozenset()].size))
    for some, before in worth.items():
        for change in set(everyone) - some:
            weight = factorial(len(some)) * factorial(changes - len(some) - 1) / factorial(changes)
            shares[change] += weight * (worth[some | {change}] - before)
    return Shares(shares, np.zeros(changes), len(worth))


def sampled(changes: int, value: Value, orders: int, seed: int) -> Shares:
    """Over random orders, each with its reverse; sets met again are not run again.

    Raises:
        ValueError: fewer than two orders, from which no error can be told.
    """
    if orders < 2:
        message = f"at least 2 orders are needed to tell an error, found {orders}"
        raise ValueError(message)
    random, worth = np.random.default_rng(seed), dict[frozenset[int], FloatArray]()

    def known(some: frozenset[int]) -> FloatArray:
        if some not in worth:
            worth[some] = value(some)
        return worth[some]

    drawn: list[FloatArray] = []
    for _ in range(orders):
        order = [int(change) for change in random.permutation(changes)]
        both = [_added(order, known), _added(order[::-1], known)]
        drawn.append(np.mean(both, axis=0))
    pairs = np.stack(drawn)
    spread = np.std(pairs[:, :, 0], axis=0, ddof=1) / np.sqrt(orders)
    return Shares(np.mean(pairs, axis=0), spread, len(worth))


def _added(order: list[int], known: Value) -> FloatArray:
    """[change, k] what each change adds to those before it in one order."""
    made: frozenset[int] = frozenset()
    before = known(made)
    added = np.zeros((len(order), before.size))
    for change in order:
        made |= {change}
        after = known(made)
        added[change] = after - before
        before = after
    return added
