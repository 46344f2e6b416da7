"""Every plan makes a report."""

from pathlib import Path

import pytest

import offtake
from offtake.reports.html.page import report
from tests.reports.page_checks import CHECKS

PLANS = Path(__file__).resolve().parents[2] / "plans"
NAMES = sorted(folder.name for folder in PLANS.iterdir() if (folder / "plan.yaml").exists())


@pytest.mark.scenarios
@pytest.mark.parametrize("name", NAMES)
def test_a_plan_makes_a_report(name: str) -> None:
    results = offtake.run(offtake.load(PLANS / name), paths=256, seed=1)
    page = report(results)
    for check in CHECKS:
        check(page, results)
