"""Owners of every kind: who is paid before whom, and what becomes of what into shares."""

OWNERS = """
plan: {name: Owners, start: 2026-01, horizon: 5 years, discount_rate: 8 %/year}
parties:
  lab:     {kind: internal, role: lab, cash: 10 M USD, minimum_cash: 1 M USD}
  fund:    {kind: external, role: public, credit: {hazard: 6 %/year, recovery: 30 %}}
  founder: {kind: external, role: equity}
  users:   {kind: external, role: customer}
  rest:    {kind: external, role: supplier}
  bank:    {kind: external, role: lender}
  vendor:  {kind: external, role: vendor, credit: {hazard: 10 %/year, recovery: 40 %}}
sites:
  halls:
    owner: lab
    phases:
      - {power: 1.5 MW, energise: 2026-07, build: 3 months, delay: {median: 1 month, p90: 5 months}}
      - {power: 2 MW, energise: 2027-03, build: 3 months, delay: {median: 1 month, p90: 5 months}}
drivers:
  years: {2026: 1.2 years}
  worth: {formula: sales * years * mood}
  mood: {process: mean_reverting, start: 80 %, volatility: 60 %/year, half_life: 9 months}
  listed: {process: regimes, states: {no: 0 %, yes: 100 %}, mean_stay: {no: 2 years, yes: 9 years},
           initial: no}
  sales: {process: mean_reverting, start: 60 M USD/year, trend: 10 %/year, volatility: 50 %/year}
  price: {process: random_walk, start: 10 USD, trend: 10 %/year, volatility: 60 %/year}
contracts:
  trade:   {kind: other_business, party: lab, rest: rest, inflow: sales,
            outflow: {2026: 75 M USD/year, 2028: 45 M USD/year}}
  loan:    {kind: term_loan, lender: bank, borrower: lab, amount: 12 M USD, rate: 9 %/year,
            term: 3 years, amortisation: linear, grace: 9 months}
  common:  {kind: common_equity, investor: founder, issuer: lab, commitment: 20 M USD,
            funds: [trade]}
  first:   {kind: preferred_equity, investor: fund, issuer: lab, commitment: 20 M USD,
            start: 2026-03-10, dividend: 8 to 12 %/year, in_kind_until: 2026-11, step_up: 3 %/year,
            preference: 1.3, redemption_from: 2028-06, redemption: put, participation: 20 %,
            participation_from: 2026-09, conversion: option, conversion_price: 12 USD,
            conversion_from: 2028-01, share_price: price, outstanding: 5000000, lock_up: [loan],
            lock_up_dscr: 1.1}
  second:  {kind: preferred_equity, investor: fund, issuer: lab, commitment: 15 M USD,
            funds: [trade, loan], weight: 2, dividend: 11 %/year, payment: in_kind,
            conversion: mandatory, conversion_price: 9 to 15 USD, conversion_from: 2029-02-10,
            outstanding: 5000000}
  third:   {kind: preferred_equity, investor: fund, issuer: lab, commitment: 6 M USD,
            funds: [trade], tier: 3, dividend: 14 %/year, step_up: 4 %/year,
            redemption_from: 2029-01}
  tranches: {kind: milestone_equity, investor: vendor, issuer: lab, commitment: 9 M USD,
            at_signing: 1 M USD, per_mw: 3 M USD/MW, sites: [halls], step: 1 MW,
            on_event: 2 to 4 M USD, event: listed, until: 2029-06, start: 2026-02-10,
            share_price: price, outstanding: 5000000}
  listing: {kind: public_offering, issuer: lab, investor: founder, underwriter: bank,
            amount: 25 M USD, minimum: 8 to 14 M USD, start: 2027-06, until: 2030-03,
            revenue: sales, multiple: 1.2, sentiment: mood, threshold: 70 %}
  notes:   {kind: convertible, lender: fund, borrower: lab, amount: 6 M USD, rate: 4 %/year,
            start: 2026-05-10, term: 40 months, interest_every: 3 months, upfront_fee: 2 %,
            conversion_price: 11 to 16 USD, call_from: 2027-05, call_trigger: 1.3,
            share_price: price, outstanding: 5000000, day_count: A/360, grace: 4 months,
            cross_default: [loan]}
  bridge:  {kind: convertible, lender: founder, borrower: lab, amount: 4 M USD, rate: 9 %/year,
            payment: in_kind, start: 2026-08, term: 3 years, converts_on: listing, cap: 60 M USD,
            discount: 25 %, share_price: worth, distributions_from: 2028-06, grace: 6 months}
  royalty: {kind: revenue_share, financier: fund, company: lab, amount: 5 M USD, start: 2026-11-10,
            share: 7 %, contracts: [trade], cap: 1.4 to 1.9, floor: 1.2, term: 2 years}
  levy:    {kind: revenue_share, financier: founder, company: lab, amount: 2 M USD, share: 1 %,
            cap: 3, seniority: junior}
  rights:  {kind: warrants, holder: vendor, issuer: lab, strike: 0.01 USD, sites: [halls],
            share_price: price, outstanding: 5000000, expiry: 2029-06, tranches: [
            {shares: 100000, mw: 1 MW}, {shares: 200000, mw: 2 MW, price: 9 to 15 USD}]}
  options: {kind: warrants, holder: founder, issuer: lab, strike: 11 USD, share_price: price,
            tranches: [{shares: 50000, price: 8 USD}], outstanding: 5000000, buyer: users,
            cost_of_sale: 4 %}
"""
"""Some issuers fail, some funds do not pay, some holders convert, put or wait."""
