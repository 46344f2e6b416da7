"""Fabs by hand: ramp, cycle, yield; and what they make in all, against an integral."""

import numpy as np
from scipy.integrate import quad

from offtake.core.arrays import jnp
from offtake.physical.fabs import Fabs

ONE = Fabs(
    capacity=np.array([0]),
    ramp=np.array([1]),
    cycle=np.array([2]),
    dies_per_wafer=np.array([3]),
    dies_per_chip=np.array([4]),
    utilisation=np.array([0]),
    good=np.array([1]),
    vendor=np.array([0]),
    vendor_marks=np.zeros(1),
)


def months(ramp: float, cycle: float, active: list[float]) -> np.ndarray:
    """Wafers and chips of a fab of 200 wspm, 60 dies, two to a chip, used to 90 %, yield 70 %."""
    values = jnp.array([200.0, ramp, cycle, 60.0, 2.0])[:, None]
    seen, age, rows = jnp.array([0.9, 0.7])[:, None], ONE.init(1), []
    for share in active:
        made, age = ONE.make(values, seen, age, jnp.full((1, 1), share), jnp.array(1 / 12))
        np.testing.assert_allclose(np.asarray(made.of_vendor), np.asarray(made.chips))
        rows.append((float(made.wafers[0, 0]), float(made.chips[0, 0])))
    return np.array(rows)


def test_full_capacity_is_the_example_of_the_page():
    """docs/plant.md: 180 wafers and 3,780 chips a month."""
    np.testing.assert_allclose(months(0.0, 0.0, [1.0]), [[180.0, 3780.0]])


def test_ramp_and_cycle():
    """A ramp of four months is at 1/8, 3/8, ... at the middle of each; chips come two months on."""
    found = months(4.0, 2.0, [0.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0])
    ramp = np.array([0, 1, 3, 5, 7, 8, 8]) / 8
    np.testing.assert_allclose(found[:, 0], 180 * ramp)
    np.testing.assert_allclose(found[2:, 1], 3780 * ramp[:-2], atol=1e-9)
    assert not found[:3, 1].any()


def test_half_a_month_counts_half():
    np.testing.assert_allclose(months(0.0, 0.0, [0.5, 1.0])[:, 0], [90.0, 180.0])


def test_the_sum_over_months_is_the_integral():
    """Exact for a straight line whose ends fall on ends of months."""
    total = months(6.0, 3.0, [1.0] * 24)[:, 1].sum()
    whole = quad(lambda r: 3780 * min(max(r - 3.0, 0.0) / 6.0, 1.0), 0.0, 24.0, points=[3.0, 9.0])
    np.testing.assert_allclose(total, whole[0], rtol=1e-9)
