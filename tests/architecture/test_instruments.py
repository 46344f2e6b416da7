"""An instrument is one file, its golden table, its docs page and one line in `ALL`."""

import ast
from pathlib import Path

import pytest

from tests.architecture.source import SOURCE, parse, short
from tests.reference_data import ROOT

CONTRACTS = SOURCE / "contracts"
INSTRUMENT_LINES = 300
ORDER = ("docstring", "terms", "EXAMPLE", "contract")


def instrument_files() -> list[Path]:
    if not (CONTRACTS / "__init__.py").is_file():
        return []
    return sorted(path for path in CONTRACTS.glob("*.py") if path.stem != "__init__")


def need_instruments() -> list[Path]:
    files = instrument_files()
    if not files:
        pytest.skip("there are no instruments yet")
    return files


def anatomy(path: Path) -> list[str]:
    """The parts of an instrument's file in the order in which they stand."""
    tree = parse(path)
    parts = ["docstring"] if ast.get_docstring(tree) else []
    for node in tree.body:
        if isinstance(node, ast.ClassDef):
            methods = {item.name for item in node.body if isinstance(item, ast.FunctionDef)}
            if node.name.endswith("Terms"):
                parts.append("terms")
            elif {"lower", "claim"} <= methods:
                parts.append("contract")
        elif isinstance(node, ast.Assign | ast.AnnAssign):
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            if any(isinstance(t, ast.Name) and t.id == "EXAMPLE" for t in targets):
                parts.append("EXAMPLE")
    return parts


@pytest.mark.parametrize("path", instrument_files(), ids=lambda path: path.stem)
def test_anatomy(path: Path):
    found = anatomy(path)
    firsts = [part for i, part in enumerate(found) if part not in found[:i]]
    assert firsts == list(ORDER), f"{short(path)} holds {found}, in that order"


@pytest.mark.parametrize("path", instrument_files(), ids=lambda path: path.stem)
def test_length(path: Path):
    length = len(path.read_text(encoding="utf-8").splitlines())
    assert length <= INSTRUMENT_LINES, (
        f"{short(path)} has {length} lines; arithmetic goes to finance/"
    )


@pytest.mark.parametrize("path", instrument_files(), ids=lambda path: path.stem)
def test_file_has_its_docs_page_and_golden_table(path: Path):
    page = ROOT / "docs" / "contracts" / f"{path.stem}.md"
    golden = ROOT / "tests" / "contracts" / "golden" / f"{path.stem}.csv"
    assert page.is_file(), f"{short(path)} has no docs page {short(page)}"
    assert golden.is_file(), f"{short(path)} has no golden table {short(golden)}"


def test_all_lists_every_file_once():
    files = need_instruments()
    from offtake.contracts import ALL

    kinds = [entry.kind for entry in ALL]
    assert sorted(kinds) == sorted(path.stem for path in files)
    assert len(set(kinds)) == len(kinds)


def test_no_page_or_table_without_its_instrument():
    stems = {path.stem for path in need_instruments()}
    pages = {path.stem for path in (ROOT / "docs" / "contracts").glob("*.md")} - {"README"}
    tables = {path.stem for path in (ROOT / "tests" / "contracts" / "golden").glob("*.csv")}
    assert pages <= stems, "pages of instruments that there are not"
    assert tables <= stems, "tables of instruments that there are not"
