"""Every example of the documentation works: `make test-docs`, minutes."""

import re
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest

from docs.site.blocks import NOTEBOOKS, pages
from docs.site.execute import COMMAND, environment, execute
from tests.architecture.source import short
from tests.reference_data import ROOT

pytestmark = pytest.mark.docs
SECONDS = 60
"""A notebook is to be run while one waits; a machine that is busy takes up to three times that."""
KEPT = ("src", "docs", "plans", "tests", "pyproject.toml", "CHANGELOG.md", "README.md")


@pytest.mark.parametrize("page", pages(), ids=short)
def test_examples_of_a_page(page: Path):
    execute(page)


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_notebook(path: Path):
    nbclient, nbformat = pytest.importorskip("nbclient"), pytest.importorskip("nbformat")
    notebook = nbformat.read(path, as_version=4)
    begun = time.perf_counter()
    where = {"metadata": {"path": str(path.parent)}}
    nbclient.NotebookClient(notebook, timeout=3 * SECONDS, resources=where).execute()
    assert time.perf_counter() - begun < 3 * SECONDS
    shown = [o for cell in notebook.cells for o in cell.get("outputs", [])]
    assert any("text/html" in output.get("data", {}) for output in shown)
    assert not [o for o in shown if o.get("name") == "stderr"]


# ------------------------------------------------------------------- the page on instruments


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """The repository without what is built."""
    for name in KEPT:
        source = ROOT / name
        if source.is_dir():
            ignored = shutil.ignore_patterns("__pycache__")
            shutil.copytree(source, tmp_path / name, ignore=ignored)
        else:
            shutil.copy(source, tmp_path / name)
    return tmp_path


def told(folder: Path, *words: str) -> str:
    """What a command of Python prints in the copy."""
    paths = f"{folder / 'src'}:{folder}"
    done = subprocess.run(
        [sys.executable, *words],
        cwd=folder,
        env={**environment(), "PYTHONPATH": paths},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
    return done.stdout


def put(file: Path, before: str, line: str) -> None:
    """A line in front of the first line that begins with something."""
    text = file.read_text("utf-8")
    at = re.search(f"^{re.escape(before)}", text, re.MULTILINE)
    assert at, before
    file.write_text(f"{text[: at.start()]}{line}\n{text[at.start() :]}", "utf-8")


def followed(folder: Path) -> None:
    """Do in the copy what the page says."""
    page = (ROOT / "docs" / "add_instrument.md").read_text("utf-8")
    for fence in re.findall(r"^```(?:python|markdown|text)\n(.*?)^```$", page, re.M | re.S):
        first, rest = fence.split("\n", 1)
        name = re.search(r"(?:src|docs|tests)/[\w/.]+", first)
        if name is not None:
            (folder / name[0]).write_text(rest, "utf-8")
    kinds = folder / "src" / "offtake" / "contracts" / "__init__.py"
    put(
        kinds,
        "from offtake.contracts.revenue_share",
        "from offtake.contracts.retainer import Retainer",
    )
    put(kinds, "    Grant,", "    Retainer,")
    again = folder / "tests" / "reference" / "instruments" / "__init__.py"
    put(
        again,
        "from tests.reference.instruments.revolver",
        "from tests.reference.instruments.retainer import Retainer",
    )
    put(again, '    "other_business":', '    "retainer": partial(_one, Retainer),')


def test_the_page_on_instruments(copy: Path):
    followed(copy)
    assert "fee for standing by" in told(copy, "-c", COMMAND, "contracts", "retainer")
    plan = copy / "plans" / "one-hall" / "plan.yaml"
    page = (ROOT / "docs" / "add_instrument.md").read_text("utf-8")
    line = re.search(r"^  standby: .*$", page, re.MULTILINE)
    assert line is not None
    put(plan, "  offtake:", line[0])
    run = told(copy, "-c", COMMAND, "run", "plans/one-hall", "--paths", "256", "--no-save")
    assert "Money was conserved" in run
    told(copy, "-m", "docs.build")
    assert "| `fee` |" in (copy / "docs" / "contracts" / "retainer.md").read_text("utf-8")
    told(copy, "-m", "pytest", "-q", "-p", "no:xdist", "-p", "no:cacheprovider",
         "tests/contracts/test_retainer.py", "tests/architecture/test_instruments.py")  # fmt: skip


def test_the_instrument_of_the_page_conforms(copy: Path):
    """In company of every other kind: it conserves, scales, does not look ahead; minutes."""
    followed(copy)
    tests = told(
        copy, "-m", "pytest", "-q", "-p", "no:xdist", "-p", "no:cacheprovider",
        "tests/instruments/test_conformance.py", "-k", "retainer",
    )  # fmt: skip
    assert re.search(r"^\.+ ", tests, re.MULTILINE)


def test_the_page_on_chips(copy: Path):
    page = (ROOT / "docs" / "add_chip.md").read_text("utf-8")
    row = re.search(r"^```text\n(  X100:.*?)^```$", page, re.MULTILINE | re.DOTALL)
    assert row is not None
    put(copy / "src" / "offtake" / "catalogue" / "data" / "chips.yaml", "  H100:", row[1])
    assert "X100" in told(copy, "-c", COMMAND, "catalogue", "chips")
    told(copy, "-c", COMMAND, "check", "plans/one-hall", "--set", "chips.b200_2026.chip=X100")
