"""Small plans in which everything happens, for comparisons with the oracle."""

CAMPUS = """
plan: {name: Campus, start: 2026-03, horizon: 32 months, discount_rate: 9 %/year}
parties:
  lab:       {kind: internal, role: lab, cash: 30 M USD, minimum_cash: 2 M USD}
  cloud:     {kind: internal, role: operator, cash: 25 M USD, minimum_cash: 3 M USD}
  parent:    {kind: internal, role: guarantor, cash: 20 M USD}
  landco:    {kind: internal, role: operator, cash: 1 M USD}
  dsra:      {kind: account, owner: cloud, cash: 1 M USD}
  customers: {kind: external, role: customer,
              credit: {hazard: 12 %/year, recovery: 40 %, drivers: {compute_price: 40 %}}}
  market:    {kind: external, role: customer}
  bank:      {kind: external, role: lender, credit: {rating: BBB, recovery: 60 %}}
  sponsor:   {kind: external, role: equity, credit: {hazard: 10 %/year, recovery: 20 %}}
  markets:   {kind: external, role: equity}
  vendor:    {kind: external, role: vendor}
  builder:   {kind: external, role: supplier}
  utility:   {kind: external, role: supplier}
  treasury:  {kind: external, role: public}
  rest:      {kind: external, role: operator}
sites:
  hall:
    owner: cloud
    phases:
      - {power: 8 MW, pue: 1.2, energise: 2026-09, build: 6 months,
         delay: {median: 1 month, p90: 4 months, causes: [grid, weather]}}
      - {power: 6 MW, pue: 1.25, energise: 2026-12-15, build: 9 months,
         delay: {median: 0 months, p90: 3 months, causes: {grid: 30 %}}}
  yard:
    owner: landco
    phases: [{power: 3 MW, pue: 1.3, energise: 2026-05}]
chips:
  first:  {site: hall, chip: {h100e: 2.3, watts: 1300 W}, units: 5500, deliver: 2026-08,
           price: 30k to 42k USD, failure_rate: 4 %/year}
  second: {site: hall, chip: B200, units: 3000, deliver: 2026-12-10, price: 38k USD,
           availability: 90 to 97 %}
  old:    {site: yard, chip: {h100e: 1, watts: 1000 W}, units: 2000, deliver: 2025-06,
           price: 1k USD, physical_life: 30 months}
drivers:
  compute_price: {process: mean_reverting, start: 2.9 USD/H100e/h, trend: -25 %/year,
                  volatility: 45 %/year, half_life: 9 months}
  demand: {process: random_walk, start: 160 M USD/year, trend: 30 %/year, volatility: 50 %/year}
  sofr: {process: mean_reverting, start: 4 %/year, volatility: 30 %/year}
  mood: {process: regimes, states: {open: 100 %, shut: 0 %, half: 50 %},
         mean_stay: {open: 14 months, shut: 4 months, half: 6 months}, initial: open}
  share_of_market: {2026: 55 %, 2027: 70 %, 2028: 60 %, interpolate: linear}
  most: 400 M USD/year
  token_revenue: {formula: "min(demand * share_of_market ** 0.5, most) + demand / 10 - most * 0"}
  correlations: [{between: [compute_price, demand], value: 0.5}]
market: {energy_price: 50 USD/MWh, running_cost: 0.3 M USD/MW/year, utilisation: 80 %}
contracts:
  tokens:  {kind: metered_tokens, seller: lab, buyer: customers, revenue: token_revenue}
  batch:   {kind: metered_tokens, seller: cloud, buyer: market, price: 0.4 USD/M token,
            demand: 200 tn token/year, site: yard, tokens_per_h100e_hour: 6 M token/H100e/h,
            share: 80 %}
  reserve: {kind: reserved_capacity, seller: cloud, buyer: lab, site: hall, share: 65 %,
            capacity: 9000 H100e, price: compute_price, term: 20 months, take_or_pay: 92 %,
            utilisation: {2026: 70 %, 2027: 97 %}, promised: 2026-11, damages: 15 %,
            prepayment: 4 M USD, credit_share: 40 %, grace: 2 months, termination: 60 %,
            termination_rate: 8 %/year}
  spot:    {kind: spot_sale, seller: cloud, site: hall, price: 1.6 USD/H100e/h, utilisation: 75 %}
  steady:  {kind: interest_swap, payer: cloud, receiver: bank, loan: facility, share: 70 %,
            fixed: 3.5 to 5 %/year, floating: sofr + 10 bp, floor: 3 %/year, day_count: A/360,
            start: 2026-04-10, term: 24 months, every: 3 months}
  outage:  {kind: insurance, insurer: sponsor, insured: cloud, covers: interruption, site: hall,
            capacity: 11k H100e, agreed: {2026: 2 USD/H100e/h, 2028: 1.4 USD/H100e/h},
            waiting: 2 months, deductible: 3 M USD, limit: 20 to 60 M USD, premium: 1.5 M USD/year,
            start: 2026-11-10, term: 18 months}
  resale:  {kind: insurance, insurer: sponsor, insured: cloud, covers: value,
            guaranteed: {2026: 30 M USD, 2028: 20 M USD}, value: 5 to 40 M USD, on: 2027-10-20,
            limit: 12 M USD, premium: 0.2 M USD/year, term: 26 months}
  cfd:     {kind: power_swap, payer: cloud, receiver: utility, site: hall, share: 60 %,
            index: {2026: 50 USD/MWh, 2027: 75 USD/MWh, 2028: 40 USD/MWh}, strike: 58 USD/MWh,
            start: 2026-09-20, term: 20 months}
  idle:    {kind: capacity_backstop, provider: vendor, owner: cloud, site: hall,
            price: {2026: 1 USD/H100e/h, 2028: 0.7 USD/H100e/h}, share: 60 to 90 %,
            capacity: 9000 H100e, revenue_share: {2026: 4 %, 2027-06: 2 %}, fee: 1 M USD/year,
            start: 2026-10-20, term: 18 months}
  hedge:   {kind: price_floor, buyer: cloud, seller: sponsor, index: compute_price,
            capacity: {2026: 3000 H100e, 2027-06: 2000 H100e}, floor: 2 to 2.6 USD/H100e/h,
            cap: {2026: 3.4 USD/H100e/h, 2028: 3 USD/H100e/h}, premium: 1 M USD,
            premium_per_hour: 0.02 USD/H100e/h, start: 2026-09-10, term: 16.5 months}
  order:   {kind: chip_purchase, buyer: cloud, seller: vendor, chips: [first, second],
            signed: 2026-04, milestones: {signing: 20 %, delivery: 80 %}, cancel_after: 5 months,
            cancellation_fee: 5 %}
  build:   {kind: construction_contract, owner: cloud, contractor: builder, site: hall,
            per_mw: 9 M USD/MW, per_phase: 2 M USD}
  power:   {kind: power_purchase, buyer: cloud, seller: utility, site: hall,
            price: {2026: 55 USD/MWh, 2027: 70 USD/MWh}, contracted: 12 MW, take_or_pay: 40 %,
            capacity_charge: 30k USD/MW/year, start: 2026-06}
  grid:    {kind: power_purchase, buyer: landco, seller: utility, site: yard, price: 60 USD/MWh}
  running: {kind: operating_cost, payer: cloud, payee: rest, per_mw: 0.5 M USD/MW/year, site: hall,
            amount: 2 M USD/year}
  wages:   {kind: operating_cost, payer: lab, payee: rest, amount: {2026: 20 M USD/year,
            2027: 60 M USD/year, 2028: 55 M USD/year}, end: 2028-08}
  lease:   {kind: site_lease, landlord: landco, tenant: cloud, site: yard,
            per_mw: 1.1 M USD/MW/year, rent: 0.4 M USD/year, term: 26 months,
            escalator: 4 %/year, rent_free: 1 month}
  facility: {kind: delayed_draw_loan, lender: bank, borrower: cloud, amount: 180 M USD,
            funds: [order, build], weight: 2, rate: sofr + 400 bp, floor: 3 %/year,
            availability: 12 months, capitalise_interest: true, term: 22 months,
            amortisation: annuity, amortise_over: 30 months, extensions: 1, extension: 6 months,
            extension_dscr: 1.05, extension_margin: 1 %/year, upfront_fee: 1 %,
            commitment_fee: 0.8 %/year, default_dscr: 0.3, day_count: A/360, grace: 4 months,
            cross_default: "*"}
  lien:     {kind: security, grantor: cloud, buyer: market, agent: builder,
            secures: [line, facility, hours], assets: [first, hall, second], time_of_sale: 3 months,
            cost_of_sale: 6 %, administration: 0.4 M USD, fire_sale: 1.5,
            market_depth: 90k H100e, site_value: 1 to 2 M USD/MW}
  equity:  {kind: common_equity, investor: sponsor, issuer: cloud, commitment: 120 M USD,
            funds: [order, build], weight: 1, share: 3, distributions_from: 2026-12,
            lock_up: [facility, line, hours], lock_up_dscr: 1.1}
  cure:    {kind: common_equity, investor: sponsor, issuer: cloud, commitment: 9 M USD,
            funds: [facility], cures: 2}
  second:  {kind: parent_guarantee, guarantor: parent, obligor: cloud, contracts: [facility, line],
            collection: true}
  stake:   {kind: common_equity, investor: lab, issuer: cloud, share: 1}
  line:    {kind: revolver, lender: bank, borrower: cloud, amount: 6 M USD, rate: sofr + 600 bp,
            term: 24 months, upfront_fee: 0.5 %, commitment_fee: 1 %/year, day_count: A/365,
            seniority: junior, cross_default: [facility, note]}
  note:    {kind: term_loan, lender: bank, borrower: lab, amount: 25 M USD, rate: 9 %/year,
            start: 2026-06-10, term: 18 months, interest_only: 4 months, amortisation: linear,
            upfront_fee: 2 %, seniority: junior, grace: 1 months, day_count: A/A ISDA,
            interest_every: 3 months, principal_every: 2 months}
  hours:   {kind: compute_note, holder: lab, issuer: cloud, site: hall, user: market,
            amount: 22 M USD, rate: 10 %/year, start: 2026-05-20, deliveries_from: 2026-10,
            term: 20 months, schedule: {2026-09: 0 H100e, 2026-10: 900 H100e, 2027-06: 500 H100e},
            settlement: {2026: 2.6 USD/H100e/h, 2027: 2 USD/H100e/h}, index: compute_price,
            share: 12 %, use: {2026: 700 H100e, 2027: 450 H100e}, use_value: 2 to 3 USD/H100e/h,
            resale_cost: 5 %, bank: 0.7 months, spread: 0.1 USD/H100e/h, floor: 1.1 USD/H100e/h,
            cap: 3.2 USD/H100e/h, excess_share: 80 %, trap_coverage: 1.1, call_coverage: 0.4,
            trap_ltv: 40 %, call_ltv: 3, collateral: [second], day_count: A/360, grace: 2 months,
            upfront_fee: 1 %, cross_default: [line]}
  rest_of_hours: {kind: compute_note, holder: parent, issuer: cloud, site: hall, behind: [hours],
            amount: 9 M USD, rate: 13 %/year, start: 2026-10, term: 15 months, schedule: 12k H100e,
            settlement: 0.2 USD/H100e/h, share: 100 %, election: delivery, seniority: junior,
            index: 0.15 USD/H100e/h, user: market, grace: 5 months}
  dsra_of_facility: {kind: reserve_account, account: dsra, owner: cloud, facilities: [facility],
            months: 3 months, minimum: 2 M USD, start: 2026-10}
  promise: {kind: parent_guarantee, guarantor: parent, obligor: lab, contracts: [reserve, note],
            cap: 18 M USD, end: 2028-03, fee: 0.5 M USD/year}
  backstop: {kind: government_guarantee, guarantor: treasury, obligor: lab, contracts: [note],
            cap: 9 M USD, start: 2026-08-10, end: 2028-01, upfront_fee: 1 %, fee: 0.7 %/year,
            interest: 5 %/year, risk_free: sofr}
  shares:  {kind: equity_raise, issuer: lab, investor: markets, capacity: 70 M USD/year,
            sentiment: mood, carry_over: 3 months, amount: 120 M USD, share: 1}
  tax:     {kind: income_tax, taxpayer: cloud, government: treasury, rate: 21 %,
            depreciation: macrs_5, bonus: 20 %, losses: 3 M USD, paid: monthly}
  lab_tax: {kind: income_tax, taxpayer: lab, government: treasury, rate: 25 %, life: 5 years}
  early:   {kind: compute_commitment, seller: rest, buyer: lab, capacity: 900 H100e,
            ramp: 3 months, price: 1.8 USD/H100e/h, start: 2026-05-12, term: 21 months,
            take_or_pay: 85 %, need: {2026: 6k H100e, 2027-02: 5k to 6k H100e, 2027-09: 1k H100e},
            after: [reserve], market: compute_price, price_outlook: -20 %/year,
            need_outlook: 10 %/year, grace: 2 months, termination: 30 %,
            step_down: {share: 40 %, earliest: 5 months, notice: 1.5 months, fee: 10 %,
            exercise: fitted, policy: [-0.4 USD/H100e/h, -1 USD/H100e/h, 0.2 USD/H100e/h,
            -0.1 USD/H100e/h, 0 USD/H100e/h, {2026: 0.3 USD/H100e/h, 2027-03: 0.5 USD/H100e/h},
            0.1 USD/H100e/h, 0 USD/H100e/h, 0.1 USD/H100e/h, 0 USD/H100e/h]},
            cancellation: {earliest: 9 months, notice: 2.5 months, fee: 25 %, exercise: fitted,
            policy: [-0.2 USD/H100e/h, -1.2 USD/H100e/h, 0.1 USD/H100e/h, -0.2 USD/H100e/h,
            {2026: 0.1 USD/H100e/h, 2027-04: 0.3 USD/H100e/h}, 0.05 USD/H100e/h, 0.1 USD/H100e/h,
            0 USD/H100e/h, -0.1 USD/H100e/h, 0.02 USD/H100e/h]},
            resale: {buyer: market, share: 80 %, spread: 15 %}}
  later:   {kind: compute_commitment, seller: cloud, buyer: lab, site: yard, capacity: 400 H100e,
            price_share: 90 %, start: 2026-12, term: 10 months, need: 5.5k H100e,
            after: [reserve, early], market: 1.5 to 2.5 USD/H100e/h, take_or_pay: 90 %,
            cancellation: {earliest: 4 months, notice: 1.5 months, fee: 3 to 20 %},
            step_down: {share: 30 %, notice: 1 month, fee: 2 %},
            deferral: {by: 4 months, notice: 2 months, fee: 5 %}}
  hourly:  {kind: spot_purchase, buyer: lab, seller: market, demand: {2026: 6.5k H100e,
            2027-04: 7k H100e}, after: [reserve, early, later], price: compute_price,
            available: 700 H100e, price_limit: 3.2 USD/H100e/h}
  group:   {kind: other_business, party: parent, rest: rest, inflow: 30 M USD/year,
            outflow: 24 M USD/year, capital_spending: 5 M USD/year, start: 2026-05}
"""

QUARTERS = """
plan: {name: Quarters, start: 2026-07, horizon: 5 years, periods: quarters,
       discount_rate: 8 %/year}
parties:
  owner:    {kind: internal, role: operator, cash: 4 M USD, minimum_cash: 1 M USD}
  backer:   {kind: internal, role: guarantor, cash: 6 M USD}
  account:  {kind: account, owner: owner}
  tenant:   {kind: external, role: customer, credit: {hazard: risk, recovery: 35 %}}
  borrower: {kind: external, role: operator, credit: {hazard: 20 %/year, recovery: 50 %}}
  lender:   {kind: internal, role: lender, cash: 60 M USD}
  senior:   {kind: external, role: lender}
  builder:  {kind: external, role: supplier}
  fund:     {kind: external, role: equity}
  state:    {kind: external, role: public}
  market:   {kind: external, role: customer}
  vendor:   {kind: external, role: vendor}
  scheme:   {kind: internal, role: operator, cash: 0.3 M USD, minimum_cash: 0.1 M USD}
  float:    {kind: account, owner: scheme}
  overhaul: {kind: account, owner: scheme}
  service:  {kind: account, owner: scheme}
  partner:  {kind: external, role: equity, credit: {hazard: 5 %/year, recovery: 40 %}}
sites:
  shed:
    owner: owner
    phases:
      - {power: 5 MW, pue: 1.1, energise: 2027-01, build: 9 months,
         delay: {median: 2 months, p90: 7 months}}
      - {power: 5 MW, energise: 2027-07}
chips:
  lot: {site: shed, chip: {h100e: 1.5, watts: 900 to 1100 W}, units: 5000, deliver: 2027-02-10,
        price: 9k USD}
drivers:
  risk: {2026: 3 %/year, 2028: 15 %/year}
  base: {process: random_walk, start: 3 %/year, volatility: 40 %/year}
  compute_price: {process: random_walk, start: 1.2 USD/H100e/h, volatility: 60 %/year}
contracts:
  work:    {kind: construction_contract, owner: owner, contractor: builder, site: shed,
            phases: [0], per_mw: 4 to 7 M USD/MW}
  order:   {kind: chip_purchase, buyer: owner, seller: vendor, chips: lot,
            milestones: {signing: 100 %, delivery: 0 %}, signed: 2026-12}
  rent:    {kind: site_lease, landlord: owner, tenant: tenant, site: shed, phases: [0],
            per_mw: 1.6 M USD/MW/year, term: 3 years, start: 2026-11, escalator: 3 %/year,
            grace: 6 months}
  hours:   {kind: reserved_capacity, seller: owner, buyer: tenant, site: shed, share: 40 %,
            price: 1.1 USD/H100e/h, term: 27 months, start: 2026-04, take_or_pay: 100 %,
            promised: 2027-02, capacity: 900 H100e, damages: 10 %}
  spot:    {kind: spot_sale, seller: owner, site: shed, after: [hours], share: 90 %}
  loan:    {kind: delayed_draw_loan, lender: lender, borrower: owner, amount: 35 M USD,
            funds: [work], rate: base + 350 bp, availability: 15 months, term: 3 years,
            amortisation: linear, default_dscr: 1.02, extensions: 2, extension_dscr: 1.2,
            interest_every: 6 months, principal_every: 9 months,
            grace: 3 months, day_count: 30E/360}
  hours_due: {kind: compute_note, holder: partner, issuer: owner, site: shed, underwriter: state,
            amount: 3 M USD, issue_price: 98 %, rate: 8 %/year, start: 2027-04, term: 2 years,
            schedule: 300 to 500 H100e, settlement: 1.1 USD/H100e/h, share: 20 %,
            spread: 0.1 USD/H100e/h, floor: 0.9 USD/H100e/h, resale_cost: 15 %, user: market,
            floor_fee: 1 %/year, seniority: junior, grace: 3 months, collateral: [shed, lot],
            trap_ltv: 60 %, use: 250 H100e, bank: 6 months, election: fitted,
            policy: [-0.02 USD/H100e/h, 0.3 USD/H100e/h, 0.1 USD/H100e/h, -0.2 USD/H100e/h,
                     0.1 USD/H100e/h, 0.1 USD/H100e/h,
                     {2027: -0.1 USD/H100e/h, 2028: 0.2 USD/H100e/h}, 0 USD/H100e/h,
                     0.1 USD/H100e/h, 0 USD/H100e/h]}
  lien:    {kind: security, grantor: owner, buyer: market, agent: builder, secures: [loan],
            assets: [lot], time_of_sale: 3 months, cost_of_sale: 5 %}
  equity:  {kind: common_equity, investor: fund, issuer: owner, commitment: 40 M USD,
            funds: [work, order], lock_up: [loan], lock_up_dscr: 1.15}
  note:    {kind: term_loan, lender: lender, borrower: borrower, amount: 20 M USD, rate: 11 %/year,
            term: 4 years, amortisation: annuity, upfront_fee: 1 %, interest_every: 6 months,
            principal_dates: [2027-03-31, 2028-02-10, 2028-09-30, 2029-07-01]}
  mezz:    {kind: term_loan, lender: senior, borrower: lender, amount: 15 M USD,
            rate: base + 200 bp, floor: 2 %/year, term: 3 years, amortisation: bullet,
            interest_every: 6 months, capitalise_until: 2027-12-31, reset_every: 6 months,
            first_rate: 4 %/year, issue_price: 98 %}
  flat:    {kind: term_loan, lender: lender, borrower: borrower, amount: 5 M USD,
            rate: base + 4 %/year, maturity: 2030-12-31, amortisation: annuity,
            principal_every: 3 months, interest_every: 6 months, seniority: junior,
            payment: {2026: 0.05 M USD, 2028: 0.4 M USD}, reset_dates: [2027-06-30, 2029-03-31]}
  payoff:  {kind: revolver, lender: senior, borrower: lender, amount: 5 M USD, funds: [mezz],
            rate: 12 %/year, term: 4 years, start: 2027-01, cross_default: [note]}
  cover:   {kind: parent_guarantee, guarantor: backer, obligor: borrower, contracts: [note],
            fee: 0.1 M USD/year}
  rates:   {kind: interest_swap, payer: owner, receiver: lender,
            notional: {2027: 20 M USD, 2029: 8 M USD}, fixed: 3.2 %/year, floating: base + 0 bp,
            fixed_day_count: 30E/360, day_count: A/360, start: 2026-10, term: 3 years,
            every: 6 months}
  keep:    {kind: reserve_account, account: account, owner: owner, facilities: [loan],
            months: 6 months}
  shield:  {kind: government_guarantee, guarantor: state, obligor: owner, contracts: [loan],
            collection: true, upfront_fee: 0.5 %, fee: 1 %/year, risk_free: 3 %/year}
  costs:   {kind: operating_cost, payer: owner, payee: builder, amount: 1 M USD/year,
            start: 2027-02-14, end: 2030-05-05}
  owner_tax: {kind: income_tax, taxpayer: owner, government: state, rate: 24 %, losses: 1 M USD,
            life: 4 years, loss_limit: 60 %}
  trade:   {kind: other_business, party: backer, rest: market, inflow: 2 M USD/year,
            outflow: {2027: 3 M USD/year}}
  sells:   {kind: other_business, party: scheme, rest: market, inflow: 4 to 6 M USD/year,
            outflow: {2026: 1 M USD/year, 2029: 1.5 M USD/year},
            capital_spending: {2026: 9 M USD/year, 2027-04: 3 M USD/year, 2028: 0.5 M USD/year}}
  plant:   {kind: term_loan, lender: senior, borrower: scheme, amount: 4 M USD,
            rate: base + 200 bp, start: 2026-09, term: 3 years, interest_only: 9 months,
            amortisation: annuity, day_count: A/360}
  next:    {kind: reserve_account, account: service, owner: scheme, facilities: [plant],
            months: 4 months, service: next, bank: senior, interest: 2 %/year}
  working: {kind: cash_reserve, account: float, owner: scheme, months: 5 months,
            budget: {2026: 1 M USD/year, 2029: 1.5 M USD/year, 2031: 0 USD/year},
            protects: [sells, plant], bank: senior, interest: 3 %/year}
  repair:  {kind: maintenance_reserve, account: overhaul, owner: scheme, supplier: vendor,
            cost: 0.6 to 0.9 M USD, cycle: 16 months, escalation: 3 %/year, until: 2030-06,
            bank: senior, interest: 2 %/year}
  flip:    {kind: partnership_flip, partnership: scheme, investor: partner, sponsor: fund,
            commitment: 8 to 12 M USD, capital: 70 %, funds: [sells, plant, next, working, repair],
            cash_before: 60 %, cash_after: 10 %, target: 12 %/year, recovery: 18 months,
            development_fee: 0.2 M USD}
  let:     {kind: sale_and_leaseback, seller: scheme, buyer: partner, price: 1.5 to 2 M USD,
            start: 2027-11-20, rent: {2027: 0.9 M USD/year, 2029: 0.7 M USD/year}, term: 28 months,
            buy_back: 0.4 M USD, grace: 3 months}
  subsidy: {kind: grant, payer: state, recipient: scheme, amount: 0.5 M USD, start: 2026-11-20,
            yearly: {2027: 0.2 M USD/year}, end: 2029-02-10}
  allowance: {kind: tax_credit, holder: partner, government: state, business: scheme,
            investment: 30 %, qualifying: 80 %, per_mwh: {2026: 15 USD/MWh, 2028: 16 USD/MWh},
            output: 9 GWh/year, start: 2027-02-10, term: 2 years, partnership: flip}
  local:   {kind: income_tax, taxpayer: partner, government: state, rate: 6 %, income_of: scheme,
            partnership: flip, losses_used: at_once, depreciation: macrs_7, bonus: 30 %,
            paid: monthly}
  levy:    {kind: income_tax, taxpayer: partner, government: state, rate: 21 %, income_of: scheme,
            partnership: flip, deducts: local, also_taxed: [subsidy, allowance],
            fees: not_deducted, losses_used: at_once, counted: due, assets: [
              {share: 50 %, depreciation: custom, yearly: [40 %, 40 %, 20 %], reduction: 15 %},
              {share: 40 %, depreciation: macrs_5, bonus: 20 %},
              {life: 4 years, held_by: overhaul}]}
  own:     {kind: income_tax, taxpayer: fund, government: state, rate: 21 %, income_of: scheme,
            partnership: flip, partner: sponsor, deducts: local, counted: due, losses: 0.1 M USD,
            paid: monthly}
"""

BAZAAR = """
plan: {name: Bazaar, start: 2026-01, horizon: 4 years, discount_rate: 7 %/year}
parties:
  cloud:   {kind: internal, role: operator, cash: 400 M USD, minimum_cash: 3 M USD}
  lab:     {kind: internal, role: lab, cash: 100 M USD}
  users:   {kind: external, role: customer}
  market:  {kind: external, role: customer}
  sponsor: {kind: external, role: equity}
  utility: {kind: external, role: supplier}
  works:   {kind: external, role: vendor}
sites:
  north: {owner: cloud, phases: [{power: 30 MW, pue: 1.2, energise: 2026-01},
          {power: 20 MW, pue: 1.2, energise: 2027-01, delay: {median: 3 months, p90: 9 months}}]}
  south: {owner: cloud, phases: [{power: 25 MW, pue: 1.35, energise: 2026-06}]}
chips:
  hopper:    {site: north, chip: H100, units: 12000, deliver: 2024-01, price: 30k USD}
  blackwell: {site: north, chip: GB200, units: 7000, deliver: 2026-09, price: 40k to 60k USD,
              vendor: maker}
  later:     {site: south, chip: GB200, units: 2000, deliver: 2026-10, price: 40k USD,
              vendor: maker, turn: 2}
  beside:    {site: south, chip: GB200, units: 1000, deliver: 2026-08, price: 40k USD,
              vendor: maker, turn: 2}
  foreign:   {site: north, chip: H200, units: 3000, deliver: 2027-01, price: 30k USD,
              vendor: importer}
  instinct:  {site: south, chip: MI300X, units: 9000, deliver: 2026-06, price: 20k USD,
              failure_rate: 6 %/year, physical_life: 30 months}
  ancient:   {site: south, chip: {h100e: 0.3, watts: 900 W, bandwidth: 0.4 to 0.6}, units: 3000,
              deliver: 2022-01,
              price: 1k USD}
vendors:
  maker:    {output: {2026: 9000 GPU/year, 2027: 20000 GPU/year}, open: border}
  importer: {open: border, origin: overseas}
drivers:
  border: {process: regimes, states: {open: 100 %, shut: 10 %},
           mean_stay: {open: 12 months, shut: 6 months}, initial: open}
  chat_volume:  {process: mean_reverting, start: 900 tn token/year, trend: 60 %/year,
                 volatility: 40 %/year, half_life: 12 months, ceiling: 3000 tn token/year}
  agent_volume: {process: random_walk, start: 300 tn token/year, trend: 90 %/year,
                 volatility: 30 %/year}
  others:       {process: random_walk, start: 30k H100e, trend: 40 %/year, volatility: 20 %/year}
  energy:       {process: mean_reverting, start: 60 USD/MWh, volatility: 25 %/year}
  compute_price: {market: price}
  chat_revenue:  {market: chat.revenue}
  busy:          {market: utilisation}
  lab_revenue:   {formula: chat_revenue * 0.4 * busy}
market:
  energy_price: energy
  running_cost: 0.4 M USD/MW/year
  software_efficiency: {2026: 1, 2027: 1.4, 2028: 1.9, 2029: 2.5}
  price_cap: 6 USD/H100e/h
  fixed_price: 1.3 USD/H100e/h
  priority: [chat, agents, training, batch]
  retire_after: 3 months
  demand:
    chat: {tokens: chat_volume, throughput: 6 M token/H100e/h, price: 0.4 USD/M token,
           elasticity: 0.7, choke_price: 3 USD/M token, gross_margin: 35 %, memory_bound: 60 %,
           shape: language_large, hours_ahead: 5}
    agents: {tokens: agent_volume, throughput: 4 M token/H100e/h, price: 0.5 USD/M token,
             elasticity: 1.3, choke_price: 1.1 USD/M token, waits: 30 %, memory_bound: 30 %,
             shape: language_mid}
    batch: {tokens: 150 tn token/year, throughput: 9 M token/H100e/h, price: 0.1 USD/M token,
            elasticity: 1.6, choke_price: 0.4 USD/M token, waits: 100 %}
    training: {compute: {2026: 9k H100e, 2027: 14k H100e}, price: 1.5 USD/H100e/h,
               elasticity: 1, choke_price: 4 to 5 USD/H100e/h, waits: 50 %}
  supply:
    others: {capacity: others, cost_from: 0.3 USD/H100e/h, cost_to: 1.2 USD/H100e/h,
             capital_cost: 20k USD/H100e, response: 1.5, lead_time: 10 months}
    old: {capacity: {2026: 9k H100e, 2028: 5k H100e}, cost_from: 0.5 USD/H100e/h,
          cost_to: 2 USD/H100e/h}
contracts:
  tokens:  {kind: metered_tokens, seller: lab, buyer: users, revenue: lab_revenue}
  reserve: {kind: reserved_capacity, seller: cloud, buyer: lab, site: south, share: 30 %,
            price: compute_price, term: 18 months, take_or_pay: 90 %}
  north:   {kind: spot_sale, seller: cloud, buyer: market, site: north, utilisation: 95 %}
  south:   {kind: spot_sale, seller: cloud, buyer: market, site: south}
  power:   {kind: power_purchase, buyer: cloud, seller: utility, site: north, price: energy}
  energy:  {kind: power_purchase, buyer: cloud, seller: utility, site: south, price: energy}
  order:   {kind: chip_purchase, buyer: cloud, seller: works, chips: [blackwell, foreign],
            milestones: {signing: 10 %, delivery: 90 %}}
  equity:  {kind: common_equity, investor: sponsor, issuer: cloud, commitment: 600 M USD,
            funds: [order]}
  debt:    {kind: term_loan, lender: sponsor, borrower: cloud, amount: 700 M USD, rate: 12 %/year,
            term: 30 months, amortisation: linear, grace: 2 months}
  lien:    {kind: security, grantor: cloud, buyer: market, agent: works, secures: [debt],
            assets: [hopper, blackwell], time_of_sale: 4 months, cost_of_sale: 8 %, fire_sale: 3}
"""
"""A market that clears, with everything that it can hold."""
