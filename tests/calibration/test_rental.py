"""The run started in 2023 knows nothing later, and its scores are what they are said to be."""

import numpy as np
import pytest

from docs.calibration import rental
from offtake.core.distribution import Distribution
from offtake.lowering.lower import LoweredPlan, lower
from offtake.plan.load import load

LEFT_OUT = {
    "parties.owner.minimum_cash": 0.0,
    "parties.staff.cash": 0.0,
    "parties.staff.minimum_cash": 0.0,
    "market.utilisation": 1.0,  # set by a market that clears
    "market.generation_window": 24.0,  # not read where generation_price is given
    "market.demand.training.gross_margin": 0.0,
    "market.demand.training.memory_bound": 0.0,
    "market.demand.training.waits": 0.0,
    "market.demand.serving.gross_margin": 0.0,
    "market.demand.serving.memory_bound": 0.0,
    "market.demand.serving.waits": 0.0,
    "market.supply.everyone.capital_cost": 0.0,  # for welfare alone
    "market.supply.everyone.life": 72.0,
    "drivers.newest.volatility": 0.0,
    "contracts.office.per_mw": 0.0,
    "contracts.office.per_wafer": 0.0,
}
"""Numbers that the plan does not write, with the values that they then have."""


@pytest.fixture(scope="module")
def lowered() -> LoweredPlan:
    return lower(load(rental.PLAN))


def test_every_number_is_dated_before_the_start(lowered: LoweredPlan):
    start = lowered.plan.plan.start.date
    undated: dict[str, float] = {}
    for row in lowered.table.rows:
        if row.place.startswith("constant ") or row.place in ("plan.start", "plan.horizon"):
            continue
        if row.source is None:
            undated[row.place] = row.value
            continue
        assert row.source.date, f"{row.place} has no date"
        assert row.source.date < start, f"{row.place} is of {row.source.date}"
    assert undated == LEFT_OUT


def test_formulas_hold_no_number(lowered: LoweredPlan):
    texts = [str(getattr(driver, "formula", "")) for driver in lowered.plan.drivers.values()]
    assert not any(sign.isdigit() for text in texts for sign in text), texts


def test_the_kept_run_is_the_run():
    """The first block of paths, made again."""
    again, growth = rental.simulated(rental.BLOCK)
    kept = rental.kept()
    assert kept.shape == (len(rental.published()), rental.PATHS)
    np.testing.assert_allclose(kept[:, : rental.BLOCK], again, rtol=1e-3)
    assert np.median(growth) == pytest.approx(rental.kept_growth()[1], rel=0.2)


def test_months_are_counted_from_the_start():
    assert rental.month("2023-01") == 1
    assert rental.month("2023") == 7
    assert rental.month("2026-06-30") == 42


def test_crps_of_few_draws_by_hand():
    # mean |x - y| = (1 + 0 + 2) / 3; mean |x - x'| over nine pairs = 2 (1 + 3 + 2) / 9
    assert rental.crps(np.array([1.0, 2.0, 4.0]), 2.0) == pytest.approx(1.0 - 6.0 / 9.0)


def test_crps_of_a_normal_has_its_closed_form():
    """At the mean: sd (sqrt(2) - 1) / sqrt(pi)."""
    draws = Distribution("normal", (3.0, 2.0)).ppf(rental.QUANTILES)
    exact = 2.0 * (np.sqrt(2.0) - 1.0) / np.sqrt(np.pi)
    assert rental.crps(draws, 3.0) == pytest.approx(exact, rel=3e-3)


def test_a_walk_is_fitted_by_hand():
    walk = rental.fitted(np.exp([0.0, 1.0, 1.0]), np.array([0.0, 1.0, 2.0]))
    assert walk.start == pytest.approx(1.0)
    assert walk.drift == pytest.approx(0.5)
    assert walk.volatility == pytest.approx(np.sqrt(0.5))
