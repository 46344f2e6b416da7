"""Warnings about what is possible but hardly meant."""

from pathlib import Path

import pytest

from offtake.plan.load import check

TEXT = """
plan: {name: Loan, start: 2026-01, horizon: 8 years, discount_rate: 9 %/year}
parties:
  company: {kind: internal, cash: 1 M USD}
  bank:    {kind: external, role: lender}
contracts:
  loan: {kind: term_loan, lender: bank, borrower: company, amount: 1 M USD, rate: 8 %/year,
         term: 4 years, interest_only: ONLY, amortisation: HOW}
"""


@pytest.mark.parametrize(
    ("only", "how", "told"),
    [
        ("5 years", "annuity", True),
        ("4 years", "linear", True),
        ("1 year", "annuity", False),
        ("5 years", "bullet", False),
    ],
)
def test_a_loan_that_never_repays_in_parts(tmp_path: Path, only: str, how: str, told: bool):
    text = TEXT.replace("ONLY", only).replace("HOW", how)
    (tmp_path / "plan.yaml").write_text(text, encoding="utf-8")
    checked = check(tmp_path)
    assert checked.plan is not None
    found = [p.place for p in checked.warnings if p.code == "nothing-repaid"]
    assert found == ["contracts.loan.interest_only"] * told
