"""Contagion against a published example, arithmetic by hand, and an independent linear system."""

import numpy as np
import pytest

from offtake.finance.contagion import (
    NEVER,
    Network,
    capital_needed,
    debt_rank,
    netted_bilaterally,
    netted_fully,
    spread,
)

EXACT = 1e-9
"""Rounds go on until payments move by 1e-18 of what is owed; the rest is a float's own error."""


def network(owed: list[list[float]], outside: list[float], cash: list[float]) -> Network:
    matrix = np.column_stack([np.array(owed, float), np.array(outside, float)])
    return Network(matrix[None], np.array(cash, float)[None])


def only(*parties: int, count: int) -> np.ndarray:
    return np.array([[k in parties for k in range(count)]])


# ------------------------------------------------------------------------- the published example
# NetworkRiskMeasures (Cinelli and Silva, R, GPL-3), README of its commit 4b5c0af: three nodes, the
# DebtRank of Battiston et al. for the default of each, and for a shock of 10 % to all.

EXPOSURE = np.array([[0.0, 1.0, 0.0], [10.0, 0.0, 3.0], [3.0, 2.0, 0.0]])
BUFFER = np.array([2.0, 5.0, 2.0])
WEIGHT = np.array([10.0, 100.0, 30.0]) / 140.0


@pytest.mark.parametrize(
    ("node", "stress", "defaults"), [(0, 0.9285714, 2), (2, 0.6642857, 0), (1, 0.2500000, 1)]
)
def test_published_debt_rank(node: int, stress: float, defaults: int):
    start = np.eye(3)[node]
    end = debt_rank(EXPOSURE, BUFFER, start, once=True)
    assert float(WEIGHT @ (end - start)) == pytest.approx(stress, abs=5e-8)  # as it is printed
    assert int(np.sum((end >= 1.0) & (start < 1.0))) == defaults


def test_published_stress_of_a_shock_to_all():
    start = np.full(3, 0.1)
    end = debt_rank(EXPOSURE, BUFFER, start, once=True)
    assert end == pytest.approx([0.15, 0.26, 0.30])
    assert float(WEIGHT @ (end - start)) == pytest.approx(0.1607, abs=5e-5)  # printed as 16.07 %


def test_linear_debt_rank_passes_on_again():
    """c fails: b 0.6; a 0.3; b + 0.3 = 0.9, which passes 0.3 to a: 0.45, which fills b up."""
    end = debt_rank(EXPOSURE, BUFFER, np.array([0.0, 0.0, 1.0]))
    once = debt_rank(EXPOSURE, BUFFER, np.array([0.0, 0.0, 1.0]), once=True)
    assert once == pytest.approx([0.3, 0.9, 1.0])
    # b grows by 0.6, 0.3, 0.1 and stops at 1; a by half of each.
    assert end == pytest.approx([0.5, 1.0, 1.0])


# ------------------------------------------------------------------------------------- clearing
# The network of the examples of systemicrisk (Gandy and Veraart, R): each owes each of the others
# 1/2, and outside 3/2, 1/2 and 1/2.

TRIO = network(
    [[0.0, 0.5, 0.5], [0.5, 0.0, 0.5], [0.5, 0.5, 0.0]], [1.5, 0.5, 0.5], [0.5, 0.625, 0.75]
)


def test_clearing_vector_by_hand():
    """1 and 2 fail, 3 pays: x1 = 1 + x2 / 3 and x2 = 1.125 + x1 / 5, hence x2 = 1.325 x 15 / 14."""
    found = spread(TRIO)
    second = 1.325 * 15.0 / 14.0
    assert found.paid[0] == pytest.approx([1.0 + second / 3.0, second, 1.5], abs=EXACT)
    assert found.round[0].tolist() == [1, 2, NEVER]
    short = 2.5 - (1.0 + second / 3.0)
    assert found.losses[0, 0] == pytest.approx(np.zeros(4))
    assert found.losses[0, 1, 3] == pytest.approx((2.5 - 1.5) * 1.5 / 2.5)  # outside, round 1
    assert found.lost[0, 2] == pytest.approx(short / 5.0 + (1.5 - second) / 3.0, abs=EXACT)


def test_friction_solves_its_linear_system():
    """With α = 0.5 and β = 0.7 all three fail: x = α c + β Pᵀ x."""
    found = spread(TRIO, alpha=0.5, beta=0.7)
    shares = TRIO.owed[0, :, :3] / np.array([2.5, 1.5, 1.5])[:, None]
    solved = np.linalg.solve(np.eye(3) - 0.7 * shares.T, 0.5 * TRIO.cash[0])
    assert np.all(solved < [2.5, 1.5, 1.5])
    assert found.paid[0] == pytest.approx(solved, abs=EXACT)


def test_random_networks_solve_their_fixed_point():
    """Payments are a fixed point, and the greatest: so they are from above, by monotony [1]."""
    rng = np.random.default_rng(3)
    owed = rng.exponential(1.0, (200, 6, 7)) * (rng.random((200, 6, 7)) < 0.4)
    owed[:, range(6), range(6)] = 0.0
    given = Network(owed, rng.exponential(0.8, (200, 6)))
    due = owed.sum(axis=2)
    shares = owed / np.where(due > 0.0, due, 1.0)[:, :, None]
    paid = spread(given).paid
    able = given.cash + np.einsum("pij,pi->pj", shares, paid)[:, :-1]
    assert paid == pytest.approx(np.minimum(due, able), abs=EXACT)
    assert np.any(paid < due - 0.01)
    # What creditors lose is what is not paid.
    assert spread(given).lost.sum(axis=1) == pytest.approx((due - paid).sum(axis=1), abs=EXACT)


def ranked(first: list[list[float]], second: list[list[float]], cash: list[float]) -> Network:
    """Claims of two ranks; the last column is owed outside."""
    both = np.array([first, second], float)[None]
    return Network(both.sum(axis=1), np.array(cash, float)[None], both)


SENIOR = ranked(
    [[0, 50, 0, 0], [0, 0, 0, 50], [0, 0, 0, 40]],
    [[0, 0, 50, 0], [0, 0, 0, 0], [0, 0, 0, 0]],
    [70.0, 0.0, 10.0],
)
"""a has 70, owes b 50 first and c 50 then; b owes 50 outside; c has 10 and owes 40 outside."""


@pytest.mark.parametrize("leak", [1.0, 0.1, 1e-3])
def test_a_slow_circle_is_followed_to_its_end(leak: float):
    """Two owe each other all but a leak, nobody has cash: nothing is left in the end."""
    owed = np.zeros((1, 2, 3))
    owed[0, 0, 1], owed[0, 1, 0], owed[0, 1, 2] = 100.0, 100.0 - leak, leak
    found = spread(Network(owed, np.zeros((1, 2))))
    np.testing.assert_allclose(found.paid, 0.0, atol=1e-9)
    # with a leak's worth of cash in the circle everybody is paid
    whole = spread(Network(owed, np.array([[leak, 0.0]])))
    np.testing.assert_allclose(whole.paid, 100.0, rtol=1e-12)


def test_two_ranks_by_hand():
    """b is paid in full; c gets 20 of 50 and, with its 10, can pay 30 of 40.

    At one rank both would get 35: then b would fail and c would not.
    """
    found = spread(SENIOR)
    assert found.paid[0] == pytest.approx([70.0, 50.0, 30.0], abs=EXACT)
    assert found.round[0].tolist() == [1, NEVER, 2]
    assert found.losses[0, :3].tolist() == [[0, 0, 0, 0], [0, 0, 30, 0], [0, 0, 0, 10]]
    alike = spread(SENIOR._replace(ranked=None))
    assert alike.paid[0] == pytest.approx([70.0, 35.0, 40.0], abs=EXACT)
    assert alike.round[0].tolist() == [1, 2, NEVER]


def test_capital_with_two_ranks_by_hand():
    """a made to fail pays 60 % of 100: 50 to b, 10 to c, which then lacks 40 - 10 - 10."""
    made = only(0, count=3)
    assert capital_needed(SENIOR, made, 0.6)[0] == pytest.approx([0.0, 0.0, 20.0])
    enough = SENIOR._replace(cash=SENIOR.cash + np.array([[0.0, 0.0, 20.0]]))
    assert spread(enough, made, 0.6).round[0].tolist() == [0, NEVER, NEVER]


def test_random_networks_of_three_ranks_solve_their_fixed_point():
    """Nobody pays a rank while an earlier one is short, and all pay what they have."""
    rng = np.random.default_rng(4)
    by_rank = rng.exponential(1.0, (100, 3, 5, 6)) * (rng.random((100, 3, 5, 6)) < 0.4)
    by_rank[:, :, range(5), range(5)] = 0.0
    given = Network(by_rank.sum(axis=1), rng.exponential(1.0, (100, 5)), by_rank)
    paid, due = spread(given).paid, by_rank.sum(axis=3)
    left, received = paid.copy(), np.zeros((100, 6))
    for rank in range(3):  # down the waterfall, apart from the code
        part = np.minimum(left, due[:, rank])
        left = left - part
        whole = np.where(due[:, rank] > 0.0, due[:, rank], 1.0)
        received += np.einsum("pij,pi->pj", by_rank[:, rank], part / whole)
    able = given.cash + received[:, :-1]
    assert paid == pytest.approx(np.minimum(due.sum(axis=1), able), abs=EXACT)
    assert np.any(paid < due.sum(axis=1) - 0.01)
    assert spread(given).lost == pytest.approx(by_rank.sum(axis=(1, 2)) - received, abs=EXACT)


CHAIN = network(
    [[0.0, 10.0, 0.0], [0.0, 0.0, 8.0], [0.0, 0.0, 0.0]], [0.0, 0.0, 5.0], [10.0, 1.0, 1.0]
)
"""a owes b 10, b owes c 8, c owes outside 5."""


def test_rounds_of_a_chain():
    """a pays nothing: b has 1 of 8, c 1 + 1 of 5."""
    found = spread(CHAIN, only(0, count=3))
    assert found.round[0].tolist() == [0, 1, 2]
    assert found.losses[0].tolist() == [[0, 10, 0, 0], [0, 0, 7, 0], [0, 0, 0, 3]]
    half = spread(CHAIN, only(0, count=3), recovery=0.5)
    assert half.losses[0].tolist() == [[0, 5, 0, 0], [0, 0, 2, 0], [0, 0, 0, 0]]
    assert half.round[0].tolist() == [0, 1, NEVER]


def test_what_fails_anyway_is_no_loss_of_a_failure():
    """c has 1 of 5 short anyway once b owes it 3 less: a's failure costs c what is left."""
    owed = CHAIN.owed.copy()
    owed[0, 1, 2] = 3.0  # b owes c only 3: c has 4 of 5
    given = Network(owed, CHAIN.cash)
    plain = spread(given)
    assert plain.round[0].tolist() == [NEVER, NEVER, 1]
    assert plain.lost[0].tolist() == [0, 0, 0, 1]
    found = spread(given, only(0, count=3), start=plain.paid)
    assert found.losses[0].tolist() == [[0, 10, 0, 0], [0, 0, 2, 0], [0, 0, 0, 2]]


def test_capital_stops_it_and_less_does_not():
    fails = only(0, count=3)
    needed = capital_needed(CHAIN, fails)
    assert needed[0].tolist() == [0.0, 7.0, 0.0]
    saved = CHAIN._replace(cash=CHAIN.cash + needed)
    assert spread(saved, fails).round[0].tolist() == [0, NEVER, NEVER]
    almost = CHAIN._replace(cash=CHAIN.cash + needed * 0.999)
    assert spread(almost, fails).round[0, 1] == 1


def test_netting():
    """a owes b 10 and b owes a 6; c owes a 3: netted in pairs a owes 4 and is owed 3."""
    given = network(
        [[0.0, 10.0, 0.0], [6.0, 0.0, 0.0], [3.0, 0.0, 0.0]], [0.0, 0.0, 0.0], [9.0, 9.0, 9.0]
    )
    pairs = netted_bilaterally(given)
    assert pairs.owed[0, :, :3].tolist() == [[0, 4, 0], [0, 0, 0], [3, 0, 0]]
    full = netted_fully(given)
    assert full.owed[0, :, 3].tolist() == [1, 0, 3, 0]
    assert full.owed[0, 3, :3].tolist() == [0, 4, 0]
    fails = only(0, count=3)
    assert spread(given, fails).lost[0, 1] == pytest.approx(10.0)
    assert spread(pairs, fails).lost[0, 1] == pytest.approx(4.0)
    assert spread(full, only(0, count=4)).lost[0, 1] == pytest.approx(1.0)


def test_shares_outside_zero_and_one_are_refused():
    with pytest.raises(ValueError, match="beta"):
        spread(TRIO, beta=1.2)
