"""Renewal by a fitted policy: what the engine pays is what the tenant's problem says."""

from functools import cache

import numpy as np
import pytest

from offtake.finance import giving_up
from offtake.lowering.lower import lower
from offtake.plan.load import check_text
from offtake.run.draw import draw
from offtake.run.futures import WANTED, Futures
from offtake.run.pricing import price
from offtake.run.record import recorder
from offtake.run.renewals import RenewalView
from offtake.run.structuring import structure

pytestmark = pytest.mark.usefixtures("few_pilot_paths")

HEAD = """
plan: {name: Renewed, start: 2026-01, horizon: 3 years, discount_rate: 6 %/year}
parties:
  owner:  {kind: internal, cash: 100 M USD}
  tenant: {kind: internal, role: lab, cash: 900 M USD}
  market: {kind: external, role: customer}
sites:
  hall: {owner: owner, phases: [{power: 8 MW, energise: 2026-01-20, delay: {median: 2 months,
         p90: 4 months}}, {power: 2 MW, energise: 2028-06}]}
drivers:
  rents: {process: random_walk, start: 2.1 M USD/MW/year, volatility: 40 %/year}
  wish:  {process: random_walk, start: 80 %, volatility: 10 %/year}
  whole: 15 MW
  asked: 100 %/year
  worth: {formula: rents * whole / asked}
contracts:
"""
LEASE = """
  {name}: {{kind: site_lease, landlord: owner, tenant: tenant, site: hall,
    per_mw: 1.8 M USD/MW/year, rent: 1 M USD/year, {start}term: 7 months, escalator: 4 %/year,
    renewals: {renewals}, renewal: 6.5 months, notice: 2 months, market_rent: rents,
    switching_cost: 20 %, needs: wish{by}}}
  {name}_guarantee: {{kind: residual_value_guarantee, guarantor: tenant, owner: owner,
    lease: {name}, guaranteed: 30 M USD, value: worth, cap: 6 M USD, term: 30 months}}"""
START = "start: 2026-03-10, "
LEASES = {
    "once": ("0", START, ""),
    "ruled": ("3", START, ""),
    "fitted": ("3", START, ", exercise: fitted"),
    "late_once": ("0", "", ""),
    "late": ("3", "", ", exercise: fitted"),
}
PLAN = HEAD + "".join(
    LEASE.format(name=name, renewals=count, start=start, by=by)
    for name, (count, start, by) in LEASES.items()
)
PILOT, PATHS, SEED = 1024, 512, 7
RIGHTS = ("ruled", "fitted", "late")


@cache
def plan():
    """Leases of the same site, alike but for the right to renew and the start."""
    checked = check_text(PLAN)
    assert checked.plan is not None, checked.problems
    assert checked.plan.fitted == ("fitted", "late")
    return structure(checked.plan).plan


@cache
def rights(contract):
    """The tenant's problem on pilot paths, and on the paths that the engine runs."""
    return [
        RenewalView(Futures.of(plan(), RIGHTS, count, seed), contract).holding
        for count, seed in ((PILOT, -1), (PATHS, SEED))
    ]


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
    """[P] value today of rent, of another site from the end on, of moving and of the guarantee."""
    paid, seen, lowered = months()
    mine = (contract, f"{contract}_guarantee")
    flows = sum(
        paid[:, i] for i, claim in enumerate(lowered.labels.claims) if claim.contract in mine
    )
    years = np.asarray(lowered.calendar.years)[:, None]
    closes = np.arange(len(years))[:, None]
    active = [seen(f"sites.hall.phases[{j}].active") for j in (0, 1)]
    elsewhere = seen("drivers.rents") * seen("drivers.wish") * (8 * active[0] + 2 * active[1])
    if contract.startswith("late"):
        on = np.argmax(active[0] > 0, axis=0)
        start = on - np.take_along_axis(active[0], on[None], axis=0)[0]
    else:
        start = 2 + 9 / 31
    renewed = seen(f"contracts.{contract}.renewed")[-1]
    end, last = start + 7 + 6.5 * renewed, start + 7 + 6.5 * 3
    away = np.clip(np.minimum(last, closes) - np.maximum(end, closes - 1), 0, 1)
    flows = flows + elsewhere * years * away
    moves = (np.ceil(end - 1e-9) == closes) & (renewed < 3)
    flows = flows + np.where(moves, 0.2 * elsewhere * 6.5 / 12, 0.0)
    return (flows * 1.06 ** -np.cumsum(years, axis=0)).sum(axis=0)


@cache
def policy(contract):
    """[M, 10] the fitted policy."""
    return giving_up.fitted(rights(contract)[0]).policy


@pytest.mark.parametrize(("contract", "once"), [
    ("ruled", "once"), ("fitted", "once"), ("late", "late_once"),
])  # fmt: skip
def test_the_engine_pays_what_the_tenant_is_said_to_save(contract, once):
    own = rights(contract)[1]
    uses = own.simple if contract == "ruled" else giving_up.gives_up(own, policy(contract))
    # Some leave and some do not, at more than one end.
    assert 0.1 < uses.any(axis=0).mean() < 0.95
    assert len(set(np.argmax(uses, axis=0))) > 2
    told = giving_up.value(own, uses, *giving_up.payoffs(own))
    np.testing.assert_allclose(cost(once) - cost(contract), told, rtol=1e-9, atol=1e-2)


def test_a_fitted_policy_lies_between_the_simple_rule_and_the_bound():
    pilot, own = rights("fitted")
    found = giving_up.worth(own, giving_up.fitted(pilot))
    written = plan().contracts["fitted"].policy
    numbers = np.array([[number.value for _, number in series.knots] for series in written]).T
    np.testing.assert_allclose(numbers, policy("fitted")[pilot.may.any(axis=1)], rtol=1e-9)
    # The rule knows nothing of the guarantee, nor that it may renew again.
    assert found.lost.mean > 3 * found.lost.error
    # What the guarantee costs bends at its cap and at nothing; fits on 1,024 paths leave some 6 %.
    assert -3 * found.gap.error < found.gap.mean < 0.1 * found.fitted.mean


def test_pricing_tells_what_the_right_is_worth():
    made = price(plan(), 512, seed=SEED)["plan"].elections
    assert set(made) == {(name, "renewal") for name in RIGHTS}
    assert made["fitted", "renewal"] == made["ruled", "renewal"]
    for contract in ("fitted", "late"):
        found = giving_up.worth(rights(contract)[1], giving_up.fitted(rights(contract)[0]))
        for what, x in found._asdict().items():
            assert made[contract, "renewal"][what].mean == pytest.approx(x.mean, rel=1e-6)
