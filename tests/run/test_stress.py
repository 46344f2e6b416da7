"""Stress of a year that is known by hand: who fails, who loses, and what it takes to reach it.

1,000 H100e earn 17.52 M USD in a year, of which a lab pays half. The company owes a bank 12 M USD
at the end; its owner paid the rest of the chips, 18 M USD.
"""

import io
import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from rich.console import Console

from offtake import catalogue
from offtake.core.errors import PlanErrors
from offtake.lowering.lower import lower
from offtake.plan.load import load
from offtake.plan.schema import Plan
from offtake.reports.stress import least as shown
from offtake.reports.stress import stressed
from offtake.results.reverse import Outcome
from offtake.results.stress import Stress
from offtake.risk.library import library
from offtake.risk.prepare import prepared
from offtake.run.draw import draw
from offtake.run.record import recorder
from offtake.run.reverse import reverse
from offtake.run.stress import chosen, stress
from tests.reference.plans import BAZAAR

pytestmark = pytest.mark.slow
TEXT = """
plan: {name: One year, start: 2026-01, horizon: 12 months, discount_rate: 0 %/year}
parties:
  company: {kind: internal, role: operator}
  sponsor: {kind: external, role: equity}
  bank:    {kind: external, role: lender}
  lab:     {kind: external, role: lab, credit: {hazard: 5 %/year, recovery: 0 %}}
  vendor:  {kind: external, role: vendor}
  market:  {kind: external, role: customer, credit: {hazard: 0 %/year, recovery: 100 %}}
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
  reservation: {kind: reserved_capacity, seller: company, buyer: lab, site: hall, share: 50 %,
                price: 2 USD/H100e/h, term: 12 months}
  spot: {kind: spot_sale, seller: company, buyer: market, site: hall, price: compute_price}
  loan: {kind: term_loan, lender: bank, borrower: company, amount: 12 M USD, rate: 0 %/year,
         term: 12 months, amortisation: bullet, start: 2026-01}
  equity: {kind: common_equity, investor: sponsor, issuer: company, commitment: 40 M USD,
           funds: [order], distributions_from: 2026-12-31}
scenarios:
  half: {drivers.compute_price.start: 1 USD/H100e/h}
"""
SALES = 17_520_000.0
LEFT = catalogue.yardsticks()["price_collapse"][-1].value
"""Of the price after one yardstick."""
DEBT = 12e6
USD = 1e-2
"""Sums of twelve months in floats."""


@pytest.fixture(name="file", scope="module")
def plan_file(tmp_path_factory: pytest.TempPathFactory):
    file = tmp_path_factory.mktemp("plan") / "plan.yaml"
    file.write_text(TEXT)
    return file


@pytest.fixture(name="plan", scope="module")
def one_year(file) -> Plan:
    return load(file)


@pytest.fixture(name="found", scope="module")
def shocked(plan: Plan, file) -> Stress:
    return stress(plan, paths=512, scenarios={"half": load(file, scenario="half")})


def change(found: Stress, shock: str, party: str) -> np.ndarray:
    """Loss of a party under a shock less that without, in the futures in which the lab lives."""
    m, lab = found.parties.index(party), found.parties.index("lab")
    lives = found.runs[shock].failed[:, lab] == 0.0
    return (found.runs[shock].loss - found.plain.loss)[lives, m]


def test_the_owner_loses_what_the_hours_sold_by_the_hour_earn_less(found: Stress):
    """Half of the hours have a price agreed; the others earn a yardstick less, or a half."""
    for shock, share in (("price_collapse", 1.0 - LEFT), ("scenario:half", 0.5)):
        lost = np.minimum(share * SALES / 2.0, SALES - DEBT)
        assert change(found, shock, "sponsor") == pytest.approx(lost, abs=USD)


def test_a_failing_customer_fails_in_every_future(found: Stress):
    row = found.parties_table().find(shock="lead_customer_fails", party="lab")
    assert row["default"] == pytest.approx(-np.expm1(-0.05), abs=4 * 0.0095)  # four errors of 512
    assert row["default_stressed"] == 1.0
    assert "lab" in [who["who"] for who in newly(found, "lead_customer_fails")]


def newly(found: Stress, shock: str) -> list[dict]:
    return found.summary().find(shock=shock)["newly_fails"]


def test_who_newly_fails_and_who_does_not(found: Stress):
    """Chips eight months late earn a third of the year: 5.8 M USD against a debt of 12 M."""
    assert "company" in [who["who"] for who in newly(found, "chip_supply_cut")]
    assert newly(found, "new_chips_early") == []
    assert {shock["shock"] for shock in found.nothing()} == {
        "rates_up",
        "sentiment_turns",
        "backstop_withdrawn",
    }


def test_every_change_has_the_error_of_the_paired_difference(found: Stress):
    row = found.summary().find(shock="price_collapse")
    lost = found.runs["price_collapse"].loss - found.plain.loss
    paired = (lost @ found.plain.invested).std(ddof=1) / np.sqrt(512.0)
    assert row["el_change_usd_se"] == pytest.approx(paired)
    runs = (found.runs["price_collapse"], found.plain)
    apart = np.hypot(*((run.loss @ run.invested).std(ddof=1) for run in runs)) / np.sqrt(512.0)
    assert paired < 0.5 * apart  # the same futures


@pytest.mark.parametrize("width", [80, 100])
def test_what_is_printed_fits_and_tells(found: Stress, width: int):
    console = Console(width=width, file=io.StringIO(), highlight=False)
    console.print(stressed("512 futures", found))
    text = console.file.getvalue()  # type: ignore[attr-defined]
    assert max(map(len, text.splitlines())) <= width
    assert "lab 6.2 → 100 %" in text
    assert "rates_up: nothing to shock, the plan has no driver that is the base" in " ".join(
        text.split()
    )


def test_json_is_plain(found: Stress):
    written = json.loads(json.dumps(found.to_json(), allow_nan=False))
    assert {row["shock"] for row in written["stress"]} == set(found.runs)
    assert len(written["parties"]) == len(found.runs) * len(found.parties)


def test_all_together_and_only_together(plan: Plan, found: Stress):
    assert list(found.runs)[-1] == "all"
    with pytest.raises(ValueError, match="half, third"):
        stress(plan, paths=1, together=True, scenarios={"half": plan, "third": plan})


def test_an_unknown_shock_is_refused_with_the_nearest(plan: Plan):
    with pytest.raises(PlanErrors) as caught:
        chosen(library(plan, {}), ["rate_up"])
    assert "did you mean rates_up?" in caught.value.problems[0].mend


def test_what_prepares_a_plan_changes_no_future(tmp_path: Path):
    """A market whose demand is drivers, and debt over a base rate that is a formula."""
    file = tmp_path / "plan.yaml"
    file.write_text(BAZAAR)
    calm = "{process: mean_reverting, start: 4 %/year, volatility: 30 %/year}"
    debt = (
        "{kind: term_loan, lender: %s, borrower: %s, amount: 1 M USD, rate: base + 2 %%/year, "
        "term: 12 months, amortisation: linear}"
    )
    bare = load(file)
    outside = next(n for n, p in bare.parties.items() if p.kind == "external")
    inside = next(n for n, p in bare.parties.items() if p.kind == "internal")
    plan = load(
        file,
        (
            f"drivers.calm={calm}",
            "drivers.base={formula: calm * 1}",
            f"contracts.debt={debt % (outside, inside)}",
        ),
    )
    made = prepared(plan)
    assert made.market.demand["chat"].tokens.driver == "stress_of_market_demand_chat_tokens_moved"
    assert "stress_rate_base" in made.drivers

    def paid(given: Plan) -> np.ndarray:
        lowered = lower(given)
        return np.asarray(recorder(lowered)(draw(lowered, 3, 0, 256, 256)).paid)

    np.testing.assert_array_equal(paid(prepared(plan)), paid(plan))


# ------------------------------------------------------------------------------ reverse stress


def test_the_least_price_fall_is_where_revenue_meets_the_debt(plan: Plan):
    """(1 + 0.56^s) / 2 x 17.52 = 12: s = 1.72."""
    least = reverse(plan, "company defaults in 50 % of futures", ["price_collapse"], paths=256)
    needed = np.log(2.0 * DEBT / SALES - 1.0) / np.log(LEFT)
    assert least.distance == pytest.approx(needed, abs=0.01)
    assert least.before.value < 0.5 <= least.here.value
    assert least.short.value < 0.5
    console = Console(width=80, file=io.StringIO(), highlight=False)
    console.print(shown("256 futures", least))
    assert "is reached 1.7" in console.file.getvalue()  # type: ignore[attr-defined]
    json.dumps(least.to_json(), allow_nan=False)
    assert not least.unsure
    assert replace(least, level=0.01).unsure  # less than three of 256 futures
    assert replace(least, elsewhere=Outcome(0.2, 0.01)).unsure
    small, large = ({**least.shocks[0], "yardsticks": y} for y in (0.01, 0.06))
    many = replace(least, distance=0.09, shocks=(small, *least.shocks, large))
    assert [shock["yardsticks"] for shock in many.part] == [
        least.shocks[0]["yardsticks"],
        0.06,
        0.01,
    ]
    nearly = replace(least, shocks=(large, *least.shocks))
    console = Console(width=80, file=io.StringIO(), highlight=False)
    console.print(shown("256 futures", nearly))
    assert "Hardly part of it: price_collapse 0.06." in console.file.getvalue()  # type: ignore[attr-defined]


@pytest.mark.scenarios
def test_the_least_of_two_shocks(plan: Plan):
    """With the site opening late as well, which counts in whole months: the nearest of four points
    (months / 2, fall of the price), a boundary in steps.
    """
    least = reverse(
        plan,
        "company defaults in 50 % of futures",
        ["price_collapse", "weather_at_one_site"],
        paths=256,
    )
    months, days = np.arange(4.0), np.array([0.0, 31.0, 59.0, 90.0])
    left = 2.0 * DEBT / (SALES * (1.0 - days / 365.0)) - 1.0
    fall = np.log(left) / np.log(LEFT)
    nearest = float(np.min(np.hypot(months / 2.0, fall)))
    assert least.distance == pytest.approx(nearest, abs=0.01)  # a turn has to bring 0.01


@pytest.mark.scenarios
def test_not_within_five_yardsticks(plan: Plan):
    least = reverse(plan, "company defaults in 50 % of futures", ["new_chips_early"], paths=256)
    assert least.distance is None
    assert least.here is None
