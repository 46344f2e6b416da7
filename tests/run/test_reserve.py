"""A buyer's reservations: a case by hand, the newsvendor, the frontier, the command."""

import json
import sys
from functools import cache
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

from offtake.cli.main import app
from offtake.plan.load import check_text
from offtake.results.tables.reserve import best, best_from
from offtake.run.reserve import Reserved, reserve

LOW, HIGH, PRICE, SPOT, RESOLD = 20.0, 100.0, 1.0, 2.5, 0.5
SIZES = range(20, 101, 10)
TEXT = f"""
plan: {{name: Newsvendor, start: 2026-01, horizon: 1 year, discount_rate: 0 %/year}}
parties:
  lab: {{kind: internal, role: lab, cash: 10 M USD}}
  cloud: {{kind: external, role: operator}}
  market: {{kind: external, role: customer}}
drivers:
  need: uniform({LOW:g}, {HIGH:g}) H100e
contracts:
  reserved: {{kind: compute_commitment, seller: cloud, buyer: lab, capacity: 0 H100e,
             price: {PRICE} USD/H100e/h, start: 2026-01, term: 12 months, need: need,
             market: {SPOT} USD/H100e/h, resale: {{buyer: market, spread: 80 %}}}}
  hourly: {{kind: spot_purchase, buyer: lab, demand: need, after: [reserved],
           price: {SPOT} USD/H100e/h, available: 1000 H100e}}
reserve:
  buyer: lab
  purchase: hourly
  choices:
    need:
      random: {{}}
      known: {{drivers.need: 60 H100e, contracts.hourly.available: 25 H100e}}
    size: {{{", ".join(f"at_{q}: {{contracts.reserved.capacity: {q} H100e}}" for q in SIZES)}}}
"""
YEAR = 8760.0
PATHS = 2000


@cache
def found() -> Reserved:
    checked = check_text(TEXT)
    assert checked.plan is not None, "\n".join(map(str, checked.errors))
    return reserve(checked.plan, PATHS, 3)


def rows(need: str) -> list[dict]:
    return [row for row in found().rows() if row["choices"]["need"] == need]


def test_a_known_need_by_hand():
    """60 H100e needed, at most 25 to be had by the hour."""
    for row, q in zip(rows("known"), SIZES, strict=True):
        bought = min(max(60 - q, 0), 25)
        cost = YEAR * (PRICE * q + SPOT * bought - RESOLD * max(q - 60, 0))
        assert row["cost_usd"] == pytest.approx(cost, rel=1e-12)
        assert row["cost_usd_worst5"] == pytest.approx(cost, rel=1e-12)
        assert row["cost_usd_se"] == pytest.approx(0.0, abs=1e-6)
        left = max(60 - q - bought, 0)
        assert row["unserved"] == pytest.approx(left / 60, abs=1e-12)
        assert row["short"] == 0.0


def test_the_newsvendor():
    """Least where the chance of needing more is (price - resold) / (spot - resold)."""
    spread = HIGH - LOW
    for row, q in zip(rows("random"), SIZES, strict=True):
        over, under = (HIGH - q) ** 2 / (2 * spread), (q - LOW) ** 2 / (2 * spread)
        mean = YEAR * (PRICE * q + SPOT * over - RESOLD * under)
        # Four standard errors of 2,000 paths; at 20 the cost varies most, at 100 least.
        assert abs(row["cost_usd"] - mean) < 4 * row["cost_usd_se"]
        assert row["unserved"] == 0.0
    share = (PRICE - RESOLD) / (SPOT - RESOLD)
    cheapest = min(rows("random"), key=lambda row: row["cost_usd"])
    assert cheapest["choices"]["size"] == f"at_{HIGH - share * spread:g}"


def test_the_frontier_and_what_an_hour_is_worth():
    # (cost, worst, unserved): the third is beaten by the second, the fourth is the first again.
    points = np.array([[1.0, 2.0, 0.5], [2.0, 3.0, 0.1], [2.0, 3.5, 0.1], [1.0, 2.0, 0.5]])
    assert best(points).tolist() == [True, True, False, False]
    cost, unserved = np.array([0.0, 10.0, 30.0, 22.0]), np.array([10.0, 5.0, 0.0, 4.0])
    # From 0 to 5 hours served at 2 USD, from 5 to 10 at 4; the last lies above that line.
    assert best_from(cost, unserved) == [0.0, 2.0, 4.0, None]
    # What is reserved is cheaper than by the hour: all that is needed, and no more.
    assert [r["choices"] for r in found().rows() if r["frontier"]] == [
        {"need": "known", "size": "at_60"}
    ]


@pytest.mark.parametrize(
    ("choice", "code"),
    [
        ("{contracts.reserved.buyer: cloud}", "choice-form"),
        ("{contracts.reserved.capacity: 10 to 20 H100e}", "choice-form"),
        ("{contracts.reserved.need: 20 H100e}", "choice-form"),
        ("{contracts.reserved.capacitie: 20 H100e}", "key-unknown"),
        ("{contracts.reserved.resale: null}", "choice-form"),
    ],
)
def test_a_choice_changes_certain_numbers_only(choice: str, code: str):
    checked = check_text(TEXT.replace("random: {}", f"random: {choice}"))
    assert checked.plan is None
    assert code in {problem.code for problem in checked.errors}


def test_a_purchase_is_one_of_the_buyer():
    for purchase in ("reserved", "hourly"):
        text = TEXT.replace("purchase: hourly", f"purchase: {purchase}")
        text = text.replace("buyer: lab\n", "buyer: cloud\n")
        assert "purchase-form" in {problem.code for problem in check_text(text).errors}


def test_the_command(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    file = tmp_path / "plan.yaml"
    file.write_text(TEXT, encoding="utf-8")
    monkeypatch.setattr(sys.modules["offtake.run.reserve"], "reserve", lambda *_, **__: found())
    shown = CliRunner().invoke(app, ["reserve", str(file)])
    assert shown.exit_code == 0, shown.output
    assert "The frontier (USD)" in shown.stdout
    assert "o frontier" in shown.stdout
    whole = CliRunner().invoke(app, ["reserve", str(file), "--all"]).stdout
    assert whole.count("at_") == 2 * len(SIZES)
    written = json.loads(CliRunner().invoke(app, ["reserve", str(file), "--json", "-"]).stdout)
    assert len(written["candidates"]) == 2 * len(SIZES)
    file.write_text(TEXT[: TEXT.index("reserve:")], encoding="utf-8")
    refused = CliRunner().invoke(app, ["reserve", str(file)])
    assert refused.exit_code == 2
    assert "reserve-missing" in refused.output
