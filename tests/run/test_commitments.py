"""Rights to cancel and to step down: what the engine pays is what the buyer's problem says."""

from functools import cache

import numpy as np
import pytest

from offtake.finance import giving_up
from offtake.lowering.lower import lower
from offtake.plan.load import check_text
from offtake.run.commitments import CancellationView, StepDownView
from offtake.run.draw import draw
from offtake.run.futures import WANTED, Futures
from offtake.run.pricing import price
from offtake.run.record import recorder
from offtake.run.structuring import structure

pytestmark = pytest.mark.usefixtures("few_pilot_paths")

PLAN = """
plan: {name: Given up, start: 2026-01, horizon: 18 months, discount_rate: 6 %/year}
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
"""
LINE = """
  {name}:  {{kind: compute_commitment, seller: cloud, buyer: lab, capacity: 300 H100e,
           price_share: 95 %, start: 2026-02-10, term: 14.5 months, take_or_pay: 90 %,
           need: wanted, after: [first], market: compute_price, resale: {{buyer: market,
           share: 80 %, spread: 20 %}}{rights}}}"""
CANCELS = "cancellation: {earliest: 3 months, notice: 1.5 months, fee: 15 %, exercise: fitted}"
STEPS = "step_down: {share: 60 %, earliest: 2 months, notice: 0.5 months, fee: 5 %}"
FITTED = STEPS.replace("5 %}", "5 %, exercise: fitted}")
RIGHTS = {
    "fitted": CANCELS,
    "ruled": CANCELS.replace("fitted", "rule"),
    "steps": STEPS,
    "best": FITTED,
    "both": f"{CANCELS}, {STEPS}",
}
PLAN += LINE.format(name="kept", rights="")
PLAN += "".join(LINE.format(name=name, rights=f", {x}") for name, x in RIGHTS.items())
CHOICES = {
    "fitted": CancellationView,
    "ruled": CancellationView,
    "steps": StepDownView,
    "best": StepDownView,
    "both": CancellationView,
}
PILOT, PATHS, SEED = 1024, 512, 7


@cache
def plan():
    """Commitments, alike but for the rights."""
    checked = check_text(PLAN)
    assert checked.plan is not None, checked.problems
    assert checked.plan.fitted == ("fitted", "best", "both")
    return structure(checked.plan).plan


@cache
def futures(count, seed):
    return Futures.of(plan(), tuple(RIGHTS), count, seed)


@cache
def rights(contract):
    """The buyer's problem on pilot paths, and on the paths that the engine runs."""
    samples = ((PILOT, -1), (PATHS, SEED))
    return [CHOICES[contract](futures(*sample), contract).holding for sample in samples]


@cache
def policy(contract):
    """[M, 10] as written in the structured plan."""
    right = getattr(plan().contracts[contract], CHOICES[contract].choice)
    return np.array([[number.value for _, number in series.knots] for series in right.policy]).T


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


@pytest.mark.parametrize(("contract", "without"), [
    ("fitted", "kept"), ("ruled", "kept"), ("steps", "kept"), ("best", "kept"), ("both", "steps"),
])  # fmt: skip
def test_the_engine_pays_what_the_buyer_is_said_to_save(contract, without):
    """With both rights, what cancelling saves beside a commitment that is only stepped down."""
    own = rights(contract)[1]
    by_rule = contract in ("ruled", "steps")
    uses = own.simple if by_rule else giving_up.gives_up(own, policy(contract))
    saved = giving_up.value(own, uses, *giving_up.payoffs(own))
    # Some give up and some do not, at more than one date.
    assert 0.1 < uses.any(axis=0).mean() < 0.9
    assert len(set(np.argmax(uses, axis=0))) > 3
    # A cancellation comes first, and rules out the step-down that was still to come.
    first = np.argmax(uses, axis=0) if contract == "both" else None
    same = np.ones(PATHS, np.bool_) if first is None else stays_stepped(uses, first)
    found = cost(without) - cost(contract)
    np.testing.assert_allclose(found[same], saved[same], rtol=1e-9, atol=1e-3)
    assert same.mean() > 0.5


def stays_stepped(uses, first):
    """[P] paths on which the rule steps down before it is cancelled, or the two never meet."""
    steps = rights("steps")[1].simple
    stepped = np.where(steps.any(axis=0), np.argmax(steps, axis=0), 99)
    return ~uses.any(axis=0) | (stepped < first) | (stepped == 99)


@pytest.mark.parametrize("contract", ["fitted", "best"])
def test_a_fitted_policy_lies_between_the_simple_rule_and_the_bound(contract):
    pilot, own = rights(contract)
    made = giving_up.fitted(pilot)
    np.testing.assert_allclose(made.policy, policy(contract), rtol=1e-9)
    found = giving_up.worth(own, made)
    assert found.lost.mean > 3 * found.lost.error
    # What is used bends where the need meets the capacity; fits on 1,024 paths leave 4 to 6 %.
    assert -3 * found.gap.error < found.gap.mean < 0.09 * found.fitted.mean


def test_pricing_tells_what_the_rights_are_worth():
    made = price(plan(), 512, seed=SEED)["plan"].elections
    cancels = {(name, "cancellation") for name in ("fitted", "ruled", "both")}
    assert set(made) == cancels | {(name, "step_down") for name in ("steps", "best", "both")}
    assert made["fitted", "cancellation"] == made["ruled", "cancellation"]
    assert made["steps", "step_down"] == made["best", "step_down"] == made["both", "step_down"]
    for contract in ("fitted", "best", "both"):
        found = giving_up.worth(rights(contract)[1], giving_up.fitted(rights(contract)[0]))
        for what, x in found._asdict().items():
            told = made[contract, CHOICES[contract].choice][what]
            assert told.mean == pytest.approx(x.mean, rel=1e-6)
