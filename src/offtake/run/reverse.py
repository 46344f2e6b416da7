"""Reverse stress of a plan: sizes of shocks, run on common futures, until an outcome is reached."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from offtake.plan.schema import Plan
from offtake.results.reverse import Least, Outcome
from offtake.results.tables.estimates import mean_and_error
from offtake.risk.library import library
from offtake.risk.reverse import FARTHEST, Reached, nearest_point
from offtake.risk.shocks import Shock
from offtake.risk.target import Target, read_target
from offtake.run.sample import Sample
from offtake.run.stress import Stand, chosen, named, outcomes

FloatArray = NDArray[np.float64]
SHORT = 0.05
"""Yardsticks by which a point is just short of the boundary, to tell a jump from a slope."""


def reverse(
    plan: Plan,
    target: str,
    names: Sequence[str] | None = None,
    paths: int = 2048,
    seed: int = 1,
    done: Callable[[str], None] | None = None,
) -> Least:
    """The least implausible combination of shocks that brings an outcome about.

    Args:
        plan: as loaded.
        target: such as "lab defaults in 20 % of futures" (`offtake.risk.target`).
        names: shocks of the library; every one if None.
        paths: number of futures, common to all sizes.
        seed: of every random stream; the point is told on futures of the next seed as well.
        done: told after every run.

    Raises:
        ValueError: fewer than one path.
        PlanErrors: the target cannot be read, or there is no such shock.
    """
    sought = read_target(target, tuple(plan.parties), tuple(plan.contracts))
    chosen(library(plan, {}), names)
    stand = Stand.of(plan, paths, seed)
    columns = named(stand.runner.book)
    sought = read_target(target, columns.parties, columns.facilities)
    shocks = tuple(shock for shock in chosen(stand.shocks, names) if not shock.empty)
    ran = 0

    def margin(sizes: FloatArray) -> float:
        nonlocal ran
        ran += 1
        found = stand.run(at_sizes(shocks, sizes)) if sizes.any() else stand.plain
        value = outcome(stand, found, sought).value
        if done is not None:
            done(f"{ran} runs, last at {float(np.linalg.norm(sizes)):.2f} yardsticks")
        return value / sought.level - 1.0

    return _least(plan, stand, sought, shocks, nearest_point(margin, len(shocks)))


def _least(
    plan: Plan, stand: Stand, sought: Target, shocks: Sequence[Shock], reached: Reached
) -> Least:
    """What a search found, told on its futures and on others."""
    here = elsewhere = short = None
    if reached.sizes is not None and reached.distance:
        moved = at_sizes(shocks, reached.sizes)
        nearer = at_sizes(shocks, reached.sizes * max(1.0 - SHORT / reached.distance, 0.0))
        short = outcome(stand, stand.run(nearer), sought)
        here = outcome(stand, stand.run(moved), sought)
        other = replace(stand, seed=stand.seed + 1)
        elsewhere = outcome(other, other.run(moved), sought)
    return Least(
        plan=plan.plan.name,
        target=sought.text,
        what=sought.what,
        who=sought.who,
        level=sought.level,
        farthest=FARTHEST,
        paths=stand.paths,
        seed=stand.seed,
        evaluations=reached.evaluations,
        distance=reached.distance,
        shocks=_told(shocks, reached),
        before=outcome(stand, stand.plain, sought),
        short=short,
        here=here,
        elsewhere=elsewhere,
    )


def at_sizes(shocks: Sequence[Shock], sizes: FloatArray) -> list[Shock]:
    """Shocks in sizes counted in yardsticks, those of size zero left out."""
    pairs = zip(shocks, sizes, strict=True)
    return [shock.scaled(float(size) / shock.units) for shock, size in pairs if size > 0.0]


def outcome(stand: Stand, found: Sample, target: Target) -> Outcome:
    """What is looked at in a run."""
    book = stand.runner.book
    columns = named(book)
    seen = outcomes(book, found, columns)
    if target.facility:
        row = columns.facilities.index(target.who)
        values = seen.defaulted if target.what == "pd" else seen.facility_loss
    else:
        row = columns.parties.index(target.who)
        values = seen.failed if target.what == "pd" else seen.loss
    return Outcome(*mean_and_error(values[:, row]))


def _told(shocks: Sequence[Shock], reached: Reached) -> tuple[dict[str, Any], ...]:
    sizes = np.zeros(len(shocks)) if reached.sizes is None else reached.sizes
    return tuple(
        {
            "shock": shock.name,
            "yardsticks": float(size),
            "means": shock.means(float(size) / shock.units) if size > 0.0 else None,
            "yardstick": shock.yardstick,
            "alone": alone,
            "moves": moves,
        }
        for shock, size, alone, moves in zip(
            shocks, sizes, reached.alone, reached.moves, strict=True
        )
    )
