"""A plan of borrowing against chips: bought on credit, rented, refinanced."""

FLEET = """
plan: {name: Fleet, start: 2026-01, horizon: 4 years, discount_rate: 9 %/year}
parties:
  cloud:   {kind: internal, role: operator, cash: 6 M USD, minimum_cash: 0.5 M USD}
  maker:   {kind: internal, role: vendor, cash: 1 M USD}
  dealer:  {kind: external, role: vendor, credit: {hazard: 20 %/year, recovery: 30 %}}
  bank:    {kind: external, role: lender}
  market:  {kind: external, role: customer}
  staff:   {kind: external, role: supplier}
  owner:   {kind: external, role: equity}
  host:    {kind: internal, role: operator, cash: 0.4 M USD, minimum_cash: 0.1 M USD}
sites:
  hall: {owner: cloud, phases: [{power: 6 MW, pue: 1.2, energise: 2026-01}]}
  annex: {owner: cloud, phases: [
          {power: 2 MW, pue: 1.2, energise: 2026-10, build: 5 months,
           delay: {median: 2 months, p90: 6 months}},
          {power: 1 MW, pue: 1.2, energise: 2026-12, build: 5 months}]}
  colo:  {owner: cloud, phases: [{power: 1 MW, pue: 1.2, energise: 2026-03}]}
  north: {owner: host, phases: [{power: 1 MW, pue: 1.2, energise: 2026-01}]}
  south: {owner: host, phases: [{power: 1 MW, pue: 1.2, energise: 2026-05,
          delay: {median: 1 month, p90: 4 months}}]}
chips:
  hers:   {site: north, chip: {h100e: 1.5, watts: 900 W}, units: 400, deliver: 2025-10,
           price: 9k USD}
  his:    {site: south, chip: {h100e: 1.5, watts: 900 W}, units: 300, deliver: 2025-10,
           price: 9k USD, physical_life: 20 months}
  guests: {site: colo, chip: {h100e: 1.5, watts: 900 W}, units: 500, deliver: 2026-07,
           price: 9k USD}
  third:  {site: annex, chip: {h100e: 1.5, watts: 900 W}, units: 400, deliver: 2026-11,
           price: 9k USD}
  rented: {site: hall, chip: {h100e: 1.5, watts: 900 W}, units: 800, deliver: 2026-03,
           price: 10k USD}
  kept:   {site: hall, chip: {h100e: 1.5, watts: 900 W}, units: 200, deliver: 2026-01,
           price: 10k USD}
  first:  {site: hall, chip: {h100e: 1.5, watts: 900 W}, units: 1500, deliver: 2026-02-10,
           price: 8k to 12k USD}
  second: {site: hall, chip: {h100e: 1.5, watts: 900 W}, units: 900, deliver: 2026-08,
           price: 10k USD, vendor: works}
vendors:
  works: {output: {2026: 1200 GPU/year, 2027: 3000 GPU/year}}
drivers:
  base: {process: mean_reverting, start: 4 %/year, volatility: 30 %/year}
  compute_price: {process: random_walk, start: 0.75 USD/H100e/h, volatility: 45 %/year}
  gap: {process: mean_reverting, start: 3 %/year, volatility: 60 %/year, half_life: 12 months}
contracts:
  spot:    {kind: spot_sale, seller: cloud, buyer: market, site: hall}
  running: {kind: operating_cost, payer: cloud, payee: staff, amount: 2 M USD/year}
  credit:  {kind: vendor_financing, lender: maker, borrower: cloud, chips: first,
            down_payment: 20 %, signed: 2026-01-20, rate: base + 5 %/year, floor: 3.5 %/year,
            interest_free: 3.5 months, deferral: 4 months, term: 30 months, amortisation: annuity,
            instalment_every: 2 months, upfront_fee: 0.5 %, grace: 2 months}
  store:   {kind: vendor_financing, lender: dealer, borrower: cloud, chips: second,
            down_payment: 10 % to 30 %, rate: 9 %/year, term: 2 years, day_count: A/360,
            seniority: junior, cross_default: [credit]}
  title:   {kind: security, grantor: cloud, buyer: market, agent: staff, secures: [credit],
            assets: [first], time_of_sale: 3 months, cost_of_sale: 5 %, fire_sale: 2,
            market_depth: 10k H100e}
  bridge:  {kind: term_loan, lender: bank, borrower: cloud, amount: 6 M USD, rate: base + 8 %/year,
            start: 2026-01, term: 20 months, amortisation: bullet, grace: 2 months,
            collateral: [first], prepaid_by: takeout, prepayment_saving: 0.2 %/year,
            call_premium: {2026: 2 %, 2027-07: 0.5 %}, no_call: 10.5 months,
            interest_every: 3 months}
  build:   {kind: delayed_draw_loan, lender: bank, borrower: cloud, funds: [store, running],
            amount: 1.5 M USD, rate: 13 %/year, availability: 10 months, term: 24 months,
            amortisation: linear, amortise_over: 50 months, extensions: 2, extension: 6 months,
            extension_dscr: 1.2, extension_ltv: 8 % to 80 %, extension_fee: 2 %,
            extension_margin: 1 %/year, interest_every: 3 months, principal_every: 2 months,
            collateral: [second], prepaid_by: late, call_premium: 1 %, grace: 2 months}
  takeout: {kind: refinancing, lender: bank, borrower: cloud, funds: [bridge], amount: 8 M USD,
            ltv: 80 %, dscr: 1.2, start: 2027-02, availability: 22 months, rate: base + 1 %/year,
            floor: 3 %/year, spread: gap, shut_above: 5.5 %/year, upfront_fee: 1 %,
            term: 15 months, amortisation: annuity, amortise_over: 40 months,
            interest_every: 2 months, principal_every: 3 months, grace: 2 months,
            collateral: [first, second], cross_default: [credit]}
  late:    {kind: refinancing, lender: dealer, borrower: cloud, amount: 2 M USD,
            funds: [bridge, takeout, build, project],
            start: 2027-09, availability: 30 months, rate: 8 %/year, spread: gap,
            weight: 0.5, upfront_fee: 1 %, term: 9 months, seniority: junior, day_count: A/360}
  rents:   {kind: chip_lease, lessor: maker, lessee: cloud, chips: rented, term: 17.5 months,
            per_chip: {2026: 3k USD/GPU/year, 2027-06: 2k USD/GPU/year}, rent_free: 1.5 months,
            per_hour: 0.05 USD/H100e/h, renewals: 2, renewal: 8 months, renewal_rent: 70 %,
            purchase: price, purchase_price: 5 to 9 M USD, return_cost: 0.3 M USD, buyer: dealer,
            grace: 1 month}
  hire:    {kind: chip_lease, lessor: dealer, lessee: cloud, chips: kept, start: 2026-02-10,
            term: 2 years, per_hour: 0.5 to 0.9 USD/H100e/h, purchase: value, buyer: market,
            renewals: 1, grace: 2 months}
  annexed: {kind: spot_sale, seller: cloud, buyer: market, site: annex}
  works:   {kind: construction_contract, owner: cloud, contractor: staff, site: annex,
            per_mw: 0.5 to 1 M USD/MW}
  order:   {kind: chip_purchase, buyer: cloud, seller: dealer, chips: third,
            milestones: {signing: 30 %, delivery: 70 %}, signed: 2026-06}
  project: {kind: construction_loan, lender: bank, borrower: cloud, amount: 5 M USD,
            funds: [works, order], site: annex, start: 2026-04, longstop: 14 months,
            budget: 21 to 24 M USD, cost_share: 30 %, rate: base + 4 %/year, floor: 2 %/year,
            upfront_fee: 1 %, commitment_fee: 0.8 %/year, conversion_dscr: 1.1,
            conversion_ltv: 95 %, collateral: [third], term: 20 months, amortise_over: 45 months,
            amortisation: annuity, interest_only: 2 months, interest_every: 2 months,
            principal_every: 3 months, step_up: 0.5 %/year, step_every: 6 months, sweep: 20 %,
            seniority: junior, grace: 2 months, prepaid_by: late, no_call: 4 months}
  hosting: {kind: customer_supplied_hardware, operator: cloud, customer: dealer, site: colo,
            chips: guests, power: 0.8 MW, per_mw: {2026: 0.9 M USD/MW/year, 2028: 1 M USD/MW/year},
            per_mwh: 60 USD/MWh, per_hour: 0.02 USD/H100e/h, take_or_pay: 40 to 90 %,
            start: 2026-04-10, term: 33.5 months, grace: 2 months}
  of_north: {kind: spot_sale, seller: host, buyer: market, site: north}
  of_south: {kind: spot_sale, seller: host, buyer: market, site: south,
            after: [early, beside, after]}
  promised: {kind: reserved_capacity, seller: host, buyer: market, site: north, share: 20 %,
            price: 0.6 USD/H100e/h, term: 2 years}
  early:   {kind: compute_note, holder: maker, issuer: host, site: south, substitute: north,
            substitute_share: 50 %, amount: 2 M USD, rate: 9 %/year, term: 30 months,
            schedule: {2026-01: 250 H100e, 2026-11: 150 H100e}, settlement: 0.6 USD/H100e/h,
            share: 40 %, election: delivery, cap: 0.8 USD/H100e/h, user: market, grace: 2 months}
  beside:  {kind: compute_note, holder: owner, issuer: host, site: south, substitute: north,
            amount: 1.5 M USD, rate: 7 %/year, start: 2026-02, term: 28 months,
            schedule: 200 to 300 H100e, settlement: 0.6 USD/H100e/h,
            share: 30 %, spread: 0.05 USD/H100e/h, use: 220 H100e, bank: 2 months}
  after:   {kind: compute_note, holder: dealer, issuer: host, site: south, substitute: north,
            substitute_share: 30 %, behind: [early, beside], amount: 0.9 M USD, rate: 11 %/year,
            term: 28 months, schedule: 80 to 160 H100e, settlement: 0.5 USD/H100e/h,
            election: delivery, seniority: junior, grace: 2 months}
  own:     {kind: compute_note, holder: owner, issuer: host, site: north, substitute: south,
            share: 10 %, amount: 0.8 M USD, rate: 8 %/year, start: 2026-03, term: 2 years,
            schedule: 90 to 180 H100e, settlement: 0.6 USD/H100e/h, election: delivery}
  idle:    {kind: capacity_backstop, provider: bank, owner: host, site: north, share: 70 %,
            price: 0.1 USD/H100e/h, revenue_share: 1 %, term: 2 years}
  capital: {kind: common_equity, investor: owner, issuer: cloud, commitment: 4 M USD,
            funds: [credit, store]}
"""
