"""Estimates over paths that do not all count alike."""

import numpy as np
import pytest

from offtake.results.tables import estimates as over


def sample(paths: int = 400) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(5)
    return rng.normal(2.0, 1.0, paths), rng.exponential(1.0, paths)


def test_equal_weights_are_no_weights():
    values, _ = sample()
    flag, equal = values > 2.5, np.full(values.size, 3.0)
    assert over.mean(values, equal) == pytest.approx(over.mean(values), rel=1e-14)
    assert over.quantile(values, 0.05, equal) == pytest.approx(over.quantile(values, 0.05))
    assert over.share_of(flag, values > 1.0, equal)[0] == pytest.approx(
        over.share_of(flag, values > 1.0)[0]
    )
    loss = values[:, None]
    assert (over.worst_paths(loss, equal) == over.worst_paths(loss)).all()
    plain, weighted = over.mean_and_error(values)[1], over.mean_and_error(values, equal)[1]
    assert weighted == pytest.approx(plain, rel=1.0 / values.size)  # n - 1 or n below the root
    assert over.effective(equal) == pytest.approx(values.size)


def test_a_weight_of_three_is_three_paths():
    values, _ = sample(60)
    times = np.random.default_rng(2).integers(1, 4, values.size)
    often, weight = np.repeat(values, times), times.astype(np.float64)
    assert over.mean(values, weight) == pytest.approx(over.mean(often), rel=1e-14)
    whole = np.abs(values) + 1.0
    found = over.share_and_error(values, whole, weight)[0]
    assert found == pytest.approx(over.share_and_error(often, np.repeat(whole, times))[0])
    worst = over.worst_paths(values[:, None], weight)
    least = np.sort(often)[-int(np.ceil(0.05 * often.size))]
    assert values[worst].min() == least  # the path on the border of the worst 5 % is taken whole


def test_quantiles_see_weights_and_what_lies_beyond_any_number():
    values = np.array([3.0, 1.0, np.nan, 2.0, np.inf])
    weight = np.array([1.0, 97.0, 5.0, 1.0, 1.0])
    assert over.quantile(values, 0.25, weight) == pytest.approx(1.0, abs=0.5)
    assert over.quantile(values, 0.0, weight) == 1.0
    assert over.quantile(values, 1.0, weight) is None
    assert over.quantile(values[:1], 0.3, weight[:1]) == 3.0


def test_errors_are_what_repeated_samples_show():
    rng = np.random.default_rng(4)
    drawn = rng.normal(1.0, 1.0, (2_000, 200))  # of N(1, 1), for means under N(0, 1)
    weight = np.exp(0.5 - drawn)
    found = [over.mean_and_error(np.exp(0.3 * x), w) for x, w in zip(drawn, weight, strict=True)]
    means = np.array([mean for mean, _ in found])
    assert np.mean(means) == pytest.approx(
        np.exp(0.045), abs=4.0 * np.std(means) / 2_000**0.5 + 3e-3
    )
    # The mean error of 2,000 samples of 200; weights are skewed, so errors come out a little low.
    assert np.mean([error for _, error in found]) == pytest.approx(np.std(means), rel=0.1)
