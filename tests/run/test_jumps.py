"""Which futures are near a threshold, and which of them are moved."""

import numpy as np
import pytest

from offtake.run.jumps import LEAST, affordable, choose, signs, unforeseen

MANY = 64


def test_what_was_foretold_is_not_near() -> None:
    told, size = np.array([1.0, 1.0, 0.0, 0.0]), np.array([1.0, 1.0, 0.0, 0.0])
    half = np.array([1.001, 1.5, 0.0, 0.4])
    assert np.array_equal(unforeseen(half, told, size) > 0.0, [False, True, False, True])


def test_all_near_paths_are_moved_where_they_are_few() -> None:
    size = np.zeros(100)
    size[[3, 50]] = [1.0, 2.0]
    chosen = choose(size, 1, MANY)
    assert chosen.paths.tolist() == [3, 50]
    assert chosen.weight.tolist() == [1.0, 1.0]
    assert chosen.near == 2


def test_a_sample_of_many_weighs_as_all() -> None:
    """The Horvitz-Thompson total of the sizes themselves is exact, as chances follow size."""
    size = np.random.default_rng(2).lognormal(0.0, 1.0, 1000)
    chosen = choose(size, 1, MANY)
    assert abs(chosen.paths.size - MANY) <= 1
    total = float(np.sum(chosen.weight * size[chosen.paths]))
    # One path more or less than 64 is chosen, as the sum of chances ends between two whole numbers.
    assert total == pytest.approx(size.sum(), rel=1.5 / MANY)


def test_a_path_of_most_of_the_size_is_always_chosen() -> None:
    size = np.ones(1000)
    size[7] = 1e6
    for seed in range(20):
        chosen = choose(size, seed, MANY)
        assert 7 in chosen.paths
        assert chosen.weight[chosen.paths == 7] == pytest.approx(1.0)


def test_a_sample_is_unbiased() -> None:
    """Of what is unlike the size: means over seeds come within four of their standard errors."""
    rng = np.random.default_rng(3)
    size, other = rng.uniform(0.5, 2.0, 500), rng.normal(1.0, 1.0, 500)
    totals = []
    for seed in range(400):
        chosen = choose(size, seed, MANY)
        totals.append(np.sum(chosen.weight * other[chosen.paths]))
    error = np.std(totals, ddof=1) / np.sqrt(len(totals))
    assert np.mean(totals) == pytest.approx(other.sum(), abs=4.0 * error)


def test_signs_are_the_same_for_the_same_seed_and_even() -> None:
    drawn = signs(1, 0, (50, 400))
    assert np.array_equal(drawn, signs(1, 0, (50, 400)))
    assert not np.array_equal(drawn, signs(1, 1, (50, 400)))
    assert set(np.unique(drawn)) == {-1.0, 1.0}
    # 20,000 fair signs: the standard error of their mean is 0.007.
    assert abs(drawn.mean()) < 4 * 0.007


def test_what_runs_allow() -> None:
    assert affordable(8) == 1024
    assert affordable(300) == LEAST
