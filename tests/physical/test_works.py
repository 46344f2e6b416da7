"""Spend curves: shape, and how far each is at half time."""

import numpy as np
import pytest

from offtake.core.arrays import jnp
from offtake.physical.works import CURVES, Works


def due(curve: str, times: list[float]) -> np.ndarray:
    """Share due of a work built over periods 0 to 10."""
    work = Works(
        date=np.array([0]),
        build=np.array([0]),
        curve=np.array([CURVES[curve]]).T,
        delay_median=np.array([1]),
        delay_p90=np.array([1]),
        cause_weight=np.zeros((1, 0), np.int64),
        cause_stream=np.zeros(0, np.int64),
        own_stream=np.array([0]),
        paid_signal=np.array([0]),
        funded=np.zeros(1),
    )
    values, none = jnp.array([10.0, 0.0])[:, None], jnp.zeros((1, 1))
    return np.array([float(work.view(values, none, none, jnp.array(t)).due[0, 0]) for t in times])


@pytest.mark.parametrize(
    ("curve", "half"), [("smooth", 0.5), ("even", 0.5), ("early", 0.75), ("late", 0.25)]
)
def test_curves(curve: str, half: float):
    found = due(curve, [-1.0, 0.0, 2.5, 5.0, 7.5, 10.0, 12.0])
    np.testing.assert_allclose(found[[0, 1, 3, 5, 6]], [0.0, 0.0, half, 1.0, 1.0], atol=1e-12)
    assert (np.diff(found) >= 0.0).all()


def test_smooth_spends_most_in_the_middle():
    slow, fast, _, last = np.diff(due("smooth", [0.0, 2.5, 5.0, 7.5, 10.0]))
    assert fast > slow
    np.testing.assert_allclose(slow, last)
