"""Rare losses that are known in closed form, found by a tilt; plain figures do not suffer."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from scipy.stats import norm

from offtake.core.errors import PlanErrors
from offtake.plan.load import load
from offtake.results.results import Results
from offtake.run.api import run
from tests.run.one_year import TEXT

SALES = 17_520_000.0
"""1,000 H100e x 8,760 h x 2 USD"""
HOURS = 24.0 * np.array([31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31])
SPREAD = 0.1265
LOW, HIGH = (2.0 * np.exp(sign * norm.ppf(0.95) * SPREAD) for sign in (-1.0, 1.0))
DRAWN = ("start: 2 USD/H100e/h", f"start: {LOW:.9f} to {HIGH:.9f} USD/H100e/h")
"""A price drawn once for the year, lognormal with median 2 USD; the loan's service needs some."""
FAILING = ("hazard: 0 %/year, recovery: 100 %", "hazard: 0.01 %/year, recovery: 0 %")
SURE = 4.0
"""Standard errors: a right estimate is farther off in one of sixteen thousand tests."""

Ran = Callable[..., Results]

pytestmark = pytest.mark.scenarios


@pytest.fixture(name="ran", scope="module")
def compiled_once(tmp_path_factory: pytest.TempPathFactory) -> Ran:
    """Runs of one structure: only numbers differ, so all are one compiled program."""
    folder = tmp_path_factory.mktemp("plan")

    def of(
        *changes: tuple[str, str], paths: int = 4096, seed: int = 1, tilt: Any = None
    ) -> Results:
        text = TEXT
        for old, new in changes:
            assert old in text
            text = text.replace(old, new)
        (folder / "plan.yaml").write_text(text)
        return run(load(folder / "plan.yaml", stack="loan"), paths, seed, tilt=tilt)

    return of


@pytest.fixture(name="threshold", scope="module")
def beyond_a_threshold(ran: Ran) -> Results:
    return ran(DRAWN, tilt="drivers.compute_price.start -3.5")


def survived(hazard: float) -> float:
    """Expected sales: the market pays until the month of its default."""
    months = np.arange(1, 13)
    return float(np.sum(2.0 * 1000.0 * HOURS * np.exp(-hazard * months / 12.0)))


def pd_by_hand(found: Results) -> float:
    """Φ((ln K - ln 2) / σ), K the price between futures with a default and those without."""
    market = [str(party) for party in found["who_pays_net"]["party"].values].index("market")
    price = found["who_pays_net"].values[:, market] / (SALES / 2.0)
    failed = np.isfinite(found["facilities_default_period"].values[:, 0])
    last, next_ = float(price[failed].max()), float(price[~failed].min())
    assert 0.0 < next_ - last < 0.01  # one threshold, and futures close to it on either side
    return float(norm.cdf(np.log((last + next_) / 4.0) / SPREAD))


def test_a_default_in_ten_thousand_futures_of_a_threshold(threshold: Results) -> None:
    found, truth = threshold, pd_by_hand(threshold)
    (loan,) = found.facilities()
    assert 5e-5 < truth < 5e-4
    assert loan["pd"] == pytest.approx(truth, abs=SURE * loan["pd_se"])
    # Plain runs: sqrt(p (1 - p) / n). At least a hundred times the variance (a thousand and more).
    assert truth / 4096.0 / loan["pd_se"] ** 2 > 100.0
    (row,) = [r for r in found.tilted() if r["figure"] == "facilities.loan.pd"]
    assert row["as_sure_as"] > 100.0 * 4096.0
    # What the tilt does not touch is nearly as sure: at most 1 / plain share less.
    (net,) = [r for r in found.tilted() if r["figure"] == "parties.market.net_usd"]
    assert net["value"] == pytest.approx(
        SALES * np.exp(SPREAD**2 / 2.0), abs=SURE * net["value_se"]
    )
    assert net["as_sure_as"] > 0.2 * 4096.0


def test_a_default_in_ten_thousand_futures_of_a_hazard(ran: Ran) -> None:
    found = ran(FAILING, tilt="market.default x3000")
    market = found.who_pays().find(party="market")
    lost = SALES - survived(1e-4)
    assert market["net_usd"] == pytest.approx(survived(1e-4), abs=SURE * market["net_usd_se"])
    assert (
        market["net_usd_se"] < 0.1 * lost
    )  # it is told from nothing; plain: 1.3 times what is lost
    errors = found.facts["errors"]
    assert market["net_usd_se"] == errors["who_pays.market.net_usd"]


def test_the_automatic_tilt_finds_the_threshold(ran: Ran) -> None:
    found = ran(DRAWN, tilt="auto:pd of loan")
    (loan,) = found.facilities()
    assert loan["pd"] == pytest.approx(pd_by_hand(found), abs=SURE * loan["pd_se"])
    assert loan["pd_se"] < 0.15 * loan["pd"]
    facts = found.facts["tilt"]
    assert facts["pilot"]["paths"] == 2048 * facts["pilot"]["rounds"]
    (way,) = facts["ways"]
    (shift,) = way["shifts"]
    assert shift["name"] == "drivers.compute_price.start"
    assert shift["sd"] == pytest.approx(-3.9, abs=0.5)  # beyond the threshold, at -3.7


def test_the_automatic_tilt_finds_the_hazard(ran: Ran) -> None:
    found = ran(FAILING, tilt="auto:loss_usd of sponsor")
    (way,) = found.facts["tilt"]["ways"]
    assert way["likelier"][0]["party"] == "market"
    assert way["likelier"][0]["times"] > 100.0


def test_what_cannot_be_asked_is_refused(ran: Ran) -> None:
    with pytest.raises(PlanErrors, match="a figure that is not a loss"):
        ran(DRAWN, tilt="auto:parties.sponsor.net_usd")
    with pytest.raises(PlanErrors, match="hardly any of it"):
        ran(tilt="auto:el_usd of loan")


def test_intervals_cover_and_figures_are_unbiased(ran: Ran) -> None:
    """Over 100 seeds: of PD, EL and of a figure that the tilt does not touch."""
    from scipy.stats import binom
    from scipy.stats import t as student

    seeds, reach = 100, float(student.ppf(0.975, 15))
    first = ran(DRAWN, tilt="drivers.compute_price.start -3.5")
    truth = {
        "facilities.loan.pd": pd_by_hand(first),
        "who_pays.market.net_usd": SALES * float(np.exp(SPREAD**2 / 2.0)),
    }
    values: dict[str, list[float]] = {name: [] for name in truth}
    covered = dict.fromkeys(truth, 0)
    for seed in range(1, seeds + 1):
        found = ran(DRAWN, seed=seed, tilt="drivers.compute_price.start -3.5")
        (loan,) = found.facilities()
        of = {
            "facilities.loan.pd": loan["pd"],
            "who_pays.market.net_usd": found.who_pays().find(party="market")["net_usd"],
        }
        for name, value in of.items():
            values[name].append(value)
            covered[name] += abs(value - truth[name]) <= reach * found.facts["errors"][name]
    low, high = (float(binom.ppf(q, seeds, 0.95)) for q in (0.0005, 0.9995))
    for name, mean in truth.items():
        of = np.array(values[name])
        error = of.std(ddof=1) / seeds**0.5
        print(
            f"{name}: {of.mean():.6g} ± {error:.2g}, truth {mean:.6g}; {covered[name]} of {seeds}"
        )
        assert abs(of.mean() - mean) < SURE * error
        assert low <= covered[name] <= high
