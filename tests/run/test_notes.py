"""Sized compute notes: the schedule holds in the base case, and the note's accounts in the run."""

from datetime import date
from functools import cache

import numpy as np
import pytest

from offtake.core.arrays import jax
from offtake.engine.simulate import Draws, simulate
from offtake.engine.step import CHECKS
from offtake.lowering.lower import lower
from offtake.plan.load import check_text
from offtake.run.draw import base_case
from offtake.run.structuring import structure

PLAN = """
plan: {name: Noted, start: 2026-01, horizon: 5 years, periods: quarters, discount_rate: 6 %/year}
parties:
  owner:    {kind: internal, role: operator, minimum_cash: 1 k USD}
  holder:   {kind: internal, role: lab, cash: 20 M USD}
  market:   {kind: external, role: customer}
  vendor:   {kind: external, role: vendor}
  utility:  {kind: external, role: supplier}
  fund:     {kind: external, role: equity}
sites:
  hall: {owner: owner, phases: [{power: 1 MW, energise: 2026-04}]}
chips:
  fleet: {site: hall, chip: {h100e: 1, watts: 1000 W}, units: 1000, deliver: 2026-04,
          price: 16k USD, failure_rate: 3 %/year}
drivers:
  compute_price: {process: mean_reverting, start: 2 USD/H100e/h, trend: -30 %/year,
                  volatility: 50 %/year, half_life: 12 months}
market: {compute_price: compute_price, energy_price: 60 USD/MWh, utilisation: 80 %,
         running_cost: 1 M USD/MW/year}
contracts:
  order:  {kind: chip_purchase, buyer: owner, seller: vendor, chips: fleet,
           milestones: {delivery: 100 %}}
  power:  {kind: power_purchase, buyer: owner, seller: utility, site: hall, price: 60 USD/MWh}
  spot:   {kind: spot_sale, seller: owner, site: hall, price: compute_price, utilisation: 80 %}
  note:   {kind: compute_note, holder: holder, issuer: owner, site: hall, amount: sized,
           advance_rate: 70 %, rate: 8 %/year, start: 2026-04, term: 4 years, share: 60 %,
           index: compute_price, election: delivery, collateral: [fleet]}
  equity: {kind: common_equity, investor: fund, issuer: owner, commitment: 20 M USD,
           funds: [order, power], lock_up: [note]}
"""


@cache
def made():
    checked = check_text(PLAN)
    assert checked.plan is not None, checked.problems
    return structure(checked.plan)


@cache
def months():
    """Record of a block whose last path is the base case, and the names in it."""
    lowered = lower(made().plan, ("contracts.note.*", "chips.*", "sites.*"))
    draws = Draws(*base_case(lowered, 4))
    shocks = np.random.default_rng(3).standard_normal(draws.monthly.shape)
    shocks[:, :, -1] = 0.0
    run = jax.jit(lambda program, draws: simulate(program, lowered.shape, draws))
    record = run(lowered.program, draws._replace(monthly=shocks))
    seen = np.asarray(record.months.observations)
    names = {name: seen[:, i] for i, name in enumerate(lowered.labels.observations)}
    paid: dict[str, np.ndarray] = {}
    for i, claim in enumerate(lowered.labels.claims):
        if claim.contract == "note":
            paid[claim.line] = np.asarray(record.months.paid)[:, i]
    return names, paid, np.asarray(record.checks)


def base(name):
    return months()[0][name][:, -1]


def test_the_schedule_never_breaks_its_advance_rate_in_the_base_case():
    """Published balances are those at the start of a period: of the close before."""
    (found,) = made().structure.facilities
    owed, value = base("contracts.note.balance"), base("chips.fleet.value")
    assert found.amount == pytest.approx(owed[2], rel=1e-12)
    running = value[:-1] > 0.0
    over = owed[1:][running] - 0.7 * value[:-1][running]
    assert np.all(over <= 1e-9 * found.amount)
    # It sits on it, but where hours bind.
    binds = {limit.limit: limit.amount for limit in found.limits}
    assert found.amount <= min(binds.values()) * (1.0 + 1e-9)
    last = np.flatnonzero(owed > 1e-6 * found.amount)[-1]
    assert last <= 17
    entitled = np.diff(base("contracts.note.entitled"))
    hours = 0.6 * base("sites.hall.h100e_hours")[:-1]
    assert np.all(entitled <= hours * (1 + 1e-9) + 1e-6)


def test_nothing_but_hours_moves_and_all_is_conserved():
    names, paid, checks = months()
    given = paid["delivered_interest"] + paid["delivered_principal"]
    np.testing.assert_allclose(paid["delivery"], given, rtol=1e-12)
    assert paid["delivery"].sum() > 0.0
    worst = dict(zip(CHECKS, checks.max(axis=1), strict=True))
    # Invariants are shares of a month's gross flows; 1e-9 is the bound of the semantics.
    assert max(worst.values()) < 1e-9, worst
    accounts = sum(
        names[f"contracts.note.{k}"] for k in ("taken", "banked", "expired", "shortfall")
    )
    np.testing.assert_allclose(accounts, names["contracts.note.entitled"], rtol=1e-12, atol=1e-6)


def test_the_schedule_is_the_same_on_every_path():
    entitled = months()[0]["contracts.note.entitled"]
    np.testing.assert_allclose(entitled, entitled[:, -1:] + np.zeros_like(entitled), rtol=1e-9)


def test_a_sized_junior_is_scheduled_within_what_its_senior_leaves():
    """1,000 H100e at most, of which 900 fall due of the senior, within 95 % of the site."""
    senior = """
  first:  {kind: compute_note, holder: holder, issuer: owner, site: hall, amount: 9 M USD,
           rate: 8 %/year, start: 2026-04, term: 2 years, schedule: 900 H100e, share: 95 %,
           settlement: 1 USD/H100e/h, index: compute_price, election: delivery}
"""
    text = PLAN.rstrip() + senior
    checked = check_text(text.replace("share: 60 %,", "share: 60 %, behind: [first],"))
    assert checked.plan is not None, checked.problems
    found = structure(checked.plan)
    schedule = found.plan.contracts["note"].schedule
    due = {day: number.value for day, number in schedule.knots}
    within = [x for day, x in due.items() if day < date(2028, 4, 1)]
    # Failures of 3 % a year come off the site, so what is left is less than 100.
    assert 0.0 < max(within) <= 100.0
    assert max(due.values()) > 300.0
    (facility,) = found.structure.facilities
    assert facility.amount < made().structure.facilities[0].amount
