"""The search for the nearest point of a boundary, against boundaries where it is known."""

import numpy as np
import pytest
from scipy.optimize import minimize

from offtake.risk.reverse import CLOSE, FARTHEST, nearest_point

NEAR = 0.02
"""Yardsticks: the search stops where a turn brings less than `CLOSE`, and the bottom of a distance
is flat, so that it may stop a little farther away."""


@pytest.mark.parametrize(
    "slope", [(1.0,), (1.0, 1.0), (3.0, 1.0, 0.5), (0.2, 0.0, 1.0, 0.6), tuple(range(1, 12))]
)
def test_design_point_of_a_plane(slope: tuple[float, ...]):
    """a.s = b: the point is b a / |a|^2, the distance b / |a|."""
    a = np.array(slope)
    b = 2.0 * float(np.linalg.norm(a))
    found = nearest_point(lambda s: float(a @ s) - b, len(a))
    assert found.distance == pytest.approx(2.0, abs=NEAR)
    assert found.sizes == pytest.approx(2.0 * a / np.linalg.norm(a), abs=0.1)
    for k, weight in enumerate(a):
        alone = b / weight if weight > 0.0 else np.inf
        assert found.moves[k] == (weight > 0.0)
        if alone > FARTHEST:
            assert found.alone[k] is None
        else:
            assert found.alone[k] == pytest.approx(alone, abs=CLOSE)


def test_nearest_of_a_curved_boundary():
    """x y = 4: the nearest point is (2, 2); no axis meets it."""
    found = nearest_point(lambda s: float(s[0] * s[1]) - 4.0 + 1e-3 * float(s.sum()), 2)
    assert found.alone == (None, None)
    assert found.distance == pytest.approx(np.sqrt(8.0), abs=NEAR)


def test_shocks_that_saturate_are_mixed_as_a_solver_mixes_them():
    """What a shock does far out is not what it does at the boundary; against SLSQP, which is told
    the function and starts at many points.
    """
    weight = np.array([1.0, 0.4, 0.7, 0.1, 0.9, 0.3])
    speed = np.array([3.0, 0.2, 1.0, 0.5, 0.3, 2.0])

    def margin(sizes: np.ndarray) -> float:
        return float(np.sum(weight * np.tanh(speed * sizes) / np.tanh(speed))) - 2.0

    starts = np.random.default_rng(1).uniform(0.0, 2.0, (12, 6))
    held = {"type": "ineq", "fun": margin}
    tried = [minimize(lambda s: s @ s, x, constraints=held, bounds=[(0, 5)] * 6) for x in starts]
    best = np.sqrt(min(one.fun for one in tried if one.success))
    found = nearest_point(margin, 6)
    assert margin(found.sizes) >= 0.0
    assert found.distance == pytest.approx(best, abs=NEAR)


def test_steps_of_a_count_of_futures():
    """The share of 500 futures in which a sum of shocks exceeds a drawn strength."""
    strength = np.random.default_rng(5).normal(4.0, 1.0, 500)
    a = np.array([0.8, 0.6])
    found = nearest_point(lambda s: float(np.mean(a @ s > strength)) - 0.2, 2)
    best = float(np.quantile(strength, 0.2))
    assert found.distance == pytest.approx(best, abs=2.0 * NEAR)


def test_reached_without_a_shock():
    found = nearest_point(lambda s: 1.0 + float(s.sum()), 3)
    assert found.distance == 0.0
    assert found.evaluations == 1


def test_out_of_reach():
    found = nearest_point(lambda s: float(s.sum()) - 100.0, 3)
    assert found.sizes is None
    assert found.distance is None
    assert nearest_point(lambda _: -1.0, 3).sizes is None


def test_reached_only_together():
    """Each alone gives at most 5, together 5 √2."""
    found = nearest_point(lambda s: float(s.sum()) - 6.5, 2)
    assert found.alone == (None, None)
    assert found.distance == pytest.approx(6.5 / np.sqrt(2.0), abs=NEAR)
