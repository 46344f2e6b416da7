"""What is said of sources of power, fabs and chips sold that are not right."""

from __future__ import annotations

import pytest

from offtake.plan.load import check_text as check

PLAN = """
plan: {name: x, start: 2026-01, horizon: 5 years, discount_rate: 5 %/year}
parties:
  owner: {kind: internal, cash: 1 M USD}
  town:  {kind: external, role: supplier}
sites:
  hall: {owner: owner, power: [grid, gas], phases: [{power: 2 MW, energise: 2026-01, spend: even}]}
power:
  grid: {capacity: 2 MW, price: 50 USD/MWh}
  gas:  {capacity: 1 MW, heat_rate: 9.5 MMBtu/MWh, fuel: 4 USD/MMBtu}
vendors:
  maker: {}
fabs:
  mill: {owner: owner, vendor: maker, capacity: 1k wspm, open: 2027-01, dies_per_wafer: 60,
         die_yield: 70 %}
chips:
  new: {site: hall, chip: H100, units: 100, deliver: 2027-06, price: 30k USD, vendor: maker}
drivers:
  made: {market: vendors.maker.chips}
contracts:
  meter: {kind: power_purchase, buyer: owner, seller: town, site: hall, source: grid}
  build: {kind: construction_contract, owner: owner, contractor: town,
          fab: mill, per_wspm: 1k USD/wspm}
  fee:   {kind: operating_cost, payer: owner, payee: town, fab: mill, per_wafer: 6k USD/wafer}
  sale:  {kind: chip_sale, seller: town, buyer: owner, chips: new, price: 20k USD}
"""
# what is replaced ; by what ; place ; code ; a part of the mend
TABLE = """
power: [grid, gas] ; power: [grid, gass] ; sites.hall.power[1] ; name-unknown ; gas
9.5 MMBtu/MWh ; 0.36 ; power.gas.heat_rate ; out-of-range ; 1
9.5 MMBtu/MWh ; 9.5 MMBTU/MWh ; power.gas.heat_rate ; unit-unknown ; MMBtu
4 USD/MMBtu ; 4 USD/MW ; power.gas.fuel ; unit-wrong ; USD/MWh
spend: even ; spend: evn ; sites.hall.phases[0].spend ; choice-unknown ; even
vendor: maker, capacity ; vendor: makr, capacity ; fabs.mill.vendor ; name-unknown ; maker
capacity: 1k wspm ; capacity: 1k wafer ; fabs.mill.capacity ; unit-wrong ; wspm
capacity: 1k wspm, ;  ; fabs.mill.capacity ; key-missing ; wspm
vendors.maker.chips ; vendors.makr.chips ; drivers.made.market ; name-unknown ; vendors.maker.chips
source: grid} ; source: hall} ; contracts.meter.source ; name-unknown ; power source
site: hall, source: grid} ; site: hall} ; contracts.meter ; key-missing ; source
fab: mill, per_wspm ; per_wspm ; contracts.build ; built-one ; site
per_wspm: 1k USD/wspm ; per_mw: 1 USD/MW ; contracts.build.per_mw ; built-one ; per_mw
fab: mill, per_wafer ; per_wafer ; contracts.fee ; cost-fab ; fab
chips: new, price ; chips: new, vendor: maker, price ; contracts.sale ; chips-sold ; delete
"""
ROWS = [tuple(part.strip() for part in row.split(" ; ")) for row in TABLE.strip().split("\n")]


def test_the_plan_is_right():
    assert not check(PLAN).errors


@pytest.mark.parametrize(("old", "new", "place", "code", "mend"), ROWS, ids=range(len(ROWS)))
def test_one_mistake_is_one_problem(old: str, new: str, place: str, code: str, mend: str):
    assert PLAN.count(old) == 1
    (problem,) = check(PLAN.replace(old, new)).errors
    assert (problem.place, problem.code) == (place, code)
    assert mend in problem.mend


def test_what_follows_from_a_vendor_cannot_stand_before_it():
    """A tariff by a formula of the chips made, and utilisation by the chips themselves."""
    text = PLAN.replace(
        "  made: {", "  low: {formula: made / limit}\n  limit: 900000 GPU/year\n  made: {"
    )
    (problem,) = check(text.replace("die_yield: 70 %", "die_yield: low")).errors
    assert (problem.place, problem.code) == ("fabs.mill.die_yield", "driver-circle")


OLD = "  old: {site: hall, chip: H100, units: 100, deliver: 2026-06, price: 30k USD}\n"


@pytest.mark.parametrize(
    ("chips", "said"),
    [
        (OLD.replace("hall", "barn"), "barn"),
        (OLD.replace("2026-06", "2027-06"), "no earlier"),
        (OLD + OLD.replace("old", "third").replace("2026-06", "2027-01, replaces: old"), "third"),
    ],
)
def test_a_cohort_replaces_an_earlier_one_of_its_site(chips: str, said: str):
    barn = "  barn: {owner: owner, phases: [{power: 2 MW, energise: 2026-01}]}\npower:\n"
    text = PLAN.replace("power:\n", barn, 1).replace(
        "vendor: maker}\n", "vendor: maker, replaces: old}\n"
    )
    good = check(text.replace("chips:\n", "chips:\n" + OLD, 1))
    assert not good.errors
    found = check(text.replace("chips:\n", "chips:\n" + chips, 1)).errors
    assert [problem.code for problem in found] == ["cohort-replaced"]
    assert said in found[0].found


def test_two_contracts_that_pay_for_the_same():
    again = "  more:  {kind: chip_purchase, seller: town, buyer: owner, chips: new}\n"
    (problem,) = check(PLAN + again).errors
    assert (problem.place, problem.code) == ("contracts.more.chips", "paid-twice")
    assert "sale" in problem.found
