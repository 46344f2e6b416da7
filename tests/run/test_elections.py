"""Fitted elections of compute notes: what the engine pays is what the holder's problem says."""

from functools import cache

import numpy as np
import pytest

from offtake.core.arrays import jnp
from offtake.finance.note_election import Holding, fitted, fitted_rule, simple_rule, value, worth
from offtake.lowering.lower import lower
from offtake.plan.load import check_text
from offtake.run.draw import draw
from offtake.run.elections import NoteView
from offtake.run.futures import WANTED, Futures
from offtake.run.pricing import price
from offtake.run.pricing_measure import PRICING
from offtake.run.record import recorder
from offtake.run.structuring import structure

pytestmark = pytest.mark.usefixtures("few_pilot_paths")

PLAN = """
plan: {name: Elected, start: 2026-01, horizon: 18 months, discount_rate: 6 %/year,
       risk_free: 4 %/year}
parties:
  owner:   {kind: internal, cash: 100 M USD}
  holder:  {kind: internal, role: lab, cash: 100 M USD}
  market:  {kind: external, role: customer}
  vendor:  {kind: external, role: vendor}
sites:
  hall: {owner: owner, phases: [{power: 2 MW, energise: 2026-01}]}
chips:
  fleet: {site: hall, chip: {h100e: 1, watts: 1000 W}, units: 1000, deliver: 2026-01, price: 1 USD}
drivers:
  compute_price: {process: mean_reverting, start: 2 USD/H100e/h, trend: -20 %/year,
                  volatility: 60 %/year, half_life: 6 months, price_of_risk: 0.5}
contracts:
  order: {kind: chip_purchase, buyer: owner, seller: vendor, chips: fleet,
          milestones: {delivery: 100 %}}
  fitted: {kind: compute_note, holder: holder, issuer: owner, site: hall, user: market,
           amount: 4 M USD, rate: 8 %/year, start: 2026-02, term: 13 months, schedule: 300 H100e,
           settlement: 1.8 USD/H100e/h, index: compute_price, election: fitted, use: 200 H100e,
           bank: 1.5 months, resale_cost: 4 %, spread: 0.15 USD/H100e/h, floor: 1.4 USD/H100e/h,
           cap: 2.6 USD/H100e/h, excess_share: 60 %, share: 50 %}
"""
PLAN += PLAN[PLAN.index("  fitted:") :].replace("fitted", "simple", 1).replace("fitted", "holder")
PLAN += """
  plain:   {kind: compute_note, holder: holder, issuer: owner, site: hall, user: market,
           amount: 1 M USD, rate: 8 %/year, term: 6 months, schedule: 50 H100e,
           settlement: 1.8 USD/H100e/h, index: compute_price, election: delivery, share: 10 %}
"""
PILOT, PATHS, SEED = 1024, 512, 7
NOTES = ("fitted", "simple")


@cache
def plan():
    """Two notes, alike but for the way in which their holders elect."""
    checked = check_text(PLAN)
    assert checked.plan is not None, checked.problems
    assert checked.plan.fitted == ("fitted",)
    return structure(checked.plan).plan


@cache
def holdings():
    """The holder's problem on pilot paths, and on the paths that the engine runs."""
    whole = NoteView(Futures.of(plan(), NOTES, PILOT + PATHS, SEED), "fitted").holding
    return [
        Holding(*(leaf[..., some] for leaf in whole)) for some in (slice(PILOT), slice(PILOT, None))
    ]


@cache
def policy():
    """[M, 10] as written in the structured plan."""
    numbers = plan().contracts["fitted"].policy
    return np.array([[number.value for _, number in series.knots] for series in numbers]).T


@cache
def paid():
    """[T, C, P] as the engine pays it, and what is paid."""
    lowered = lower(plan(), WANTED)
    record = recorder(lowered)
    blocks = [draw(lowered, SEED, first, 256, 256) for first in range(PILOT, PILOT + PATHS, 256)]
    return np.concatenate([np.asarray(record(d).paid) for d in blocks], axis=2), lowered


def got(note):
    """[P] value today of what the holder of a note gets."""
    months, lowered = paid()
    signs = {"interest": 1, "principal": 1, "use": 1, "excess": -1}
    flows = sum(
        signs.get(claim.line, 0) * months[:, i]
        for i, claim in enumerate(lowered.labels.claims)
        if claim.contract == note
    )
    return (flows * 1.06 ** -np.cumsum(lowered.calendar.years)[:, None]).sum(axis=0)


@pytest.mark.parametrize("note", NOTES)
def test_the_engine_pays_what_the_holder_is_said_to_get(note):
    rule = fitted_rule(policy()) if note == "fitted" else simple_rule
    np.testing.assert_allclose(got(note), value(holdings()[1], rule), rtol=1e-9)


def test_a_fitted_policy_lies_between_the_simple_rule_and_the_bound():
    pilot, own = holdings()
    found = worth(own, fitted(pilot)._replace(policy=policy()))
    # The simple rule forgets that floor, cap and bank are options; of what an all-knowing holder
    # less the martingale would have, the policy leaves 1.5 % at most, its own fit and the bound's.
    assert found.lost.mean > 5 * found.lost.error
    assert -3 * found.gap.error < found.gap.mean < 0.015 * found.fitted.mean


@cache
def values():
    return price(plan(), 1024, seed=3)


def of(measure, line):
    (found,) = [x.value for x in values()[measure].lines if x[:2] == ("plain", line)]
    return found


def test_compute_given_in_kind_is_worth_its_forward_under_either_measure():
    """The prepaid forward: hours, times what process and price of risk make of the index."""
    hours = 24 * np.array([31, 28, 31, 30, 31, 30])
    years = np.arange(1, 7) / 12
    speed, volatility, price_of_risk = np.log(2) / 0.5, 0.6, 0.5
    variance = volatility**2 * (1 - np.exp(-2 * speed * years)) / (2 * speed)
    forward = 2 * 0.8**years * np.exp(variance / 2)
    lower_by = price_of_risk * volatility * (1 - np.exp(-speed * years)) / speed
    discounts = {"plan": 1.06**-years, "pricing": (1 + 0.04 / 12) ** -np.arange(1, 7)}
    for measure, moved in (("plan", 0), ("pricing", lower_by)):
        worth_ = (50 * hours * forward * np.exp(-moved) * discounts[measure]).sum()
        found = of(measure, "use")
        # 1,024 paths: the standard error is about half a per cent of the value.
        assert found.error < 0.01 * worth_
        assert found.mean == pytest.approx(worth_, abs=4 * found.error)
    assert values()["pricing"].prices_of_risk == {"compute_price": 0.5}


def test_what_one_side_gains_another_loses():
    for made in values().values():
        for contract in ("fitted", "simple", "plain"):
            sides = [x.value.mean for x in made.sides if x.contract == contract]
            assert sum(sides) == pytest.approx(0, abs=1e-6 * max(map(abs, sides)))
        assert set(made.elections) == {("fitted", "election"), ("simple", "election")}
        # Two notes alike are worth the same to a holder who chooses as well as it can.
        assert made.elections["fitted", "election"] == made.elections["simple", "election"]


CORRELATED = """
plan: {name: Moved, start: 2026-01, horizon: 2 years, discount_rate: 6 %/year}
parties: {a: {kind: internal, cash: 1 USD}, b: {kind: external, role: customer}}
drivers:
  walk: {process: random_walk, start: 2 USD/H100e/h, volatility: 30 %/year, price_of_risk: 0.4}
  back: {process: mean_reverting, start: 3 %/year, volatility: 50 %/year, half_life: 8 months,
         price_of_risk: -0.2}
  free: {process: random_walk, start: 1 USD, volatility: 20 %/year}
  correlations: [{between: [walk, back], value: 0.6}, {between: [back, free], value: -0.3}]
contracts:
  rent: {kind: other_business, party: a, rest: b, inflow: 1 USD/year}
"""


def test_the_pricing_measure_moves_means_by_the_price_of_risk():
    """With every shock at its mean the deviations are what the price of risk takes off."""
    checked = check_text(CORRELATED)
    assert checked.plan is not None, checked.problems
    lowered = lower(checked.plan)
    drawn = draw(lowered, 1, 0, 256, 256)
    still = PRICING.moved(lowered, drawn._replace(monthly=0.0 * drawn.monthly))
    processes = lowered.program.environment.processes
    state = processes.init(jnp.asarray(drawn.values))
    for shocks in still.monthly[1:]:
        given = jnp.asarray(drawn.values), state, jnp.asarray(1 / 12), jnp.asarray(shocks)
        state = processes.advance(*given, jnp.asarray(12.0))
    speed = np.log(2) / (8 / 12)
    back = 0.2 * 0.5 * (1 - np.exp(-speed * 2)) / speed
    found = np.asarray(state.deviation)[:, 0]
    np.testing.assert_allclose(found, [-0.4 * 0.3 * 2, back, 0], rtol=1e-9, atol=1e-12)
