"""What a notebook shows of plans and results: all of it, escaped, and at no cost before."""

import subprocess
import sys
from pathlib import Path

import html5lib
import pytest

import offtake
from offtake.results.sensitivity import Effect, Sensitivity
from offtake.results.table import Table
from tests.run.small import TEXT

EVIL = "<img src=x onerror=alert(1)>"


def whole(text: str) -> None:
    """The text is HTML without a mistake, and nothing in it runs."""
    html5lib.HTMLParser(strict=True).parseFragment(text)
    assert "<script" not in text
    assert "<img" not in text


@pytest.fixture(scope="module")
def plan(tmp_path_factory: pytest.TempPathFactory):
    folder = tmp_path_factory.mktemp("plan")
    (folder / "plan.yaml").write_text(TEXT.replace("name: Small", f"name: '{EVIL}'"))
    return offtake.load(folder)


def test_a_plan_shows_its_contracts(plan):
    text = plan._repr_html_()
    whole(text)
    assert "&lt;img" in text
    assert all(f"<td>{name}</td>" in text for name in plan.contracts)


def test_a_sensitivity_shows_what_moves_most():
    effect = Effect("a.<b>", "1 %", "1", 0.01, "proportion", "1 %", 1e-4, 2.5e6, 1.0, 0.5)
    found = Sensitivity(EVIL, "x", "USD", 1e6, 1.0, 512, 1, (effect,), (), 0, 0, 0, ())
    text = found._repr_html_()
    whole(text)
    assert "a.&lt;b&gt;" in text
    assert "2.50" in text or "2.5e+06" in text


def test_a_table_escapes():
    text = Table(EVIL, ({"party": EVIL, "net_usd": 1.0},), EVIL)._repr_html_()
    assert "<img" not in text


def test_a_table_reads_as_in_the_report():
    text = Table("Loans", ({"contract": "loan", "pd": 0.0132, "el_usd": 1.21e6},))._repr_html_()
    whole(text)
    assert "Loans" in text
    assert "1.3 %" in text
    assert "1.21 M" in text


def test_showing_a_plan_loads_no_jax(tmp_path: Path):
    (tmp_path / "plan.yaml").write_text(TEXT)
    code = (
        "import sys, offtake; assert 'jinja2' not in sys.modules; "
        "offtake.load('.')._repr_html_(); assert 'jax' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], cwd=tmp_path, check=True)


def test_a_table_shows_lists():
    text = Table("Guarantees", ({"relieves": ["bank", "fund"], "years": [2026, 2027]},))
    assert "bank, fund" in str(text)
    assert "2026, 2027" in text._repr_html_()
