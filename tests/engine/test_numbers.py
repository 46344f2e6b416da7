"""The hinge: a number of the plan reaches the traced program as a value, not as code."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from offtake.core.arrays import Array, jax, jnp
from offtake.engine.simulate import Draws, simulate
from offtake.lowering.lower import LoweredPlan, lower
from offtake.run.draw import base_case, draw
from tests.run.small import small_plan

PLACES = (
    "contracts.order.milestones.signing",
    "contracts.capacity.share",
    "contracts.capacity.take_or_pay",
    "contracts.running.per_mw",
    "contracts.loan.rate",
    "contracts.loan.amount",
    "contracts.loan.term",
    "contracts.equity.commitment",
    "chips.b200.units",
    "chips.b200.price",
    "chips.b200.deliver",
    "sites.hall.phases[0].energise",
    "sites.hall.phases[0].delay.median",
    "drivers.compute_price.start",
    "drivers.compute_price.volatility",
    "drivers.SOFR.start",
    "parties.neocloud.cash",
    "parties.neocloud.minimum_cash",
    "parties.tenant.credit.recovery",
    "plan.discount_rate",
)


class Counted:
    """A lowered plan whose simulation counts how often it is traced."""

    def __init__(self, plan: LoweredPlan) -> None:
        self.plan, self.traces = plan, 0
        self.run = jax.jit(self._run)

    def _run(self, draws: Draws) -> Array:
        self.traces += 1
        return simulate(self.plan.program, self.plan.shape, draws).months.paid

    def paid(self, draws: Draws) -> np.ndarray:
        return np.asarray(self.run(draws))


@pytest.fixture(scope="module")
def counted(tmp_path_factory: pytest.TempPathFactory) -> Counted:
    return Counted(lower(small_plan(tmp_path_factory.mktemp("plan"))))


def _draws(plan: LoweredPlan) -> Draws:
    return Draws(*draw(plan, 3, 0, 256, 256))


def test_every_number_of_the_plan_is_a_row_once(counted: Counted) -> None:
    places = [row.place for row in counted.plan.table.rows]
    assert len(places) == len(set(places))
    assert set(PLACES) <= set(places)


@pytest.mark.parametrize("place", PLACES)
def test_changed_drawn_and_slid_without_compiling_again(counted: Counted, place: str) -> None:
    draws = _draws(counted.plan)
    counted.paid(draws)
    before = counted.traces
    row = counted.plan.table.at(place)
    values = np.array(draws.values)
    changed = values.copy()
    changed[row] *= 1.05
    counted.paid(draws._replace(values=changed))
    drawn = values.copy()
    drawn[row] *= np.random.default_rng(1).uniform(0.9, 1.1, values.shape[1])
    flows = counted.paid(draws._replace(values=drawn))
    assert counted.traces == before
    # Path by path a drawn number does what the same number does when it is certain.
    path = 17
    certain = values.copy()
    certain[row] = drawn[row, path]
    alone = counted.paid(draws._replace(values=certain))[..., path]
    np.testing.assert_allclose(flows[..., path], alone, rtol=0, atol=1e-12 * np.abs(alone).max())


def test_a_changed_plan_is_the_same_program_with_another_value(
    counted: Counted, tmp_path: Path
) -> None:
    other = lower(
        small_plan(
            tmp_path, "contracts.loan.rate=SOFR + 600 bp", "sites.hall.phases[0].energise=2026-10"
        )
    )
    assert other.shape == counted.plan.shape
    same = jax.tree.map(
        lambda a, b: bool(np.array_equal(a, b)), counted.plan.program, other.program
    )
    assert all(jax.tree.leaves(same))
    before = counted.traces
    direct = counted.paid(Draws(*base_case(other, 256)))
    assert counted.traces == before
    table = counted.plan.table.with_value("contracts.loan.rate", 0.06)
    energise = other.table.rows[other.table.at("sites.hall.phases[0].energise")].value
    table = table.with_value("sites.hall.phases[0].energise", energise)
    draws = base_case(counted.plan, 256)._replace(
        values=np.repeat(table.medians()[:, None], 256, 1)
    )
    np.testing.assert_array_equal(direct, counted.paid(Draws(*draws)))


def test_uncertain_numbers_keep_their_draws_when_others_appear(
    counted: Counted, tmp_path: Path
) -> None:
    more = lower(small_plan(tmp_path, "contracts.loan.amount=80 to 100 M USD"))
    mine, theirs = _draws(counted.plan), Draws(*draw(more, 3, 0, 256, 256))
    row = counted.plan.table.at("chips.b200.price")
    np.testing.assert_array_equal(
        mine.values[row], theirs.values[more.table.at("chips.b200.price")]
    )
    np.testing.assert_array_equal(mine.monthly, theirs.monthly)


@pytest.fixture(scope="module")
def interest(counted: Counted) -> tuple[Callable[..., Array], Callable[..., Array]]:
    """Interest received when the number of a row has a value, and its derivative by the value."""
    plan = counted.plan
    draws = Draws(*(jnp.asarray(x) for x in base_case(plan, 256)))
    claims = [
        i for i, c in enumerate(plan.labels.claims) if c.contract == "loan" and c.line == "interest"
    ]

    def received(value: Array, row: Array) -> Array:
        values = draws.values.at[row].set(value)
        paid = simulate(plan.program, plan.shape, draws._replace(values=values)).months.paid
        return jnp.sum(paid[:, jnp.asarray(claims), 0])

    return jax.jit(received), jax.jit(jax.grad(received))


@pytest.mark.parametrize(
    "place",
    [
        "contracts.loan.rate",
        "contracts.loan.amount",
        "contracts.capacity.share",
        "drivers.SOFR.start",
    ],
)
def test_differentiated_through_all_periods(counted: Counted, interest: Any, place: str) -> None:
    """The derivative of the interest received equals a central bump at three points."""
    run, slope = interest
    row = counted.plan.table.at(place)
    for factor in (0.9, 1.0, 1.1):
        value = jnp.asarray(factor * counted.plan.table.rows[row].value)
        bump = 1e-5 * value
        central = (run(value + bump, row) - run(value - bump, row)) / (2 * bump)
        assert np.isfinite(slope(value, row))
        # Central differences of a smooth function leave an error of order bump^2; 1e-6 is generous.
        floor = 1e-6 * abs(float(central)) + 1e-9
        np.testing.assert_allclose(slope(value, row), central, rtol=1e-6, atol=floor)


def test_compiled_to_be_ready_soon_pays_what_a_user_s_run_pays(counted: Counted) -> None:
    """Tests compile with less optimisation than runs of users do; payments are the same.

    Other fusions round otherwise: a few parts in 1e16 of the largest payment, 1e-13 is asked.
    """
    draws = _draws(counted.plan)
    as_shipped = {"xla_backend_optimization_level": 3, "xla_cpu_use_fusion_emitters": True}
    run = jax.jit(counted._run, compiler_options=as_shipped)
    before, flows = counted.paid(draws), np.asarray(run(draws))
    np.testing.assert_allclose(before, flows, rtol=0, atol=1e-13 * np.abs(flows).max())
