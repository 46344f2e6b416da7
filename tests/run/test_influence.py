"""Quantiles and worst sets of samples whose moves are known in closed form."""

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.stats import norm

from offtake.measures.target import Over, Part, Target
from offtake.measures.who_pays import WhoPays
from offtake.results.tables.estimates import quantile, worst_paths
from offtake.run.influence import anew, fitted, influences

FloatArray = NDArray[np.float64]
PATHS = 1024
SURE = 4.0
STEP = 0.01


def target(over: Over, level: float) -> Target:
    return Target("a result", "USD", WhoPays, 0, (Part("net"),), over=over, level=level)


def lognormal(seed: int) -> FloatArray:
    return np.exp(0.3 * np.random.default_rng(seed).standard_normal(PATHS))


def derivative(of: Target, up: tuple[FloatArray, ...], down: tuple[FloatArray, ...], base) -> float:
    """Half of up less down of the mean influence, found at the base."""
    constants = fitted(of, *base).constants
    return float(np.mean(influences(of, constants, *up) - influences(of, constants, *down))) / 2.0


@pytest.mark.parametrize("level", [0.05, 0.5, 0.95])
def test_a_quantile_is_that_of_the_tables_and_scales(level: float) -> None:
    of, known = target("quantile", level), np.ones(PATHS)
    slopes: list[float] = []
    errors: list[float] = []
    true = float(np.exp(0.3 * norm.ppf(level)))
    for seed in range(20):
        x = lognormal(seed)
        found = fitted(of, x, known)
        assert found.value == quantile(x.copy(), level)
        ends = ((x * (1.0 + sign * STEP), known) for sign in (1.0, -1.0))
        slopes.append(derivative(of, *ends, (x, known)))
        errors.append((found.value - true) / found.error)
    # Twenty samples of 1,024: the spread of their mean. Smoothing is narrower than that.
    error = float(np.std(slopes, ddof=1)) / np.sqrt(20)
    assert np.mean(slopes) == pytest.approx(STEP * true, abs=SURE * error)
    assert error < 0.05 * STEP * true
    # Standard errors are of the right size: a chi-square of twenty lies between 8 and 40 but for
    # once in a hundred; kernels are known to be off by a fifth.
    assert 0.3 < float(np.mean(np.square(errors))) < 3.0


def test_a_quantile_of_what_is_known_alone() -> None:
    of, x = target("quantile", 0.05), lognormal(1)
    known = (np.arange(PATHS) % 2).astype(np.float64)
    found = fitted(of, np.where(known > 0.0, x, 0.0), known)
    assert found.value == quantile(x[known > 0.0], 0.05)
    assert not np.any(found.influence[known == 0.0])
    with pytest.raises(ArithmeticError, match="a result is not known: on none of 1,024 futures"):
        fitted(of, x, np.zeros(PATHS))


def test_a_value_that_many_paths_have_moves_as_they_do() -> None:
    """Nine of ten paths have 1.3, the others less, and the quantile stands among the nine."""
    of, known = target("quantile", 0.5), np.ones(PATHS)
    x = np.where(np.arange(PATHS) % 10 == 0, 0.5, 1.3)
    ends = ((np.where(x == 1.3, x + sign * 0.01, x), known) for sign in (1.0, -1.0))
    # A move of a thirteenth of the width: its curvature leaves less than a hundredth.
    assert derivative(of, *ends, (x, known)) == pytest.approx(0.01, rel=0.01)


def test_the_worst_are_those_of_the_tables_and_scale() -> None:
    of, level = target("worst", 0.05), 0.05
    slopes: list[float] = []
    true = float(np.exp(0.3**2 / 2.0) * norm.cdf(0.3 - norm.ppf(1.0 - level)) / level)
    for seed in range(20):
        x = lognormal(seed)
        found = fitted(of, x, x)
        assert found.value == pytest.approx(np.mean(x[worst_paths(x[:, None])]), rel=1e-12)
        ends = ((x * (1.0 + sign * STEP),) * 2 for sign in (1.0, -1.0))
        slopes.append(derivative(of, *ends, (x, x)))
    error = float(np.std(slopes, ddof=1)) / np.sqrt(20)
    assert np.mean(slopes) == pytest.approx(STEP * true, abs=SURE * error)
    assert error < 0.05 * STEP * true


def test_who_is_among_the_worst_changes() -> None:
    """x is one where z is above zero; of the worst by 0.8 y + s z, s grows.

    y, z are standard normal, so P(z > 0 | worst) follows from the correlation of z with the sum.
    """
    of, rng = target("worst", 0.05), np.random.default_rng(3)
    y, z = rng.standard_normal((2, 200_000))
    x = (z > 0.0).astype(np.float64)
    loss = [0.8 * y + s * z for s in (0.606, 0.594, 0.6)]
    found = derivative(of, (x, loss[0]), (x, loss[1]), (x, loss[2]))
    shares = [float(np.mean(x[worst_paths(one[:, None])])) for one in loss]
    # On the same paths; the direct difference counts few that come and go, some 3 % of it.
    assert found == pytest.approx((shares[0] - shares[1]) / 2.0, rel=0.15)
    assert found > 0.002


def test_far_from_where_it_was_found_it_is_found_again() -> None:
    of, known, x = target("quantile", 0.05), np.ones(PATHS), lognormal(2)
    constants = fitted(of, x, known).constants
    far = anew(of, constants, x + 10.0, known) - anew(of, constants, x, known)
    np.testing.assert_allclose(far, 10.0, rtol=1e-9)
    assert abs(float(np.mean(influences(of, constants, x + 10.0, known)))) < 1.0
    nothing = anew(of, constants, x, np.zeros(PATHS))
    assert not np.any(nothing)
