"""A campus built with a project bond, let for a few years at a time, its value guaranteed."""

RENTED = """
plan: {name: Rented, start: 2026-01, horizon: 9 years, discount_rate: 6 %/year}
parties:
  venture:  {kind: internal, role: operator, cash: 1 M USD}
  issuer:   {kind: internal, role: operator, cash: 0.5 M USD, minimum_cash: 0.2 M USD}
  proceeds: {kind: account, owner: issuer}
  interest: {kind: account, owner: issuer}
  reserve:  {kind: account, owner: issuer}
  tenant:   {kind: external, role: customer, credit: {hazard: 3 %/year, recovery: 40 %}}
  holders:  {kind: external, role: lender, credit: {hazard: 1 %/year, recovery: 50 %}}
  bank:     {kind: external, role: lender}
  fund:     {kind: external, role: equity}
  works:    {kind: external, role: supplier}
  state:    {kind: external, role: public}
  market:   {kind: external, role: equity}
sites:
  park:
    owner: venture
    phases:
      - {power: 10 MW, energise: 2027-04-20, build: 12 months,
         delay: {median: 2 months, p90: 9 months}}
      - {power: 10 MW, energise: 2027-10, build: 12 months, delay: {median: 1 month, p90: 8 months}}
  shed:
    owner: issuer
    phases: [{power: 2 MW, energise: 2027-01, build: 8 months}]
drivers:
  rents:  {process: mean_reverting, start: 1.7 M USD/MW/year, volatility: 25 %/year}
  wishes: {process: regimes, states: {stays: 100 %, shrinks: 55 %, leaves: 0 %},
           mean_stay: {stays: 6 years, shrinks: 2 years, leaves: 20 years}, initial: stays}
  yields: {process: mean_reverting, start: 4 %/year, volatility: 40 %/year}
  worth:  {process: random_walk, start: 150 M USD, volatility: 30 %/year}
contracts:
  build:    {kind: construction_contract, owner: venture, contractor: works, site: park,
             per_mw: 8 M USD/MW, per_phase: 5 M USD}
  sheds:    {kind: construction_contract, owner: issuer, contractor: works, site: shed,
             per_mw: 3 M USD/MW}
  bond:     {kind: project_bond, lender: holders, borrower: issuer, amount: 190 M USD,
             issue_price: 99 %, rate: 6.5 %/year, term: 8 years, interest_every: 6 months,
             interest_only: 25 months, amortisation: annuity, issue_costs: 1 %, arranger: bank,
             redeemed_from: account, swept_after: lease, redemption_price: 101 %,
             grace: 7 months, day_count: 30E/360, collateral: [stake]}
  notes:    {kind: project_bond, lender: holders, borrower: issuer, amount: 12 M USD,
             rate: 8 %/year, start: 2026-04-10, term: 50 months, interest_every: 3 months,
             amortisation: scheduled, seniority: junior,
             schedule: {2028-06: 20 %, 2029-03-10: 30 %, 2029-12: 15 % to 25 %}}
  account:  {kind: construction_account, account: proceeds, owner: issuer, share: 90 %,
             facilities: [bond, notes], funds: [sheds], weight: 2, invested_with: state,
             rate: yields, site: park, until: 2029-01}
  coupons:  {kind: construction_account, account: interest, owner: issuer, facilities: [bond],
             share: 10 %, invested_with: state, rate: 3 %/year, until: 2028-02-10,
             capitalise_interest: false, funds: [sheds]}
  feed:     {kind: common_equity, investor: proceeds, issuer: venture, commitment: 145 M USD,
             funds: [build], weight: 4, share: 0}
  partner:  {kind: common_equity, investor: fund, issuer: venture, commitment: 40 M USD,
             funds: [build], share: 1}
  stake:    {kind: common_equity, investor: issuer, issuer: venture, share: 4}
  sponsor:  {kind: common_equity, investor: fund, issuer: issuer, commitment: 9 M USD,
             funds: [sheds, bond], distributions_from: 2028-01, distributions_every: 6 months,
             lock_up: [bond], lock_up_dscr: 1.05}
  deferred: {kind: common_equity, investor: fund, issuer: venture, commitment: 20 M USD,
             funds: [build], tier: 2, share: 0}
  keep:     {kind: reserve_account, account: reserve, owner: issuer, facilities: [bond],
             months: 1 month, minimum: 2 M USD, start: 2028-03}
  lease:    {kind: site_lease, landlord: venture, tenant: tenant, site: park,
             per_mw: 1.7 M USD/MW/year, escalator: 2 %/year, term: 30 months, renewals: 2,
             renewal: 24 months, notice: 5 months, market_rent: rents, switching_cost: 10 %,
             needs: wishes}
  shelter:  {kind: site_lease, landlord: issuer, tenant: tenant, site: shed, rent: 0.8 M USD/year,
             start: 2027-02-10, term: 1 year, renewals: 2, renewal: 18 months, needs: wishes,
             market_rent: rents, notice: 2 months, exercise: fitted, policy: [
             0.5 M USD/MW/year, -0.9 M USD/MW/year, {2027: 0.1 M USD/MW/year,
             2028: 0.2 M USD/MW/year}, 0 USD/MW/year, 0.2 M USD/MW/year, 0.05 M USD/MW/year,
             -0.3 M USD/MW/year, 0.1 M USD/MW/year, 0 USD/MW/year, 0.1 M USD/MW/year]}
  guard:    {kind: residual_value_guarantee, guarantor: tenant, owner: venture, lease: lease,
             guaranteed: {2026: 190 M USD, 2031-06: 150 M USD}, value: worth, cap: 90 M USD,
             start: 2027-06, term: 5 years, fee: 0.3 M USD/year, buyer: market}
  promise:  {kind: residual_value_guarantee, guarantor: fund, owner: issuer, on: 2030-05-20,
             guaranteed: 5 M USD, value: 3 to 6 M USD, term: 6 years}
  upkeep:   {kind: operating_cost, payer: venture, payee: works, site: park,
             per_mw: 50k USD/MW/year}
  tax:      {kind: income_tax, taxpayer: issuer, government: state, rate: 10 %, life: 9 years}
"""
"""Some tenants leave or fail, some buildings are late, some bonds are redeemed or called."""
