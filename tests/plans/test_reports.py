"""Every plan makes a report."""

import pytest

import offtake
from offtake.reports.html.page import report
from tests.plan_files import FILES, PLANS
from tests.reports.page_checks import CHECKS


@pytest.mark.scenarios
@pytest.mark.parametrize("name", FILES)
def test_a_plan_makes_a_report(name: str) -> None:
    results = offtake.run(offtake.load(PLANS / name), paths=256, seed=1)
    page = report(results)
    for check in CHECKS:
        check(page, results)
