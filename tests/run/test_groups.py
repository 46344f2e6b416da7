"""Errors from groups of futures, against what is known of means, quantiles and their coverage."""

import numpy as np
import pytest
from scipy.stats import binom, norm
from scipy.stats import t as student

from offtake.core.random import BLOCK, REPLICATES
from offtake.run.groups import error, sizes

EQUAL = np.full(REPLICATES, BLOCK)


def test_of_a_mean_it_is_the_spread_of_group_means() -> None:
    x = np.random.default_rng(1).normal(size=(REPLICATES, BLOCK))
    means = x.mean(axis=1)
    parts = (means.sum() - means) / (REPLICATES - 1)
    found = error(float(x.mean()), parts, EQUAL)
    assert found == pytest.approx(means.std(ddof=1) / np.sqrt(REPLICATES), rel=1e-12)


@pytest.mark.parametrize("stub", [4, 100])
def test_groups_of_unequal_size_count_by_their_size(stub: int) -> None:
    """On average over many samples the square is the variance of the mean, also with a stub."""
    size = np.array([256, 256, 256, 256, stub])
    random, squares = np.random.default_rng(2), list[float]()
    for _ in range(4000):
        sums = random.normal(size=5) * np.sqrt(size)
        whole = float(sums.sum() / size.sum())
        found = error(whole, (sums.sum() - sums) / (size.sum() - size), size)
        assert found is not None
        squares.append(found**2)
    # each square has a relative spread of about sqrt(2 / 4): 4,000 of them one of 1.1 %
    assert np.mean(squares) == pytest.approx(1.0 / size.sum(), rel=0.05)


@pytest.mark.parametrize("share", [0.05, 0.5])
def test_intervals_of_quantiles_cover(share: float) -> None:
    """95 % intervals of a quantile over 600 samples, within what 99.9 % of counts lie in."""
    random, truth, repeats = np.random.default_rng(3), norm.ppf(share), 600
    reach, covered = student.ppf(0.975, REPLICATES - 1), 0
    for _ in range(repeats):
        x = random.normal(size=(REPLICATES, BLOCK))
        whole = float(np.quantile(x, share))
        parts = np.array([np.quantile(np.delete(x, j, 0), share) for j in range(REPLICATES)])
        found = error(whole, parts, EQUAL)
        assert found is not None
        covered += abs(whole - truth) <= reach * found
    low, high = (float(binom.ppf(q, repeats, 0.95)) for q in (0.0005, 0.9995))
    assert low <= covered <= high


def test_nothing_is_said_where_a_group_knows_nothing() -> None:
    assert error(1.0, np.array([1.0, np.nan]), EQUAL[:2]) is None
    assert error(1.0, np.array([1.0]), EQUAL[:1]) is None


def test_groups_are_dealt_block_by_block() -> None:
    assert sizes(100).tolist() == [100]
    assert sizes(BLOCK + 1).tolist() == [BLOCK, 1]
    assert sizes(REPLICATES * BLOCK + 10).tolist() == [BLOCK + 10, *[BLOCK] * (REPLICATES - 1)]
