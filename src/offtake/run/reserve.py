"""All candidates of a buyer of capacity on the same futures, by one compiled program.

A candidate differs from the plan in values of numbers only (`offtake.plan.reserve`), which are
arguments of the program.
"""

import itertools
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from offtake.core.arrays import jax
from offtake.core.errors import PlanErrors
from offtake.lowering.lower import LoweredPlan
from offtake.lowering.table import NumberTable
from offtake.measures.buyer import OUTPUTS, BuyerOf
from offtake.plan.reserve import no_section
from offtake.plan.schema import Plan
from offtake.results.tables.estimates import mean_and_error
from offtake.results.tables.reserve import Candidates, rows
from offtake.run.draw import draw
from offtake.run.simulate import Asked, Runner, check_paths

FloatArray = NDArray[np.float64]
Patch = Mapping[int, float]
"""Row of the table of numbers -> value."""


@dataclass(frozen=True)
class Reserved:
    """What `offtake reserve` found."""

    plan: str
    buyer: str
    discount_rate: float
    paths: int
    seed: int
    candidates: Candidates
    needed: float
    """Mean H100e-hours needed."""
    seconds: Mapping[str, float]

    def rows(self) -> list[dict[str, Any]]:
        """One row per candidate, see `offtake.results.tables.reserve`."""
        return rows(self.candidates)

    def to_json(self) -> dict[str, Any]:
        """Plain values."""
        return {
            "plan": self.plan,
            "buyer": self.buyer,
            "discount_rate": self.discount_rate,
            "paths": self.paths,
            "seed": self.seed,
            "needed_h100e_hours": self.needed,
            "candidates": self.rows(),
        }


def patches(plan: Plan, lowered: LoweredPlan) -> dict[tuple[str, ...], Patch]:
    """Candidates of a plan: choice of every axis -> values that it sets, in order of the plan."""
    choices = plan.choices
    by_choice: dict[tuple[str, str], Patch] = {}
    for axis, named in choices.items():
        for name, numbers in named.items():
            table = NumberTable(lowered.calendar)
            values = {place: table.rows[table.add(place, n)].value for place, n in numbers.items()}
            by_choice[axis, name] = {lowered.table.at(p): value for p, value in values.items()}
    found: dict[tuple[str, ...], Patch] = {}
    for chosen in itertools.product(*choices.values()):
        patch: dict[int, float] = {}
        for axis, name in zip(choices, chosen, strict=True):
            patch |= by_choice[axis, name]
        found[chosen] = patch
    return found


def reserve(
    plan: Plan,
    paths: int = 2_000,
    seed: int = 1,
    *,
    devices: int | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> Reserved:
    """Run every candidate of a plan's `reserve` section on the same futures.

    Args:
        plan: as loaded.
        paths: number of futures.
        seed: of every random stream.
        devices: CPU devices; all cores if None.
        progress: told after every candidate of every block: futures done, futures in all, each
            counted once for every candidate.

    Raises:
        PlanErrors: the plan has no such section.
        ValueError: fewer than one path.
    """
    check_paths(paths)
    if plan.reserve is None:
        raise PlanErrors([no_section(plan.plan.name)])
    kind: Any = BuyerOf(plan.reserve.buyer, plan.reserve.purchase)
    runner = Runner(plan, devices, asked=Asked((), lambda _, book: (kind.build(book),)))
    runner.compile()
    started = time.perf_counter()
    candidates = patches(plan, runner.lowered)
    found = {name: np.empty((len(candidates), paths)) for name in OUTPUTS}
    done = 0
    for first in range(0, paths, runner.width):
        count = min(runner.width, paths - first)
        draws = draw(runner.lowered, seed, first, runner.width, count)
        for k, patch in enumerate(candidates.values()):
            values = draws.values.copy()
            for row, value in patch.items():
                values[row] = value
            reduced = jax.device_get(runner.run_block(draws._replace(values=values))[0])
            for name, table in found.items():
                table[k, first : first + count] = np.asarray(reduced["buyer"][name])[:count]
            done += count
            if progress is not None:
                progress(done, paths * len(candidates))
    runner.seconds["simulate"] = time.perf_counter() - started
    return Reserved(
        plan=plan.plan.name,
        buyer=plan.reserve.buyer,
        discount_rate=plan.plan.discount_rate.value,
        paths=paths,
        seed=seed,
        candidates=Candidates(tuple(plan.choices), tuple(candidates), **found),
        needed=mean_and_error(found["needed"][0])[0],
        seconds=dict(runner.seconds),
    )
