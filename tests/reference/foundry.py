"""A plan of what is built: sources of power shared by sites, fabs, chips sold as they are made."""

FOUNDRY = """
plan: {name: Foundry, start: 2026-01, horizon: 5 years, discount_rate: 8 %/year}
parties:
  lab:     {kind: internal, role: lab, cash: 190 M USD, minimum_cash: 2 M USD}
  fabco:   {kind: internal, role: vendor, cash: 60 M USD, minimum_cash: 30 M USD}
  plants:  {kind: internal, role: supplier, cash: 5 M USD}
  foundry: {kind: external, role: supplier}
  users:   {kind: external, role: customer}
  world:   {kind: external, role: customer, credit: {hazard: 5 %/year, recovery: 40 %}}
  fund:    {kind: external, role: equity}
  gas:     {kind: external, role: supplier}
sites:
  north: {owner: lab, power: [wind, grid, turbines, late], phases: [
          {power: 40 MW, pue: 1.2, energise: 2026-01},
          {power: 30 MW, pue: 1.3, energise: 2027-03, build: 9 months, spend: early,
           delay: {median: 2 months, p90: 8 months, causes: [weather]}}]}
  south: {owner: lab, power: [grid, wind],
          phases: [{power: 20 MW, pue: 1.25, energise: 2026-06, spend: late}]}
  east:  {owner: lab, phases: [{power: 10 MW, pue: 1.2, energise: 2026-01}]}
power:
  grid:     {capacity: 45 MW, price: tariff, other_cost: 2 USD/MWh}
  turbines: {capacity: 30 MW, available: 2026-10, build: 8 months, spend: even, fuel: gas,
             heat_rate: 9.5 MMBtu/MWh, other_cost: 4 USD/MWh, capacity_factor: 92 %,
             delay: {median: 3 months, p90: 12 months, causes: [weather]}}
  wind:     {capacity: 20 MW, capacity_factor: 35 %, price: 48 USD/MWh, must_take: true}
  late:     {capacity: 15 MW, available: 2029-01, price: {2026: 30 USD/MWh, 2030: 80 USD/MWh}}
vendors:
  inhouse:  {}
  merchant: {output: {2026: 2000 GPU/year, 2028: 5000 GPU/year}, open: border}
fabs:
  first:  {owner: fabco, vendor: inhouse, capacity: 0.2k wspm, open: 2027-02, build: 12 months,
           ramp: 9 months, cycle: 3 months, dies_per_wafer: 60, die_yield: yields,
           dies_per_chip: 2, delay: {median: 0 months, p90: 6 months}}
  second: {owner: fabco, vendor: merchant, capacity: 30 wspm, open: 2028-01, ramp: 0 months,
           utilisation: {2026: 80 %, 2029: 95 %}, dies_per_wafer: 28, die_yield: 55 % to 75 %,
           cycle: 0 months}
chips:
  own:     {site: north, chip: {h100e: 1.5, watts: 900 W}, units: 20000, deliver: 2027-06,
            price: 9k USD, vendor: inhouse, per_watt: frugal}
  more:    {site: south, chip: {h100e: 1.5, watts: 900 W}, units: 6000, deliver: 2028-03,
            price: 9k USD, vendor: inhouse, turn: 2, replaces: extra}
  bought:  {site: north, chip: H100, units: 12000, deliver: 2026-01, price: 30k USD}
  extra:   {site: south, chip: GB200, units: 4000, deliver: 2026-06, price: 40k USD,
            vendor: merchant, per_watt: {2026: 1, 2028: 2}}
  there:   {site: east, chip: H100, units: 5000, deliver: 2025-01, price: 30k USD}
drivers:
  tariff: {process: mean_reverting, start: 55 USD/MWh, volatility: 40 %/year, half_life: 8 months}
  gas:    {process: random_walk, start: 4 USD/MMBtu, volatility: 45 %/year}
  yields: {2026: 40 %, 2028: 70 %, interpolate: linear}
  frugal: {process: random_walk, start: 1, trend: 30 %/year, volatility: 10 %/year}
  border: {process: regimes, states: {open: 100 %, shut: 20 %},
           mean_stay: {open: 18 months, shut: 5 months}, initial: open}
  compute_price: {process: mean_reverting, start: 1.6 USD/H100e/h, trend: -15 %/year,
                  volatility: 30 %/year}
  base_price: {process: random_walk, start: 12k USD/GPU, trend: -10 %/year, volatility: 20 %/year}
  made:       {market: vendors.inhouse.chips}
  calm:       {value: 40000 GPU/year}
  world_price: {formula: base_price * (calm / (calm + made)) ** 0.5}
  anchor_price: {formula: 0.8 * world_price}
market: {energy_price: tariff, running_cost: 0.3 M USD/MW/year}
contracts:
  winds:   {kind: power_swap, payer: lab, receiver: gas, site: north, source: wind,
            index: tariff, strike: {2026: 45 USD/MWh, 2028: 55 USD/MWh}, term: 3 years}
  flat:    {kind: power_swap, payer: lab, receiver: world, power: 5 to 10 MW, index: tariff,
            strike: 50 USD/MWh, start: 2027-02-10, term: 25 months}
  north:    {kind: spot_sale, seller: lab, buyer: users, site: north}
  south:    {kind: spot_sale, seller: lab, buyer: users, site: south}
  east:     {kind: spot_sale, seller: lab, buyer: users, site: east}
  shell:    {kind: construction_contract, owner: lab, contractor: gas, site: north,
             per_mw: 1 M USD/MW}
  rest:     {kind: construction_contract, owner: lab, contractor: gas, site: south,
             per_mw: 1 M USD/MW}
  turbines: {kind: construction_contract, owner: plants, contractor: gas, source: turbines,
             per_mw: 0.6 M USD/MW, per_phase: 1 M USD}
  plant:    {kind: construction_contract, owner: fabco, contractor: foundry, fab: first,
             per_wspm: 1 M USD/wspm, per_phase: 5 M USD}
  gas:      {kind: power_purchase, buyer: lab, seller: plants, site: north, source: turbines,
             price: 95 USD/MWh, capacity_charge: 60k USD/MW/year, take_or_pay: 30 %}
  fuel:     {kind: power_purchase, buyer: plants, seller: gas, site: north, source: turbines}
  upkeep:   {kind: operating_cost, payer: plants, payee: gas, source: turbines,
             per_mw: 20k USD/MW/year}
  grid:     {kind: power_purchase, buyer: lab, seller: gas, site: north, source: grid}
  wind:     {kind: power_purchase, buyer: lab, seller: gas, site: north, source: wind,
             take_or_pay: 100 %}
  lines:    {kind: power_purchase, buyer: lab, seller: gas, site: south, source: grid, share: 60 %,
             contracted: 5 MW}
  meter:    {kind: power_purchase, buyer: lab, seller: gas, site: east, price: tariff}
  fee:      {kind: operating_cost, payer: fabco, payee: foundry, fab: first,
             per_wafer: 6k to 8k USD/wafer, amount: 1 M USD/year}
  anchor:   {kind: chip_sale, seller: fabco, buyer: lab, chips: [own, more], price: anchor_price}
  abroad:   {kind: chip_sale, seller: fabco, buyer: world, vendor: inhouse, share: 90 %,
             price: world_price}
  order:    {kind: chip_purchase, buyer: lab, seller: foundry, chips: extra,
             milestones: {delivery: 100 %}}
  equity:   {kind: common_equity, investor: fund, issuer: lab, commitment: 60 M USD,
             funds: [order, anchor]}
  backing:  {kind: common_equity, investor: fund, issuer: fabco, commitment: 210 M USD,
             funds: [plant]}
  money:    {kind: common_equity, investor: fund, issuer: plants, commitment: 30 M USD,
             funds: [turbines]}
"""
"""Some paths run short of cash, so that a plant waits for money and chips stand idle."""
