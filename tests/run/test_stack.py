"""Capital stacks of one year: rates known by hand, the same in any order and company."""

import json
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from offtake.core.errors import PlanErrors
from offtake.plan.schema import Plan
from offtake.plan.stacks import check_stacks, chosen
from offtake.reports.chart import svg
from offtake.reports.stack import comparison
from offtake.results.comparison import Comparison
from offtake.run.stack import compare
from tests.run.one_year import written

ROOT = Path(__file__).resolve().parents[2]
DRAWN = ("drivers.compute_price.volatility=10 %/year",)
"""Moves the price by some per cent; nobody fails."""
RATE = 1e-9
"""Rates are refined to 1e-12 in their logarithm; monthly flows are sums of floats."""

pytestmark = pytest.mark.scenarios


def plans(folder: Path, *changes: str) -> dict[str, Plan]:
    found = check_stacks(written(folder), changes)
    return {name: checked.plan for name, checked in found.items() if checked.plan is not None}


@pytest.fixture(name="drawn", scope="module")
def read(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Plan]:
    return plans(tmp_path_factory.mktemp("plan"), *DRAWN)


@pytest.fixture(name="found", scope="module")
def every_stack(drawn: dict[str, Plan]) -> Comparison:
    return compare(drawn, paths=256, shocks=False)


def row(found: Comparison, stack: str) -> dict[str, Any]:
    return dict(found.table().find(stack=stack))


def test_owners_alone_are_found(found: Comparison) -> None:
    assert found.against == "own"
    assert row(found, "own")["raised_usd"] == 0.0
    assert row(found, "own")["cost_mean"] is None


def test_a_loan_costs_its_rate(found: Comparison) -> None:
    """10 % a year by the month, on every future, to borrower and lender."""
    loan, effective = row(found, "loan"), (1.0 + 0.1 / 12.0) ** 12 - 1.0
    assert loan["raised_usd"] == pytest.approx(10e6)
    for key in ("cost_mean", "cost_p5", "cost_p95"):
        assert loan[key] == pytest.approx(effective, abs=RATE)
    lender = found.financiers().find(stack="loan")
    assert lender["return_mean"] == pytest.approx(effective, abs=RATE)
    assert lender["loss_usd"] == 0.0


def test_compute_paid_ahead_is_worth_its_price_of_the_day(found: Comparison) -> None:
    """4.38 M hours at 1 USD, 4 M of it ahead, worth 2 USD each: what the lab gains, owners lose.

    2 %: the mean of 256 futures of a price that moves by 10 % a year.
    """
    lab = found.financiers().find(stack="prepaid", party="lab")
    assert lab["npv_usd"] == pytest.approx(4.38e6, rel=0.02)
    gap = row(found, "own")["equity_npv_usd"] - row(found, "prepaid")["equity_npv_usd"]
    assert gap == pytest.approx(lab["npv_usd"], abs=1e-2)


def test_the_same_in_another_order_and_in_less_company(
    found: Comparison, drawn: dict[str, Plan]
) -> None:
    """To the last bit: what is drawn is keyed by name, and a stack knows of no other."""
    again = compare(drawn, 256, only=("prepaid", "loan"), shocks=False)
    before = {stack["stack"]: stack for stack in found.to_json()["stacks"]}
    assert [stack["stack"] for stack in again.to_json()["stacks"]] == ["prepaid", "loan"]
    assert all(before[stack["stack"]] == stack for stack in again.to_json()["stacks"])
    assert row(found, "own")["equity_irr_p5"] < row(found, "own")["equity_irr_p95"]


def test_shown_and_written(found: Comparison) -> None:
    """The JSON is what its schema says; the chart has a point for each stack with a cost."""
    schema = json.loads((ROOT / "docs" / "stack.schema.json").read_text("utf-8"))
    jsonschema.Draft202012Validator(schema).validate(found.to_json())
    assert svg(found).count("<circle") == 2
    assert comparison(found).renderables


def test_a_stack_that_is_not_there() -> None:
    with pytest.raises(PlanErrors, match="did you mean lease"):
        chosen(["loan", "lease"], "laese")
