"""Learning and readings in a plan: one change to a good plan is one problem at its place."""

import pytest

from offtake.core.errors import render
from offtake.plan.load import Checked, check_text

GOOD = """
plan: {name: readings, start: 2026-01, horizon: 2 years, discount_rate: 8 %/year}
parties:
  company: {kind: internal}
  customers: {kind: external, role: customer}
sites:
  hall: {owner: company, country: Norway, phases: [{power: 1 MW, energise: 2026-01}]}
learning:
  software: software
  model_size: smaller
  window: 12 months
  power_share: 20 %
  assumption: rates that hold
drivers:
  software: {process: random_walk, start: 1, trend: 80 to 200 %/year}
  smaller: {process: random_walk, start: 1, trend: 50 %/year}
  work: {process: random_walk, start: 1, trend: 10 %/year}
  rate: {formula: base_rate * smaller}
  base_rate: 5 M token/H100e/h
  money: {process: random_walk, start: 1 bn USD/year}
  machines: {process: random_walk, start: 1, trend: 50 %/year}
  chat_price: {market: chat.price}
market:
  price_cap: 10 USD/H100e/h
  software_efficiency: software
  demand:
    chat: {tokens: 1 tn token/year, throughput: rate, price: 1 USD/M token, choke_price: 9 USD/M token}
    runs: {compute: 5 H100e, price: 2 USD/H100e/h, choke_price: 9 USD/H100e/h}
  supply:
    others: {country: Iceland, owner: somebody, capacity: 100 H100e, cost_from: 0.1 USD/H100e/h, cost_to: 1 USD/H100e/h}
readings:
  thresholds:
    cheap: {driver: chat_price, below: 0.5 USD/M token, assumption: what it rests on}
  output: {quality: {chat: work}, assumption: what it rests on}
  income: {machines: machines, elasticity: 1.5, machine_share: 1 %, other_capital_share: 40 %, assumption: it}
  supply: {by: [country, owner], assumption: what it rests on}
contracts:
  sales: {kind: metered_tokens, seller: company, buyer: customers, revenue: money}
"""  # noqa: E501

# what is replaced ; by what ; place ; code ; a part of the mend
TABLE = """
software: software\n  model ; software: sofware\n  model ; learning.software ; name-unknown ; software
software: software\n  model ; software: money\n  model ; learning.software ; unit-wrong ; driver in 1
model_size: smaller ; size: smaller ; learning.size ; key-unknown ; model_size
window: 12 months ; window: 12 MW ; learning.window ; unit-wrong ; month
power_share: 20 % ; power_share: 20 ; learning.power_share ; out-of-range ; 20 %
driver: chat_price ; driver: chatprice ; readings.thresholds.cheap.driver ; name-unknown ; chat_price
below: 0.5 USD/M token ; below: 0.5 USD/H100e/h ; readings.thresholds.cheap.below ; unit-wrong ; USD/token
below: 0.5 USD/M token, ;  ; readings.thresholds.cheap ; threshold-form ; above: 1
below: 0.5 USD/M token ; below: 0.5 USD/M token, above: 1 ; readings.thresholds.cheap ; threshold-form ; above: 1
20 %\\n  assumption: rates that hold ; 20 % ; learning.assumption ; key-missing ; add assumption
token, assumption: what it rests on ; token ; readings.thresholds.cheap.assumption ; key-missing ; assumption
cheap: {driver ; che.ap: {driver ; readings.thresholds.che.ap ; name-form ; che_ap
quality: {chat: work} ; quality: {chatt: work} ; readings.output.quality.chatt ; name-unknown ; chat
quality: {chat: work} ; quality: {chat: money} ; readings.output.quality.chat ; unit-wrong ; driver in 1
output: {quality ; output: {segments: [runs], quality ; readings.output.segments[0] ; name-unknown ; chat
quality: {chat: work} ; quality: {chat: smaller} ; readings.output.quality.chat ; counted-twice ; leave smaller out
base_rate * smaller ; base_rate * smaller * software ; market.demand.chat.throughput ; counted-twice ; leave software out
machines: machines ; machines: money ; readings.income.machines ; unit-wrong ; divide by workers
machine_share: 1 % ; machine_share: 100 % ; readings.income.machine_share ; out-of-range ; 40 %
elasticity: 1.5 ; elasticity: 0 ; readings.income.elasticity ; out-of-range ; 1.5
by: [country, owner] ; by: [country, region] ; readings.supply.by[1] ; key-missing ; add region
by: [country, owner] ; by: [contry] ; readings.supply.by[0] ; choice-unknown ; country
readings:\\n  thr ; reading:\\n  thr ; reading ; key-unknown ; readings
""".replace("\n  model", "\\n  model")  # noqa: E501


def read(text: str) -> Checked:
    return check_text(text)


def rows() -> list[tuple[str, ...]]:
    return [
        tuple(line.replace("\\n", "\n").split(" ; ")) for line in TABLE.strip().split("\n") if line
    ]


def test_the_good_plan_is_good() -> None:
    assert [str(problem) for problem in read(GOOD).problems if problem.severity == "error"] == []


@pytest.mark.parametrize(("old", "new", "place", "code", "mend"), rows())
def test_one_mistake_is_one_problem(old: str, new: str, place: str, code: str, mend: str) -> None:
    assert GOOD.count(old) == 1
    checked = read(GOOD.replace(old, new))
    errors = checked.errors
    assert [(p.place, p.code) for p in errors] == [(place, code)], render(errors)
    assert mend in errors[0].mend
    problem = errors[0]
    assert problem.where.line
    assert all((problem.found, problem.expected, problem.mend))


def test_output_needs_a_segment_of_tokens() -> None:
    start, end = GOOD.index("    chat: {tokens"), GOOD.index("    runs: {compute")
    text = (GOOD[:start] + GOOD[end:]).replace("  chat_price: {market: chat.price}\n", "")
    text = text.replace("driver: chat_price, below: 0.5 USD/M token", "driver: machines, above: 2")
    (problem,) = read(text).errors
    assert (problem.place, problem.code) == ("readings.output", "key-missing")
