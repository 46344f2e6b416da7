"""Prepayment and extension of loans, by hand: the rule, what is asked for, and who pays it."""

import numpy as np
import pytest

from offtake.contracts.delayed_draw_loan import EXAMPLE as BUILD
from offtake.contracts.delayed_draw_loan import DelayedDrawLoan
from offtake.contracts.term_loan import EXAMPLE, TermLoan
from offtake.core.arrays import jax
from offtake.engine.simulate import Draws, simulate
from offtake.lowering.lower import lower
from offtake.plan.load import load
from offtake.run.draw import base_case
from tests.contracts.harness import run_alone

PERIODS = 8


def loan(kind=TermLoan, example=EXAMPLE, **setting):
    """1,200 over six months at 12 %, which another bank would refinance."""
    changes = {"prepaid_by": "new", "term": "6 months"} | setting.pop("changes", {})
    terms = type(example).model_validate(example.model_dump(exclude_unset=True) | changes)
    seen = {"contracts.new.capacity": setting.pop("capacity", 2000.0)}
    seen["contracts.new.offered"] = setting.pop("offered", np.array([13, 13, 13, *[9] * 6]) / 100)
    return run_alone(kind, terms, seen | setting.pop("observations", {}), PERIODS, **setting)


def test_it_is_prepaid_once_it_is_cheaper():
    table = loan()
    # 200 and 200 on schedule; in period 3 it costs 9 % and all 800 are repaid.
    np.testing.assert_allclose(table["principal"][:5], [0, 200, 200, 800, 0])
    np.testing.assert_allclose(table["interest"][:5], [0, 12, 10, 8, 0])
    # What a prepayment repays is no service that cash flow has to cover.
    np.testing.assert_allclose(table["service"][4], 208)


def test_the_saving_counts_the_premium_over_the_time_left():
    """3 % saved; three months are left, over which a premium of 0.5 % costs 2 % a year."""
    table = loan(changes={"call_premium": "0.5 %", "prepayment_saving": "1 %/year"})
    np.testing.assert_allclose(table["principal"][3], 800)
    np.testing.assert_allclose(table["fee"][3], 4)
    table = loan(changes={"call_premium": "0.5 %", "prepayment_saving": "1.01 %/year"})
    np.testing.assert_allclose(table["principal"][3], 200)


def test_what_would_not_be_lent_is_not_prepaid():
    """The balance and its premium: 803.9 are not enough for 800 and 4."""
    changes = {"call_premium": "0.5 %"}
    assert loan(changes=changes, capacity=803.9)["principal"][3] == 200
    assert loan(changes=changes, capacity=804.1)["principal"][3] == 800


def test_no_call():
    assert loan(changes={"no_call": "4 months"})["principal"][3] == 200
    assert loan(changes={"no_call": "3 months"})["principal"][4] == 0
    np.testing.assert_allclose(loan(changes={"no_call": "4 months"})["principal"][4], 600)


def test_a_borrower_in_arrears_does_not_prepay():
    table = loan(paid=lambda line, t, claimed: claimed * (t != 2))
    np.testing.assert_allclose(table["principal.claimed"][2:5], [200, 400, 600])


def test_interest_that_waits_is_paid_with_it():
    table = loan(changes={"interest_every": "2 months", "capitalise_until": "2026-06-30"})
    # Capitalised in 2; of the balance of 1,200 + 24 - 400 one month's interest has been earned.
    left = 1200.0 + 12.0 + 10.0 - 400.0
    np.testing.assert_allclose(table["interest"][:5], [0, 0, 0, 0.01 * left, 0])
    assert table["balance"][4] == 0


def extended(**changes):
    terms = {"extensions": "2", "extension": "2 months", "extension_fee": "1 %"} | changes
    terms |= {"extension_ltv": "50 %", "collateral": ["cohort"], "amortise_over": "20 months"}
    whole = type(BUILD).model_validate(BUILD.model_dump(exclude_unset=True) | terms)
    worth = {"chips.cohort.value": np.array([9000] * 8 + [1300, 1200, 1100, 1000, 900.0])}
    return run_alone(
        DelayedDrawLoan, whole, worth, 12, drawn=lambda line, t, limit: 1000.0 * (t == 0)
    )


def test_an_extension_costs_a_fee_and_needs_collateral():
    """1,000 drawn, 50 a month from period 3; maturity in 6, then 8, when 700 is over half of it."""
    table = extended()
    np.testing.assert_allclose(table["principal"][3:9], [50, 50, 50, 50, 50, 750])
    # In period 6 the loan is 850, half of what is pledged is 4,500; in 8 it is 750 and 650.
    np.testing.assert_allclose(table["fee"][6:9], [8.5, 0, 0])


PLAN = """
plan: {name: Prepaid, start: 2026-01, horizon: 10 months, discount_rate: 9 %/year}
parties:
  company:  {kind: internal, role: operator, cash: 300 USD}
  old:      {kind: external, role: lender}
  new:      {kind: external, role: lender}
  customer: {kind: external, role: customer}
drivers:
  gap: {2026-01: 5 %/year, 2026-05: 2 %/year}
contracts:
  income:  {kind: operating_cost, payer: customer, payee: company, amount: 240 USD/year}
  loan:    {kind: term_loan, lender: old, borrower: company, amount: 1000 USD, rate: 12 %/year,
            term: 9 months, prepaid_by: takeout, call_premium: 1 %, start: 2026-01}
  spend:   {kind: operating_cost, payer: company, payee: customer, amount: 15.6k USD/year,
            start: 2026-01, end: 2026-02}
  takeout: {kind: refinancing, lender: new, borrower: company, funds: [loan], amount: 1100 USD,
            rate: 5 %/year, spread: gap, shut_above: 4 %/year, term: 5 months,
            amortisation: bullet}
"""


@pytest.fixture(scope="module")
def paid(tmp_path_factory: pytest.TempPathFactory) -> dict[str, np.ndarray]:
    file = tmp_path_factory.mktemp("prepaid") / "plan.yaml"
    file.write_text(PLAN)
    lowered = lower(load(file))
    draws = Draws(*base_case(lowered, 256))
    record = jax.jit(lambda p, d: simulate(p, lowered.shape, d))(lowered.program, draws)
    labels = [f"{claim.contract}.{claim.line}" for claim in lowered.labels.claims]
    return dict(zip(labels, np.asarray(record.months.paid)[:, :, 0].T, strict=True))


def test_the_new_bank_pays_the_old_one(paid: dict[str, np.ndarray]):
    """Spread 2 % from May on: 7 % and a premium of 1 % over four months, 3 % a year, make 10 %."""
    np.testing.assert_allclose(paid["loan.principal"][4:6], [0, 1000])
    np.testing.assert_allclose(paid["loan.interest"][1:7], [10, 10, 10, 10, 10, 0])
    np.testing.assert_allclose(paid["loan.fee"][5], 10)
    # 300 + 1,000 - 1,300 + 4 x (20 - 10) + 20 - 10 meet a part; the rest of 1,010 is drawn.
    np.testing.assert_allclose(paid["takeout.draw"][5], 1010 - 50)
    np.testing.assert_allclose(paid["takeout.interest"][6:10], 960 * 0.07 / 12)
