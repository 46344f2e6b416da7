"""A small plan as text, used where a test needs a whole plan and not a particular one."""

from pathlib import Path

from offtake.plan.load import load
from offtake.plan.schema import Plan

TEXT = """
plan: {name: Small, start: 2026-01, horizon: 4 years, discount_rate: 9 %/year}
parties:
  neocloud: {kind: internal, role: operator, cash: 40 M USD, minimum_cash: 5 M USD}
  tenant:   {kind: external, role: customer, credit: {hazard: 4 %/year, recovery: 40 %}}
  bank:     {kind: external, role: lender}
  sponsor:  {kind: external, role: equity}
  vendor:   {kind: external, role: vendor}
  utility:  {kind: external, role: supplier}
sites:
  hall:
    owner: neocloud
    phases:
      - {power: 10 MW, pue: 1.2, energise: 2026-07,
         delay: {median: 2 months, p90: 6 months, causes: [grid]}}
chips:
  b200: {site: hall, chip: {h100e: 2.3, watts: 1300 W}, units: 5000, deliver: 2026-06,
         price: 35k to 42k USD}
drivers:
  compute_price:
    {process: mean_reverting, start: 2.6 USD/H100e/h, trend: -25 %/year, volatility: 35 %/year}
  SOFR: {process: mean_reverting, start: 4 %/year, volatility: 20 %/year}
contracts:
  order:   {kind: chip_purchase, buyer: neocloud, seller: vendor, chips: b200,
            milestones: {signing: 20 %, delivery: 80 %}}
  capacity: {kind: reserved_capacity, seller: neocloud, buyer: tenant, site: hall, share: 80 %,
            price: compute_price, term: 3 years, take_or_pay: 95 %}
  running: {kind: operating_cost, payer: neocloud, payee: utility, site: hall,
            per_mw: 0.6 M USD/MW/year}
  loan:    {kind: term_loan, lender: bank, borrower: neocloud, amount: 90 M USD,
            rate: SOFR + 450 bp, term: 3 years, interest_only: 12 months, amortisation: annuity}
  equity:  {kind: common_equity, investor: sponsor, issuer: neocloud, commitment: 150 M USD,
            funds: [order, loan], distributions_from: 2026-12, lock_up: [loan]}
"""


def small_plan(folder: Path, *overrides: str) -> Plan:
    """The plan, read from a file in `folder`, with changes."""
    file = folder / "plan.yaml"
    file.write_text(TEXT)
    return load(file, overrides)
