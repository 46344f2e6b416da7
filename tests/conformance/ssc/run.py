"""The plan of a case run by the engine, and its figures year by year."""

import json
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from offtake.core.arrays import jax, jnp
from offtake.core.flows import Flow
from offtake.engine.simulate import Draws, simulate
from offtake.engine.step import CHECKS
from offtake.finance.returns import irr
from offtake.lowering.lower import LoweredPlan, lower
from offtake.plan.load import check_text
from offtake.run.draw import base_case
from offtake.run.structuring import structure
from tests.conformance.ssc.plan import margin, with_rent
from tests.conformance.ssc.read import LEASE, Case

Years = NDArray[np.float64]


@cache
def _compiled() -> Any:
    return jax.jit(simulate, static_argnums=1)


@cache
def _rates() -> Any:
    return jax.jit(irr)


@dataclass(frozen=True)
class Ledger:
    """All flows of the one path."""

    lowered: LoweredPlan
    paid: Years
    """[T, claim] USD"""
    observations: Years
    """[T, observation] as the periods show them"""
    closing: Years
    """[published value] after the last period"""
    cash: Years
    """[T, internal party] cash at the close, USD"""

    def line(self, contract: str, name: str) -> Years:
        """[T] paid on a line of a contract; zeros where there is no such contract."""
        labels = self.lowered.labels
        rows = [c.contract == contract and c.line == name for c in labels.claims]
        return self.paid[:, rows].sum(axis=1)

    def of(self, party: str, way: str, *flows: Flow) -> Years:
        """[T] what a party receives ("in") or pays ("out") of some classes."""
        labels = self.lowered.labels
        me = labels.parties.index(party)
        who = [c.payee if way == "in" else c.payer for c in labels.claims]
        rows = [w == me and c.flow in flows for w, c in zip(who, labels.claims, strict=True)]
        return self.paid[:, rows].sum(axis=1)

    def held(self, party: str) -> Years:
        """[T] cash of a party inside the plan at the close; zeros where there is none."""
        parties = self.lowered.labels.parties
        return self.cash[:, parties.index(party)] if party in parties else 0.0 * self.cash[:, 0]

    def after(self, contract: str, value: str) -> Years:
        """[T] a published value after each period."""
        name, labels = f"contracts.{contract}.{value}", self.lowered.labels
        shown = self.observations[1:, labels.observation(name)]
        return np.append(shown, self.closing[labels.published.index(name)])


def run(plan: dict[str, Any]) -> Ledger:
    """One path of a plan.

    Raises:
        AssertionError: the plan is not one, or money did not balance.
    """
    checked = check_text(json.dumps(plan))
    assert checked.plan is not None, "\n".join(map(str, checked.errors))
    lowered = lower(structure(checked.plan).plan, ["contracts.*"])
    drawn: Any = base_case(lowered, 1)
    record = _compiled()(lowered.program, lowered.shape, Draws(*map(jnp.asarray, drawn)))
    for name, worst in zip(CHECKS, np.asarray(record.checks).max(axis=1), strict=True):
        assert worst <= 1e-9, f"{name}: {worst}"
    months = (np.asarray(x)[..., 0] for x in record.months[1:4])
    paid, observations, cash = months
    return Ledger(lowered, paid, observations, np.asarray(record.closing)[:, 0], cash)


def run_case(case: Case, plan: dict[str, Any]) -> Ledger:
    """One path of the plan of a case.

    The rent of a lease is what the project leaves without it, after the lessee's margin, working
    capital given back at the end apart: run once without rent, then with what was left.
    """
    ledger = run(plan)
    if case.model != LEASE:
        return ledger
    left = ledger.line("equity", "distribution") - ledger.line("equity", "draw")
    left[-1] -= ledger.line("working_capital_reserve", "release")[-1]
    rent = left[1:] - np.asarray(margin(case))
    return run(with_rent(case, plan, rent.tolist()))


def returns(flows: Years) -> Years:
    """[T, item] return on flows up to each year, a share; flows: [T, item] USD."""
    years = len(flows)
    held = np.tril(np.ones((years, years)))
    whole = flows[:, None, :] * held.T[:, :, None]
    return np.asarray(_rates()(jnp.asarray(whole)))


def worth(flows: Years, rate: float) -> Years:
    """[T, item] present value of flows up to each year, USD."""
    factors = (1.0 + rate) ** -np.arange(float(len(flows)))
    return np.cumsum(flows * factors[:, None], axis=0)
