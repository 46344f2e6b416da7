"""Fitted cancellation of commitments: what the engine pays is what the buyer's problem says."""

from functools import cache

import numpy as np
import pytest

from offtake.finance import cancellation
from offtake.lowering.lower import lower
from offtake.plan.load import check_text
from offtake.run.draw import draw
from offtake.run.elections import choice
from offtake.run.futures import WANTED, Futures
from offtake.run.pricing import price
from offtake.run.record import recorder
from offtake.run.structuring import structure

pytestmark = pytest.mark.usefixtures("few_pilot_paths")

PLAN = """
plan: {name: Cancelled, start: 2026-01, horizon: 18 months, discount_rate: 6 %/year}
parties:
  cloud:  {kind: internal, cash: 100 M USD}
  lab:    {kind: internal, role: lab, cash: 100 M USD}
  market: {kind: external, role: customer}
drivers:
  compute_price: {process: mean_reverting, start: 2 USD/H100e/h, trend: -10 %/year,
                  volatility: 60 %/year, half_life: 12 months}
  wanted: {process: random_walk, start: 450 H100e, volatility: 40 %/year}
contracts:
  first:  {kind: compute_commitment, seller: cloud, buyer: lab, capacity: 100 H100e,
           price: 2 USD/H100e/h, start: 2026-01, term: 18 months}
  fitted: {kind: compute_commitment, seller: cloud, buyer: lab, capacity: 300 H100e,
           price_share: 95 %, start: 2026-02-10, term: 14.5 months, take_or_pay: 90 %,
           need: wanted, after: [first], market: compute_price, resale: {buyer: market,
           share: 80 %, spread: 20 %}, cancellation: {earliest: 3 months, notice: 1.5 months,
           fee: 15 %, exercise: fitted}}
"""
LINE = PLAN[PLAN.index("  fitted:") :]
PLAN += LINE.replace("fitted", "ruled", 1).replace("exercise: fitted", "exercise: rule")
PLAN += LINE.replace("fitted", "kept", 1)[: LINE.index(", cancellation") - 2] + "}"
PILOT, PATHS, SEED = 1024, 512, 7
RIGHTS = ("fitted", "ruled")


@cache
def plan():
    """Three commitments, alike but for the right to cancel."""
    checked = check_text(PLAN)
    assert checked.plan is not None, checked.problems
    assert checked.plan.fitted == ("fitted",)
    return structure(checked.plan).plan


@cache
def rights():
    """The buyer's problem on pilot paths, and on the paths that the engine runs."""
    return [
        choice(Futures.of(plan(), RIGHTS, count, seed), "fitted").holding
        for count, seed in ((PILOT, -1), (PATHS, SEED))
    ]


@cache
def policy():
    """[M, 10] as written in the structured plan."""
    numbers = plan().contracts["fitted"].cancellation.policy
    return np.array([[number.value for _, number in series.knots] for series in numbers]).T


@cache
def months():
    """What the engine pays and publishes, and the plan as lowered."""
    lowered = lower(plan(), WANTED)
    record = recorder(lowered)
    parts = [record(draw(lowered, SEED, first, 256, 256)) for first in range(0, PATHS, 256)]
    paid, seen = (
        np.concatenate([np.asarray(getattr(x, field)) for x in parts], axis=2)
        for field in ("paid", "observations")
    )
    names = {name: i for i, name in enumerate(lowered.labels.observations)}
    return paid, lambda name: seen[:, names[name]], lowered


def cost(contract):
    """[P] value today of what the buyer pays, less what it would pay for hours it does not use."""
    paid, seen, lowered = months()
    signs = {"capacity": 1, "fee": 1, "resale": -1}
    flows = sum(
        signs.get(claim.line, 0) * paid[:, i]
        for i, claim in enumerate(lowered.labels.claims)
        if claim.contract == contract
    )
    offered = seen(f"contracts.{contract}.offered_hours")
    hours = np.asarray(lowered.calendar.hours)[:, None]
    left = seen("drivers.wanted") * hours - seen("contracts.first.offered_hours")
    flows = flows - seen("drivers.compute_price") * np.clip(left, 0, offered)
    return (flows * 1.06 ** -np.cumsum(lowered.calendar.years)[:, None]).sum(axis=0)


@pytest.mark.parametrize("contract", RIGHTS)
def test_the_engine_pays_what_the_buyer_is_said_to_save(contract):
    own = rights()[1]
    uses = cancellation.cancels(own, policy()) if contract == "fitted" else own.simple
    saved = cancellation.value(uses, *cancellation.payoffs(own))
    # Some cancel and some do not, at more than one date.
    assert 0.1 < uses.any(axis=0).mean() < 0.9
    assert len(set(np.argmax(uses, axis=0))) > 3
    np.testing.assert_allclose(cost("kept") - cost(contract), saved, rtol=1e-9, atol=1e-3)


def test_a_fitted_policy_lies_between_the_simple_rule_and_the_bound():
    pilot, own = rights()
    made = cancellation.fitted(pilot)
    np.testing.assert_allclose(made.policy, policy(), rtol=1e-9)
    found = cancellation.worth(own, made)
    assert found.lost.mean > 3 * found.lost.error
    # What is used bends where the need meets the capacity; fits on 1,024 paths leave some 6 %.
    assert -3 * found.gap.error < found.gap.mean < 0.09 * found.fitted.mean


def test_pricing_tells_what_the_right_is_worth():
    made = price(plan(), 512, seed=SEED)["plan"].elections
    assert set(made) == set(RIGHTS)
    assert made["fitted"] == made["ruled"]
    found = cancellation.worth(rights()[1], cancellation.fitted(rights()[0]))
    for what, x in found._asdict().items():
        assert made["fitted"][what].mean == pytest.approx(x.mean, rel=1e-6)
