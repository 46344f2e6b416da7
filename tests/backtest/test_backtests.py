"""Back-tests: scores by hand, misses told, and what is kept is what a run gives."""

from pathlib import Path

import numpy as np
import pytest

from docs.backtest import page, runs
from docs.backtest.runs import Row, judged
from docs.calibration.rental import crps
from offtake.plan.load import load

ROWS = runs.kept()


def test_score_by_hand():
    """Draws 1 and 3, outcome 2: mean |x - y| = 1, mean |x - x'| = 1 over the four pairs."""
    assert crps(np.array([1.0, 3.0]), 2.0) == pytest.approx(0.5)
    assert crps(np.array([5.0]), 2.0) == 3.0  # a certain forecast scores its error


def test_a_row_is_judged_by_its_band():
    draws = np.linspace(0.0, 100.0, 1001)
    row = judged("g", "w", "u", draws, 96.0, 50.0, "s")
    assert (row.low, row.middle, row.high) == pytest.approx((5.0, 50.0, 95.0))
    assert not row.inside
    assert row.plain == 46.0
    assert judged("g", "w", "u", draws, 94.0, 50.0, "s").inside


def test_every_row_and_every_miss_is_told():
    text = page.page()
    for row in ROWS:
        assert f"| {row.what} |" in text
    assert text.count("**no**") == sum(not row.inside for row in ROWS)
    assert any(not row.inside for row in ROWS)  # a miss hidden by a change of code would show here


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.what)
def test_rows_are_in_order(row: Row):
    assert row.low <= row.middle <= row.high
    assert row.score >= 0.0
    assert row.source


def test_plans_rest_on_what_was_known_then():
    """Every date in the plan of the sites lies before its start; those of the lab in early 2025."""
    for file, until in (("sites.yaml", "2026"), ("lab.yaml", "2025-04")):
        plan = load(Path(runs.__file__).parent / file)
        dates = [n.source.date for _, n in plan.numbers() if n.source and n.source.date]
        assert dates
        assert max(map(str, dates)) < until


@pytest.mark.scenarios
def test_what_is_kept_is_what_a_run_gives():
    for kept, found in zip(ROWS, runs.run(), strict=True):
        assert kept.what == found.what
        for name in ("low", "middle", "high", "happened", "score", "plain"):
            value = getattr(found, name)
            assert getattr(kept, name) == pytest.approx(value, rel=1e-3, abs=1e-9)  # four figures
