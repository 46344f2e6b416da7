"""The workbook: formulas that give what the engine has, and follow where an input is changed."""

import re
import sys
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import openpyxl
import pytest

import offtake
from offtake.cli.main import main
from offtake.reports.xlsx.book import write
from offtake.reports.xlsx.names import cell_name, sheet_names
from offtake.results.workbook.base_case import BaseCase, base_case, live_inputs
from offtake.results.workbook.cells import Row, Values
from tests.reports.workbook_plan import ATTACKS, LONG, hostile_plan
from tests.run.small import small_plan

MARGIN = "contracts.loan.rate"
PATHS = 256


@pytest.fixture(scope="module")
def results(tmp_path_factory: pytest.TempPathFactory) -> offtake.Results:
    return offtake.run(small_plan(tmp_path_factory.mktemp("plan")), paths=PATHS, seed=5)


@pytest.fixture(scope="module")
def built(results: offtake.Results) -> BaseCase:
    return base_case(results)


@pytest.fixture(scope="module")
def file(results: offtake.Results, tmp_path_factory: pytest.TempPathFactory) -> Path:
    target = tmp_path_factory.mktemp("book") / "small.xlsx"
    write(results, target)
    return target


@pytest.fixture(scope="module")
def hostile(tmp_path_factory: pytest.TempPathFactory) -> Path:
    target = tmp_path_factory.mktemp("hostile") / "hostile.xlsx"
    write(offtake.run(hostile_plan(target.parent), paths=PATHS, seed=5), target)
    return target


def row_of(built: BaseCase, sheet: str, label: str) -> Row:
    """The one row of a sheet that is called so."""
    found = [r for s in built.sheets if s.name == sheet for r in s.rows() if r.label == label]
    assert len(found) == 1, (sheet, label, len(found))
    return found[0]


def test_every_check_is_zero_and_no_flag_is_up(built: BaseCase) -> None:
    assert {name: built.off(name) for name in ("always", "engine", "flags")} == {
        "always": 0,
        "engine": 0,
        "flags": 0,
    }
    assert len(built.checks) > 5
    assert built.flags


def test_what_is_linear_is_live(built: BaseCase) -> None:
    """Nothing of a plain term loan is left to the engine but timings."""
    live = ("Interest due", "Principal", "Closing balance", "Rate")
    assert all(row_of(built, "Debt", label).term is not None for label in live)
    assert row_of(built, "neocloud", "Closing cash").term is not None
    assert row_of(built, "Ratios", "DSCR").term is not None


def test_balances_and_cash_are_the_engine_s(results: offtake.Results, built: BaseCase) -> None:
    observed = results["base_observations"].sel(observation="contracts.loan.balance").values
    closing = built.values.of(row_of(built, "Debt", "Closing balance"))
    # 1e-3 USD of 90 M USD: a sum of 49 float64 numbers of that size is true to 1e-6
    np.testing.assert_allclose(closing[:-1], observed[1:], atol=1e-3)
    cash = results["base_cash"].sel(cash_party="neocloud").values
    np.testing.assert_allclose(
        built.values.of(row_of(built, "neocloud", "Closing cash")), cash, atol=1e-3
    )


def test_a_planted_difference_is_found(results: offtake.Results) -> None:
    """An engine that had paid one dollar more in one month would be seen."""
    planted = base_case(results)
    engine = row_of(planted, "Engine", "Interest due")
    assert engine.held is not None
    engine.held = engine.held.copy()
    engine.held[20] += 1.0
    planted.values = Values(planted.record.count)
    assert planted.off("engine") == 1


@pytest.mark.parametrize(("text", "value"), [("SOFR + 550 bp", 0.055), ("SOFR + 300 bp", 0.03)])
def test_a_changed_margin_does_what_a_run_does(
    built: BaseCase, tmp_path: Path, text: str, value: float
) -> None:
    again = base_case(offtake.run(small_plan(tmp_path, f"{MARGIN}={text}"), paths=PATHS, seed=5))
    changed = built.changed({MARGIN: value})
    moved = 0
    for sheet, other in zip(built.sheets, again.sheets, strict=True):
        if sheet.name == "Engine":
            continue
        for row, meant in zip(sheet.rows(), other.rows(), strict=True):
            assert row.label == meant.label
            if row.kind != "live" or row.label in OF_THE_RUN:
                continue
            # No limit is met and no trigger flips, so that both are the same sums in another
            # order: 1e-9 of the largest, as for the checks.
            scale = float(np.nanmax(np.abs(again.values.of(meant)), initial=1.0))
            np.testing.assert_allclose(
                changed.of(row), again.values.of(meant), rtol=0, atol=1e-9 * scale
            )
            moved += not np.allclose(changed.of(row), built.values.of(row), equal_nan=True)
    assert moved > 20
    for figure, meant in zip(built.figures, again.figures, strict=True):
        assert figure.value(changed) == pytest.approx(meant.value(again.values), rel=1e-8)
    assert not any(flag.figure.value(changed) for flag in built.flags)


OF_THE_RUN = ("Cash before what balances it", "Difference")
"""Rows that stand beside a value of the engine, which is another one in another run."""


def test_a_margin_beyond_a_limit_raises_a_flag(built: BaseCase) -> None:
    changed = built.changed({MARGIN: 2.0})
    up = {flag.row.label for flag in built.flags if flag.figure.value(changed)}
    assert up, "interest of 200 % a year cannot be paid"


def test_nothing_is_hidden_linked_or_run(file: Path) -> None:
    with zipfile.ZipFile(file) as parts:
        names = parts.namelist()
        assert not [n for n in names if "external" in n.lower() or n.endswith(".bin")]
    book = openpyxl.load_workbook(file)
    assert all(sheet.sheet_state == "visible" for sheet in book)
    assert [sheet.title for sheet in book][:5] == [
        "Cover",
        "Key figures",
        "Assumptions",
        "Timeline",
        "Flows",
    ]
    assert {"Debt", "Ratios", "Who pays", "Checks", "neocloud", "bank"} <= set(book.sheetnames)
    for sheet in book:
        if sheet.title != "Cover":
            assert sheet.freeze_panes, sheet.title
        assert sheet.page_setup.orientation == "landscape", sheet.title
        assert sheet.sheet_properties.pageSetUpPr.fitToPage, sheet.title


def test_a_period_has_one_column(file: Path, built: BaseCase) -> None:
    book = openpyxl.load_workbook(file, data_only=True)
    mine = [book[name] for name in ("Timeline", "Flows", "Debt", "neocloud", "Ratios", "Engine")]
    heads = [[cell.value for cell in sheet[4]] for sheet in mine]
    assert all(head[-built.record.count :] == list(range(built.record.count)) for head in heads)
    assert len({len(head) for head in heads}) == 1


def test_formulas_of_a_row_are_the_same_in_every_column(file: Path, built: BaseCase) -> None:
    """One formula a row: what a modeller looks for first."""
    book = openpyxl.load_workbook(file)
    sheet = book["Debt"]
    from openpyxl.formula.translate import Translator

    first = len(sheet[4]) - built.record.count + 1
    checked = 0
    for cells in sheet.iter_rows(min_row=8, min_col=first):
        start = cells[0]
        if not isinstance(start.value, str) or not start.value.startswith("="):
            continue
        for cell in cells[1:]:
            moved = Translator(start.value, start.coordinate).translate_formula(cell.coordinate)
            assert cell.value == moved
        checked += 1
    assert checked > 10


def test_functions_are_ones_that_every_spreadsheet_has(file: Path) -> None:
    """Newer ones carry a prefix in the file, without which Excel shows an error."""
    used = {name for _, value, kind in cells(file) if kind == "f" for name in NAMED.findall(value)}
    assert used <= {
        *("SUM", "SUMIF", "SUMIFS", "SUMPRODUCT", "IF", "IFERROR", "ISNUMBER", "COUNT"),
        *("MIN", "MAX", "AVERAGE", "ABS", "AND", "IRR", "PMT"),
    }


NAMED = re.compile(r"([A-Z][A-Z0-9.]*)\(")


def test_inputs_that_drive_formulas_have_names(file: Path, built: BaseCase) -> None:
    book = openpyxl.load_workbook(file)
    places = {one.place for one in live_inputs(built)}
    assert MARGIN in places
    assert set(book.defined_names) == {cell_name(place) for place in places}
    where = book.defined_names[cell_name(MARGIN)].attr_text
    sheet, cell = where.replace("'", "").replace("$", "").split("!")
    assert book[sheet][cell].value == pytest.approx(0.045)


def cells(file: Path) -> Iterator[tuple[str, Any, str]]:
    """Sheet, value and type of every cell that is not empty."""
    for sheet in openpyxl.load_workbook(file):
        for line in sheet.iter_rows():
            for cell in line:
                if cell.value is not None:
                    yield sheet.title, cell.value, cell.data_type


def test_what_a_plan_says_is_text(hostile: Path, file: Path) -> None:
    mine = list(cells(hostile))
    texts = [str(value) for _, value, kind in mine if kind == "s"]
    for attack in ATTACKS:
        assert any(attack.strip() in text for text in texts), attack
    formulas = [str(value) for _, value, kind in mine if kind == "f"]
    assert len(formulas) == sum(kind == "f" for _, _, kind in cells(file))
    bad = ("HYPERLINK", "cmd|", "SUM(A1)", "=1+1", "=+1+1", "=-2+3")
    assert not [text for text in formulas if text.startswith(bad) or "cmd|" in text]


def test_names_of_sheets_are_legal_and_unique(hostile: Path) -> None:
    names = openpyxl.load_workbook(hostile).sheetnames
    assert len({name.casefold() for name in names}) == len(names)
    assert all(len(name) <= 31 and not set(name) & set("[]:*?/\\") for name in names)
    assert sum(name.startswith(LONG[:20]) for name in names) == 2
    assert [name for name in names if name.startswith("Checks")] == ["Checks", "Checks (2)"]


@pytest.mark.parametrize(
    ("wished", "given"),
    [
        (["a/b", "a:b"], ["a_b", "a_b (2)"]),
        (["'x'", "", "History"], ["x", "sheet", "History (2)"]),
        (["x" * 40, "X" * 40], ["x" * 31, "X" * 25 + " (2)"]),
    ],
)
def test_sheet_names(wished: list[str], given: list[str]) -> None:
    assert sheet_names(wished) == given


def test_the_command_writes_a_workbook(
    results: offtake.Results, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    saved = results.save(tmp_path / "small.nc")
    target = tmp_path / "small.xlsx"
    monkeypatch.setattr(sys, "argv", ["offtake", "report", str(saved), "-o", str(target)])
    with pytest.raises(SystemExit) as end:
        main()
    assert not end.value.code
    assert "Checks" in openpyxl.load_workbook(target).sheetnames


def test_a_file_of_an_earlier_offtake_is_refused(
    results: offtake.Results,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    old = offtake.Results(results.dataset.drop_vars("base_cash"), results.facts)
    saved = old.save(tmp_path / "old.nc")
    target = str(tmp_path / "old.xlsx")
    monkeypatch.setattr(sys, "argv", ["offtake", "report", str(saved), "-o", target])
    with pytest.raises(SystemExit) as end:
        main()
    assert end.value.code
    assert "run the plan again" in " ".join(capsys.readouterr().err.split())
