"""A plan ready to be asked what moves one of its results.

One compiled program runs any paths with any numbers: all of them as drawn, or chosen paths each
with one number moved. So what moves a result is found without compiling anything twice.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from offtake.core.arrays import jax
from offtake.core.errors import UnknownFigure
from offtake.core.measure import Book, Measure
from offtake.lowering.lower import LoweredPlan
from offtake.measures.target import (
    KINDS,
    Constants,
    Observed,
    Pieces,
    Target,
    pieces,
    spread_targets,
    targets,
)
from offtake.plan.schema import Plan
from offtake.results.named import column_of, full_name, meant, why_no_mean
from offtake.run.draw import HostDraws, draw
from offtake.run.gradient import hazard_names
from offtake.run.influence import anew, fitted, influences
from offtake.run.moves import SHARE, Move, changes, real_share
from offtake.run.simulate import Asked, Runner

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]
Told = Callable[[str, int, int], None]
"""What is being done, how much of it is done, how much there is."""


class Single(NamedTuple):
    """Runs of single paths, each with one number moved; all [Q]."""

    path: IntArray
    """index into the draws that are given"""
    row: IntArray
    """row of the number"""
    factor: FloatArray
    added: FloatArray


@dataclass
class Study:
    """A plan ready to be asked what moves one of its results."""

    runner: Runner
    target: Target
    pieces: Pieces
    paths: int
    seed: int
    told: Told

    @property
    def lowered(self) -> LoweredPlan:
        """The plan as run."""
        return self.runner.lowered

    def blocks(self) -> Iterator[tuple[slice, HostDraws]]:
        """Draws of all paths, block by block, and which of the paths are counted."""
        for first in range(0, self.paths, self.runner.width):
            count = min(self.runner.width, self.paths - first)
            drawn = draw(self.lowered, self.seed, first, self.runner.width, count)
            yield slice(first, first + count), drawn

    def run(self, draws: HostDraws) -> tuple[FloatArray, FloatArray]:
        """Both pieces of the target on a block, [P] each."""
        reduced: Any = jax.device_get(self.runner.run_block(draws)[0])["target"]
        return np.asarray(reduced["above"]), np.asarray(reduced["below"])

    def influence(self, draws: HostDraws, constants: Constants) -> FloatArray:
        """Influence of the paths of a block, [P]."""
        return influences(self.target, constants, *self.run(draws))


def studied(plan: Plan, of: str, paths: int, seed: int, told: Told | None) -> Study:
    """Structure, lower and compile a plan for one result.

    Raises:
        UnknownFigure: no result has that name.
    """
    sought: list[Pieces] = []

    def build(lowered: LoweredPlan, book: Book) -> tuple[Measure, ...]:
        del lowered
        sought.append(pieces(target_of(book, of), book))
        return (sought[0],)

    tell: Told = told or (lambda _stage, _done, _of: None)
    tell("Compiling", 0, 1)
    patterns = {pattern for kind in KINDS for pattern in kind.wanted}
    runner = Runner(plan, asked=Asked(sorted(patterns | set(hazard_names(plan))), build))
    runner.compile()
    return Study(runner, sought[0].target, sought[0], paths, seed, tell)


def target_of(book: Book, of: str) -> Target:
    """A result by its name, as figures of a run are named.

    Raises:
        UnknownFigure: there is none of that name; the message names the nearest.
    """
    every = (*targets(book), *spread_targets(book))
    known = {full_name(target.name): target for target in every}
    try:
        return known[meant(of, known)]
    except UnknownFigure as unknown:
        why = why_no_mean(of)
        if why is None or column_of(of) in map(column_of, known):
            raise
        message = (
            f"{of!r} is {why}, which is not among the results that have a derivative here: pd, "
            "el_usd, lgd, min_dscr_mean, min_dscr_p5 of a facility, net_usd, loss_usd, "
            "loss_usd_worst5 of a party. How far it moves with one number, with its error: offtake "
            "compare PLAN --with set:PLACE=VALUE"
        )
        raise UnknownFigure(message) from unknown


def value_of(study: Study) -> Observed:
    """The result on all paths."""
    above, below = np.empty(study.paths), np.empty(study.paths)
    for mine, drawn in study.blocks():
        found = study.run(drawn)
        count = mine.stop - mine.start
        above[mine], below[mine] = found[0][:count], found[1][:count]
        study.told("Simulating", mine.stop, study.paths)
    return fitted(study.target, above, below)


def gathered(study: Study, paths: IntArray) -> HostDraws:
    """Draws of chosen paths, in their order."""
    parts: list[list[FloatArray]] = []
    for mine, drawn in study.blocks():
        some = paths[(paths >= mine.start) & (paths < mine.stop)] - mine.start
        if some.size:
            parts.append([np.asarray(leaf)[..., some] for leaf in drawn])
    return HostDraws(*(np.concatenate(leaves, axis=-1) for leaves in zip(*parts, strict=True)))


def counted(drawn: HostDraws, mine: slice) -> HostDraws:
    """Draws of a block without the paths that only fill it up."""
    count = mine.stop - mine.start
    return HostDraws(*(leaf[..., :count] for leaf in drawn))


def one_by_one(study: Study, base: HostDraws, asked: Single, stage: str) -> FloatArray:
    """Both pieces of paths that each have one number moved, [2, Q]."""
    width, total = study.runner.width, asked.path.size
    found = np.empty((2, total))
    for first in range(0, total, width):
        mine = np.minimum(np.arange(first, first + width), total - 1)
        drawn = HostDraws(*(leaf[..., asked.path[mine]] for leaf in base))
        rows, lanes = asked.row[mine], np.arange(width)
        values = drawn.values.copy()
        values[rows, lanes] = values[rows, lanes] * asked.factor[mine] + asked.added[mine]
        count = min(width, total - first)
        moved = study.run(drawn._replace(values=values, weight=np.ones(width)))
        found[:, first : first + count] = np.stack(moved)[:, :count]
        study.told(stage, first + count, total)
    return found


def moved(study: Study, base: HostDraws, moves: Sequence[Move], stage: str) -> FloatArray:
    """Both pieces when each number is moved really, [2, move, end, P].

    The first end is up, the second down; none where nothing lies below.
    """
    count = base.weight.size
    shape = (len(moves), 2, count)
    if not moves or not count:
        return np.zeros((2, *shape))
    factor, added = changes(moves, np.broadcast_to(_ends(moves)[:, :, None], shape))
    rows = np.array([move.row for move in moves], np.int64)[:, None, None]
    asked = Single(
        path=np.broadcast_to(np.arange(count), shape).reshape(-1),
        row=np.broadcast_to(rows, shape).reshape(-1),
        factor=factor.reshape(-1),
        added=added.reshape(-1),
    )
    return one_by_one(study, base, asked, stage).reshape(2, *shape)


def differences(
    study: Study, base: HostDraws, moves: Sequence[Move], constants: Constants, stage: str
) -> FloatArray:
    """Change of influence when each number is moved by its size, by real moves, [move, P]."""
    return between(study, moves, moved(study, base, moves, stage), constants)


def between(
    study: Study,
    moves: Sequence[Move],
    pieces: FloatArray,
    constants: Constants,
    *,
    whole: bool = False,
) -> FloatArray:
    """Change of influence between both ends of every move, [move, P].

    Half of up less down; up less none where nothing lies below. Numbers that say how likely events
    are go `EVENT_SHARE` either way, and what that does is taken in proportion.

    Args:
        study: the plan and its result.
        moves: of the numbers.
        pieces: as of `moved`.
        constants: of the influence.
        whole: find the result again at both ends: the mean of a row is what the result of these
            paths does, however far that is.
    """
    found = np.empty(pieces.shape[1:])
    of = anew if whole else influences
    for i, end in np.ndindex(found.shape[:2]) if found.size else ():
        found[i, end] = of(study.target, constants, *pieces[:, i, end])
    sizes = np.array([(real_share(move) or SHARE) / SHARE for move in moves])
    ends = _ends(moves)
    apart = (ends[:, 0] - ends[:, 1]) * sizes
    return (found[:, 0] - found[:, 1]) / apart[:, None]


def _ends(moves: Sequence[Move]) -> FloatArray:
    """[move, 2] where each end lies, in sizes of the move."""
    ends = [(1.0, -1.0) if move.both else (1.0, 0.0) for move in moves]
    return np.array(ends).reshape(len(moves), 2)
