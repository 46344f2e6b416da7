"""OpenAI's commitments: HSBC's figures, what is left over, and what options are written to show."""

from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import offtake

PLAN = Path(__file__).resolve().parents[2] / "plans" / "commitments"
PATHS = 512
pytestmark = [pytest.mark.slow, pytest.mark.scenarios]


@cache
def run(scenario: str) -> Any:
    return offtake.run(offtake.load(PLAN, scenario=scenario or None), paths=PATHS, seed=1)


def gap(scenario: str, until: int = 2033) -> Any:
    """[path] what is missing up to a year, USD."""
    found = run(scenario)["funding_gap"].sel(internal_party="openai")
    return found.where(found["year"] <= until, 0.0).sum("year").values


def moved(side: str, kind: str, until: int = 2030) -> float:
    """Sources or uses of OpenAI of one class up to a year, as published, USD."""
    rows = run("as_published").sources_and_uses()
    return sum(
        row["usd"]
        for row in rows
        if (row["party"], row["side"], row["class"]) == ("openai", side, kind)
        and row["year"] <= until
    )


def test_hsbc_and_what_is_left_over():
    """Figures of the note of November 2025; residuals as the README tells them."""
    of_2030 = moved("source", "sale") - moved("source", "sale", 2029)
    assert of_2030 == pytest.approx(213.6e9, rel=0.01)
    rent = moved("use", "sale") - 1.3e9  # bought by the hour
    assert rent == pytest.approx(792e9, rel=0.01)
    flow = moved("source", "sale") - moved("use", "sale")
    assert flow - -282e9 == pytest.approx(-20.6e9, abs=0.5e9)
    missing = gap("as_published", 2030)[0]
    parts = -flow + moved("use", "interest") - (26 + 24 + 17.5) * 1e9
    assert missing == pytest.approx(parts, abs=0.5e9)  # a quarter of 2030 may end with cash
    assert missing - 207e9 == pytest.approx(28.7e9, abs=0.5e9)


def test_selling_on_cuts_the_tail_and_cancelling_widens_the_gap():
    base, resell, cancel = (gap(name, 2030) for name in ("", "resell", "cancel"))
    assert np.all(resell <= base + 1.0)
    assert np.quantile(resell, 0.95) < 0.7 * np.quantile(base, 0.95)
    assert cancel.mean() > 1.3 * base.mean()


def test_when_revenue_stalls_options_halve_what_is_missing():
    assert gap("stalls_all_options").mean() < 0.5 * gap("stalls").mean()
