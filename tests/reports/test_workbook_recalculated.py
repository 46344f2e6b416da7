"""LibreOffice works the workbook out anew and comes to what the engine has."""

import math
import shutil
from collections.abc import Iterator
from pathlib import Path

import openpyxl
import pytest

import offtake
from offtake.reports.xlsx.book import write
from offtake.reports.xlsx.names import cell_name
from tests.reports.libreoffice import converted, needs_libreoffice, spoiled

pytestmark = [pytest.mark.workbook, needs_libreoffice]
ROOT = Path(__file__).parents[2]
NEAR = 1e-9
"""Share of the largest value of a row: both programs add float64 numbers, in another order."""
CENT = 0.01
MARGIN, TEXT, VALUE = "contracts.loan.rate", "SOFR + 550 bp", 0.055


def made(folder: Path, *changes: str) -> Path:
    """Workbook of plans/one-hall."""
    target = folder / "book.xlsx"
    plan = offtake.load(ROOT / "plans" / "one-hall", changes)
    write(offtake.run(plan, paths=256, seed=1), target)
    return target


@pytest.fixture(scope="module")
def shipped(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return made(tmp_path_factory.mktemp("shipped"))


Cell = tuple[str, str]


def worked_out(file: Path, formulas: Path) -> dict[Cell, object]:
    """Values of the cells that are formulas."""
    values = openpyxl.load_workbook(file, data_only=True)
    return {
        (sheet.title, cell.coordinate): values[sheet.title][cell.coordinate].value
        for sheet in openpyxl.load_workbook(formulas)
        for line in sheet.iter_rows()
        for cell in line
        if cell.data_type == "f"
    }


def apart(found: dict[Cell, object], meant: dict[Cell, object]) -> Iterator[str]:
    """Cells that differ, numbers by more than `NEAR` of their row's largest and a cent."""
    largest = dict[tuple[str, str], float]()
    for (sheet, cell), value in meant.items():
        if isinstance(value, int | float):
            row = sheet, cell.lstrip("ABCDEFGHIJKLMNOPQRSTUVWXYZ")
            largest[row] = max(largest.get(row, 0.0), abs(value))
    for (sheet, cell), value in meant.items():
        other = found[sheet, cell]
        if isinstance(value, int | float) and isinstance(other, int | float):
            row = sheet, cell.lstrip("ABCDEFGHIJKLMNOPQRSTUVWXYZ")
            if math.isclose(value, other, rel_tol=0.0, abs_tol=NEAR * largest[row] + _least(sheet)):
                continue
        elif (value or "") == (other or ""):
            continue
        yield f"{sheet}!{cell}: {other!r}, not {value!r}"


def _least(sheet: str) -> float:
    """What is nothing: a cent among sums of differences, which are all rounding."""
    return CENT if sheet in ("Checks", "Engine", "Who pays") else 1e-6


def test_recalculated_from_spoiled_values_it_is_the_engine_s(shipped: Path, tmp_path: Path) -> None:
    bad = tmp_path / "bad.xlsx"
    count = spoiled(shipped, bad)
    assert count > 10_000
    kept = worked_out(bad, shipped)
    meant = worked_out(shipped, shipped)
    assert len(list(apart(kept, meant))) > 0.9 * count, "nothing was spoiled"
    found = worked_out(converted(bad, tmp_path), shipped)
    assert not list(apart(found, meant))


def test_a_changed_margin_recalculated_is_what_a_run_gives(shipped: Path, tmp_path: Path) -> None:
    """The base case of plans/one-hall has no trigger between both margins: the same to rounding."""
    copy = tmp_path / "changed.xlsx"
    shutil.copy(shipped, copy)
    book = openpyxl.load_workbook(copy)
    sheet, cell = book.defined_names[cell_name(MARGIN)].attr_text.replace("$", "").split("!")
    book[sheet.strip("'")][cell] = VALUE
    book.save(copy)
    found = openpyxl.load_workbook(converted(copy, tmp_path), data_only=True)
    meant = openpyxl.load_workbook(made(tmp_path, f"{MARGIN}={TEXT}"), data_only=True)
    before = openpyxl.load_workbook(shipped, data_only=True)
    for name, labels in {
        "Debt": ("Interest due", "Principal", "Closing balance", "Fees"),
        "Ratios": ("DSCR", "LLCR", "Loan to value", "Received less paid in"),
        "neocloud": ("Closing cash", "equity: distribution", "loan: draw"),
    }.items():
        moved = 0
        for line in _lines(meant[name], labels):
            pairs = [(found[name].cell(line, c.column).value, c.value) for c in meant[name][line]]
            old = [c.value for c in before[name][line]]
            numbers = [v for _, v in pairs if isinstance(v, int | float)]
            scale = max(map(abs, numbers), default=0.0)
            for mine, theirs in pairs:
                if isinstance(theirs, int | float):
                    assert mine == pytest.approx(theirs, abs=NEAR * scale + 1e-6), (name, line)
            moved += any(
                isinstance(a, float) and isinstance(b, float) and abs(a - b) > 1e-6 * scale
                for a, b in zip([v for _, v in pairs], old, strict=False)
            )
        assert moved, f"nothing moved on {name}"
    checks = found["Checks"]
    assert checks["D3"].value == 0, "checks that always hold"
    assert checks["D4"].value > 0, "it is no longer the engine's run, and says so"
    assert checks["D5"].value == 0, "no trigger flips"


def _lines(sheet: openpyxl.worksheet.worksheet.Worksheet, labels: tuple[str, ...]) -> list[int]:
    found = [line for line in range(1, sheet.max_row + 1) if sheet.cell(line, 1).value in labels]
    assert {sheet.cell(line, 1).value for line in found} == set(labels)
    return found
