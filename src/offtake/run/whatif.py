"""Numbers with the largest effects on headline results, and what true moves of them do.

    1. every result on the futures                               `offtake.measures.target.Several`
    2. every number moved up alone, on a few futures: the first ones, and for every result those
       with most influence on it
    3. numbers ranked by what that does, each result measured against its largest change
    4. the first of them moved down and up by the shares m of their marks on all futures, the same
       ones: c(m) = R(m) - R of all results R at once, with se(c), the error of that difference

Marks are +-5 %, +-10 % and the farthest that the number reaches (20 %, or less where the plan
would be none), for one that says how likely events are the last alone. What lies between them is
estimated from them (`offtake.results.whatif`).

All of it runs in one compiled program. A reverse pass would rank on all futures, and see nothing of
what jumps; its program takes longer to make than all of this (docs/forms.md).
"""

import time
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
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
from offtake.results.sensitivity import TRIFLE
from offtake.results.whatif import Headline, Mark, Number, WhatIf
from offtake.run.draw import HostDraws, draw
from offtake.run.gradient import hazard_names
from offtake.run.moves import Move, Way, moves_of
from offtake.run.simulate import Asked, Runner
from offtake.run.study import Told

FloatArray = NDArray[np.float64]
SHARES = (0.05, 0.1, 0.2)
"""Shares of itself by which a number is moved really. One that says how likely events are is moved
by the last alone: 5 % of a small hazard bring hardly one about."""
Reach = Callable[[str], tuple[float, float]]
"""Place of a number -> share of itself by which it can be moved down, and up."""


def _far(place: str) -> tuple[float, float]:
    del place
    return SHARES[-1], SHARES[-1]


PATHS = 512
NUMBERS = 8
FIRST, TAIL = 8, 4
"""Futures on which every number is moved: the first ones, and of every result those with most
influence on it."""


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
        return _joined(parts, self.paths)


def what_if(
    plan: Plan,
    of: Sequence[str],
    paths: int = PATHS,
    seed: int = 1,
    *,
    numbers: int = NUMBERS,
    among: Collection[str] | None = None,
    reach: Reach = _far,
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
        reach: how far each of them can be moved; one that cannot be moved at all is left out.
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
    order = (moves[i] for i in ranked(_screened(study, blocks, base, moves)))
    chosen = list(islice(_tried(order, reach), numbers))
    clock.append(time.perf_counter())
    found: list[Number] = []
    for done, (move, shares) in enumerate(chosen):
        tell("Moving numbers", done, len(chosen))
        found.append(_number(study, blocks, base, move, shares))
    clock.append(time.perf_counter())
    stages = ("compile", "screen", "move")
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
    known = {full_name(target.name): target for target in all_targets(book)}
    found = tuple(known[full_name(name)] for name in of if full_name(name) in known)
    if not found:
        message = f"none of {', '.join(of)} is a result of this plan that has slopes"
        raise UnknownFigure(message)
    return found


def _screened(
    study: _Study, blocks: Sequence[HostDraws], base: Seen, moves: Sequence[Move]
) -> FloatArray:
    """Change of every result when a number rises by its span, on a few futures, [target, move]."""
    slopes = _slopes(study.pieces.targets, base)
    influence = slopes[:, :1] * base.above + slopes[:, 1:] * base.below
    chosen = futures(influence)
    seen = _one_by_one(study, blocks, chosen, moves)
    there = Seen(base.above[:, chosen], base.below[:, chosen])
    apart = [
        now.reshape(len(slopes), len(moves), -1) - was[:, None]
        for now, was in zip(seen, there, strict=True)
    ]
    return np.sum(slopes[:, :1, None] * apart[0] + slopes[:, 1:, None] * apart[1], axis=-1)


def futures(influence: FloatArray) -> NDArray[np.int64]:
    """Futures on which every number is moved. influence: [target, P]."""
    tail = np.argsort(-np.abs(influence), axis=1, kind="stable")[:, :TAIL]
    first = np.arange(min(FIRST, influence.shape[1]))
    return np.unique(np.concatenate([first, tail.reshape(-1)]))


def _slopes(targets: Sequence[Target], base: Seen) -> FloatArray:
    """[target, 2] of the influence; 0 where a result is not known."""
    found = np.zeros((len(targets), 2))
    for k, target in enumerate(targets):
        if _mean(base.below[k]) != 0.0:
            found[k] = observed(target, base.above[k], base.below[k]).constants
    return found


def _one_by_one(
    study: _Study, blocks: Sequence[HostDraws], chosen: NDArray[np.int64], moves: Sequence[Move]
) -> Seen:
    """All results of chosen futures with each number moved up, [target, move x chosen]."""
    width = study.runner.width
    some = HostDraws(
        *(np.concatenate([b[..., _within(chosen, i, width)] for i, b in enumerate(parts)], axis=-1)
          for parts in zip(*blocks, strict=True))
    )  # fmt: skip
    lane = np.tile(np.arange(chosen.size), len(moves))
    row = np.repeat([move.row for move in moves], chosen.size)
    factor = np.repeat([1.0 + span_of(move) for move in moves], chosen.size)
    parts: list[Any] = []
    for first in range(0, lane.size, width):
        mine = np.minimum(np.arange(first, first + width), lane.size - 1)
        drawn = HostDraws(*(leaf[..., lane[mine]] for leaf in some))
        values = drawn.values.copy()
        values[row[mine], np.arange(width)] *= factor[mine]
        reduced = study.runner.run_block(drawn._replace(values=values, weight=np.ones(width)))[0]
        parts.append(jax.device_get(reduced)["target"])
        study.told("Looking at every number", min(first + width, lane.size), lane.size)
    return _joined(parts, lane.size)


def _within(chosen: NDArray[np.int64], block: int, width: int) -> NDArray[np.int64]:
    """Chosen paths of one block, counted from its first."""
    return chosen[(chosen >= block * width) & (chosen < (block + 1) * width)] - block * width


def _joined(parts: Sequence[Any], count: int) -> Seen:
    """Pieces of several blocks, [target, count]."""
    joined = (np.concatenate([part[side] for part in parts]) for side in ("above", "below"))
    return Seen(*(np.asarray(side)[:count].T for side in joined))


def span_of(move: Move) -> float:
    """Share of itself by which a number is moved to see whether it does anything."""
    return SHARES[-1] if move.way is Way.EVENT else SHARES[0]


def _tried(moves: Iterable[Move], reach: Reach) -> Iterator[tuple[Move, tuple[float, ...]]]:
    """Numbers that can be moved, each with the shares of itself by which it is."""
    for move in moves:
        down, up = reach(move.place)
        by = SHARES[-1:] if move.way is Way.EVENT else SHARES
        shares = {-min(down, share) for share in by} | {min(up, share) for share in by}
        if tried := tuple(sorted(shares - {0.0})):
            yield move, tried


def ranked(effects: FloatArray) -> list[int]:
    """Numbers that move something, by the sum of their effects over results, the largest first.

    Args:
        effects: [target, move]; each is measured against the largest on the same result, so that
            money and shares count alike.
    """
    if not effects.size:
        return []
    size = np.abs(effects)
    most: FloatArray = np.max(size, axis=1, keepdims=True)
    score = np.sum(np.divide(size, most, out=np.zeros_like(size), where=most > 0.0), axis=0)
    order = np.argsort(-score, kind="stable")
    return [int(i) for i in order if score[i] > TRIFLE]


def _mean(values: FloatArray) -> float:
    return float(np.mean(values))


def _headline(target: Target, base: Seen, k: int) -> Headline:
    name = full_name(target.name)
    if _mean(base.below[k]) == 0.0:
        return Headline(name, target.unit, None, None)
    of = observed(target, base.above[k], base.below[k])
    return Headline(name, target.unit, of.value, of.error)


def _number(
    study: _Study,
    blocks: Sequence[HostDraws],
    base: Seen,
    move: Move,
    shares: tuple[float, ...],
) -> Number:
    """All moves of one number, on all paths."""
    seen = [study.seen(blocks, move.row, 1.0 + share) for share in shares]
    marks = dict[str, tuple[Mark, ...]]()
    for k, target in enumerate(study.pieces.targets):
        known = [
            (share, side)
            for share, side in zip(shares, seen, strict=True)
            if _mean(side.below[k]) != 0.0
        ]
        if _mean(base.below[k]) != 0.0 and known:
            marks[full_name(target.name)] = tuple(
                Mark(share, *_changed(target, base, side, k)) for share, side in known
            )
    return Number(move.place, move.text, move.unit, move.value, shares, marks)


def _changed(target: Target, base: Seen, now: Seen, k: int) -> tuple[float, float]:
    """Change of a result, and the standard error of that, future by future."""
    of = observed(target, base.above[k], base.below[k])
    then = observed(target, now.above[k], now.below[k])
    above, below = now.above[k] - base.above[k], now.below[k] - base.below[k]
    spread = np.std(of.constants[0] * above + of.constants[1] * below, ddof=1)
    return then.value - of.value, float(spread / np.sqrt(above.size))
