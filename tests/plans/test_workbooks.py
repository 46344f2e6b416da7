"""Every plan makes a workbook whose formulas give what the engine has."""

from pathlib import Path

import openpyxl
import pytest

import offtake
from offtake.reports.xlsx.book import write
from offtake.results.workbook.base_case import base_case
from tests.plan_files import FILES, PLANS


@pytest.mark.scenarios
@pytest.mark.parametrize("name", FILES)
def test_a_plan_makes_a_workbook(name: str, tmp_path: Path) -> None:
    results = offtake.run(offtake.load(PLANS / name), paths=256, seed=1)
    built = base_case(results)
    off = {which: built.off(which) for which in ("always", "engine", "flags")}
    assert off == {"always": 0, "engine": 0, "flags": 0}
    lends = any(f["size_usd"] for f in results.facts["facilities"])
    assert built.checks
    assert not lends or any(check.sheet.name == "Debt" for check in built.checks)
    target = tmp_path / "book.xlsx"
    write(results, target)
    sheets = openpyxl.load_workbook(target, read_only=True).sheetnames
    assert sheets[0] == "Cover"
    assert "Checks" in sheets
