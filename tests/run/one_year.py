"""One year of a thousand chips that sell by the hour, at a price that can be made to move.

1,000 H100e from the first day of 2026, 8,760 hours, at 2 USD: 17.52 M USD, handed to the sponsor
who paid 30 M USD for the chips. Nothing is discounted.
"""

from pathlib import Path

from offtake.plan.load import load
from offtake.results.sensitivity import Effect, Sensitivity
from offtake.run.sensitivity import sensitivity

SALES = 17_520_000.0
"""1,000 H100e x 8,760 h x 2 USD"""

TEXT = """
plan: {name: One year, start: 2026-01, horizon: 12 months, discount_rate: 0 %/year}
parties:
  company: {kind: internal, role: operator}
  sponsor: {kind: external, role: equity}
  bank:    {kind: external, role: lender}
  lab:     {kind: external, role: lab}
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
  spot: {kind: spot_sale, seller: company, site: hall, price: compute_price}
  equity: {kind: common_equity, investor: sponsor, issuer: company, commitment: 40 M USD,
           funds: [order]}
stacks:
  own: {}
  loan:
    loan: {kind: term_loan, lender: bank, borrower: company, amount: 10 M USD, rate: 10 %/year,
           term: 12 months, amortisation: linear}
  prepaid:
    reservation: {kind: reserved_capacity, seller: company, buyer: lab, site: hall, share: 50 %,
                  price: 1 USD/H100e/h, term: 12 months, prepayment: 4 M USD}
"""


def asked(folder: Path, of: str, paths: int, *changes: tuple[str, str], check: int = 3, **words):
    text = TEXT
    for old, new in changes:
        assert old in text
        text = text.replace(old, new)
    file = folder / "plan.yaml"
    file.write_text(text)
    return sensitivity(load(file, **words), of, paths, check=check)


def effect(found: Sensitivity, place: str) -> Effect:
    return next(effect for effect in found.effects if effect.place == place)


def written(folder: Path) -> Path:
    """The plan as a file."""
    file = folder / "plan.yaml"
    file.write_text(TEXT)
    return file
