"""Contagion in a chain of a year whose every claim is known by hand."""

import io
import json
from typing import cast

import numpy as np
import pytest
from rich.console import Console

from offtake.core.errors import PlanErrors
from offtake.core.measure import Book
from offtake.plan.load import load
from offtake.plan.schema import Plan
from offtake.reports.contagion import spreading
from offtake.results.contagion import Contagion
from offtake.run.contagion import Owed, contagion

TEXT = """
plan: {name: Chain, start: 2026-01, horizon: 2 years, discount_rate: 0 %/year}
parties:
  company:  {kind: internal, role: operator, cash: 1 M USD}
  landlord: {kind: internal, role: operator, cash: 0.5 M USD}
  sponsor:  {kind: external, role: equity}
  vendor:   {kind: external, role: vendor}
  market:   {kind: external, role: customer}
  staff:    {kind: external, role: supplier}
sites:
  hall: {owner: company, phases: [{power: 2 MW, pue: 1.2, energise: 2026-01}]}
chips:
  fleet: {site: hall, chip: {h100e: 1, watts: 1 kW}, units: 1000, deliver: 2026-01, price: 30k USD,
          availability: 100 %, failure_rate: 0 %/year}
drivers:
  compute_price: {process: random_walk, start: 2 USD/H100e/h, volatility: 0 %/year}
contracts:
  order: {kind: chip_purchase, buyer: company, seller: vendor, chips: fleet,
          milestones: {signing: 100 %, delivery: 0 %}}
  spot: {kind: spot_sale, seller: company, buyer: market, site: hall, price: compute_price}
  rent: {kind: operating_cost, payer: company, payee: landlord, amount: 12 M USD/year}
  wages: {kind: operating_cost, payer: landlord, payee: staff, amount: 6 M USD/year}
  equity: {kind: common_equity, investor: sponsor, issuer: company, commitment: 40 M USD,
           funds: [order], distributions_from: 2027-12}
"""
SALES = 17_520_000.0
"""1,000 H100e x 8,760 h x 2 USD"""
USD = 1.0
"""Payments of twelve months in floats; the amounts are of millions."""


@pytest.fixture(name="plan", scope="module")
def chain(tmp_path_factory: pytest.TempPathFactory) -> Plan:
    file = tmp_path_factory.mktemp("plan") / "plan.yaml"
    file.write_text(TEXT)
    return load(file)


@pytest.fixture(name="found", scope="module")
def spread(plan: Plan) -> Contagion:
    return contagion(plan, month="2026-01", fail="market", paths=8)


def test_who_owes_whom(found: Contagion):
    rent = found.exposures().find(owes="company", to="landlord")
    assert rent["window_usd"] == pytest.approx(12e6, abs=USD)
    assert rent["from_then_on_usd"] == pytest.approx(24e6, abs=USD)
    assert rent["most_usd"] == pytest.approx(1e6, abs=USD)
    sales = found.exposures().find(owes="market", to="company")
    assert sales["window_usd"] == pytest.approx(SALES, abs=USD)
    assert "sponsor" not in [row["owes"] for row in found.exposures()]  # paid before the window


def test_a_failure_runs_down_the_chain(found: Contagion):
    """The company's million went into the chips, as the sponsor pays what is short: it has none of
    12 M; the landlord has 0.5 M of 6.
    """
    lost = {row["creditor"]: row["by_round_usd"][:3] for row in found.rounds()}
    assert lost["company"] == pytest.approx([SALES, 0.0, 0.0], abs=USD)
    assert lost["landlord"] == pytest.approx([0.0, 12e6, 0.0], abs=USD)
    assert lost["staff"] == pytest.approx([0.0, 0.0, 5.5e6], abs=USD)
    order = {row["creditor"]: row["in_round"] for row in found.rounds()}
    assert (order["company"], order["landlord"], order["staff"]) == (1.0, 2.0, None)


def test_what_would_stop_it(found: Contagion):
    needed = {row["creditor"]: row["capital_usd"] for row in found.rounds()}
    assert needed["company"] == pytest.approx(12e6, abs=USD)
    assert needed["landlord"] == 0.0


def test_the_most_systemic_is_who_pays_all_others(found: Contagion):
    order = [row["party"] for row in found.systemic()]
    assert order == ["market", "company", "landlord"]
    worst = found.systemic()[0]
    assert worst["lost_usd"] == pytest.approx(SALES + 12e6 + 5.5e6, abs=2 * USD)
    assert worst["follow"] == 1.0
    assert worst["debt_rank"] > found.systemic()[1]["debt_rank"]


def test_friction_adds_and_a_chain_nets_to_its_ends(found: Contagion):
    as_it_is, alike, pairs, full, friction = found.variants
    assert alike.lost == pytest.approx(as_it_is.lost, abs=USD)  # nobody owes at two ranks
    assert pairs.lost == pytest.approx(as_it_is.lost, abs=USD)  # nobody owes anybody back
    assert full.lost < as_it_is.lost
    assert full.owed < as_it_is.owed
    assert full.lost == pytest.approx(SALES, abs=USD)  # what the market does not pay, once
    # A tenth of the half million that the landlord has is lost; the company has nothing.
    assert friction.lost - as_it_is.lost == pytest.approx(0.05e6, abs=2 * USD)


def test_claims_of_a_window_by_rank_add_up_to_what_is_promised() -> None:
    """a promises b 3 a month of which 1 was claimed before: ranks share what is promised 2 : 1."""
    promised = np.zeros((3, 2, 2, 1))
    promised[:, 0, 1] = 2.0
    promised[:, 1, 0] = 5.0  # from outside
    claimed = np.array([[2.0], [1.0]])[None].repeat(3, axis=0)
    owed = Owed(
        book=cast("Book", None),
        parties=("a", "b"),
        internal=1,
        promised=promised,
        cash=np.ones((3, 2, 1)),
        claimed=claimed,
        places=np.array([[0, 1, 0], [0, 1, 1]]),
    )
    found = owed.window(1, 2)
    assert found.ranked is not None
    assert found.ranked.sum(axis=1) == pytest.approx(found.owed)
    assert found.ranked[0, :, 0, 1] == pytest.approx([4.0 * 2.0 / 3.0, 4.0 / 3.0])
    assert found.ranked[0, :, 1, 0] == pytest.approx([10.0, 0.0])


@pytest.mark.parametrize("width", [80, 100])
def test_what_is_printed_fits_and_tells(found: Contagion, width: int):
    console = Console(width=width, file=io.StringIO(), highlight=False)
    console.print(spreading(found))
    text = console.file.getvalue()  # type: ignore[attr-defined]
    assert max(map(len, text.splitlines())) <= width
    assert "If market fails: who loses, and who follows" in text
    assert "12.0 M of capital" in text
    told = json.loads(json.dumps(found.to_json(), allow_nan=False))
    rent = next(row for row in told["exposures"] if row["owes"] == "company")
    assert rent["by_period_usd"] == pytest.approx([0.0, *[1e6] * 24], abs=USD)


@pytest.mark.parametrize(
    ("month", "fail", "code"),
    [
        ("2031-01", None, "month-form"),
        ("soon", None, "month-form"),
        (None, "bank", "party-unknown"),
    ],
)
def test_what_is_not_in_the_plan_is_refused(
    plan: Plan, month: str | None, fail: str | None, code: str
):
    with pytest.raises(PlanErrors) as caught:
        contagion(plan, month=month, fail=fail, paths=1)
    assert [problem.code for problem in caught.value.problems] == [code]
