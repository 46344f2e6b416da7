"""The futures in which a loan is sized: one path for each case.

Every case is the base case (numbers at their medians, shocks zero, nobody outside defaults) with
what a lender assumes laid over it, as values of the plan's numbers and of the random streams:

    delays     of every work at the stated quantile: median x (p90 / median)^(z / z90)
    rates      at forward: base rates at their mean, a deviation of half their variance
    merchant   revenue that no contract promises: none, or as much of it as it earns over the plan
               at the stated quantile of its futures, as a share of the base case
    changes    any other numbers of the plan
"""

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray
from scipy.stats import norm

from offtake.core.arrays import jnp
from offtake.core.errors import PlanErrors, Problem, Where
from offtake.finance.sizing import BASE
from offtake.lowering.lower import LoweredPlan, numbers_of
from offtake.lowering.table import NumberTable, counted_place
from offtake.lowering.world import World
from offtake.plan.items import LenderCase
from offtake.plan.schema import Plan
from offtake.run.draw import HostDraws, base_case

FloatArray = NDArray[np.float64]

MERCHANT = ("spot_sale", "chip_sale", "metered_tokens")
"""Kinds whose revenue no contract promises."""
Z90 = float(norm.ppf(0.9))


def case_of(plan: Plan, name: str) -> LenderCase | None:
    """A case by name; None for the base case. The lender's is the usual one if not stated."""
    if name == BASE:
        return None
    return plan.cases.get(name) or LenderCase()


def merchant_contracts(plan: Plan) -> tuple[str, ...]:
    """Contracts whose revenue no contract promises."""
    kinds = {name: str(getattr(terms, "kind", "")) for name, terms in plan.contracts.items()}
    return tuple(name for name, kind in kinds.items() if kind in MERCHANT)


def case_draws(lowered: LoweredPlan, name: str, counted: Mapping[str, float]) -> HostDraws:
    """Draws of one case, a block of one path.

    Args:
        lowered: the plan.
        name: of the case.
        counted: merchant contract -> share of its revenue that counts in this case.

    Raises:
        PlanErrors: the case changes more than numbers.
    """
    plan, draws = lowered.plan, base_case(lowered, 1)
    case = case_of(plan, name)
    if case is None:
        return draws
    values = draws.values[:, 0]
    if case.changes:
        values = _changed(lowered, name)
    _late(lowered.table, values, float(norm.ppf(case.delay.value)))
    for contract, share in counted.items():
        values[lowered.table.at(counted_place(contract))] = share
    monthly = draws.monthly
    if case.rates == "forward":
        monthly = monthly + _forward(lowered, values)[:, :, None]
    return HostDraws(values[:, None], draws.once, monthly, draws.weight)


def _changed(lowered: LoweredPlan, name: str) -> FloatArray:
    """[row] numbers of the plan with the changes of a case."""
    table = numbers_of(lowered.plan.variants[f"cases.{name}"], lowered.calendar)
    mine = numbers_of(lowered.plan, lowered.calendar)
    here, there = set(mine.index), set(table.index)
    worked_out = (".schedule.", ".settlement.")
    here = {place for place in here if not any(part in place for part in worked_out)}
    odd = sorted(there ^ here)
    if odd:
        place = f"cases.{name}.changes"
        raise PlanErrors(
            [
                Problem(
                    Where(place),
                    place,
                    "case-form",
                    f"changes that add or take away {odd[0]}",
                    "changes of numbers that the plan states",
                    "change numbers only; make another plan of the rest, as a scenario",
                )
            ]
        )
    values = lowered.table.medians()
    for place in there & here:
        value = table.rows[table.at(place)].value
        if np.isfinite(value):
            values[lowered.table.at(place)] = value
    return values


def _late(table: NumberTable, values: FloatArray, z: float) -> None:
    """Put every delay at its quantile, as its median."""
    for place, row in table.index.items():
        if not place.endswith(".delay.median"):
            continue
        other = table.index.get(place.removesuffix("median") + "p90")
        if other is None:
            continue
        median, p90 = values[row], values[other]
        if median > 0.0 and p90 > 0.0:
            late = median * max(p90 / median, 1.0) ** (z / Z90)
        else:
            late = max(p90 * z / Z90, 0.0)
        values[row], values[other] = late, late


def _forward(lowered: LoweredPlan, values: FloatArray) -> FloatArray:
    """[T, stream] shocks under which base rates are at their mean and other processes stay."""
    world: World = lowered.program.environment  # pyright: ignore[reportAssignmentType]
    shocks = np.zeros((lowered.calendar.count, len(lowered.labels.monthly_streams)))
    streams = [f"drivers.{name}" for name in lowered.plan.base_rates]
    stream = np.asarray(world.processes.stream)
    wanted = [d for d, s in enumerate(stream) if lowered.labels.monthly_streams[s] in streams]
    if not wanted:
        return shocks
    factor = np.linalg.cholesky(values[np.asarray(world.processes.correlation)])
    per_year = float(np.asarray(world.per_year))
    variance = np.zeros(len(stream))
    before = np.zeros(len(stream))
    for t, years in enumerate(np.asarray(world.years)):
        moved = world.processes.transition(
            jnp.asarray(values[:, None]), jnp.asarray(years), jnp.asarray(per_year)
        )
        decay, spread = (np.asarray(x)[:, 0] for x in moved)
        variance = decay**2 * variance + spread**2
        target = np.zeros(len(stream))
        target[wanted] = 0.5 * variance[wanted]
        size = np.where(spread > 1e-100, spread, 1.0)
        mixed = np.where(spread > 1e-100, (target - decay * before) / size, 0.0)
        before = decay * before + spread * mixed
        shocks[t, stream] = np.linalg.solve(factor, mixed)
    return shocks
