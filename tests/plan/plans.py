"""A small plan that is right, and the kinds of contract it uses; tests change a word and look."""

from __future__ import annotations

from typing import Literal

from offtake.core.terms import (
    AssetName,
    ChipsName,
    ComputePriceSeries,
    ContractName,
    Duration,
    EnergyPriceSeries,
    LoanRate,
    Money,
    PartyName,
    Share,
    SiteName,
    Terms,
    When,
    default,
)
from offtake.plan.load import Checked, check_text


class Order(Terms):
    """Chips are bought."""

    kind: Literal["chip_purchase"]
    buyer: PartyName
    """Who buys."""
    seller: PartyName
    """Who sells."""
    chips: ChipsName
    """What."""
    milestones: dict[Literal["signing", "delivery"], Share]
    """When it is paid."""


class Reserved(Terms):
    """Capacity is reserved."""

    kind: Literal["reserved_capacity"]
    seller: PartyName
    """Who provides."""
    buyer: PartyName
    """Who pays."""
    site: SiteName
    """Where."""
    share: Share
    """How much."""
    price: ComputePriceSeries
    """At what price."""
    term: Duration
    """How long."""
    start: When | None = None
    """From when."""


class Power(Terms):
    """Energy is bought."""

    kind: Literal["power_purchase"]
    buyer: PartyName
    """Who pays."""
    seller: PartyName
    """Who delivers."""
    site: SiteName
    """Where."""
    price: EnergyPriceSeries
    """At what price."""


class Loan(Terms):
    """Money is lent."""

    kind: Literal["delayed_draw_loan"]
    lender: PartyName
    """Who lends."""
    borrower: PartyName
    """Who owes."""
    amount: Money
    """How much."""
    rate: LoanRate
    """At what rate."""
    term: Duration
    """How long."""
    funds: tuple[ContractName, ...] = ()
    """What it pays."""
    collateral: tuple[AssetName, ...] = ()
    """What is pledged."""
    amortisation: Literal["bullet", "linear", "annuity"] = "bullet"
    """How it is repaid."""
    fee: Share = default("0 %")
    """What it costs."""


class Equity(Terms):
    """Owners put money in."""

    kind: Literal["common_equity"]
    investor: PartyName
    """Who."""
    issuer: PartyName
    """In what."""
    commitment: Money
    """How much."""
    funds: tuple[ContractName, ...] = ()
    """What it pays."""


class Support(Terms):
    """Somebody stands behind somebody."""

    kind: Literal["guarantee"]
    guarantor: PartyName
    """Who."""
    party: PartyName
    """For whom."""
    protects: tuple[ContractName, ...]
    """What."""


KINDS: dict[str, type[Terms]] = {
    "chip_purchase": Order,
    "reserved_capacity": Reserved,
    "power_purchase": Power,
    "delayed_draw_loan": Loan,
    "common_equity": Equity,
    "guarantee": Support,
}

GOOD = """\
plan:
  name: One hall
  start: 2026-01
  horizon: 8 years
  discount_rate: 9 %/year
parties:
  neocloud: {kind: internal, role: operator, cash: 40 M USD, minimum_cash: 5 M USD}
  tenant:
    kind: external
    role: customer
    credit: {rating: BBB, recovery: 40 %, drivers: {compute_price: 0.3}}
  bank: {kind: external, role: lender}
  sponsor: {kind: external, role: equity}
  vendor: {kind: external, role: vendor}
  utility: {kind: external, role: supplier}
sites:
  hall:
    owner: neocloud
    phases:
      - power: 10 MW
        pue: 1.2
        energise: 2026-07
        delay: {median: 2 months, p90: 6 months, causes: [grid]}
      - {power: 5 MW, energise: 2027-Q1}
chips:
  b200_2026:
    site: hall
    chip: B200
    units: 7000
    deliver: 2026-06
    price: {value: 35k to 42k USD, source: "a quote", date: 2026-03-31, confidence: reported}
drivers:
  compute_price:
    process: mean_reverting
    start: 2.6 USD/H100e/h
    trend: -25 %/year
    volatility: 35 %/year
  SOFR: {2026: 4.3 %/year, 2027: 3.6 %/year, interpolate: linear}
  energy: {process: random_walk, start: 60 USD/MWh, volatility: 10 %/year}
  mood:
    process: regimes
    states: {open: 1, shut: 0.2}
    mean_stay: {open: 3 years, shut: 1 year}
    initial: open
  users: 20 M users
  fee: 20 USD/user/month
  revenue: {formula: users * fee * mood}
  correlations:
    - {between: [compute_price, energy], value: 0.4}
contracts:
  order:
    kind: chip_purchase
    buyer: neocloud
    seller: vendor
    chips: b200_2026
    milestones: {signing: 20 %, delivery: 80 %}
  offtake:
    kind: reserved_capacity
    seller: neocloud
    buyer: tenant
    site: hall
    share: 80 %
    price: 2.9 USD/H100e/h
    term: 4 years
  power:
    kind: power_purchase
    buyer: neocloud
    seller: utility
    site: hall
    price: energy
  loan:
    kind: delayed_draw_loan
    lender: bank
    borrower: neocloud
    amount: 180 M USD
    rate: SOFR + 450 bp
    term: 4 years
    funds: [order]
    amortisation: annuity
    collateral: [b200_2026]
  equity:
    kind: common_equity
    investor: sponsor
    issuer: neocloud
    commitment: 110 M USD
    funds: [order]
scenarios:
  late:
    sites.hall.phases[0].energise: 2027-01
  dear:
    contracts: {loan: {rate: SOFR + 700 bp}}
    drivers: {SOFR: {2027: 6 %/year}}
stacks:
  all_equity:
    loan: null
    equity: {commitment: 290 M USD}
cases:
  lender: {merchant: 10 %, delay: 90 %}
"""


def check(
    text: str, *overrides: str, scenario: str | None = None, stack: str | None = None
) -> Checked:
    """Check the text of a plan with the kinds above."""
    return check_text(text, "plan.yaml", overrides, scenario, stack, KINDS)


def changed(old: str, new: str) -> str:
    """The good plan with one piece of text replaced; the piece must stand there once."""
    assert GOOD.count(old) == 1, f"{old!r} stands {GOOD.count(old)} times in the good plan"
    return GOOD.replace(old, new)


def line_of(text: str, piece: str) -> int:
    """Number of the first line that holds a piece of text."""
    return next(i for i, line in enumerate(text.split("\n"), 1) if piece in line)
