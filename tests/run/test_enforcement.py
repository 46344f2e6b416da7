"""Sale of collateral in a whole plan, by hand: who gets how much, and when.

Companies without income buy 1,000 chips of 1 H100e each with a loan, miss the first interest, and
are called at the close of period 2. At 1 USD per H100e-hour for ever, without cost or discount, a
chip is worth 8,766 USD per year of life that is left: 60 units of 146,100 USD for the 1,000 of a
cohort that is sold with a year left. Interest of 12 % a year is 1 % a month.
"""

from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import pytest

from offtake.core.arrays import jax
from offtake.engine.simulate import Draws, simulate
from offtake.engine.step import CHECKS
from offtake.lowering.book import book_of
from offtake.lowering.lower import lower
from offtake.measures.facilities import Facilities
from offtake.plan.load import load
from offtake.run.draw import base_case

UNIT = 146_100.0
"""USD; 60 of them are 8,766 H100e-hours a year of 1,000 H100e."""
HEAD = """
plan: {name: Sales, start: 2026-01, horizon: 14 months, discount_rate: 10 %/year}
drivers: {compute_price: {2026: 1 USD/H100e/h}}
market: {price_decline: 0 %/year, asset_rate: 0 %/year, utilisation: 100 %}
sites: {hall: {owner: alone, phases: [{power: 50 MW, energise: 2025-01}]}}
"""
LOANS = {
    "alone": {"alone_loan": (100, "12 %/year", "senior")},
    "ranked": {
        "ranked_senior": (40, "12 %/year", "senior"),
        "ranked_junior": (30, "24 %/year", "junior"),
    },
    "equal": {
        "equal_a": (60, "12 %/year", "senior"),
        "equal_b": (30, "12 %/year", "senior"),
    },
    "rich": {"rich_loan": (30, "12 %/year", "senior")},
    "first": {"first_loan": (100, "12 %/year", "senior")},
    "second": {"second_loan": (100, "12 %/year", "senior")},
    "later": {"later_loan": (100, "12 %/year", "senior")},
    "backed": {"backed_loan": (100, "12 %/year", "senior")},
    "covered": {"covered_loan": (100, "12 %/year", "senior")},
    "cured": {"cured_loan": (100, "12 %/year", "senior")},
    "crossed": {
        "crossed_paid": (40, "12 %/year", "senior"),
        "crossed_called": (30, "12 %/year", "junior"),
    },
}
"""Company -> loan -> units, rate, seniority."""
MORE = f"""
  equity: {{kind: common_equity, investor: sponsor, issuer: rich}}
  deficiency: {{kind: parent_guarantee, guarantor: sponsor, obligor: backed,
               contracts: [backed_loan], cap: {20 * UNIT} USD, collection: true}}
  guarantee: {{kind: parent_guarantee, guarantor: sponsor, obligor: covered,
              contracts: [covered_loan], cap: {20 * UNIT} USD}}
  cure: {{kind: common_equity, investor: sponsor, issuer: cured, commitment: {20 * UNIT} USD,
         funds: [cured_loan], cures: 2}}
  income: {{kind: operating_cost, payer: tenant, payee: crossed, amount: {4.8 * UNIT} USD/year}}
"""
"""Owners; a guarantee of what the sale leaves, one of each payment; a right to cure; the interest
of a senior loan, so that only the junior one is missed."""
LIFE = {"first": 20, "second": 20, "later": 23}
"""Life of chips, months, so that a year of it is left at the sale; 17 of all others."""
SALE = {
    "alone": "time_of_sale: 3 months, cost_of_sale: 5 %",
    "ranked": "time_of_sale: 3 months",
    "equal": "time_of_sale: 3 months, administration: 1461000 USD",
    "rich": "time_of_sale: 3 months",
    "first": "time_of_sale: 6 months, fire_sale: 1, market_depth: 10k H100e",
    "second": "time_of_sale: 6 months, fire_sale: 1, market_depth: 10k H100e",
    "later": "time_of_sale: 9 months, fire_sale: 1, market_depth: 10k H100e",
    "backed": "time_of_sale: 3 months",
}


def written() -> str:
    parties = [
        f"  {name}: {{kind: external, role: {role}}}"
        for name, role in (
            *(("bank", "lender"), ("vendor", "vendor"), ("resale", "operator")),
            *(("agent", "supplier"), ("sponsor", "equity"), ("tenant", "customer")),
        )
    ]
    chips, contracts = [], []
    for name, loans in LOANS.items():
        lent = sum(amount for amount, _, _ in loans.values()) * UNIT
        parties.append(f"  {name}: {{kind: internal, role: operator}}")
        chips.append(
            f"  {name}_lot: {{site: hall, chip: {{h100e: 1, watts: 1000 W}}, units: 1000, "
            f"deliver: 2026-01, price: {lent / 1000} USD, availability: 100 %, "
            f"failure_rate: 0 %/year, physical_life: {LIFE.get(name, 17)} months}}"
        )
        contracts.append(
            f"  {name}_order: {{kind: chip_purchase, buyer: {name}, seller: vendor, "
            f"chips: {name}_lot, milestones: {{delivery: 100 %}}}}"
        )
        for loan, (amount, rate, seniority) in loans.items():
            contracts.append(
                f"  {loan}: {{kind: term_loan, lender: bank, borrower: {name}, "
                f"amount: {amount * UNIT} USD, rate: {rate}, term: 14 months, grace: 1 month, "
                f"seniority: {seniority}, collateral: [{name}_lot]"
                + (', cross_default: "*"}' if loan == "crossed_paid" else "}")
            )
        if name not in SALE:
            continue
        contracts.append(
            f"  {name}_lien: {{kind: security, grantor: {name}, buyer: resale, agent: agent, "
            f"secures: [{', '.join(loans)}], assets: [{name}_lot], {SALE[name]}}}"
        )
    parts = [HEAD, "parties:", *parties, "chips:", *chips, "contracts:", *contracts, MORE]
    return "\n".join(parts)


class Outcome:
    """Base case of the plan."""

    def __init__(self, *changes: str) -> None:
        with TemporaryDirectory() as folder:
            file = Path(folder) / "plan.yaml"
            file.write_text(written())
            lowered = lower(load(file, changes), (*Facilities.wanted, "sites.*", "chips.*"))
        record = compiled()(lowered.program, lowered.shape, Draws(*base_case(lowered, 256)))
        self.labels = lowered.labels
        self.months = jax.tree.map(lambda x: np.asarray(x[..., 0]), record.months)
        self.checks = dict(zip(CHECKS, np.asarray(record.checks)[:, 0].tolist(), strict=True))
        book = book_of(lowered)
        measured = Facilities.build(book).reduce(record)
        names = [facility.contract for facility in book.facilities]
        self.loans = {
            # What is told by year has an axis more, and is not for these tests.
            loan: {what: float(v[f, 0]) for what, v in measured.items() if v.ndim == 2}
            for f, loan in enumerate(names)
        }

    def paid(self, contract: str, line: str) -> np.ndarray:
        """[period] in units."""
        (k,) = (
            k
            for k, claim in enumerate(self.labels.claims)
            if (claim.contract, claim.line) == (contract, line)
        )
        return self.months.paid[:, k] / UNIT

    def seen(self, name: str) -> np.ndarray:
        return self.months.observations[:, self.labels.observation(name)]

    def lgd(self, loan: str) -> float:
        of = self.loans[loan]
        return 1.0 - of["recovered_usd"] / of["ead_usd"]


@cache
def compiled() -> Any:
    return jax.jit(simulate, static_argnums=1)


@cache
def outcome(*changes: str) -> Outcome:
    return Outcome(*changes)


def test_one_loan():
    """100 lent on what sells for 60, less 5 %, three months after it was called."""
    run = outcome()
    sold = run.paid("alone_loan", "recovery") + run.paid("alone_loan", "recovery_interest")
    assert sold == pytest.approx(np.eye(15)[5] * 57.0)
    # Five months of interest come first, 100 x 1.01^5 - 100.
    assert run.paid("alone_loan", "recovery_interest")[5] == pytest.approx(100 * (1.01**5 - 1))
    assert run.paid("alone_lien", "cost")[5] == pytest.approx(3.0)
    loan = run.loans["alone_loan"]
    assert loan["default_period"] == 2
    assert loan["ead_usd"] / UNIT == pytest.approx(102.01)
    assert run.lgd("alone_loan") == pytest.approx(1 - 57 / 1.01**3 / 102.01)
    assert loan["sold_chips_usd"] == loan["sold_usd"] == loan["recovered_usd"]
    assert loan["recovery_months"] == pytest.approx(3.0)


def test_what_is_left_is_unsecured_and_stays_owed():
    run = outcome()
    left = 100 * 1.01**5 - 57
    assert run.seen("contracts.alone_loan.owed")[6] / UNIT == pytest.approx(left * 1.01)
    claims = [claim for claim in run.labels.claims if claim.contract == "alone_loan"]
    assert {c.line for c in claims} >= {"deficiency", "deficiency_interest"}
    assert run.paid("alone_loan", "deficiency").sum() == 0.0


def test_senior_before_junior():
    run = outcome()
    assert run.lgd("ranked_senior") == pytest.approx(0.0, abs=1e-12)
    left = 60 - 40 * 1.01**5
    expected = 1 - left / 1.02**3 / (30 * 1.02**2)
    assert run.lgd("ranked_junior") == pytest.approx(expected)


def test_equal_ones_share_after_the_cost_of_administration():
    run = outcome()
    # 10 of 60 go to the agent; 50 are shared as 60 to 30.
    assert run.paid("equal_lien", "cost")[5] == pytest.approx(10.0)
    for loan, part in (("equal_a", 100 / 3), ("equal_b", 50 / 3)):
        got = run.paid(loan, "recovery") + run.paid(loan, "recovery_interest")
        assert got[5] == pytest.approx(part)


def test_the_excess_is_the_owners():
    run = outcome()
    excess = 60 - 30 * 1.01**5
    assert run.paid("rich_lien", "excess")[5] == pytest.approx(excess)
    # In default until the loan is paid; a month later the owners have it.
    assert run.paid("equity", "distribution") == pytest.approx(np.eye(15)[6] * excess)
    assert run.lgd("rich_loan") == pytest.approx(0.0, abs=1e-12)


def test_two_who_sell_at_once_get_less_than_one():
    run = outcome()
    assert run.seen("resale.offered_h100e")[[5, 8, 11]].tolist() == [5000, 2000, 1000]
    for loan, when, crowd in (
        ("first_loan", 8, 0.2),
        ("second_loan", 8, 0.2),
        ("later_loan", 11, 0.1),
    ):
        got = run.paid(loan, "recovery") + run.paid(loan, "recovery_interest")
        assert got[when] == pytest.approx(60 * np.exp(-crowd))


def test_a_strong_market_loses_less():
    weak, strong = outcome(), outcome("drivers.compute_price.2026=1.5 USD/H100e/h")
    for loan in ("alone_loan", "ranked_junior", "equal_a", "first_loan"):
        assert strong.lgd(loan) < weak.lgd(loan)
    got = strong.paid("alone_loan", "recovery") + strong.paid("alone_loan", "recovery_interest")
    assert got[5] == pytest.approx(1.5 * 57)


def test_what_is_sold_leaves_the_site_and_not_the_market():
    run = outcome()
    here = run.seen("sites.hall.h100e")
    # Five lots are sold in period 5, two in period 8, one in period 11; three are not pledged.
    assert here[[5, 6, 8, 9, 11, 12]] == pytest.approx([11000, 6000, 6000, 4000, 4000, 3000])
    assert run.seen("chips.alone_lot.h100e")[6] == pytest.approx(1000)


def test_a_guarantee_of_collection_pays_what_the_sale_leaves():
    run = outcome()
    # 60 in period 5; of 45 that are left the guarantor pays 20 a period later, its cap.
    assert run.paid("deficiency", "support") == pytest.approx(np.eye(15)[6] * 20)
    loan = run.loans["backed_loan"]
    assert loan["supported_usd"] / UNIT == pytest.approx(20 / 1.01**4)
    assert run.lgd("backed_loan") == pytest.approx(1 - 60 / 1.01**3 / 102.01)


def test_a_guarantee_of_payment_keeps_the_loan_from_being_called():
    run = outcome()
    # One a month, until all of it is due in the last.
    assert run.paid("guarantee", "support")[1:14] == pytest.approx(1.0)
    assert run.paid("guarantee", "support")[14] == pytest.approx(20 - 13)
    assert np.isnan(run.loans["covered_loan"]["default_period"])


def test_owners_cure_a_loan_twice():
    run = outcome()
    assert run.paid("cure", "draw") == pytest.approx(np.isin(np.arange(15), [1, 2]).astype(float))
    # Missed in periods 3 and 4.
    assert run.loans["cured_loan"]["default_period"] == 4


def test_cross_default_calls_a_loan_that_is_paid():
    run = outcome()
    assert run.loans["crossed_called"]["default_period"] == 2
    # What was called in a period before calls the other.
    assert run.loans["crossed_paid"]["default_period"] == 3
    assert run.paid("crossed_paid", "interest")[1:4] == pytest.approx(0.4)


def test_months_balance():
    assert max(outcome().checks.values()) <= 1e-12
