"""Cover of a facility counts all debt of the borrower that ranks senior to it or equal with it.

The company has 1,000 USD a month for debt service and four loans at 1 % a month:

    period       1       2       3       4      5      6
    first      312     309     306     303                senior, 1,200 over four months
    second      24      24      24      24     24      24  senior, 2,400 at the end of the sixth
    third      156   154.5     153   151.5                junior, 600 over four months
    other       12      12      12      12     12      12  of another company
"""

from pathlib import Path

import numpy as np
import pytest

from offtake.core.arrays import jax
from offtake.engine.simulate import Draws, simulate
from offtake.lowering.lower import lower
from offtake.plan.load import load
from offtake.run.draw import base_case

PLAN = """
plan: {name: Cover, start: 2026-01, horizon: 8 months, discount_rate: 9 %/year}
parties:
  company:  {kind: internal, role: operator, cash: 10k USD, minimum_cash: 8k USD}
  sister:   {kind: internal, role: operator, cash: 10k USD}
  bank:     {kind: external, role: lender}
  sponsor:  {kind: external, role: equity}
  customer: {kind: external, role: customer}
contracts:
  income:  {kind: operating_cost, payer: customer, payee: company, amount: 12k USD/year}
  first:   {kind: term_loan, lender: bank, borrower: company, amount: 1200 USD, rate: 12 %/year,
            term: 4 months, amortisation: linear}
  second:  {kind: term_loan, lender: bank, borrower: company, amount: 2400 USD, rate: 12 %/year,
            term: 6 months}
  third:   {kind: term_loan, lender: bank, borrower: company, amount: 600 USD, rate: 12 %/year,
            term: 4 months, amortisation: linear, seniority: junior}
  other:   {kind: term_loan, lender: bank, borrower: sister, amount: 1200 USD, rate: 12 %/year,
            term: 6 months}
  line:    {kind: revolver, lender: bank, borrower: company, amount: 500 USD, rate: 12 %/year,
            term: 7 months}
  equity:  {kind: common_equity, investor: sponsor, issuer: company, lock_up: [first],
            lock_up_dscr: 3}
"""
NONE = 1e9


class Seen:
    """Base case: what contracts publish at the start of each period, and what is paid."""

    def __init__(self, file: Path, *changes: str) -> None:
        file.write_text(PLAN)
        lowered = lower(load(file, changes), ("contracts.*.dscr", "contracts.*.service_due"))
        draws = Draws(*base_case(lowered, 256))
        record = jax.jit(lambda p, d: simulate(p, lowered.shape, d))(lowered.program, draws)
        self.labels = lowered.labels
        self.observed = np.asarray(record.months.observations)[:, :, 0]
        self.paid = np.asarray(record.months.paid)[:, :, 0]

    def published(self, name: str) -> np.ndarray:
        return self.observed[:, self.labels.observations.index(f"contracts.{name}")]

    def distributed(self) -> np.ndarray:
        lines = [claim.line for claim in self.labels.claims]
        return self.paid[:, lines.index("distribution")]


@pytest.fixture(scope="module")
def seen(tmp_path_factory: pytest.TempPathFactory) -> Seen:
    return Seen(tmp_path_factory.mktemp("cover") / "plan.yaml")


def test_service_due_is_that_of_this_month_without_the_balloon(seen: Seen):
    np.testing.assert_allclose(seen.published("first.service_due")[:6], [0, 312, 309, 306, 303, 0])
    np.testing.assert_allclose(seen.published("second.service_due")[:8], [0, *[24] * 6, 0])
    np.testing.assert_allclose(seen.published("third.service_due")[1:5], [156, 154.5, 153, 151.5])


def test_loans_of_equal_rank_are_covered_together(seen: Seen):
    cover = seen.published("first.dscr")
    np.testing.assert_allclose(cover[:2], NONE)
    np.testing.assert_allclose(cover[2], 1000 / (312 + 24))
    np.testing.assert_allclose(cover[5], 4000 / (1230 + 4 * 24))
    # Repaid: the months in which it was served stay as they were.
    np.testing.assert_allclose(cover[6:], 4000 / (1230 + 4 * 24))


def test_a_loan_is_measured_in_the_months_in_which_it_is_served(seen: Seen):
    cover = seen.published("second.dscr")
    np.testing.assert_allclose(cover[2], 1000 / (312 + 24))
    np.testing.assert_allclose(cover[6], 5000 / (1230 + 5 * 24))
    np.testing.assert_allclose(cover[7], 6000 / (1230 + 6 * 24))


def test_junior_debt_counts_what_is_paid_before_it_and_is_not_counted_before(seen: Seen):
    cover = seen.published("third.dscr")
    np.testing.assert_allclose(cover[2], 1000 / (312 + 24 + 156))
    np.testing.assert_allclose(cover[5], 4000 / (1230 + 4 * 24 + 615))


def test_debt_of_another_borrower_is_not_counted(seen: Seen):
    # The sister earns nothing; twelve a month is due on its loan.
    np.testing.assert_allclose(seen.published("other.dscr")[2:8], 0.0)


def test_an_undrawn_line_has_no_cover(seen: Seen):
    np.testing.assert_allclose(seen.published("line.dscr"), NONE)


def test_a_lock_up_sees_all_debt(seen: Seen):
    # Below 3 until the close of period 3, at 3,000 / 999; alone the loan has 1,000 / 312 at once.
    cover = seen.published("first.dscr")
    np.testing.assert_allclose(cover[4], 3000 / (927 + 72))
    paid = seen.distributed()
    assert paid[2] == 0.0
    assert paid[3] == 0.0
    assert paid[4] > 0.0
