"""Funding and supports of one borrower in a whole plan: who is called first, and who comes back."""

from pathlib import Path

import numpy as np
import pytest

from offtake.core.arrays import jax
from offtake.engine.simulate import Draws, simulate
from offtake.engine.step import CHECKS
from offtake.lowering.lower import lower
from offtake.plan.load import load
from offtake.run.draw import base_case

PLAN = """
plan: {name: Supports, start: 2026-01, horizon: 30 months, discount_rate: 9 %/year}
parties:
  company:  {kind: internal, role: operator}
  parent:   {kind: internal, role: guarantor, cash: 10k USD}
  reserve:  {kind: account, owner: company}
  bank:     {kind: external, role: lender}
  sponsor:  {kind: external, role: equity}
  builder:  {kind: external, role: supplier}
  customer: {kind: external, role: customer}
contracts:
  build:     {kind: operating_cost, payer: company, payee: builder, amount: 12k USD/year,
              end: 2026-07}
  income:    {kind: operating_cost, payer: customer, payee: company,
              amount: {2026-07: 6k USD/year, 2027-01: 1.2k USD/year, 2027-06: 9.6k USD/year}}
  loan:      {kind: delayed_draw_loan, lender: bank, borrower: company, amount: 4k USD,
              funds: [build], weight: 60, rate: 12 %/year, availability: 6 months,
              capitalise_interest: true, term: 18 months, amortisation: linear, grace: 6 months}
  equity:    {kind: common_equity, investor: sponsor, issuer: company, commitment: 4k USD,
              funds: [build], weight: 40, lock_up: [loan]}
  line:      {kind: revolver, lender: bank, borrower: company, amount: 300 USD, funds: [loan],
              rate: 12 %/year, term: 29 months, seniority: junior, grace: 6 months}
  cushion:   {kind: reserve_account, account: reserve, owner: company, facilities: [loan],
              months: 2 months, start: 2026-07}
  guarantee: {kind: parent_guarantee, guarantor: parent, obligor: company, contracts: [loan],
              cap: 500 USD}
"""


class Ledger:
    """Base case of a plan: paid and claimed by contract and line, [period]."""

    def __init__(self, folder: Path) -> None:
        file = folder / "plan.yaml"
        file.write_text(PLAN)
        self.lowered = lower(load(file))
        draws = Draws(*base_case(self.lowered, 256))
        record = jax.jit(lambda p, d: simulate(p, self.lowered.shape, d))(
            self.lowered.program, draws
        )
        self.months = jax.tree.map(lambda x: np.asarray(x[..., 0]), record.months)
        self.checks = dict(zip(CHECKS, np.asarray(record.checks)[:, 0].tolist(), strict=True))

    def _of(self, amounts: np.ndarray, name: str) -> np.ndarray:
        for c, claim in enumerate(self.lowered.labels.claims):
            if f"{claim.contract}.{claim.line}" == name:
                return amounts[:, c]
        raise KeyError(name)

    def paid(self, name: str) -> np.ndarray:
        return self._of(self.months.paid, name)

    def claimed(self, name: str) -> np.ndarray:
        return self._of(self.months.claimed, name)

    def cash(self, party: str) -> np.ndarray:
        return self.months.cash[:, list(self.lowered.labels.parties).index(party)]


@pytest.fixture(scope="module")
def ledger(tmp_path_factory: pytest.TempPathFactory) -> Ledger:
    return Ledger(tmp_path_factory.mktemp("plan"))


def service(ledger: Ledger) -> np.ndarray:
    """What the loan asks for, interest and principal, [period]."""
    return ledger.claimed("loan.interest") + ledger.claimed("loan.principal")


def test_lenders_and_owners_build_together_and_interest_is_drawn(ledger):
    balance = 0.0
    for t in range(1, 7):
        interest = 0.01 * balance
        np.testing.assert_allclose(ledger.claimed("loan.interest")[t], interest)
        np.testing.assert_allclose(ledger.paid("equity.draw")[t], 400.0)
        np.testing.assert_allclose(ledger.paid("loan.draw")[t], 600.0 + interest)
        balance += 600.0 + interest
    np.testing.assert_allclose(ledger.paid("loan.principal")[7:19], balance / 12)
    np.testing.assert_allclose(ledger.paid("build.cost")[1:7], 1000.0)


def test_the_loan_is_always_paid_in_full(ledger):
    for line in ("interest", "principal"):
        paid, claimed = ledger.paid(f"loan.{line}"), ledger.claimed(f"loan.{line}")
        np.testing.assert_allclose(paid, claimed, rtol=1e-9, atol=1e-9)


def test_the_reserve_fills_from_what_is_left_and_gives_back_what_is_too_much(ledger):
    left = ledger.paid("income.cost") - service(ledger)
    top_up, held = ledger.paid("cushion.top_up"), ledger.cash("reserve")
    np.testing.assert_allclose(top_up[8:11], left[8:11])
    # The target is two months of the service of the month before; in full from period 11 on.
    np.testing.assert_allclose(held[11], 2.0 * service(ledger)[10])
    np.testing.assert_allclose(held[12], 2.0 * service(ledger)[11])
    np.testing.assert_allclose(ledger.paid("cushion.release")[12], held[11] - held[12])
    np.testing.assert_allclose(
        ledger.paid("equity.distribution")[12], left[12] + held[11] - held[12]
    )


def test_supports_are_called_in_order(ledger):
    short = service(ledger) - ledger.paid("income.cost") - ledger.paid("cushion.release")
    line, reserve = ledger.paid("line.draw"), ledger.paid("cushion.draw")
    guarantee = ledger.paid("guarantee.support")
    np.testing.assert_allclose(line[13], short[13])
    np.testing.assert_allclose(line[14], 300.0 - line[13])
    np.testing.assert_allclose(reserve[14], short[14] - line[14])
    np.testing.assert_allclose(reserve[15:17], short[15:17])
    np.testing.assert_allclose(reserve[17], ledger.cash("reserve")[16])
    np.testing.assert_allclose(guarantee[17], short[17] - reserve[17])
    np.testing.assert_allclose((line + reserve + guarantee)[13:18], short[13:18])
    assert not (line + reserve + guarantee)[18:].any()
    assert np.count_nonzero(guarantee) == 1


def test_the_guarantor_recovers_after_lenders_and_reserve(ledger):
    guarantee, back = ledger.paid("guarantee.support"), ledger.paid("guarantee.support_recovery")
    claimed = ledger.claimed("guarantee.support_recovery")
    np.testing.assert_allclose(claimed[17:19], guarantee[17])
    np.testing.assert_allclose(back[17:20], [0.0, guarantee[17], 0.0], atol=1e-9)
    # Period 18: the last service of the loan, the reserve up to what the loan still owed, junior
    # interest, the guarantor, and what is left repays the line.
    top_up, swept = ledger.paid("cushion.top_up")[18], ledger.paid("line.sweep")[18]
    np.testing.assert_allclose(top_up, service(ledger)[18] / 1.01)
    junior = ledger.paid("line.interest")[18]
    np.testing.assert_allclose(swept, 800.0 - service(ledger)[18] - top_up - junior - guarantee[17])
    np.testing.assert_allclose(ledger.cash("parent")[-1], 10e3)


def test_the_line_is_repaid_before_owners(ledger):
    moved = ledger.paid("line.draw") - ledger.paid("line.sweep")
    # Interest of 1 % a month, unpaid since the first draw while cash was short, on itself too.
    arrears, balance = 0.0, 0.0
    for t in range(14, 20):
        balance += moved[t - 1]
        asked = arrears * 1.01 + 0.01 * balance
        np.testing.assert_allclose(ledger.claimed("line.interest")[t], asked)
        arrears = asked - ledger.paid("line.interest")[t]
    np.testing.assert_allclose(ledger.paid("line.sweep").sum(), 300.0)
    np.testing.assert_allclose(ledger.paid("equity.distribution")[13:19], 0.0, atol=1e-9)
    assert ledger.paid("equity.distribution")[19] > 0.0


def test_every_check_of_the_month_holds(ledger):
    assert all(worst <= 1e-9 for worst in ledger.checks.values()), ledger.checks
    assert ledger.cash("reserve")[-1] == 0.0
