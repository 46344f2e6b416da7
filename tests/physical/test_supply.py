"""Vendors whose output is short, by hand."""

import numpy as np

from offtake.core.arrays import jnp
from offtake.physical.supply import Supply

OUTPUT, OPEN = 0, 1


def supply(turns: list[int], *, limited: float = 1.0) -> Supply:
    """One vendor, cohorts of 100, 300 and 200 chips due at the start; row 3 is the date."""
    pairs = sorted(set(turns))
    return Supply(
        output=np.array([OUTPUT]),
        limited=np.array([limited]),
        opened=np.array([OPEN]),
        made=np.ones(3),
        queue=np.array([pairs.index(turn) for turn in turns]),
        vendor=np.zeros(len(pairs), np.int64),
        earlier=np.array([[float(b < a) for b in pairs] for a in pairs]),
        units=np.array([0, 1, 2]),
        deliver=np.array([3, 3, 3]),
    )


def months(of: Supply, output: float, opened: list[float], fabs: float = 0.0) -> np.ndarray:
    """Share ready, [month, cohort]."""
    values = jnp.array([100.0, 300.0, 200.0, 1.0])[:, None]
    sent, rows = of.init(1), []
    for t, share in enumerate(opened, start=1):
        seen = jnp.array([output, share])[:, None]
        now = jnp.array(float(t)), jnp.array(1 / 12)
        ready, sent, *_ = of.send(values, seen, sent, jnp.full((1, 1), fabs), *now)
        rows.append(np.asarray(ready)[:, 0])
    return np.array(rows)


def test_pro_rata():
    """2,400 chips a year are 200 a month: a third of 600."""
    found = months(supply([1, 1, 1]), 2400.0, [1.0, 1.0, 1.0, 1.0])
    np.testing.assert_allclose(found, [[1 / 3] * 3, [2 / 3] * 3, [1.0] * 3, [1.0] * 3])


def test_by_turn():
    """The first in full, the second with what is left, the third last."""
    found = months(supply([2, 1, 3]), 2400.0, [1.0, 1.0, 1.0])
    np.testing.assert_allclose(found, [[0, 2 / 3, 0], [1, 1, 0], [1, 1, 1]], atol=1e-12)


def test_an_export_stop_holds_back_what_is_due():
    """A tenth gets through while it lasts; all that waits comes when it ends."""
    found = months(supply([1, 1, 1], limited=0.0), 0.0, [0.1, 0.1, 1.0])
    np.testing.assert_allclose(found, [[0.1] * 3, [0.19] * 3, [1.0] * 3])
    # Of a vendor whose output is short a tenth of the output gets through.
    found = months(supply([1, 1, 1]), 2400.0, [0.1, 1.0])
    np.testing.assert_allclose(found, [[20 / 600] * 3, [220 / 600] * 3])


def test_what_fabs_make_adds_to_output_and_the_rest_is_unsold():
    """1,200 a year and 300 a month from fabs: two thirds at once, the rest and 200 over later."""
    found = months(supply([1, 1, 1]), 1200.0, [1.0, 1.0], fabs=300.0)
    np.testing.assert_allclose(found, [[2 / 3] * 3, [1.0] * 3])
    of, values = supply([1, 1, 1]), jnp.array([100.0, 300.0, 200.0, 1.0])[:, None]
    sent = of.send(
        values,
        jnp.array([1200.0, 0.75])[:, None],
        jnp.array([100.0, 300.0, 0.0])[:, None],
        jnp.full((1, 1), 300.0),
        jnp.array(3.0),
        jnp.array(1 / 12),
    )
    np.testing.assert_allclose(np.asarray(sent.made), 400.0)
    np.testing.assert_allclose(np.asarray(sent.chips)[:, 0], [0, 0, 150.0])
    np.testing.assert_allclose(np.asarray(sent.unsold), 150.0)  # 400 x 75 % less 150
