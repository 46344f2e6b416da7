"""Engine and oracle, fed the same draws, agree to 1e-12 of a path's largest flow (DESIGN §12).

A path on which a trigger lies within 1e-9 of its threshold may go another way; such paths are
counted and printed, and at most one in 10,000 may really differ.
"""

from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from offtake.core.arrays import jax, jnp
from offtake.engine.simulate import Draws, Record, simulate
from offtake.engine.step import CHECKS
from offtake.lowering.lower import LoweredPlan, lower
from offtake.plan.load import load
from offtake.run.draw import draw
from offtake.run.structuring import structure
from tests.plan_files import FILES
from tests.reference.campus import RENTED
from tests.reference.fleet import FLEET
from tests.reference.foundry import FOUNDRY
from tests.reference.future import Future
from tests.reference.owners import OWNERS
from tests.reference.plans import BAZAAR, CAMPUS, QUARTERS
from tests.reference.simulate import Booked, Simulation
from tests.run.small import TEXT as SMALL

TOLERANCE = 1e-12
PATHS = 16
BLOCK = 256
WIDTH = 2 * PATHS
"""Of a block's paths as many as the engine runs: more than are compared, for the checks."""
SEEN = 1e-9
"""Values of cohorts come from quadrature in the oracle, consumer surplus from other formulas."""


@cache
def compiled() -> Any:
    return jax.jit(simulate, static_argnums=1)


def futures(lowered: LoweredPlan, draws: Draws, paths: int) -> list[Future]:
    """The first paths of a block, as the oracle reads them."""
    labels = lowered.labels
    values, once, monthly = (np.asarray(x) for x in (draws.values, draws.once, draws.monthly))
    places = [row.place for row in lowered.table.rows]
    return [
        Future(
            lowered.plan,
            dict(zip(places, values[:, p].tolist(), strict=True)),
            {name: monthly[:, i, p].tolist() for i, name in enumerate(labels.monthly_streams)},
            {name: float(once[i, p]) for i, name in enumerate(labels.once_streams)},
        )
        for p in range(paths)
    ]


def both(lowered: LoweredPlan, paths: int) -> Iterator[tuple[int, Record, Future, list[Booked]]]:
    """Path by path: its number, what the engine records of the block, the oracle's months."""
    drawn = draw(lowered, 1, 0, BLOCK, BLOCK)
    block = Draws(*(jnp.asarray(x[..., :WIDTH]) for x in drawn))
    record = jax.tree.map(np.asarray, compiled()(lowered.program, lowered.shape, block))
    for name, worst in zip(CHECKS, record.checks.max(axis=1), strict=True):
        assert worst <= 1e-9, f"{name}: {worst}"
    for p, future in enumerate(futures(lowered, block, paths)):
        yield p, record, future, Simulation(future).run()


def paid_otherwise(lowered: LoweredPlan, p: int, record: Record, months: list[Booked]) -> str:
    """The first flow of a path on which the two differ, empty where they agree."""
    claimed, paid = record.months.claimed, record.months.paid
    keys = [(c.contract, c.part, c.line) for c in lowered.labels.claims]
    mine_claimed = np.array([[month.claimed[key] for key in keys] for month in months])
    mine_paid = np.array([[month.paid[key] for key in keys] for month in months])
    bound = TOLERANCE * float(np.max(mine_paid))
    gap = np.maximum(np.abs(claimed[:, :, p] - mine_claimed), np.abs(paid[:, :, p] - mine_paid))
    if float(np.max(gap)) <= bound:
        return ""
    t = int(np.argmax(np.max(gap, axis=1) > bound))
    k = int(np.argmax(gap[t]))
    return (
        f"path {p}, period {t}, {'/'.join(keys[k])}: claimed {claimed[t, k, p]!r} paid "
        f"{paid[t, k, p]!r}, oracle {mine_claimed[t, k]!r} {mine_paid[t, k]!r}"
    )


def seen_otherwise(
    lowered: LoweredPlan, p: int, record: Record, months: list[Booked]
) -> Iterator[str]:
    """Observations of the environment that differ by more than rounding of their largest value."""
    for i, name in enumerate(lowered.labels.observations):
        if name not in months[0].observed or name.endswith("oversold_hours"):
            continue  # a number of the plan; or a difference of roundings
        mine = np.array([month.observed[name] for month in months])
        gap = np.abs(record.months.observations[:, i, p] - mine)
        t = int(np.argmax(gap))
        if gap[t] > SEEN * max(float(np.max(np.abs(mine))), 1e-300):
            found = record.months.observations[t, i, p]
            yield f"path {p}, period {t}, {name}: {found!r}, oracle {mine[t]!r}"


def compare(lowered: LoweredPlan, paths: int, observed: bool = False) -> None:
    """Hold flows, and what is observed if asked, of some paths against the oracle's."""
    flows: list[str] = []
    seen: list[str] = []
    close = 0
    for p, record, future, months in both(lowered, paths):
        found = paid_otherwise(lowered, p, record, months)
        flows += [f"{found}; close calls {sorted(future.close_calls)}"] if found else []
        seen += seen_otherwise(lowered, p, record, months) if observed else ()
        close += bool(future.close_calls)
    print(f"{lowered.plan.plan.name}: {paths} paths, {close} with a trigger at its threshold")
    assert len(flows) <= paths // 10_000, "\n".join(flows)
    assert not seen, "\n".join(seen[:20])


MORE_FUNDING = ("contracts.facility.amount=330 M USD", "contracts.equity.commitment=220 M USD")
LESS_CASH = (
    "parties.lender.cash=22 M USD",
    "parties.account.cash=1 M USD",
    "contracts.equity.commitment=70 M USD",
    "contracts.loan.default_dscr=0.2",
    "contracts.work.per_mw=4 M USD/MW",
)


@pytest.mark.parametrize(
    ("text", "changes"),
    [
        *((SMALL, ()), (CAMPUS, ()), (CAMPUS, MORE_FUNDING), (QUARTERS, ()), (QUARTERS, LESS_CASH)),
        (RENTED, ()),
        (OWNERS, ()),
        (FLEET, ()),
    ],
    ids=[
        *("small", "campus", "campus well funded", "quarters", "quarters short of cash", "rented"),
        "owners",
        "fleet",
    ],
)
def test_engine_equals_the_oracle(text: str, changes: tuple[str, ...], tmp_path: Path):
    file = tmp_path / "plan.yaml"
    file.write_text(text, encoding="utf-8")
    compare(lower(load(file, changes)), PATHS)


@pytest.mark.parametrize("rule", ["price", "ration", "priority"])
def test_the_market_equals_the_oracle(rule: str, tmp_path: Path):
    """What it tells and what cohorts are worth too, month by month."""
    file = tmp_path / "plan.yaml"
    file.write_text(BAZAAR, encoding="utf-8")
    lowered = lower(load(file, (f"market.rule={rule}",)), ("cleared.*", "chips.*", "sites.*"))
    compare(lowered, PATHS, observed=True)


def test_what_is_built_equals_the_oracle(tmp_path: Path):
    """Sources of power, fabs and what they make, month by month."""
    file = tmp_path / "plan.yaml"
    file.write_text(FOUNDRY, encoding="utf-8")
    wanted = ("chips.*", "sites.*", "power.*", "fabs.*", "vendors.*", "drivers.*")
    lowered = lower(load(file), wanted)
    compare(lowered, PATHS, observed=True)


IN_EVERY_TEST = ("compute-note",)
"""Plans that ship and are compared in `make test`; the others in `make test-scenarios`."""


def shown() -> list[Any]:
    """Plans that ship."""
    return [
        pytest.param(file, id=name, marks=() if name in IN_EVERY_TEST else pytest.mark.scenarios)
        for name, file in FILES.items()
    ]


@pytest.mark.slow
@pytest.mark.parametrize("plan", shown())
def test_engine_equals_the_oracle_on_the_plans_shown(plan: Path):
    compare(lower(structure(load(plan)).plan), 2)


def test_the_plans_hold_every_kind(tmp_path: Path):
    """No kind is left out of the comparison."""
    from offtake.contracts import BY_KIND
    from tests.reference.instruments import KINDS

    assert set(KINDS) == set(BY_KIND)
    found: set[str] = set()
    for name, text in (
        ("campus", CAMPUS),
        ("quarters", QUARTERS),
        ("foundry", FOUNDRY),
        ("rented", RENTED),
        ("owners", OWNERS),
        ("fleet", FLEET),
    ):
        file = tmp_path / f"{name}.yaml"
        file.write_text(text, encoding="utf-8")
        found |= {terms.kind for terms in load(file).contracts.values()}  # type: ignore
    assert found == set(BY_KIND)
