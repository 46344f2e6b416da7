"""What moves a quantile and the worst 5 % of futures, against closed forms and real moves."""

from pathlib import Path

import numpy as np
import pytest
from scipy.stats import norm

from offtake.results.sensitivity import Sensitivity
from tests.run.one_year import SALES, asked, effect

PAID = 30e6
SURE = 4.0
"""Standard errors: a right estimate is farther off in one of sixteen thousand tests."""
SPREAD = 0.3
END = float(norm.ppf(0.95) * SPREAD)
PATHS = 2048


def drawn(scale: float = 1.0) -> tuple[str, str]:
    """A price drawn once for the year, lognormal with median 2 USD."""
    low, high = (2.0 * scale * float(np.exp(sign * END)) for sign in (-1.0, 1.0))
    return "start: 2 USD/H100e/h", f"start: {low!r} to {high!r} USD/H100e/h"


pytestmark = pytest.mark.slow


@pytest.fixture(name="worst", scope="module")
def of_the_worst(tmp_path_factory: pytest.TempPathFactory) -> Sensitivity:
    folder = tmp_path_factory.mktemp("plan")
    return asked(folder, "net_usd_worst5 of sponsor", PATHS, drawn())


def test_the_worst_lose_what_a_lognormal_price_says(worst: Sensitivity) -> None:
    """Mean sales of the lowest 5 %: median x exp(s^2 / 2) x Phi(z_5 - s) / 5 %."""
    sales = SALES * np.exp(SPREAD**2 / 2.0) * norm.cdf(norm.ppf(0.05) - SPREAD) / 0.05
    assert worst.value == pytest.approx(PAID - sales, abs=SURE * worst.error)
    moved = effect(worst, "drivers.compute_price.start")
    assert moved.effect == pytest.approx(-0.01 * sales, abs=SURE * moved.error)
    assert 0.0 < moved.error < 0.1 * abs(moved.effect)
    paid = effect(worst, "chips.fleet.price")
    assert paid.effect == pytest.approx(0.01 * PAID, abs=SURE * paid.error)


def test_a_step_moves_the_worst_as_far_as_it_does(worst: Sensitivity) -> None:
    """A million handed out is far more than the width about the edge of the worst futures."""
    cash = effect(worst, "parties.company.cash")
    assert (cash.way, cash.by) == ("step", "1 M USD")
    # Paid out to a sponsor that has paid 30 M for sales of at most that: rounding of sums.
    assert cash.effect == pytest.approx(-1e6, abs=1.0)


@pytest.mark.scenarios
def test_a_quantile_of_cover_moves_in_proportion_to_the_price(tmp_path: Path) -> None:
    """All cover is in proportion to the price, so one per cent of it is one of every quantile."""
    of = "facilities.loan.min_dscr_p5"
    found = asked(tmp_path, of, PATHS, drawn(), check=8, stack="loan")
    moved = effect(found, "drivers.compute_price.start")
    assert moved.effect == pytest.approx(0.01 * found.value, abs=SURE * moved.error)
    assert 0.0 < moved.error < 0.2 * moved.effect
    price = next(check for check in found.checks if check.place == moved.place)
    # Found again on all futures, of which several blocks are run: rounding.
    up, down = (
        asked(tmp_path, of, PATHS, drawn(x), check=0, stack="loan").value for x in (1.01, 0.99)
    )
    assert price.bump == pytest.approx((up - down) / 2.0, rel=1e-9)
    for check in found.checks:
        assert check.bump != 0.0
        assert check.effect == pytest.approx(check.bump, abs=SURE * check.error)


def test_where_all_futures_are_alike_the_worst_move_as_all_do(tmp_path: Path) -> None:
    found = asked(tmp_path, "net_usd_worst5 of sponsor", PATHS, check=1)
    assert found.value == pytest.approx(PAID - SALES, rel=1e-9)
    moved = effect(found, "drivers.compute_price.start")
    # A move of 1 % of sales is a seventh of the width, a tenth of the loss: half of its square.
    assert moved.effect == pytest.approx(-0.01 * SALES, rel=0.02)
    (check,) = found.checks
    assert check.bump == pytest.approx(0.01 * PAID, rel=1e-6)  # the largest is the price of chips


def test_rare_losses_move_the_worst_by_their_likelihood(tmp_path: Path) -> None:
    """A market that defaults in some 2 % of futures: the hazard moves how many lose."""
    found = asked(
        tmp_path,
        "parties.sponsor.net_usd_worst5",
        PATHS,
        (
            "credit: {hazard: 0 %/year, recovery: 100 %}",
            "credit: {hazard: 2 %/year, recovery: 0 %}",
        ),
    )
    hours = 24.0 * np.array([31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31])
    lost = 2000.0 * np.cumsum(hours[::-1])[::-1]  # sales from the month of the default on
    chance = np.diff(1.0 - np.exp(-0.02 / 12.0 * np.arange(13)))
    expected = PAID - SALES + float(chance @ lost) / 0.05
    assert found.value == pytest.approx(expected, abs=SURE * found.error)
    slope = np.diff(np.arange(13) / 12.0 * np.exp(-0.02 / 12.0 * np.arange(13)))
    moved = effect(found, "parties.market.credit.hazard")
    assert moved.way == "event"
    assert moved.effect == pytest.approx(
        0.01 * 0.02 * float(slope @ lost) / 0.05, abs=SURE * moved.error
    )
    assert 0.0 < moved.error < 0.5 * abs(moved.effect)
