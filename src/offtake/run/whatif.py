"""Numbers with the largest effects on headline results, and what true moves of them do.

    1. every result on the futures                               `offtake.measures.target.Several`
    2. the derivative of those that have one, by every number, in one reverse pass for all of them
    3. numbers ranked by their effects, each measured against the largest on the same result
    4. the first of them moved up and down by a span, really, on the same futures: all results at once

The pass costs some ten forward runs and looks at all numbers; two forward runs a number, of a few
numbers, then see what it cannot: whatever jumps (`results.whatif`).
"""

import time
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from offtake.core.arrays import jax
from offtake.core.errors import UnknownFigure, WrongRequest
from offtake.core.measure import Book, Measure
from offtake.lowering.lower import LoweredPlan
from offtake.measures.cohorts import Cohorts
from offtake.measures.target import (
    KINDS,
    Several,
    Target,
    all_targets,
    observed,
    several,
)
from offtake.plan.schema import Plan
from offtake.results.named import full_name
from offtake.results.whatif import Headline, Number, Slope, WhatIf
from offtake.run.draw import HostDraws, draw
from offtake.run.gradient import Gradients, hazard_names
from offtake.run.moves import Move, Way, moves_of
from offtake.run.simulate import Asked, Runner
from offtake.run.study import Told

FloatArray = NDArray[np.float64]
SPAN = 0.05
"""Share of itself by which a number is moved really."""
EVENT_SPAN = 0.2
"""The same for one that says how likely events are: of a small hazard 5 % bring hardly one about."""
PATHS = 512
NUMBERS = 8


class Seen(NamedTuple):
    """Pieces of all results, [target, P]."""

    above: FloatArray
    below: FloatArray


@dataclass
class _Study:
    """A plan ready to be asked what moves several of its results."""

    runner: Runner
    pieces: Several
    paths: int
    seed: int
    told: Told

    def blocks(self) -> list[HostDraws]:
        """Draws of all paths, block by block; the last may hold more."""
        lowered, width = self.runner.lowered, self.runner.width
        counts = [min(width, self.paths - first) for first in range(0, self.paths, width)]
        return [draw(lowered, self.seed, width * i, width, n) for i, n in enumerate(counts)]

    def seen(self, blocks: Sequence[HostDraws], row: int = 0, factor: float = 1.0) -> Seen:
        """All results on all paths, with one number moved."""
        parts: list[Any] = []
        for drawn in blocks:
            values = drawn.values
            if factor != 1.0:
                values = values.copy()
                values[row] *= factor
            reduced = self.runner.run_block(drawn._replace(values=values))[0]
            parts.append(jax.device_get(reduced)["target"])
        joined = (np.concatenate([p[side] for p in parts]) for side in ("above", "below"))
        return Seen(*(np.asarray(side)[: self.paths].T for side in joined))


def what_if(
    plan: Plan,
    of: Sequence[str],
    paths: int = PATHS,
    seed: int = 1,
    *,
    numbers: int = NUMBERS,
    among: Collection[str] | None = None,
    told: Told | None = None,
) -> WhatIf:
    """What the numbers with the largest effects do to some results.

    Args:
        plan: as loaded.
        of: names of results (`results.whatif.headlines`); those that this plan does not have, or
            that are not known on these futures, are left out.
        paths: number of futures.
        seed: of every random stream.
        numbers: how many are moved.
        among: places that may be chosen; all where left out.
        told: told what is being done and how far it is.

    Raises:
        UnknownFigure: none of the results is one of this plan.
        WrongRequest: fewer than two paths.
        PlanErrors: the plan cannot be structured.
    """
    if paths < 2:
        message = f"paths must be at least 2, found {paths}"
        raise WrongRequest(message)
    tell: Told = told or (lambda _stage, _done, _of: None)
    clock = [time.perf_counter()]
    study = _studied(plan, of, paths, seed, tell)
    clock.append(time.perf_counter())
    blocks = study.blocks()
    base = study.seen(blocks)
    moves = [m for m in moves_of(study.runner.lowered) if m.way is not Way.STEP]
    moves = [m for m in moves if among is None or m.place in among]
    tell("Differentiating", 0, 1)
    effects = _effects(study, blocks, base, moves)
    clock.append(time.perf_counter())
    chosen = ranked(effects)[:numbers]
    found: list[Number] = []
    for done, i in enumerate(chosen):
        tell("Moving numbers", done, len(chosen))
        found.append(_number(study, blocks, base, moves[i], effects[:, i]))
    clock.append(time.perf_counter())
    stages = ("compile", "differentiate", "move")
    return WhatIf(
        plan.plan.name,
        paths,
        seed,
        tuple(_headline(t, base, k) for k, t in enumerate(study.pieces.targets)),
        tuple(found),
        {stage: clock[i + 1] - clock[i] for i, stage in enumerate(stages)},
    )


def _studied(plan: Plan, of: Sequence[str], paths: int, seed: int, told: Told) -> _Study:
    made: list[Several] = []

    def build(lowered: LoweredPlan, book: Book) -> tuple[Measure, ...]:
        del lowered
        made.append(several(_targets(of, book), book))
        return (made[0],)

    told("Compiling", 0, 1)
    patterns = {pattern for kind in (*KINDS, Cohorts) for pattern in kind.wanted}
    runner = Runner(plan, asked=Asked(sorted(patterns | set(hazard_names(plan))), build))
    runner.compile()
    return _Study(runner, made[0], paths, seed, told)


def _targets(of: Sequence[str], book: Book) -> tuple[Target, ...]:
    known = {_full(target.name): target for target in all_targets(book)}
    found = tuple(known[_full(name)] for name in of if _full(name) in known)
    if not found:
        message = f"none of {', '.join(of)} is a result of this plan that has slopes"
        raise UnknownFigure(message)
    return found


def _full(name: str) -> str:
    return full_name(name)


def _smooth(target: Target) -> bool:
    """Whether a derivative tells of it; counts of futures jump and have none."""
    return all(part.form == "value" for part in target.above)


def _effects(
    study: _Study, blocks: Sequence[HostDraws], base: Seen, moves: Sequence[Move]
) -> FloatArray:
    """Change of every result when a number rises by 1 %, by derivatives, [target, move]; NaN if none."""
    targets = study.pieces.targets
    smooth = [k for k, t in enumerate(targets) if _smooth(t) and np.mean(base.below[k]) != 0.0]
    effects = np.full((len(targets), len(moves)), np.nan)
    if not smooth or not moves:
        return effects
    mine = several_of(study.pieces, smooth)
    slopes = [observed(targets[k], base.above[k], base.below[k]).slopes for k in smooth]
    gradient = Gradients(study.runner.lowered, mine, study.runner.devices)
    rows = np.array([move.row for move in moves], np.int64)
    total = np.zeros((len(smooth), len(moves)))
    left = study.paths
    for drawn in blocks:
        count = min(left, drawn.weight.size)
        left -= count
        slope = gradient.of_all(drawn, np.array(slopes))[:, rows, :count]
        found = 0.01 * drawn.values[rows, :count] * slope
        total += np.sum(np.where(np.isfinite(found), found, 0.0), axis=-1)
    effects[smooth] = total / study.paths
    return effects


def several_of(pieces: Several, some: Sequence[int]) -> Several:
    """The measure of some of the targets of another."""
    targets = tuple(pieces.targets[k] for k in some)
    kinds = {target.kind for target in targets}
    return Several(tuple(m for m in pieces.inner if type(m) in kinds), targets)


def ranked(effects: FloatArray) -> list[int]:
    """Numbers that move something, by the sum of their effects over results.

    Args:
        effects: [target, move], NaN where a result has none; each is measured against the largest
            on the same result, so that money and shares count alike.
    """
    if not effects.size:
        return []
    size = np.nan_to_num(np.abs(effects))
    most = size.max(axis=1, keepdims=True)
    score = np.sum(np.divide(size, most, out=np.zeros_like(size), where=most > 0.0), axis=0)
    order = np.argsort(-score, kind="stable")
    return [int(i) for i in order if score[i] > 1e-9]


def _headline(target: Target, base: Seen, k: int) -> Headline:
    name = _full(target.name)
    if float(np.mean(base.below[k])) == 0.0:
        return Headline(name, target.unit, None, None)
    of = observed(target, base.above[k], base.below[k])
    return Headline(name, target.unit, of.value, of.error)


def _number(
    study: _Study, blocks: Sequence[HostDraws], base: Seen, move: Move, told: FloatArray
) -> Number:
    """Both moves of one number, on all paths."""
    span = EVENT_SPAN if move.way is Way.EVENT else SPAN
    down, up = (study.seen(blocks, move.row, 1.0 + sign * span) for sign in (-1.0, 1.0))
    slopes = dict[str, Slope]()
    for k, target in enumerate(study.pieces.targets):
        sides = (base, down, up)
        if any(float(np.mean(side.below[k])) == 0.0 for side in sides):
            continue
        of, low, high = (observed(target, side.above[k], side.below[k]) for side in sides)
        half = 0.5 * _influences(of.slopes, high.value - low.value, down, up, k)
        by_derivative = told[k] * span / 0.01
        slopes[_full(target.name)] = Slope(
            low.value - of.value,
            high.value - of.value,
            float(np.std(half, ddof=1) / np.sqrt(study.paths)),
            float(by_derivative) if np.isfinite(by_derivative) else None,
        )
    return Number(move.place, move.text, move.unit, move.value, span, slopes)


def _influences(
    slopes: tuple[float, float], apart: float, down: Seen, up: Seen, k: int
) -> FloatArray:
    """What the difference of two results is the mean of, path by path, [P]."""
    del apart
    above, below = up.above[k] - down.above[k], up.below[k] - down.below[k]
    return slopes[0] * above + slopes[1] * below
