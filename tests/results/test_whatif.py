"""First-order estimates: by hand on given slopes, and of a plan known in closed form."""

import json
from pathlib import Path

import pytest

from offtake.plan.load import load
from offtake.results import drill
from offtake.results.whatif import (
    Headline,
    Mark,
    Number,
    WhatIf,
    against,
    between,
    headlines,
    run_values,
    shown,
)
from offtake.run.api import run
from offtake.run.whatif import ranked, what_if
from tests.run.one_year import TEXT

PD, EL = "facilities.loan.pd", "facilities.loan.el_usd"
SALES = 17_520_000.0
"""1,000 H100e x 8,760 h x 2 USD"""


def given() -> WhatIf:
    near = (-0.05, 0.05)
    price = {
        PD: (Mark(-0.05, -0.01, 0.002), Mark(0.05, 0.03, 0.004)),
        EL: (Mark(-0.05, -10.0, 1.0), Mark(0.05, 10.0, 1.0)),
    }
    power = {
        PD: (Mark(-0.05, 0.0, 0.0), Mark(0.05, 0.0, 0.0)),
        EL: (Mark(-0.05, 4.0, 0.5), Mark(0.05, -2.0, 0.5)),
    }
    return WhatIf(
        "x",
        512,
        1,
        (Headline(PD, "1", 0.02, 0.01), Headline(EL, "USD", 100.0, 5.0)),
        (
            Number("drivers.price", "2 USD", "USD", 2.0, near, price),
            Number("contracts.power.price", "50 USD", "USD", 50.0, near, power),
        ),
    )


def test_by_hand():
    pd, el = given().estimate({"drivers.price": 0.025, "contracts.power.price": -0.05})
    assert pd["change"] == pytest.approx(0.5 * 0.03)
    # Half the error of its side, and of the bend of 0.02 a half of 0.5 (1 - 0.5).
    assert pd["error"] == pytest.approx(((0.5 * 0.004) ** 2 + (0.5 * 0.25 * 0.02) ** 2) ** 0.5)
    # Power moves by the whole span: there the estimate is what was run, bend and all.
    assert el["change"] == pytest.approx(0.5 * 10.0 + 4.0)
    assert el["error"] == pytest.approx((0.5**2 + 0.5**2) ** 0.5)


def test_between_marks_by_hand():
    """A default that comes between 5 and 20 %, as no slope at the start could tell."""
    marks = (Mark(0.05, 1.0, 0.1), Mark(0.2, 13.0, 0.4))
    found = between(marks, 0.1)
    assert found.change == pytest.approx(1.0 + (13.0 - 1.0) / 3.0)
    assert found.error == pytest.approx(0.1 * 2.0 / 3.0 + 0.4 / 3.0)
    # 80 from 5 to 20 %, 20 before: the parabola through all three bends by (80 - 20) / 0.2.
    assert found.bend == pytest.approx(0.05 * 0.1 * 300.0)
    # Before the first mark its own chord, and the same bend.
    assert between(marks, 0.025) == pytest.approx((0.5, 0.05, 0.025 * 0.025 * 300.0))
    # At a mark what was run; beyond the last the last chord goes on.
    assert between(marks, 0.2) == pytest.approx((13.0, 0.4, 0.0))
    assert between(marks, 0.25).change == pytest.approx(17.0)


def test_a_result_that_is_not_known_at_a_mark_is_known_before_it():
    """LGD where nobody defaults: nothing is said of moves towards that mark."""
    marks = {PD: (Mark(0.05, 0.01, 0.0),)}
    number = Number("a", "1 USD", "USD", 1.0, (-0.05, 0.05), marks)
    found = WhatIf("x", 512, 1, (Headline(PD, "1", 0.02, 0.01),), (number,))
    for share, known in ((0.05, True), (0.02, True), (-0.01, False), (0.06, False)):
        (row,) = found.estimate({"a": share})
        assert (row["estimate"] is not None) is known


def test_a_parabola_lies_within_its_bend():
    marks = [Mark(m, 3.0 * m + 7.0 * m * m, 0.0) for m in (-0.2, -0.05, 0.05, 0.2)]
    for share in (-0.19, -0.1, -0.03, 0.01, 0.12):
        found = between(marks, share)
        off = abs(found.change - (3.0 * share + 7.0 * share**2))
        assert off == pytest.approx(found.bend, rel=1e-9)


def test_each_side_has_its_own_slope():
    pd, _ = given().estimate({"drivers.price": -0.05})
    assert (pd["change"], pd["error"]) == (pytest.approx(-0.01), pytest.approx(0.002))


def test_nothing_has_no_sign():
    assert shown(-1e-9, "1") == "0.00 %"
    assert shown(-1e-9, "1", sign=True) == "0.00 pt"
    assert shown(0.0123, "1", points=True) == "1.23 pt"
    assert shown(-0.0, "USD") == "0"
    assert shown(0.0123, "1", sign=True) == "+1.23 pt"
    assert shown(-0.0123, "1") == "−1.23 %"


def test_an_estimate_stays_what_the_result_can_be_and_starts_at_the_run():
    pd, el = given().estimate({"drivers.price": -0.4}, {PD: 0.05, EL: 7.0})
    assert (pd["run"], el["run"]) == (0.05, 7.0)
    assert pd["estimate"] == 0.0
    assert pd["change"] == -0.05
    assert el["estimate"] == 0.0
    assert given().beyond({"drivers.price": -0.4, "contracts.power.price": 0.05}) == [
        "drivers.price"
    ]


def test_nothing_moved_changes_nothing_and_a_run_is_told_beside():
    table = given().estimate({})
    assert [row["change"] for row in table] == [0.0, 0.0]
    pd, el = against(table, {PD: 0.05, EL: None}, {PD: 0.02, EL: 100.0})
    assert pd["off"] == pytest.approx(-0.03)
    assert el["off"] is None


def test_it_comes_back_from_plain_data():
    assert WhatIf.from_json(json.loads(json.dumps(given().to_json()))) == given()
    with pytest.raises(KeyError):
        given().estimate({"nothing": 0.1})


def test_numbers_are_ranked_result_by_result():
    import numpy as np

    effects = np.array([[1e6, 5e5, 0.0, 0.0], [0.0, 0.02, 0.03, 0.0]])
    assert ranked(effects) == [1, 0, 2]


@pytest.mark.slow
def test_a_plan_known_in_closed_form(tmp_path: Path):
    """The sponsor pays 30 M USD and gets the sales: what it loses is the difference."""
    (tmp_path / "plan.yaml").write_text(TEXT)
    plan = load(tmp_path)
    name = "who_pays.sponsor.loss_usd"
    found = what_if(plan, [name], paths=256, numbers=9)
    by_place = {
        number.place: {mark.share: mark for mark in number.marks[name]} for number in found.numbers
    }
    # Rounding of sums of twelve months, as a share of what is paid in.
    near = pytest.approx(-0.05 * SALES, abs=1e-9 * 30e6)
    assert by_place["drivers.compute_price.start"][0.05].change == near
    assert by_place["chips.fleet.price"][-0.05].change == pytest.approx(-0.05 * 30e6, abs=0.03)
    assert by_place["chips.fleet.price"][-0.05].error == pytest.approx(0.0, abs=0.03)
    assert "contracts.equity.commitment" not in by_place  # does nothing
    (row,) = found.estimate({"drivers.compute_price.start": 0.1})
    assert row["change"] == pytest.approx(-0.1 * SALES, abs=0.03)


@pytest.mark.slow
def test_headlines_and_drill_down_of_a_run(tmp_path: Path):
    (tmp_path / "plan.yaml").write_text(TEXT)
    results = run(load(tmp_path), paths=256)
    names = headlines(results)
    assert "who_pays.sponsor.loss_usd" in names
    values = run_values(results, names)
    assert values["who_pays.sponsor.loss_usd"] == pytest.approx(30e6 - SALES, abs=0.03)
    mine = drill.contracts_of(results, "sponsor")
    assert sum(row["net_usd"] for row in mine) == pytest.approx(
        next(r["net_usd"] for r in results.who_pays() if r["party"] == "sponsor"), abs=0.03
    )
    for row in mine:
        contract = row["contract"]
        months = drill.months(results, contract)
        years = drill.years(results, contract)
        lines = [name for name in months.columns if name not in ("closes", "short")]
        # One future is like another here, so that the base case is the mean.
        total = sum(month[line] for month in months for line in lines)
        assert total == pytest.approx(
            sum(v for y in years for k, v in y.items() if k != "year"), abs=0.03
        )
    with pytest.raises(KeyError, match="no party 'nobody'"):
        drill.contracts_of(results, "nobody")
    with pytest.raises(KeyError, match="did you mean equity"):
        drill.months(results, "equty")
