"""What takes the same futures again: compare, sweep, attribute; and how they are drawn.

One file, because it is one program of one small plan that all of it runs.
"""

import json
from collections.abc import Sequence
from pathlib import Path

import jsonschema
import numpy as np
import pytest

from offtake.core.errors import PlanErrors
from offtake.plan.axis import Axis
from offtake.plan.load import load
from offtake.plan.other import other_plan
from offtake.plan.parts import Parts
from offtake.plan.schema import Plan
from offtake.results.differences import Differences, moved
from offtake.results.results import Results
from offtake.run.api import run
from offtake.run.attribute import difference_of, variance_of
from offtake.run.compare import compare_plans
from offtake.run.simulate import simulate
from offtake.run.sweep import grid_of, hypercube_of, sweep
from offtake.run.until import Until
from tests.reference_data import ROOT
from tests.run.one_year import written

PATHS = 4096
SALES = 17_520_000.0
MOVING = "drivers.compute_price.volatility=20 %/year"

pytestmark = pytest.mark.slow


SCENARIOS = """
scenarios:
  dear_and_late:
    drivers.compute_price.start: 2.2 USD/H100e/h
    sites.hall.phases[0].energise: 2026-07
    contracts: {equity: {commitment: 41 M USD}}
"""


@pytest.fixture(name="folder", scope="module")
def plan_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    file = written(tmp_path_factory.mktemp("plan"))
    file.write_text(file.read_text() + SCENARIOS)
    return file


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


def test_mistakes_of_the_other_plan_are_told_as_they_were_said(folder: Path) -> None:
    with pytest.raises(PlanErrors) as caught:
        other_plan(folder, ["set:plan.discount_rate=5 USD"], ["plan.horizon=4 years"])
    assert str(caught.value.problems[0].where) == "--with set:plan.discount_rate=5 USD"
    with pytest.raises(PlanErrors) as caught:
        other_plan(folder, ["nowhere"])
    assert "--with " in caught.value.problems[0].mend


def test_too_few_futures_are_refused(folder: Path) -> None:
    plan = load(folder)
    with pytest.raises(ValueError, match="more than 256"):
        compare_plans(plan, plan, 256)
    with pytest.raises(ValueError, match=r"multiple of 4,096.*write 4096"):
        compare_plans(plan, plan, 5000, sampler="sobol")


# ------------------------------------------------------------------------------------- samplers


@pytest.fixture(name="plan", scope="module")
def moving(folder: Path) -> Plan:
    return load(folder, (MOVING,))


@pytest.fixture(name="sobol", scope="module")
def run_by_sobol(plan: Plan) -> Results:
    return run(plan, PATHS, sampler="sobol")


def test_the_output_keeps_to_its_schema_and_says_how_sure_all_of_it_is(sobol: Results) -> None:
    plain = sobol.to_json()
    schema = json.loads((ROOT / "docs" / "results.schema.json").read_text("utf-8"))
    jsonschema.validate(plain, schema)
    errors = plain["standard_errors"]
    sponsor = next(row for row in plain["who_pays"] if row["party"] == "sponsor")
    assert sponsor["net_usd_se"] == errors["who_pays.sponsor.net_usd"] > 0.0
    assert errors["contracts.equity.irr.sponsor"] > 0.0


def test_sobol_is_surer_than_as_many_independent_futures(sobol: Results, plan: Plan) -> None:
    """The mean of a sum of lognormal prices is smooth: at least ten times less error, as told."""
    pseudo = run(plan, PATHS, errors=True)
    assert pseudo.to_json()["sampler"] == "pseudo"
    name = "who_pays.sponsor.net_usd"
    assert sobol.facts["errors"][name] < 0.1 * pseudo.facts["errors"][name]
    # the median price stays at 2 USD, so its mean at t years is 2 exp(0.2^2 t / 2)
    days = np.array([31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31])
    mean = 2.0 * np.exp(0.02 * np.cumsum(days) / 365.0)
    sold = sobol.contracts().find(contract="spot")["npv_usd"]["company"]
    # a month counts as 1/12 year or by its days: 0.02 x 2 days / 365 of difference at most
    assert sold == pytest.approx(float(24_000.0 * days @ mean), rel=2e-4)


def test_chunks_change_nothing_but_roundings(plan: Plan) -> None:
    wide = simulate(plan, PATHS, sampler="sobol", width=512)
    narrow = simulate(plan, PATHS, sampler="sobol", width=256)
    key = ("who_pays", "net")
    assert np.allclose(wide.merged.per_path(key), narrow.merged.per_path(key), rtol=1e-12)
    key = ("contract_value", "npv_usd")
    for group in (None, 3):
        one, two = (each.merged.moments(key, group) for each in (wide, narrow))
        assert one.count == two.count
        assert np.allclose(one.mean, two.mean, rtol=1e-12)
        assert np.allclose(one.square, two.square, rtol=1e-9)


@pytest.mark.parametrize(("share", "met"), [(0.5, True), (1e-5, False)])
def test_a_run_stops_where_a_figure_is_sure_enough(plan: Plan, share: float, met: bool) -> None:
    most = 2 * PATHS
    found = run(plan, most, until=Until("loss_usd of sponsor", share)).facts["until"]
    assert found["figure"] == "who_pays.sponsor.loss_usd"
    assert found["met"] is met
    assert found["paths"] == (PATHS if met else most)


def test_a_run_carried_on_is_the_run_of_as_many_futures(plan: Plan) -> None:
    found = run(plan, 2 * PATHS, until=Until("who_pays.sponsor.loss_usd", 1e-5))
    whole = run(plan, 2 * PATHS)
    for key in ("net_usd", "loss_usd", "loss_usd_worst5"):
        one, two = (each.who_pays().find(party="sponsor")[key] for each in (found, whole))
        assert one == pytest.approx(two, rel=1e-12)


@pytest.mark.parametrize("said", ["el_usd of loan", "x within 0 %", "x within 200 %", "x within %"])
def test_what_is_no_aim_is_told(said: str) -> None:
    with pytest.raises(ValueError, match="expected a figure and a share"):
        Until.read(said)


def test_an_aim_is_read() -> None:
    assert Until.read("el_usd of loan within 2 %") == Until("el_usd of loan", 0.02)


def test_an_unknown_figure_is_told_with_the_nearest(plan: Plan) -> None:
    with pytest.raises(KeyError, match="did you mean loss_usd of sponsor"):
        run(plan, PATHS, until=Until("los_usd of sponsor", 0.5))


# ------------------------------------------------------------------------------- sweep, attribute


def test_a_sweep_runs_the_same_futures_at_every_point(folder: Path) -> None:
    """What is sold goes with the price it starts from, at every point to rounding."""
    axes = [Axis.read("drivers.compute_price.start=2..2.4 USD/H100e/h")]

    def read(changes: Sequence[str]) -> Plan:
        return load(folder, (MOVING, *changes))

    name = "contracts.spot.npv_usd.company"
    found = sweep(read, axes, grid_of(axes, (3,)), [name], 512, grid=(3,))
    sold = [row["figures"][name] for row in found.rows]
    assert [row["at"] for row in found.rows] == [[f"{x} USD/H100e/h"] for x in ("2", "2.2", "2.4")]
    assert sold == pytest.approx([sold[0], 1.1 * sold[0], 1.2 * sold[0]], rel=1e-9)
    assert all(row["standard_errors"][name] > 0.0 for row in found.rows)
    short = sweep(read, axes, [(2.0,)], ["net_usd of sponsor", name], 512)
    assert short.figures == ("who_pays.sponsor.net_usd", name)
    assert short.rows[0]["figures"][name] == sold[0]
    with pytest.raises(KeyError, match="did you mean contracts"):
        sweep(read, axes, grid_of(axes, (2,)), ["contract.spot"], 512)
    with pytest.raises(KeyError, match="did you mean net_usd of sponsor"):
        sweep(read, axes, [(2.0,)], ["net_us of sponsor"], 512)


def test_a_sweep_of_nothing_named_takes_who_pays_most_and_says_which_points_are_no_plan(
    folder: Path,
) -> None:
    """Without debt: net, and loss in the worst 5 %, of three parties. Chips cannot cost nothing."""
    axes = [Axis.read("chips.fleet.price=-10..30 k USD")]

    def read(changes: Sequence[str]) -> Plan:
        return load(folder, (MOVING, *changes))

    found = sweep(read, axes, [(-10.0,), (30.0,)], (), 512)
    assert len(found.figures) == 6
    assert {"who_pays.vendor.net_usd", "who_pays.sponsor.net_usd"} <= set(found.figures)
    none, some = found.rows
    assert none["no_plan"].startswith("chips.fleet.price: ")
    assert set(none["figures"].values()) == {None}
    assert some["no_plan"] is None
    assert some["figures"]["who_pays.vendor.net_usd"] == pytest.approx(-30e6)
    ((why, count),) = found.refused
    assert (why, count) == (none["no_plan"], 1)
    with pytest.raises(PlanErrors, match=r"chips\.fleet\.price"):  # no point is a plan
        sweep(read, axes, [(-10.0,), (-5.0,)], (), 512)
    wrong = [Axis.read("contracts.equity.comitment=30..50 M USD"), Axis.read("plan.rate=1..2 %")]
    with pytest.raises(PlanErrors) as both:
        sweep(read, wrong, [(30.0, 1.0)], (), 512)
    assert "did you mean --over 'contracts.equity.commitment=30..50 M USD'" in str(both.value)
    assert "did you mean --over 'plan.discount_rate=1..2 %/year'" in str(both.value)


def test_a_ratio_has_no_variance_to_share_out(folder: Path) -> None:
    plan = load(folder, (MOVING,))
    with pytest.raises(KeyError, match=r"facilities\.loan\.lgd' is a ratio, mean loss"):
        variance_of(plan, "facilities.loan.lgd", 512)


def test_what_a_scenario_changes_is_shared_out(folder: Path) -> None:
    """Sales are price x hours: shares of two factors are the difference at the other's mean."""
    parts = Parts(folder, "dear_and_late", (MOVING,))
    price, late, equity = parts.changes
    assert equity == "contracts.equity"
    found = difference_of(parts, "dear_and_late", "contracts.spot.npv_usd.company", 512)
    share = {row["change"]: row["share"] for row in found.rows}
    assert sum(share.values()) == pytest.approx(found.after - found.before, rel=1e-9)
    assert share[equity] == pytest.approx(0.0, abs=1e-2)
    assert found.after < found.before
    hours = found.after / found.before / 1.1  # share of what is sold that is left
    assert share[price] == pytest.approx(0.1 * found.before * (1.0 + hours) / 2.0, rel=1e-9)
    assert share[late] == pytest.approx(-1.05 * found.before * (1.0 - hours), rel=1e-9)
    assert found.sets == 8
    assert found.orders is None


@pytest.mark.scenarios  # a second program is compiled
def test_variance_is_shared_as_of_a_sum_of_independent_parts(folder: Path) -> None:
    """The sponsor's net is cost less sales, each with a source of its own and none in common.

    So both shares of a source are equal and add up to 1, and that of cost is known in closed form.
    """
    plan = load(folder, (MOVING, "chips.fleet.price=25k to 35k USD"))
    found = variance_of(plan, "parties.company.net_usd", 2048)
    assert found.rows == ()  # all it gets it hands on
    found = variance_of(plan, "parties.sponsor.net_usd", 4096)
    row = {r["source"]: r for r in found.rows}
    assert set(row) == {"drivers.compute_price", "chips.fleet.price"}
    assert sum(r["total"] for r in found.rows) == pytest.approx(
        1.0, abs=4.0 * sum(r["total_se"] for r in found.rows)
    )
    for each in found.rows:
        apart = abs(each["first"] - each["total"])
        assert apart < 4.0 * (each["first_se"] + each["total_se"])
    # sd of a price between 25k and 35k: lognormal, 1.645 sd are half of ln 1.4
    cost = 1000.0 * np.sqrt(25e3 * 35e3) * np.log(1.4) / (2.0 * 1.6449)
    share = row["chips.fleet.price"]
    expected = (cost / found.sd) ** 2
    assert share["total"] == pytest.approx(expected, abs=4.0 * share["total_se"] + 0.02 * expected)


def test_points_lie_where_they_are_asked_for() -> None:
    axes = [Axis.read("contracts.loan.term=3..7 years"), Axis.read("a.b=10 %..60 %")]
    points = grid_of(axes, (5, 2))
    assert len(points) == 10
    assert points[1] == (3.0, 60.0)
    assert axes[0].change(points[-1][0]) == "contracts.loan.term=7 years"
    assert axes[1].written(10.0) == "10 %"
    cells = np.floor((np.array(hypercube_of(axes, 8, 1)) - [3.0, 10.0]) / [4.0, 50.0] * 8.0)
    assert all(sorted(column) == list(range(8)) for column in cells.T)
    assert Axis.read("contracts.loan.rate=SOFR + 300..600 bp").written(450.0) == "SOFR + 450 bp"


@pytest.mark.parametrize("said", ["a.b", "a.b=3", "a.b=3..3 years", "a.b=3 years..4 months"])
def test_what_is_no_range_is_told(said: str) -> None:
    with pytest.raises(PlanErrors) as told:
        Axis.read(said)
    assert {problem.code for problem in told.value.problems} == {"over-form"}
