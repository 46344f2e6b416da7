"""What moves a result, against years that are known by hand and closed forms."""

import json
from dataclasses import replace
from io import StringIO
from pathlib import Path
from typing import cast

import jsonschema
import numpy as np
import pytest
from rich.console import Console
from scipy.stats import norm

from offtake.reports.sensitivity import as_written, svg, tornado
from offtake.results.sensitivity import Effect, Sensitivity
from tests.run.one_year import SALES, asked, effect

ROOT = Path(__file__).resolve().parents[2]
HOURS = 24.0 * np.array([31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31])
SURE = 4.0
"""Standard errors: a right estimate is farther off in one of sixteen thousand tests."""

pytestmark = pytest.mark.slow


@pytest.fixture(name="plain", scope="module")
def by_hand(tmp_path_factory: pytest.TempPathFactory) -> Sensitivity:
    return asked(tmp_path_factory.mktemp("plan"), "parties.sponsor.loss_usd", 256)


@pytest.mark.parametrize(
    ("place", "moved"),
    [
        ("drivers.compute_price.start", -0.01 * SALES),
        ("chips.fleet.chip.h100e", -0.01 * SALES),
        ("chips.fleet.price", 0.01 * 30e6),
        ("chips.fleet.units", 0.01 * (30e6 - SALES)),
        ("contracts.equity.commitment", 0.0),
    ],
)
def test_proportions_by_hand(plain: Sensitivity, place: str, moved: float) -> None:
    """The sponsor pays 30 M USD and gets the sales: what it loses is the difference."""
    # Rounding of sums of twelve months, as a share of what is paid in.
    assert effect(plain, place).effect == pytest.approx(moved, abs=1e-9 * 30e6)


def test_the_result_and_its_elasticity(plain: Sensitivity) -> None:
    assert plain.value == pytest.approx(30e6 - SALES, abs=1e-2)
    assert plain.error == pytest.approx(0.0, abs=1e-2)
    elasticity = effect(plain, "chips.fleet.price").elasticity
    assert elasticity == pytest.approx(30e6 / (30e6 - SALES), rel=1e-9)


def test_a_date_is_moved_by_a_month(plain: Sensitivity) -> None:
    """Open a month later it does not sell in January."""
    late = effect(plain, "sites.hall.phases[0].energise")
    assert (late.way, late.by) == ("step", "1 month")
    assert late.effect == pytest.approx(2.0 * 1000.0 * HOURS[0], abs=1e-2)


def test_a_number_written_as_zero_is_moved_up(plain: Sensitivity) -> None:
    """A market that pays all even in default moves nothing; cash of a million is handed out."""
    cash = effect(plain, "parties.company.cash")
    assert (cash.way, cash.by) == ("step", "1 M USD")
    assert cash.effect == pytest.approx(-1e6, abs=1e-2)
    assert effect(plain, "parties.market.credit.hazard").effect == 0.0


def test_a_kink_at_what_is_written_is_moved_both_ways(plain: Sensitivity) -> None:
    """Of an order that is paid in full, 1 % more is paid for nothing, and 1 % less buys less.

    All futures are alike, and stand at the kink.
    """
    more, less = 0.01 * 30e6, 0.01 * (30e6 - SALES)
    moved = effect(plain, "contracts.order.milestones.signing")
    assert plain.near == plain.moved == 256
    assert moved.effect == pytest.approx((more + less) / 2.0, rel=1e-9)


def test_checks_agree(plain: Sensitivity) -> None:
    """Of 1 % up and 1 % down, the half difference of a linear result is its derivative."""
    assert len(plain.checks) == 3
    for check in plain.checks:
        assert check.effect == pytest.approx(check.bump, rel=1e-9)


FAILING = ("credit: {hazard: 0 %/year, recovery: 100 %}", "credit: {%s, recovery: 0 %%}")


def survived(hazard: float) -> float:
    """Expected sales: the market pays until the month of its default."""
    months = np.arange(1, 13)
    return float(np.sum(2.0 * 1000.0 * HOURS * np.exp(-hazard * months / 12.0)))


def by_one_per_cent(hazard: float) -> float:
    return (survived(1.01 * hazard) - survived(0.99 * hazard)) / 2.0


def test_a_hazard_moves_by_the_likelihood(tmp_path: Path) -> None:
    found = asked(
        tmp_path,
        "parties.sponsor.returned_usd",
        4096,
        (FAILING[0], FAILING[1] % "hazard: 50 %/year"),
    )
    moved = effect(found, "parties.market.credit.hazard")
    assert found.value == pytest.approx(survived(0.5), abs=SURE * found.error)
    assert moved.way == "event"
    assert moved.effect == pytest.approx(by_one_per_cent(0.5), abs=SURE * moved.error)
    assert 0.0 < moved.error < 0.1 * abs(moved.effect)


@pytest.mark.scenarios
def test_a_hazard_that_is_a_driver_moves_by_who_defaults(tmp_path: Path) -> None:
    found = asked(
        tmp_path,
        "parties.sponsor.returned_usd",
        8192,
        (FAILING[0], FAILING[1] % "hazard: stress"),
        (
            "drivers:\n",
            "drivers:\n  stress: {process: random_walk, start: 50 %/year, volatility: 0 %/year}\n",
        ),
    )
    moved = effect(found, "drivers.stress.start")
    assert moved.way == "proportion"
    assert found.near > 10
    assert moved.effect == pytest.approx(by_one_per_cent(0.5), abs=SURE * moved.error)
    # Few futures flip: 1 % of the defaults of a year, of which the sales lost differ.
    assert 0.0 < moved.error < 0.5 * abs(moved.effect)


SPREAD = 0.3
LOW, HIGH = (2.0 * np.exp(sign * norm.ppf(0.95) * SPREAD) for sign in (-1.0, 1.0))
DRAWN = ("start: 2 USD/H100e/h", f"start: {LOW / 2.0:.6f} to {HIGH / 2.0:.6f} USD/H100e/h")
"""A price drawn once for the year, lognormal with median 1 USD; the loan's service needs some."""


@pytest.fixture(name="threshold", scope="module")
def near_a_threshold(tmp_path_factory: pytest.TempPathFactory) -> Sensitivity:
    folder = tmp_path_factory.mktemp("plan")
    return asked(folder, "facilities.loan.pd", 4096, DRAWN, check=8, stack="loan")


def test_a_default_moves_with_what_decides_it(threshold: Sensitivity) -> None:
    """The loan fails where the price is below some K, so d PD / d ln price = -phi(z) / sigma.

    z is the quantile of the PD; its own error moves phi(z) by less than the estimate's error.
    """
    z = norm.ppf(threshold.value)
    moved = effect(threshold, "drivers.compute_price.start")
    assert 0.05 < threshold.value < 0.95
    assert moved.effect == pytest.approx(-0.01 * norm.pdf(z) / SPREAD, abs=SURE * moved.error)
    assert moved.effect < -SURE * moved.error


def test_near_paths_make_it_equal_bumps(threshold: Sensitivity) -> None:
    assert threshold.near == threshold.moved > 100
    assert len(threshold.checks) == 8
    for check in threshold.checks:
        assert check.bump != 0.0
        assert check.effect == pytest.approx(check.bump, abs=SURE * check.error)


def test_what_moves_nothing_is_not_listed_as_moving(threshold: Sensitivity) -> None:
    idle = {effect.place for effect in threshold.effects} - {e.place for e in threshold.moving}
    assert "parties.market.credit.recovery" in idle
    assert "contracts.loan.amount" not in idle


def test_shown_and_written(threshold: Sensitivity) -> None:
    """The JSON is what its schema says; every number that moves has a bar."""
    schema = json.loads((ROOT / "docs" / "sensitivity.schema.json").read_text("utf-8"))
    jsonschema.Draft202012Validator(schema).validate(threshold.to_json())
    shown = min(len(threshold.by_share), 5)
    steps = min(len(threshold.by_step), 2)
    assert shown == 5
    assert svg(threshold, 5).count("<rect x=") == shown
    for width in (80, 100):
        text = said(threshold, 5, width)
        assert max(map(len, text.splitlines())) <= width
        bars = [line for line in text.splitlines() if "│" in line]
        assert len(bars) == shown + steps
        assert not any(line.rstrip().endswith("…") for line in bars)


def said(found: Sensitivity, top: int, width: int) -> str:
    out = Console(width=width, file=StringIO(), highlight=False)
    out.print(tornado(found, top, width))
    return cast("StringIO", out.file).getvalue()


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("facilities.lone.el_usd", "did you mean facilities.loan.el_usd"),
        (
            "facilities.loan.el",
            "did you mean facilities.loan.el_usd or facilities.loan.el_bp_per_year",
        ),
        ("facilities.loan", "facilities.loan has pd, lgd, el_usd"),
        ("facilities.loan.irr_lender_p50", "a quantile over futures, which is not among"),
        ("loss_usd_worst5 of bonk", "did you mean loss_usd_worst5 of bank"),
        ("supports_usd_worst5 of bank", "a set that moves with the numbers, which is not"),
    ],
)
def test_an_unknown_result_names_the_nearest(tmp_path: Path, name: str, said: str) -> None:
    with pytest.raises(KeyError, match=said):
        asked(tmp_path, name, 256, stack="loan")


def test_one_per_cent_of_a_number_below_zero_is_a_fall() -> None:
    """0.2 points of trend less cost 4: a point more would bring 20."""
    falls = Effect("drivers.price.trend", "-20 %/year", "1/year", -0.2, "proportion", "1 %",
                   2e-3, -4.0, 0.1, None)  # fmt: skip
    assert falls.to_json()["per_unit"] == pytest.approx(20.0 / 0.01)


def test_an_amount_that_was_worked_out_is_shown_rounded() -> None:
    sized = Effect("contracts.loan.amount", "2897436283.1234567 USD", "USD", 2897436283.1234567,
                   "proportion", "1 %", 0.01, 1.0, 0.1, None)  # fmt: skip
    assert as_written(sized) == "2.90 bn USD"
    assert as_written(replace(sized, text="2.9 bn USD")) == "2.9 bn USD"
    assert as_written(replace(sized, text="12 M USD")) == "12 M USD"


def test_a_loss_given_default_without_default_is_not_known(tmp_path: Path) -> None:
    with pytest.raises(ArithmeticError, match="on none of 256 futures"):
        asked(tmp_path, "facilities.loan.lgd", 256, stack="loan")
