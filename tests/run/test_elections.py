"""Fitted elections of compute notes: what the engine pays is what the holder's problem says."""

from functools import cache

import numpy as np
import pytest

from offtake.finance.note_election import Holding, fitted, fitted_rule, simple_rule, value, worth
from offtake.lowering.lower import lower
from offtake.plan.load import check_text
from offtake.run.draw import draw
from offtake.run.elections import WANTED, Futures
from offtake.run.record import recorder
from offtake.run.structuring import structure

PLAN = """
plan: {name: Elected, start: 2026-01, horizon: 18 months, discount_rate: 6 %/year}
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
                  volatility: 60 %/year, half_life: 6 months}
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
    whole = Futures.of(plan(), NOTES, PILOT + PATHS, SEED).note("fitted").holding
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
