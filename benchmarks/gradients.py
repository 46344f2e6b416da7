"""Derivatives of a result against bumps of every number of a plan, and what either costs.

    python -m benchmarks.gradients                     three plans: agreement, then cost
    python -m benchmarks.gradients --plan gpu-loans    one of them
    python -m benchmarks.gradients --cost              cost alone, of Abilene too

Every number that `offtake sensitivity` moves by a share is moved by hand too, 1 % up and 1 % down,
on the same futures (20 %, and a twentieth of what that does, where it says how likely events are, as
1 % brings hardly one about). For each: the estimate, the bump, and the standard error of their difference.

    exact    they differ by at most a thousandth of the bump, or a millionth of the largest bump
    within   they differ by at most four standard errors of the difference
    off      neither
    zero     the estimate is zero where the bump is not, by more than four standard errors
"""

import argparse
import time
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from offtake.core.arrays import Array, jnp
from offtake.core.measure import Output, Record
from offtake.measures.target import KINDS, Pieces
from offtake.plan.load import load
from offtake.plan.schema import Plan
from offtake.run import jumps
from offtake.run.gradient import Gradient
from offtake.run.influence import anew
from offtake.run.moves import SHARE, Move, Way, moves_of, real_share
from offtake.run.sensitivity import corrected, foretell
from offtake.run.simulate import Asked, Runner
from offtake.run.study import Study, studied, value_of

FloatArray = NDArray[np.float64]
PLANS = Path(__file__).parents[1] / "plans"
SURE = 4.0
BLOCK = 512
"""Paths of which a block is timed."""
RESULTS = {
    "one-hall": (
        "facilities.loan.el_usd",
        "parties.sponsor.net_usd",
        "facilities.loan.min_dscr_p5",
        "parties.sponsor.loss_usd_worst5",
    ),
    "gpu-loans": (
        "facilities.hy_loan.pd",
        "facilities.hy_loan.lgd",
        "facilities.hy_loan.el_usd",
        "parties.lenders.loss_usd_worst5",
    ),
    "circular": ("facilities.loan.pd", "facilities.loan.el_usd"),
    "abilene": ("facilities.phase_1_loan.el_usd",),
}
PATHS = {"one-hall": 1024, "gpu-loans": 512, "circular": 512}


@dataclass(frozen=True)
class Agreement:
    """Estimates beside bumps; [number]."""

    moves: tuple[Move, ...]
    estimate: FloatArray
    bump: FloatArray
    bump_error: FloatArray
    apart_error: FloatArray
    near: int
    moved: int

    @property
    def exact(self) -> NDArray[np.bool_]:
        room = np.maximum(1e-3 * np.abs(self.bump), 1e-6 * np.max(np.abs(self.bump)))
        return np.abs(self.estimate - self.bump) <= room

    @property
    def within(self) -> NDArray[np.bool_]:
        return np.abs(self.estimate - self.bump) <= SURE * self.apart_error

    @property
    def zero(self) -> NDArray[np.bool_]:
        return (self.estimate == 0.0) & (np.abs(self.bump) > SURE * self.bump_error)

    def row(self) -> str:
        off = ~self.exact & ~self.within
        moving = np.sum(self.bump != 0.0)
        parts = (len(self.moves), moving, np.sum(self.exact), np.sum(self.within & ~self.exact))
        shown = (*parts, np.sum(off), np.sum(self.zero), f"{self.near:,} ({self.moved:,})")
        return " | ".join(str(part) for part in shown)


def agreement(study: Study, bumps: FloatArray) -> Agreement:
    """Estimates and bumps of every number that is moved by a share of itself.

    Args:
        study: of one result.
        bumps: [move, end, piece, P] both pieces of the result, moved up and down.
    """
    value = value_of(study)
    moves = shares(study)
    told = foretell(study, moves, value.constants)
    real = sum(move.way is Way.PROPORTION for move in moves)
    chosen = jumps.choose(told.unforeseen, study.seed, jumps.affordable(real))
    effects = corrected(study, moves, told, chosen, value.constants)
    ends = np.array([[anew(study.target, value.constants, *end) for end in bump] for bump in bumps])
    sizes = np.array([real_share(move) for move in moves])[:, None] / SHARE
    moved = (ends[:, 0] - ends[:, 1]) / (2.0 * sizes)
    return Agreement(
        tuple(moves),
        np.mean(effects, axis=1),
        np.mean(moved, axis=1),
        error(moved),
        error(effects - moved),
        chosen.near,
        int(chosen.paths.size),
    )


def shares(study: Study) -> list[Move]:
    """Numbers that are moved by a share of themselves."""
    return [move for move in moves_of(study.lowered) if move.way is not Way.STEP]


class Several(NamedTuple):
    """A measure of several results at once."""

    of: tuple[Pieces, ...]

    name = "several"
    wanted = ()
    outputs = {"pieces": Output(("result", "piece"), "paths", "", "Both pieces of each.")}  # noqa: RUF012

    def reduce(self, record: Record) -> dict[str, Array]:
        found = [pieces.reduce(record) for pieces in self.of]
        both = [jnp.stack([one["above"], one["below"]]) for one in found]
        return {"pieces": jnp.stack(both)}


def bumped(studies: list[Study], plan: Plan) -> FloatArray:
    """Every piece moved up and down, all results from the same runs, [move, result, end, 2, P]."""
    wanted = sorted({pattern for kind in KINDS for pattern in kind.wanted})
    measure = Several(tuple(study.pieces for study in studies))
    runner = Runner(plan, asked=Asked(wanted, lambda lowered, book: (measure,)))
    runner.compile()
    found: list[FloatArray] = []
    for mine, drawn in studies[0].blocks():
        ends: list[FloatArray] = []
        for move in shares(studies[0]):
            size = real_share(move)
            sides: list[FloatArray] = []
            for sign in (1.0, -1.0):
                values = drawn.values.copy()
                values[move.row] *= 1.0 + sign * size
                out = runner.run_block(drawn._replace(values=values))[0]["several"]["pieces"]
                sides.append(np.moveaxis(np.asarray(out), 0, -1)[..., : mine.stop - mine.start])
            ends.append(np.stack(sides, axis=1))
        found.append(np.stack(ends))
    return np.concatenate(found, axis=-1)


def error(changes: FloatArray) -> FloatArray:
    return np.std(changes, axis=1, ddof=1) / np.sqrt(changes.shape[1])


class Cost(NamedTuple):
    """Seconds on all devices."""

    forward: float
    """one block"""
    reverse: float
    """the same block, derivatives by every number"""
    numbers: int


def cost(study: Study, times: int) -> Cost:
    """A block forwards and backwards, least of some runs."""
    gradient = Gradient(study.lowered, study.pieces, study.runner.devices)
    drawn, constants = next(study.blocks())[1], (1.0, 0.0)
    gradient.of(drawn, constants)
    study.influence(drawn, constants)

    def least(run: object) -> float:
        found: list[float] = []
        for _ in range(times):
            started = time.perf_counter()
            run()  # type: ignore[operator]
            found.append(time.perf_counter() - started)
        return min(found)

    numbers = sum(move.way is not Way.STEP for move in moves_of(study.lowered))
    forward = least(lambda: study.influence(drawn, constants))
    return Cost(forward, least(lambda: gradient.of(drawn, constants)), numbers)


def report(plans: list[str], shrink: int = 1, times: int = 5) -> None:
    """The tables of docs/sensitivity.md."""
    agreements(plans, shrink)
    costs(plans, times)


def agreements(plans: list[str], shrink: int) -> None:
    """Estimates beside bumps, plan by plan."""
    print("plan, result | numbers | moving | exact | within | off | zero | near (moved)")
    for name in plans:
        paths, plan = max(PATHS[name] // shrink, 256), load(PLANS / name)
        studies = [studied(plan, of, paths, 1, None) for of in RESULTS[name]]
        bumps = bumped(studies, plan)
        for i, (of, study) in enumerate(zip(RESULTS[name], studies, strict=True)):
            found = agreement(study, bumps[:, i])
            print(f"{name}, {of} | {found.row()}", flush=True)
            for j in np.flatnonzero(~found.exact & ~found.within):
                move = found.moves[j]
                print(f"    {move.place}: {found.estimate[j]:.4g}, bump {found.bump[j]:.4g}")


def costs(plans: list[str], times: int) -> None:
    """Forwards and backwards, plan by plan."""
    print("plan | forward | reverse | ratio | bumps of all numbers against one reverse pass")
    for name in plans:
        one = cost(studied(load(PLANS / name), RESULTS[name][0], BLOCK, 1, None), times)
        ratio = one.reverse / one.forward
        print(
            f"{name} | {one.forward:.3f} s | {one.reverse:.3f} s | {ratio:.1f} x | "
            f"{2 * one.numbers / (1.0 + ratio):.0f} x for {one.numbers} numbers"
        )


def main() -> None:
    """Run what is asked for."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.gradients", description=__doc__)
    parser.add_argument("--plan", choices=list(PATHS), help="one plan; all if left out")
    parser.add_argument("--quick", action="store_true", help="few paths: shows that it runs")
    parser.add_argument("--cost", action="store_true", help="only what either costs")
    asked = parser.parse_args()
    plans = [asked.plan] if asked.plan else list(PATHS)
    if asked.cost:
        costs([*plans, "abilene"], 5)
    else:
        report(plans, 8 if asked.quick else 1, 1 if asked.quick else 5)


if __name__ == "__main__":
    main()
