"""Two plans on the same futures: what is known by hand, and the errors of differences."""

from pathlib import Path

import numpy as np
import pytest

from offtake.core.errors import PlanErrors
from offtake.plan.load import load
from offtake.plan.other import other_plan
from offtake.results.differences import Differences, moved
from offtake.run.compare import compare_plans
from offtake.run.simulate import simulate
from tests.run.one_year import written

PATHS = 4096
SALES = 17_520_000.0
MOVING = "drivers.compute_price.volatility=20 %/year"

pytestmark = pytest.mark.slow


@pytest.fixture(name="folder", scope="module")
def plan_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return written(tmp_path_factory.mktemp("plan"))


@pytest.fixture(name="found", scope="module")
def dearer(folder: Path) -> Differences:
    """A price that moves, against one that starts 10 % higher and moves alike."""
    dear = load(folder, (MOVING, "drivers.compute_price.start=2.2 USD/H100e/h"))
    return compare_plans(load(folder, (MOVING,)), dear, PATHS)


def row_of(found: Differences, name: str) -> dict[str, float]:
    return dict(next(row for row in found.rows if row["result"] == name))


def test_a_price_10_percent_higher_sells_for_10_percent_more(found: Differences) -> None:
    row = row_of(found, "contracts.spot.npv_usd.company")
    assert row["change"] == pytest.approx(0.1 * row["before"], rel=1e-9)
    assert moved(row)


def test_errors_of_a_difference_are_those_of_its_futures(found: Differences, folder: Path) -> None:
    """Against sd / √n of the sponsor's gain by future; 16 groups tell an error to within 1.6x."""
    nets: list[np.ndarray] = []
    for start in ("2 USD/H100e/h", "2.2 USD/H100e/h"):
        ran = simulate(load(folder, (MOVING, f"drivers.compute_price.start={start}")), PATHS)
        sponsor = ran.book.labels.parties.index("sponsor")
        nets.append(ran.merged.per_path(("who_pays", "net"))[:, sponsor])
    gain = nets[1] - nets[0]
    row = row_of(found, "who_pays.sponsor.net_usd")
    assert row["change"] == pytest.approx(gain.mean(), rel=1e-9)
    exact = gain.std(ddof=1) / np.sqrt(PATHS)
    assert 1.0 / 1.6 < row["change_se"] / exact < 1.6
    apart = np.hypot(*(net.std(ddof=1) / np.sqrt(PATHS) for net in nets))
    assert row["change_se"] < 0.2 * apart  # the same futures: most of the error cancels


def test_quantiles_have_errors_of_their_own(found: Differences) -> None:
    row = row_of(found, "contracts.equity.irr.sponsor")
    assert row["change"] > 0.0
    assert 0.0 < row["change_95"] < row["change"]


def test_a_plan_does_not_differ_from_itself(folder: Path) -> None:
    plan = load(folder, (MOVING,))
    found = compare_plans(plan, plan, 512)
    assert found.rows
    assert all(row["change"] in (0.0, None) for row in found.rows)
    assert not any(moved(row) for row in found.rows)
    assert not found.gone
    assert not found.new


@pytest.mark.scenarios  # a second program is compiled
def test_what_only_one_side_has_is_named(folder: Path) -> None:
    found = compare_plans(load(folder), other_plan(folder, ["stack:loan"]), 512, said="stack:loan")
    assert not found.gone
    assert any(name.startswith("facilities.loan.") for name in found.new)


def test_the_other_plan_is_what_is_said(folder: Path) -> None:
    both = other_plan(folder, ["stack:prepaid", "set:plan.discount_rate=5 %/year"])
    assert "reservation" in both.contracts
    assert both.plan.discount_rate.value == pytest.approx(0.05)


@pytest.mark.parametrize(
    ("said", "code"),
    [
        (["nowhere"], "with-form"),
        (["stack:loan", "stack:prepaid"], "with-twice"),
        (["scenario:none"], "name-unknown"),
        (["set:contracts.nothing.rate=1"], "override-place"),
    ],
)
def test_what_cannot_be_compared_is_told(folder: Path, said: list[str], code: str) -> None:
    with pytest.raises(PlanErrors) as told:
        other_plan(folder, said)
    assert code in {problem.code for problem in told.value.problems}


def test_too_few_futures_are_refused(folder: Path) -> None:
    plan = load(folder)
    with pytest.raises(ValueError, match="more than 256"):
        compare_plans(plan, plan, 256)
    with pytest.raises(ValueError, match=r"multiple of 4,096.*write 4096"):
        compare_plans(plan, plan, 5000, sampler="sobol")
