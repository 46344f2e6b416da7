"""Draws from elsewhere: what they are worth is what the plan's own draws are worth."""

from pathlib import Path
from typing import cast

import numpy as np
import pytest
from scipy.stats import norm

from offtake.core.errors import PlanErrors
from offtake.lowering.lower import LoweredPlan, lower
from offtake.risk.tilt import read_tilt
from offtake.run.draw import HostDraws, draw
from offtake.run.tilted import PARTS, Tilted
from offtake.run.ways import ways_of
from tests.run.small import small_plan

PATHS = 16 * 256
SURE = 4.0
"""Standard errors: a right estimate is farther off in one of sixteen thousand tests."""


@pytest.fixture(name="lowered", scope="module")
def lowered_plan(tmp_path_factory: pytest.TempPathFactory) -> LoweredPlan:
    changes = ("parties.tenant.credit.drivers={compute_price: 50 %}",)
    changes += ("parties.tenant.credit.hazard=0.3 %/year",)
    plan = small_plan(tmp_path_factory.mktemp("plan"), *changes)
    return lower(plan, ())


def drawn(lowered: LoweredPlan, *said: str, sampler: str = "pseudo") -> tuple[Tilted, HostDraws]:
    tilt = ways_of(lowered, read_tilt(said))
    return tilt, draw(lowered, 3, 0, PATHS, PATHS, cast("any", sampler), tilt)


def near(values: np.ndarray, weight: np.ndarray, truth: float) -> bool:
    """Whether the weighted mean, over PATHS, is within its error of the truth."""
    of = weight * values
    error = of.std(ddof=1) / of.size**0.5
    print(f"{of.mean():.6g} +- {error:.2g}, truth {truth:.6g}")
    return abs(of.mean() - truth) < SURE * error


WAYS = (
    ("compute_price -1.5",),
    ("compute_price -2 by 2027-06, chips.b200.price 1", "tenant.default x20"),
    ("sites.hall.phases[0] 1.5, tenant x5, plain 40 %",),
)


@pytest.mark.parametrize(
    ("said", "sampler"),
    [*((way, "pseudo") for way in WAYS), (WAYS[1], "antithetic"), (WAYS[1], "sobol")],
)
def test_what_is_drawn_is_worth_what_the_plan_says(
    lowered: LoweredPlan, said: tuple[str, ...], sampler: str
) -> None:
    tilt, of = drawn(lowered, *said, sampler=sampler)
    streams = lowered.labels.monthly_streams
    price = of.monthly[1:, streams.index("drivers.compute_price")]
    own = of.monthly[1:, streams.index("parties.tenant.credit")]
    assert near(np.ones(PATHS), of.weight, 1.0)
    assert near(price.sum(axis=0), of.weight, 0.0)
    assert near(price[5] * own[6], of.weight, 0.0)
    assert near((own[3] < -1.0).astype(float), of.weight, norm.cdf(-1.0))
    assert near((of.once[0] > 1.0).astype(float), of.weight, norm.sf(1.0))
    assert near(np.log(of.values[lowered.table.at("chips.b200.price")]), of.weight,
                (np.log(35e3) + np.log(42e3)) / 2.0)  # fmt: skip
    assert of.weight.max() <= PARTS / tilt.parts[0] * (1.0 + 1e-12)


def test_defaults_are_as_likely_as_their_hazard_says(lowered: LoweredPlan) -> None:
    """1 - exp(-h x 4 years), with a latent variable half made of a driver that is moved too."""
    _, of = drawn(lowered, "compute_price -0.5, tenant.default x30")
    streams = lowered.labels.monthly_streams
    price = of.monthly[:, streams.index("drivers.compute_price")]
    own = of.monthly[:, streams.index("parties.tenant.credit")]
    latent = 0.5 * price + np.sqrt(0.75) * own
    chance = -np.expm1(-0.003 * np.asarray(lowered.calendar.years))
    default = (latent < norm.ppf(chance)[:, None]).any(axis=0)
    truth = -np.expm1(-0.003 * float(np.sum(lowered.calendar.years)))
    assert near(default.astype(float), of.weight, truth)
    error = np.std(of.weight * default) / PATHS**0.5
    plain = (truth * (1.0 - truth) / PATHS) ** 0.5
    assert error < plain / 2.0  # as sure as four times as many futures, and more


def test_shares_are_met_in_every_block_and_pairs_stay_together(lowered: LoweredPlan) -> None:
    tilt, _ = drawn(lowered, "compute_price -1", "compute_price 1", "plain 30 %")
    way = tilt.way_of(512)
    assert tilt.parts.tolist() == [38, 45, 45]
    assert np.bincount(way[:256]).tolist() == [76, 90, 90]
    assert (way[:128] == way[128:256]).all()
    assert (way[:256] == way[256:]).all()


def test_a_shift_takes_along_what_is_correlated(lowered: LoweredPlan) -> None:
    """Means are where the wanted sum of shocks has its sd times the shift, and least elsewhere."""
    tilt, of = drawn(lowered, "compute_price -1.5")
    price = of.monthly[1:, lowered.labels.monthly_streams.index("drivers.compute_price")]
    months = price.shape[0]
    moved = tilt.way_of(PATHS) == 1
    assert price[:, moved].sum(axis=0).mean() / months**0.5 == pytest.approx(-1.5, abs=0.05)
    assert np.abs(tilt.monthly).sum() == pytest.approx(1.5 * months**0.5, rel=1e-3)


@pytest.mark.parametrize(
    ("said", "message"),
    [
        ("compute_prise -1", "did you mean compute_price?"),
        ("SOFR -1, neocloud x10", "it fails when it is short of cash"),
        ("bank x10", "give it one: parties.bank.credit"),
        ("contracts.loan.term 1", "write it as an interval in the plan"),
        ("compute_price -1 by 2040-01", "a month of the plan, 2026-01 to 2029-12"),
        ("chips.b200.price 1 by 2027-01", "it is drawn once"),
        ("compute_price -1, compute_price -2", "shifts of the same thing"),
        ("compute_price -20", "at most 8 standard deviations"),
        ("tenant x0", "a factor above 0"),
        ("plain 2 %", "a share from 5 % to 95 %"),
        ("compute_price", "write it in one of these forms"),
        ("auto:", "a figure after auto:"),
    ],
)
def test_what_cannot_be_tilted_is_refused_by_name(
    lowered: LoweredPlan, said: str, message: str
) -> None:
    with pytest.raises(PlanErrors) as wrong:
        ways_of(lowered, read_tilt(said))
    assert message in str(wrong.value)


def test_two_ways_and_an_automatic_one_do_not_go_together(tmp_path: Path) -> None:
    del tmp_path
    with pytest.raises(PlanErrors, match="leave one of them out"):
        read_tilt(["auto:facilities.loan.pd", "compute_price -1"])
