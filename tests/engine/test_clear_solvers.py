"""Clearing against solvers that know nothing of rounds: linear and mixed-integer programmes.

One rank (Eisenberg and Noe 2001, lemma 4): the greatest clearing vector maximises the sum of
payments under limited liability, sum over j of pi[i, j] p[j] + c[i] - p[i] >= 0, 0 <= p <= owed.

Several ranks: a junior rank may be paid only where its senior is paid in full, which is one binary
per party and rank; the greatest vector again maximises the sum of payments.

Tolerance: the solver's primal feasibility tolerance of 1e-9 allows a violation of that size in
every row; round a cycle from which a share l leaves per round it is worth 1e-9 / l of a payment.
Amounts lie between 1 and 20 and some 5 % of what is owed leaves the plan, hence 1e-6. Integrality
is held to 1e-9 times the big number of a row, which is what is owed.
"""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy.optimize import Bounds, LinearConstraint, linprog, milp

from tests.engine.networks import INTERNAL, PATHS, Claims

TOLERANCE = 1e-6
OUTSIDE = INTERNAL
FEASIBLE = 1e-9


def random_claims(
    rng: np.random.Generator, ranks: int, count: int
) -> tuple[Claims, NDArray, NDArray, NDArray]:
    """Claims among four parties and to the outside; their ranks, amounts [C, P], cash [N, P]."""
    network = Claims(INTERNAL, INTERNAL + 1, [0.0] * INTERNAL)
    places: list[int] = []
    for _ in range(count):
        payer = int(rng.integers(INTERNAL))
        payee = (payer + int(rng.integers(1, INTERNAL))) % INTERNAL
        places.append(int(rng.integers(ranks)))
        network.owe(payer, payee, 0.0, rank=places[-1])
    for payer in range(INTERNAL):
        places.append(int(rng.integers(ranks)))
        network.owe(payer, OUTSIDE, 0.0, rank=places[-1])
    amounts = rng.uniform(1.0, 20.0, (len(places), PATHS))
    amounts[:, ::4] = np.round(amounts[:, ::4])  # ties
    cash = rng.uniform(0.0, 15.0, (INTERNAL, PATHS)) * rng.integers(0, 2, (INTERNAL, PATHS))
    return network, np.array(places), amounts, cash


def matrix(
    network: Claims, amounts: NDArray, slots: list[tuple[int, int]], ranks: NDArray
) -> NDArray:
    """[N, slot] share of what a slot pays that each party receives."""
    share = np.zeros((INTERNAL, len(slots)))
    owed = np.zeros(len(slots))
    for line, rank, amount in zip(network.lines, ranks, amounts, strict=True):
        slot = slots.index((int(line.payer[0]), int(rank)))
        owed[slot] += amount
        if line.payee[0] < INTERNAL:
            share[line.payee[0], slot] += amount
    return share / owed


def slots_of(network: Claims, ranks: NDArray) -> list[tuple[int, int]]:
    return sorted({(int(x.payer[0]), int(r)) for x, r in zip(network.lines, ranks, strict=True)})


def by_slot(
    network: Claims, ranks: NDArray, flows: NDArray, slots: list[tuple[int, int]]
) -> NDArray:
    found = np.zeros(len(slots))
    for line, rank, amount in zip(network.lines, ranks, flows, strict=True):
        found[slots.index((int(line.payer[0]), int(rank)))] += amount
    return found


def payers(slots: list[tuple[int, int]]) -> NDArray:
    """[N, slot] 1 for the payer of each slot."""
    return np.array([[float(party == payer) for payer, _ in slots] for party in range(INTERNAL)])


@settings(max_examples=25)
@given(st.integers(0, 2**32 - 1), st.integers(3, 12))
def test_one_rank_equals_the_linear_programme(seed: int, count: int):
    rng = np.random.default_rng(seed)
    network, ranks, amounts, cash = random_claims(rng, 1, count)
    cleared = network.clear(amounts=amounts, cash=cash)
    slots = slots_of(network, ranks)
    for p in range(PATHS):
        owed = by_slot(network, ranks, amounts[:, p], slots)
        share = matrix(network, amounts[:, p], slots, ranks)
        found = linprog(
            -np.ones(len(slots)),
            A_ub=payers(slots) - share,
            b_ub=cash[:, p],
            bounds=[(0.0, x) for x in owed],
            method="highs",
            options={"primal_feasibility_tolerance": FEASIBLE},
        )
        mine = by_slot(network, ranks, cleared.paid[:, p], slots)
        np.testing.assert_allclose(mine, found.x, rtol=0, atol=TOLERANCE)


def ranked_programme(
    share: NDArray, owed: NDArray, cash: NDArray, slots: list[tuple[int, int]]
) -> NDArray:
    """Greatest payments by slot. Unknowns: payments p, and binaries z = 1 where a slot is full."""
    size = len(slots)
    none = np.zeros((INTERNAL, size))
    rows = [LinearConstraint(np.hstack([payers(slots) - share, none]), -np.inf, cash)]
    for s, (payer, rank) in enumerate(slots):
        full = np.zeros(2 * size)
        full[s], full[size + s] = -1.0, owed[s]
        rows.append(LinearConstraint(full, -np.inf, 0.0))  # p >= owed z
        senior = [k for k, slot in enumerate(slots) if slot[0] == payer and slot[1] < rank]
        if senior:
            behind = np.zeros(2 * size)
            behind[s], behind[size + max(senior)] = 1.0, -owed[s]
            rows.append(LinearConstraint(behind, -np.inf, 0.0))  # p <= owed z of the rank before
    found = milp(
        np.concatenate([-np.ones(size), np.zeros(size)]),
        constraints=rows,
        bounds=Bounds(np.zeros(2 * size), np.concatenate([owed, np.ones(size)])),
        integrality=np.concatenate([np.zeros(size), np.ones(size)]),
        options={"mip_rel_gap": 0.0},
    )
    assert found.success, found.message
    return found.x[:size]


@settings(max_examples=12)
@given(st.integers(0, 2**32 - 1), st.integers(5, 12))
def test_several_ranks_equal_the_mixed_integer_programme(seed: int, count: int):
    rng = np.random.default_rng(seed)
    network, ranks, amounts, cash = random_claims(rng, 3, count)
    cleared = network.clear(amounts=amounts, cash=cash)
    slots = slots_of(network, ranks)
    for p in range(PATHS):
        owed = by_slot(network, ranks, amounts[:, p], slots)
        share = matrix(network, amounts[:, p], slots, ranks)
        found = ranked_programme(share, owed, cash[:, p], slots)
        mine = by_slot(network, ranks, cleared.paid[:, p], slots)
        np.testing.assert_allclose(mine, found, rtol=0, atol=TOLERANCE * owed.max())


@pytest.mark.parametrize("first", [1.0, 7.0])
def test_the_programmes_solve_the_published_example(first: float):
    """A check of the checker: three banks, one rank, payments (2, 28/15, 52/15)."""
    slots = [(0, 0), (1, 0), (2, 0), (3, 0)]
    owed = np.array([2.0, 4.0, 4.0, first])
    share = np.zeros((4, 4))
    share[2, 0], share[0, 1], share[2, 1], share[0, 2], share[1, 2] = 1.0, 0.75, 0.25, 0.75, 0.25
    found = ranked_programme(share, owed, np.array([1.0, 1.0, 1.0, first]), slots)
    np.testing.assert_allclose(found, [2.0, 28 / 15, 52 / 15, first], atol=1e-8)
