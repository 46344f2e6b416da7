"""Shapes of uncertain numbers, against scipy.stats and against what they promise."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from offtake.core.distribution import Distribution, interval
from offtake.core.number import parse_quantity

U = np.linspace(0.001, 0.999, 97)


@pytest.mark.parametrize(
    ("ours", "theirs"),
    [
        (Distribution("normal", (10.0, 2.0)), stats.norm(10.0, 2.0)),
        (Distribution("lognormal", (1.0, 0.5)), stats.lognorm(0.5, scale=np.e)),
        (Distribution("uniform", (2.0, 6.0)), stats.uniform(2.0, 4.0)),
        (Distribution("triangular", (1.0, 2.0, 5.0)), stats.triang(0.25, 1.0, 4.0)),
        (Distribution("triangular", (1.0, 1.0, 5.0)), stats.triang(0.0, 1.0, 4.0)),
        (Distribution("triangular", (1.0, 5.0, 5.0)), stats.triang(1.0, 1.0, 4.0)),
    ],
)
def test_quantiles_equal_scipy(ours: Distribution, theirs: stats.rv_continuous) -> None:
    np.testing.assert_allclose(ours.ppf(U), theirs.ppf(U), rtol=1e-12)
    assert ours.median == pytest.approx(theirs.ppf(0.5), rel=1e-12)


def test_quantiles_are_met_and_two_of_them_are_an_interval() -> None:
    shape = parse_quantity("quantiles(5 %: 1, 50 %: 2.5, 95 %: 4) USD").distribution
    assert shape is not None
    assert shape.ppf([0.05, 0.5, 0.95]).tolist() == pytest.approx([1.0, 2.5, 4.0])
    two = parse_quantity("quantiles(5 %: 30k, 95 %: 40k) USD").distribution
    assert two is not None
    np.testing.assert_allclose(two.ppf(U), interval(30e3, 40e3).ppf(U), rtol=1e-12)
    crossing = parse_quantity("quantiles(0.05: -1, 0.95: 1) USD").distribution
    assert crossing is not None
    np.testing.assert_allclose(crossing.ppf(U), interval(-1.0, 1.0).ppf(U), atol=1e-12)


SHAPES = st.one_of(
    st.tuples(st.floats(0.01, 1e6), st.floats(1.001, 50)).map(
        lambda p: interval(p[0], p[0] * p[1])
    ),
    st.tuples(st.floats(-1e6, 0), st.floats(0.001, 1e6)).map(lambda p: interval(p[0], p[0] + p[1])),
    st.tuples(st.floats(-10, 10), st.floats(0, 5), st.floats(0.01, 5)).map(
        lambda p: Distribution("triangular", (p[0], p[0] + p[1], p[0] + p[1] + p[2]))
    ),
    st.lists(st.floats(0.01, 1.0), min_size=2, max_size=6).map(
        lambda steps: Distribution(
            "quantiles",
            tuple(
                x
                for i, v in enumerate(np.cumsum(steps))
                for x in ((i + 1) / (len(steps) + 1), float(v))
            ),
        )
    ),
)


@given(SHAPES)
def test_quantiles_rise_and_the_median_is_one_of_them(shape: Distribution) -> None:
    values = shape.ppf(U)
    assert np.all(np.diff(values) >= 0)
    assert float(shape.ppf(0.5)) == pytest.approx(shape.median, rel=1e-9, abs=1e-9)
    assert np.all(np.isfinite(shape.ppf([0.0, 1.0])))


def test_draws_are_held_within_bounds() -> None:
    held = interval(0.6, 0.98).within(0.0, 1.0)
    assert float(held.ppf(0.9999)) == 1.0
    assert float(held.ppf(0.95)) == pytest.approx(0.98)
    assert held.within(0.7, None).low == 0.7
