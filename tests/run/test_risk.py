"""Who bears which risk, against what each shock must do to a year that is known by hand."""

import pytest

from offtake.plan.load import load
from offtake.results.allocation import Allocation
from offtake.run.risk import risk
from tests.run.one_year import written

SALES = 17_520_000.0
"""1,000 H100e x 8,760 h x 2 USD"""
LATE = 1000.0 * 2.0 * 24.0 * 181.0
"""The hours from January to June."""
USD = 1e-2
"""Sums of twelve months in floats."""

pytestmark = pytest.mark.slow


@pytest.fixture(name="found", scope="module")
def allocation(tmp_path_factory: pytest.TempPathFactory) -> Allocation:
    return risk(load(written(tmp_path_factory.mktemp("plan"))), paths=256)


@pytest.mark.parametrize(
    ("shock", "lost"), [("price", 0.3 * SALES), ("volume", 0.15 * SALES), ("delay", LATE)]
)
def test_the_owner_loses_what_a_shock_takes(found: Allocation, shock: str, lost: float) -> None:
    """The sponsor put in 30 M and has lost some already, so each dollar less is one lost."""
    row = found.table().find(party="sponsor", shock=shock)
    assert row["el_usd"] == pytest.approx(30e6 - SALES, abs=USD)
    assert row["el_change_usd"] == pytest.approx(lost, abs=USD)
    assert row["worst5_change_usd"] == pytest.approx(lost, abs=USD)
    assert row["value_change_usd"] == pytest.approx(-lost, abs=USD)
    assert found.carriers()[shock] == [{"party": "sponsor", "share": pytest.approx(1.0)}]


def test_nobody_else_moves(found: Allocation) -> None:
    others = [row for row in found.table() if row["party"] != "sponsor"]
    assert others
    assert max(abs(row["value_change_usd"]) for row in others) < USD
    assert max(abs(row["el_change_usd"]) for row in others) < USD


def test_what_a_plan_has_not_cannot_be_shocked(found: Allocation) -> None:
    told = {shock["shock"]: shock["nothing_to_shock"] for shock in found.nothing()}
    assert set(told) == {"rates", "counterparty"}
    assert "base of a rate" in told["rates"]
