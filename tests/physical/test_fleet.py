"""Cohorts by hand: less power the later they arrive, and one that replaces another."""

import numpy as np

from offtake.core.arrays import jnp
from offtake.physical.fleet import Cohorts

ROWS = {"units": 100.0, "h100e": 2.0, "watts": 1000.0, "one": 1.0, "none": 0.0, "life": 120.0}
PLACE = {name: i for i, name in enumerate(ROWS)}
OLD, NEW = len(ROWS), len(ROWS) + 1


def cohorts(*, per_watt: int = 0) -> Cohorts:
    """Two of 100 chips of 1 kW at one site; the second comes at 4.5 and replaces the first."""
    both = {name: np.array([row, row]) for name, row in PLACE.items()}
    return Cohorts(
        site=np.array([0, 0]),
        units=both["units"],
        h100e=both["h100e"],
        watts=both["watts"],
        pue=both["one"],
        availability=both["one"],
        failure_rate=both["none"],
        deliver=np.array([OLD, NEW]),
        physical_life=both["life"],
        per_watt=np.array([0, per_watt]),
        successor=np.array([1, -1]),
        paid_signal=np.array([0, 0]),
        funded=np.zeros(2),
    )


VALUES = jnp.array([*ROWS.values(), -10.0, 4.5])[:, None]


def test_work_per_watt_is_that_of_the_period_of_arrival():
    """A level of 1, 2, 3, ... : the second cohort arrives within period 5 and keeps 5."""
    fleet, found = cohorts(per_watt=1), jnp.ones((2, 1))
    for t in range(9):
        seen = jnp.array([0.0, float(t)])[:, None]
        found = fleet.efficiency(VALUES, seen, found, jnp.array(float(t)))
        assert float(found[0, 0]) == 1.0
        assert float(found[1, 0]) == max(min(t, 5), 1)


def test_less_power_for_the_same_work():
    """100 chips of 1 kW at five times the work per watt need 20 kW, and all of them run."""
    view = cohorts().view(
        VALUES,
        jnp.ones((2, 1)),
        jnp.array([[1.0]]),
        jnp.array(9.0),
        jnp.array(12.0),
        jnp.ones((2, 1)),
        jnp.ones((2, 1)),
        jnp.array([1.0, 5.0])[:, None],
    )
    np.testing.assert_allclose(np.asarray(view.cohort_mw)[:, 0], [0.0, 0.02])
    np.testing.assert_allclose(np.asarray(view.cohort_h100e)[:, 0], [0.0, 200.0])


def test_a_refresh_goes_share_by_share():
    """At 5 half a period of the new chips has passed, and 60 % of them have been sent."""
    view = cohorts().view(
        VALUES,
        jnp.ones((2, 1)),
        jnp.array([[1.0]]),
        jnp.array(5.0),
        jnp.array(12.0),
        jnp.ones((2, 1)),
        jnp.array([1.0, 0.6])[:, None],
        jnp.ones((2, 1)),
    )
    np.testing.assert_allclose(np.asarray(view.cohort_h100e)[:, 0], [140.0, 60.0])
