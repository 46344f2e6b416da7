"""Every comparison is run once at tiny size, so that it cannot rot; no time is judged.

They compile for a minute, so `make test-scenarios` runs them.
"""

import subprocess
import sys
from pathlib import Path

import pytest

from benchmarks import gradients, market, profile

ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.scenarios
def test_the_three_programs_agree() -> None:
    command = [sys.executable, "-m", "benchmarks", "--quick", "--skip-processes"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    differences = [line for line in done.stdout.splitlines() if "differs from" in line]
    assert len(differences) == 2
    for line in differences:
        # Rounding of sums over 120 months; a wrong semantics shows as 1e-2 and more.
        assert float(line.split("at most ")[1].split()[0]) < 1e-12, line


@pytest.mark.scenarios
def test_the_market_is_timed_against_a_stated_price(capsys: pytest.CaptureFixture[str]) -> None:
    market.report(ROOT, quick=True)
    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[:2] for line in lines[1:]] == [[str(market.COHORTS[0]), "cohorts"]]
    assert float(lines[1].split()[2]) > 0.0


@pytest.mark.scenarios
def test_derivatives_are_held_against_bumps(capsys: pytest.CaptureFixture[str]) -> None:
    gradients.report(["one-hall"], shrink=8, times=1)
    lines = [line.split(" | ") for line in capsys.readouterr().out.splitlines()]
    rows = [line for line in lines if line[0].startswith("one-hall, ")]
    assert len(rows) == len(gradients.RESULTS["one-hall"])
    for row in rows:
        numbers, exact, within, off, zero = (int(row[i]) for i in (1, 3, 4, 5, 6))
        assert exact + within + off == numbers
        # In four standard errors one of sixteen thousand lies outside; none is wrongly zero.
        assert (off, zero) == (0, 0)


@pytest.mark.scenarios
def test_a_month_is_laid_to_its_steps(capsys: pytest.CaptureFixture[str]) -> None:
    profile.report([ROOT / "plans" / "one-hall" / "plan.yaml"], quick=True)
    lines = capsys.readouterr().out.splitlines()
    clearing = next(line for line in lines if line.strip().startswith(profile.STEPS["clear"]))
    assert float(clearing.split()[1]) > 0.0
