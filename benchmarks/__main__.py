"""`make bench`: agreement first, then times as ratios in one run, and the other comparisons."""

import argparse
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np

from benchmarks import by_loops, by_numpy, child, market, processes, pysam, sweeps
from benchmarks.ours import PLAN, Ours, without_clearing
from benchmarks.shared import Inputs, Outputs, best, months_of

CHUNK = 2048
"""Paths that NumPy works on at once; the quickest of 256 to 8,192 on the machine of the README."""


def in_chunks(
    program: Callable[..., Outputs], inputs: Inputs, months: object, chunk: int
) -> Outputs:
    """Run a program written by hand over all paths, cut into chunks."""
    paths = inputs.shocks.shape[-1]
    parts = [
        program(Inputs(*(leaf[..., first : first + chunk] for leaf in inputs)), months)
        for first in range(0, paths, chunk)
    ]
    return Outputs(*(np.concatenate(pieces, axis=-1) for pieces in zip(*parts, strict=True)))


def disagreement(mine: Outputs, other: Outputs) -> float:
    """Largest difference, as a share of the largest value of each output."""
    worst = 0.0
    for a, b in zip(mine, other, strict=True):
        known = np.isfinite(a) & np.isfinite(b)
        if not np.array_equal(np.isfinite(a), np.isfinite(b)):
            return float("inf")
        scale = max(float(np.abs(a[known]).max(initial=0.0)), 1e-300)
        worst = max(worst, float(np.abs(a - b)[known].max(initial=0.0)) / scale)
    return worst


def compare(paths: int, width: int, times: int) -> None:
    """The same plan by offtake, NumPy and compiled loops: agreement, then paths per second."""
    ours = Ours(width)
    draws = ours.draws(paths)
    inputs, months = ours.inputs(draws), months_of(ours.lowered.calendar)
    count = inputs.shocks.shape[-1]
    started = time.perf_counter()
    mine = ours.run(draws)
    first = time.perf_counter() - started
    others = {
        "NumPy": lambda: in_chunks(by_numpy.simulate, inputs, months, CHUNK),
        "compiled loops (numba)": lambda: by_loops.simulate(inputs, months),
    }
    print(f"One plan ({PLAN.name}), {count:,} paths of {len(months.years) - 1} months, same draws")
    for name, run in others.items():
        print(
            f"  differs from {name} by at most {disagreement(mine, run()):.1e} of the largest value"
        )
    print(f"  first call of offtake, compile included: {first:.1f} s")
    seconds = {"offtake": best(lambda: ours.run(draws), times)}
    seconds |= {name: best(run, times) for name, run in others.items()}
    with without_clearing():
        bare = Ours(width)
        seconds["offtake without clearing"] = best(lambda: bare.run(draws), times)
    for name, value in seconds.items():
        ratio = value / seconds["offtake"]
        print(f"  {name:24s} {count / value:12,.0f} paths/s   offtake is {ratio:5.2f} x as fast")


def main() -> None:
    """Run what is asked for."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument(
        "--quick", action="store_true", help="tiny sizes: shows that all of it runs"
    )
    parser.add_argument("--width", type=int, default=256, help="paths per device and block")
    parser.add_argument("--skip-processes", action="store_true", help="leave whole processes out")
    parser.add_argument(
        "--most",
        type=int,
        default=processes.MOST,
        help=f"paths of the largest whole process; {max(processes.MANY):,} takes an hour or so",
    )
    asked = parser.parse_args()
    size, times = (512, 1) if asked.quick else (8_192, 3)
    compare(size, 256 if asked.quick else asked.width, times)
    if not asked.skip_processes:
        pysam.report(quick=asked.quick)
        root = Path(__file__).resolve().parents[1]
        processes.report(root, quick=asked.quick, most=asked.most)
        plans = [PLAN] if asked.quick else [PLAN, root / "plans/abilene"]
        words = [word for plan in plans for word in ("--plan", str(plan))]
        child.shown("benchmarks.profile", [*words, *(["--quick"] if asked.quick else [])])
        market.report(root, quick=asked.quick)
        sweeps.report([PLAN, root / "plans/abilene/plan.yaml"], quick=asked.quick)
        sweeps.growth(quick=asked.quick)


if __name__ == "__main__":
    main()
