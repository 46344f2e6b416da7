"""What is said of collateral that is not right."""

from __future__ import annotations

import pytest

from offtake.plan.load import check_text as check

PLAN = """
plan: {name: x, start: 2026-01, horizon: 5 years, discount_rate: 5 %/year}
parties:
  owner: {kind: internal, cash: 1 M USD}
  bank:  {kind: external, role: lender}
  shop:  {kind: external, role: operator}
  agent: {kind: external, role: supplier}
sites:
  hall: {owner: owner, phases: [{power: 2 MW, energise: 2026-01}]}
chips:
  new: {site: hall, chip: H100, units: 100, deliver: 2026-06, price: 30k USD}
  old: {site: hall, chip: H100, units: 100, deliver: 2026-02, price: 30k USD}
contracts:
  wages: {kind: operating_cost, payer: owner, payee: agent, amount: 1 USD/year}
  loan:  {kind: term_loan, lender: bank, borrower: owner, amount: 1 M USD, rate: 9 %/year,
          term: 2 years, amortisation: linear, cross_default: "*"}
  note:  {kind: term_loan, lender: bank, borrower: owner, amount: 1 M USD, rate: 9 %/year,
          term: 2 years, amortisation: linear, cross_default: [loan], prepaid_by: new_loan}
  new_loan: {kind: refinancing, lender: bank, borrower: owner, funds: [note], amount: 1 M USD,
          rate: 9 %/year, term: 1 year, ltv: 50 %, collateral: [new]}
  lien:  {kind: security, grantor: owner, buyer: shop, agent: agent, secures: [loan],
          assets: [new, old, hall], fire_sale: 1, market_depth: 5k H100e}
  guard: {kind: government_guarantee, guarantor: bank, obligor: owner, contracts: [note],
          risk_free: 3 %/year}
  swap:  {kind: interest_swap, payer: owner, receiver: bank, loan: loan, fixed: 4 %/year,
          floating: SOFR + 0 bp, term: 2 years}
drivers: {SOFR: {process: random_walk, start: 4 %/year}}
"""
# what is replaced ; by what ; place ; code ; a part of the mend
TABLE = """
secures: [loan] ; secures: [loan, loan] ; contracts.lien.secures[1] ; pledged-twice ; join
new, old, hall ; new, old, hall, old ; contracts.lien.assets[3] ; pledged-twice ; delete
secures: [loan] ; secures: [wages] ; contracts.lien.secures[0] ; secures-no-loan ; loan
contracts: [note] ; contracts: [wages] ; contracts.guard.contracts[0] ; loan-needed ; loan
loan: loan, ; loan: wages, ; contracts.swap.loan ; loan-needed ; loan
secures: [loan] ; secures: [lon] ; contracts.lien.secures[0] ; name-unknown ; loan
new, old, hall ; new, hall ; contracts.lien.assets[1] ; site-not-whole ; old
new, old, hall ; loan ; contracts.lien.assets[0] ; name-unknown ; cohort
new, old, hall ; ; contracts.lien.assets ; value-short ;
, market_depth: 5k H100e ; ; contracts.lien.fire_sale ; depth-missing ; market_depth
prepaid_by: new_loan ; prepaid_by: loan ; contracts.note.prepaid_by ; prepaid-by ; kind: refinancing
funds: [note] ; funds: [loan] ; contracts.note.prepaid_by ; prepaid-by ; add note
"""
ROWS = [tuple(part.strip() for part in row.split(";")) for row in TABLE.strip().split("\n")]


def test_the_plan_is_right():
    assert not check(PLAN).errors


@pytest.mark.parametrize(("old", "new", "place", "code", "mend"), ROWS, ids=range(len(ROWS)))
def test_mistakes(old: str, new: str, place: str, code: str, mend: str):
    assert old in PLAN
    found = check(PLAN.replace(old, new))
    assert [(p.place, p.code) for p in found.errors] == [(place, code)]
    assert mend in found.errors[0].mend
