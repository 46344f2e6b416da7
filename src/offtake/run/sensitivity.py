"""What moves a result: its derivative by every number of a plan, with errors, checked by bumps.

    1. the result, and the influence of every path on it           `offtake.measures.target`
    2. the derivative of every path, in one reverse pass           `offtake.run.gradient`
    3. paths near a threshold, on which every number is moved      `offtake.run.jumps`
    4. dates, durations and zeros moved by a step                  `offtake.run.moves`
    5. the largest effects checked: the number moved, on all paths, the same futures

What is sized stays as it was signed: a number that acts by way of the size of a debt alone does
nothing here.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from offtake.core.errors import WrongRequest
from offtake.measures.target import Constants, Observed
from offtake.plan.schema import Plan
from offtake.results.sensitivity import TRIFLE, Check, Effect, Sensitivity
from offtake.run import jumps
from offtake.run.draw import HostDraws
from offtake.run.gradient import Gradient
from offtake.run.moves import SHARE, Move, Way, moves_of
from offtake.run.study import (
    Study,
    Told,
    between,
    counted,
    differences,
    gathered,
    moved,
    studied,
    value_of,
)

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]
STEP_PATHS = {"ratio": 256, "quantile": 1024, "worst": 1024}
"""Paths on which dates, durations and zeros are moved: more where few of them tell."""
SCREEN = 16
"""Paths of either sort, first ones and those with most influence, on which all of them are moved
to see which do anything."""


class Foretold(NamedTuple):
    """What derivatives say."""

    effects: FloatArray
    """[move, P] change of a path's influence when the number rises by the size of its move"""
    unforeseen: FloatArray
    """[P] what they did not tell of a move of all numbers; 0 where they did"""


def foretell(study: Study, moves: Sequence[Move], constants: Constants) -> Foretold:
    """The reverse pass on all paths, and the paths on which it does not tell what a move does."""
    gradient = Gradient(study.lowered, study.pieces, study.runner.devices)
    rows = np.array([move.row for move in moves], np.int64)
    real = np.array([move.way is Way.PROPORTION for move in moves])
    effects, unforeseen = np.empty((len(moves), study.paths)), np.zeros(study.paths)
    for mine, drawn in study.blocks():
        count = mine.stop - mine.start
        slope = gradient.of(drawn, constants)[rows]
        found = SHARE * drawn.values[rows] * slope
        whole = np.all(np.isfinite(found), axis=0)
        found = np.where(whole, found, 0.0)
        missed = _missed(study, drawn, rows[real], found[real], constants)
        # Where there is no derivative the numbers are moved.
        missed = np.where(whole, missed, np.maximum(missed, np.max(missed) or 1.0))
        effects[:, mine], unforeseen[mine] = found[:, :count], missed[:count]
        study.told("Differentiating", mine.stop, study.paths)
    return Foretold(effects, unforeseen)


def _missed(
    study: Study,
    drawn: HostDraws,
    rows: IntArray,
    effects: FloatArray,
    constants: Constants,
) -> FloatArray:
    """What derivatives do not tell of moves of all numbers at once, the most of some, [P]."""
    worst = np.zeros(drawn.values.shape[1])
    size = np.sqrt(np.sum(effects**2, axis=0))
    for turn in range(jumps.ROUNDS):
        by = jumps.signs(study.seed, turn, drawn.values.shape)
        up, down = (
            study.influence(
                drawn._replace(values=jumps.moved_all(drawn.values, rows, sign * by)), constants
            )
            for sign in (1.0, -1.0)
        )
        told = np.sum(by[rows] * effects, axis=0)
        worst = np.maximum(worst, jumps.unforeseen(0.5 * (up - down), told, size))
    return worst


def corrected(
    study: Study, moves: Sequence[Move], told: Foretold, chosen: jumps.Chosen, constants: Constants
) -> FloatArray:
    """Effects with those of near paths as real moves have them, [move, P]."""
    effects = told.effects.copy()
    if not chosen.paths.size:
        return effects
    real = [i for i, move in enumerate(moves) if move.way is Way.PROPORTION]
    base = gathered(study, chosen.paths)
    found = differences(study, base, [moves[i] for i in real], constants, "Moving near a threshold")
    for i, really in zip(real, found, strict=True):
        told_there = effects[i, chosen.paths]
        effects[i, chosen.paths] += chosen.weight * (really - told_there)
    return effects


def checked(
    study: Study, moves: Sequence[Move], effects: FloatArray, count: int, constants: Constants
) -> list[Check]:
    """The largest effects beside what moving the number does on all paths.

    Args:
        study: the plan and its result.
        moves: numbers whose effects come from derivatives.
        effects: [move, P].
        count: how many are checked.
        constants: of the influence.
    """
    size = -np.abs(np.mean(effects, axis=1))
    largest = [int(i) for i in np.argsort(size, kind="stable")[:count]]
    picked = [moves[i] for i in largest]
    if not picked:
        return []
    parts = [
        moved(study, counted(drawn, mine), picked, "Checking") for mine, drawn in study.blocks()
    ]
    pieces = np.concatenate(parts, axis=-1)
    bumps = between(study, picked, pieces, constants, whole=True)
    return [_check(moves[i], effects[i], bump) for i, bump in zip(largest, bumps, strict=True)]


def sensitivity(
    plan: Plan,
    of: str,
    paths: int = 1024,
    seed: int = 1,
    *,
    check: int = 5,
    told: Told | None = None,
) -> Sensitivity:
    """What moves a result of a plan, number by number.

    Args:
        plan: as loaded.
        of: name of the result, such as `facilities.loan.el_usd`.
        paths: number of futures.
        seed: of every random stream.
        check: numbers, those with the largest effects, that are moved on all futures to check.
        told: told what is being done and how far it is.

    Raises:
        UnknownFigure: no result has that name.
        WrongRequest: fewer than two paths.
        ArithmeticError: the result is not known on any path.
        PlanErrors: the plan cannot be structured.
    """
    if paths < 2:
        message = f"paths must be at least 2, found {paths}"
        raise WrongRequest(message)
    study = studied(plan, of, paths, seed, told)
    value = value_of(study)
    smooth, steps = _parted(moves_of(study.lowered))
    first = foretell(study, smooth, value.constants)
    chosen = _near(smooth, first, seed)
    effects = corrected(study, smooth, first, chosen, value.constants)
    stepped = _stepped(study, steps, value)
    checks = checked(study, smooth, effects, check, value.constants)
    few = min(STEP_PATHS[study.target.over], paths)
    found = [
        _effect(move, moved, value.value)
        for move, moved in zip([*smooth, *steps], [*effects, *stepped], strict=True)
    ]
    return Sensitivity(
        plan=plan.plan.name,
        target=study.target.name,
        unit=study.target.unit,
        value=value.value,
        error=value.error,
        paths=paths,
        seed=seed,
        effects=tuple(sorted(found, key=lambda effect: -abs(effect.effect))),
        checks=tuple(checks),
        near=chosen.near,
        moved=int(chosen.paths.size),
        step_paths=few,
        step_value=_on_first(value, few) if study.target.over == "ratio" else None,
        sized=tuple(facility.contract for facility in study.runner.structure.facilities),
        over=study.target.over,
        alike=value.alike,
    )


def _parted(moves: Sequence[Move]) -> tuple[list[Move], list[Move]]:
    """Those by a share, and steps."""
    steps = [move for move in moves if move.way is Way.STEP]
    return [move for move in moves if move.way is not Way.STEP], steps


def _near(smooth: Sequence[Move], first: Foretold, seed: int) -> jumps.Chosen:
    """Paths on which every number is moved by itself."""
    real = sum(move.way is Way.PROPORTION for move in smooth)
    return jumps.choose(first.unforeseen, seed, jumps.affordable(real))


def _stepped(study: Study, moves: Sequence[Move], value: Observed) -> FloatArray:
    """What steps do, [move, path]; nothing for those that do nothing on a few paths."""
    most = np.argsort(-np.abs(value.influence), kind="stable")[:SCREEN]
    some = np.unique(np.concatenate([most, np.arange(min(SCREEN, study.paths))]))
    seen = moved(study, gathered(study, some), moves, "Screening steps")
    acting = [i for i in range(len(moves)) if np.any(seen[:, i, 0] != seen[:, i, 1])]
    few = gathered(study, np.arange(min(STEP_PATHS[study.target.over], study.paths)))
    found = np.zeros((len(moves), few.weight.size))
    mine = [moves[i] for i in acting]
    pieces = moved(study, few, mine, "Moving by steps")
    found[acting] = between(study, mine, pieces, value.constants, whole=True)
    return found


def _on_first(value: Observed, few: int) -> float:
    """The result on the first paths, by influence; 0 where nothing but rounding is left."""
    found = value.value + float(np.mean(value.influence[:few]))
    return found if abs(found) > TRIFLE * abs(value.value) else 0.0


def _effect(move: Move, changes: FloatArray, value: float) -> Effect:
    """A number's row. changes: [P] of the influence of every path."""
    mean, count = float(np.mean(changes)), changes.size
    error = float(np.std(changes, ddof=1) / np.sqrt(count)) if count > 1 else float("nan")
    told = move.way is not Way.STEP and value != 0.0
    return Effect(
        place=move.place,
        text=move.text,
        unit=move.unit,
        value=move.value,
        way=move.way.value,
        by=move.said,
        size=move.size,
        effect=mean,
        error=error,
        elasticity=mean / (SHARE * value) if told else None,
        both=move.both,
    )


def _check(move: Move, effects: FloatArray, bumps: FloatArray) -> Check:
    apart = effects - bumps
    error = float(np.std(apart, ddof=1) / np.sqrt(apart.size))
    return Check(move.place, float(np.mean(effects)), float(np.mean(bumps)), error)
