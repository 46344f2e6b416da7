"""Where the time of a month goes: `python -m benchmarks.profile --plan plans/abilene`.

One block of a plan is compiled as a run compiles it, for one device. Three things are taken of it:
processor time of whole blocks, the least of many, untouched by the profiler; the time of each kernel
by XLA's profiler, at its lower quartile over all times that it ran, as interruptions only add; and
what each kernel moves and does (`kernels`). Kernels are laid to steps by the line of Python that
they came from; one that XLA fused of several lines goes where its last result comes from, so a few
per cent may stand one step off. What whole blocks take beyond their kernels is shown as not
attributed: the start of kernels and loops. The profiler adds some 0.1 us to each kernel; kernels
that run once a block have few times to take the quartile of, so profile where nothing else runs.

Each step is held against three bounds, all measured here: what it moves at the bandwidth of a triad
over arrays in main memory, and over arrays in cache, and what it does at the pace of chained
multiplications and additions. Most arrays of a month stay in the cache, so a step may be quicker
than the first bound.
"""

import argparse
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

import offtake
from benchmarks.kernels import Compiled, Frame
from benchmarks.ours import PLAN
from offtake.core.arrays import jax, jnp
from offtake.engine.simulate import Draws, block
from offtake.lowering.book import book_of
from offtake.lowering.lower import lower
from offtake.run.devices import prepare
from offtake.run.draw import draw
from offtake.run.merge import reduce_block
from offtake.run.simulate import EVERY
from offtake.run.structuring import structure

STEPS = {
    "draws": "draws, on the host",
    "drivers": "drivers",
    "physical": "physical",
    "market": "market",
    "world": "rest of observing",
    "claims": "claims",
    "clearing": "clearing",
    "settle": "settle",
    "checks": "checks of every month",
    "record": "record",
    "measures": "measures",
    "opening": "opening, closing",
    "copies": "copies without a source",
}
OF_STEP = {"_asked": "claims", "published": "claims", "clear": "clearing", "_settle": "settle"}
OF_STEP |= {"_residuals": "clearing", "_checks": "checks", "_cash_change": "checks"}
OF_STEP |= {"_totals": "claims", "begun": "world"}
DRIVERS = ("market/process.py", "market/series.py", "market/formula.py")
INTERRUPTED = 25
"""Percentile of a kernel's durations that is taken."""


class Machine(NamedTuple):
    """What one core of this machine can do at most."""

    bandwidth: float
    """bytes/s, main memory"""
    cached: float
    """bytes/s, arrays of 64 KB"""
    operations: float
    """1/s"""


class Row(NamedTuple):
    """One step."""

    seconds: float
    """of a path and month"""
    kernels: float
    """run each month"""
    moved: float
    """bytes of a path and month"""
    operations: float
    """of a path and month"""


class Profile(NamedTuple):
    """A plan profiled."""

    compile: float
    """seconds"""
    whole: float
    """processor seconds of a path and month, draws included"""
    rows: dict[str, Row]


def step_of(source: Sequence[Frame]) -> str:
    """Step of a kernel, from the calls that led to it."""
    functions = [name for _, name in source]
    if not source:
        return "copies"
    if "reduce_block" in functions:
        return "measures"
    if "slot_checks" in functions:
        return "checks"
    if "step" not in functions:
        return "record" if functions[-1] in ("simulate", "run") else "opening"
    inside = source[functions.index("step") + 1 :]
    if not inside:
        return "record"
    if inside[0][1] != "observe":
        return OF_STEP.get(inside[0][1], "world")
    for file, _ in inside:
        if file in DRIVERS:
            return "drivers"
        if file.startswith(("physical/", "market/")):
            return file.split("/")[0]
    return "market" if any(name == "trade" for _, name in inside) else "world"


def least(run: Callable[[], object], times: int) -> float:
    """Least processor seconds of several runs, after one that is not counted."""
    run()
    found: list[float] = []
    for _ in range(times):
        started = time.process_time()
        run()
        found.append(time.process_time() - started)
    return min(found)


def machine(times: int = 20) -> Machine:
    """Bounds of one core, measured."""

    def triad(size: int, again: int) -> float:
        a, b, out = (np.ones(size) for _ in range(3))

        def run() -> None:
            for _ in range(again):
                np.multiply(b, 3.0, out=out)
                np.add(out, a, out=out)

        # Two passes of NumPy: b to out, then out and a to out; five arrays cross.
        return 5.0 * 8.0 * size * again / least(run, times)

    def chain(x: Any) -> Any:
        for _ in range(64):
            x = x * 0.999 + 0.001
        return x

    size, again = 2_048, 200
    run: Any = jax.jit(lambda x: jax.lax.fori_loop(0, again, lambda _, y: chain(y), x))
    given = jnp.ones(size)
    seconds = least(lambda: jax.block_until_ready(run(given)), times)
    return Machine(triad(4_000_000, 1), triad(2_700, 400), 128.0 * size * again / seconds)


def durations(folder: str) -> dict[str, list[float]]:
    """Seconds of every time that each kernel ran, from what the profiler left in a folder."""
    file = max(Path(folder).rglob("*.xplane.pb"))
    found: defaultdict[str, list[float]] = defaultdict(list)
    data: Any = jax.profiler.ProfileData.from_file(str(file))
    for plane in data.planes:
        for line in plane.lines:
            if "XLA" in line.name:
                for event in line.events:
                    found[event.name].append(1e-9 * event.duration_ns)
    return found


def profile(file: Path, width: int, times: int) -> Profile:
    """Profile a plan.

    Args:
        file: the plan.
        width: paths of a block.
        times: blocks timed; a quarter of them are profiled.
    """
    prepare(1)
    jax.config.update("jax_enable_compilation_cache", False)
    lowered = lower(structure(offtake.load(file)).plan, EVERY.wanted)
    measures = EVERY.build(lowered, book_of(lowered))
    drawn = draw(lowered, 1, 0, width, width)
    given: Any = jax.device_put(Draws(*drawn))
    reduce: Any = reduce_block
    started = time.perf_counter()
    run: Any = jax.jit(block(lowered.shape, reduce))
    run = run.lower(lowered.program, measures, given).compile()
    compiled = time.perf_counter() - started

    def once() -> None:
        jax.block_until_ready(run(lowered.program, measures, given))

    draws = least(lambda: draw(lowered, 1, 0, width, width), times)
    whole = least(once, times)
    blocks = max(1, times // 4)
    with tempfile.TemporaryDirectory() as folder:
        with jax.profiler.trace(folder):
            for _ in range(blocks):
                once()
        taken = durations(folder)
    months = len(lowered.calendar.years)
    rows = laid(Compiled(run.as_text()), taken, months * blocks, width)
    rows["draws"] = Row(draws / (months * width), 0.0, 0.0, 0.0)
    return Profile(compiled, (whole + draws) / (months * width), rows)


def laid(
    program: Compiled, taken: dict[str, list[float]], months: int, width: int
) -> dict[str, Row]:
    """Kernels laid to steps; per path and month, kernels per month."""
    sums: defaultdict[str, list[float]] = defaultdict(lambda: [0.0] * 4)
    for name, kernel in program.kernels().items():
        seconds = taken.get(name)
        if not seconds or name.startswith(("while", "cond", "call")):
            continue
        times = len(seconds)
        typical = float(np.percentile(seconds, INTERRUPTED))
        row = sums[step_of(kernel.source)]
        for place, value in enumerate((typical, 1.0, kernel.moved, kernel.operations)):
            row[place] += value * times / (months if place == 1 else months * width)
    return {step: Row(*row) for step, row in sums.items()}


def show(name: str, found: Profile, bounds: Machine) -> None:
    """Print a profile as a table."""
    print(
        f"{name}: compile {found.compile:.1f} s; a path and month takes {1e6 * found.whole:.2f} us of one "
        f"core, of which"
    )
    print(
        f"  {'':26s}{'us':>7s} {'share':>6s} {'kernels':>8s} {'bytes':>7s} {'ops':>6s}"
        f" {'x memory':>9s} {'x cache':>8s} {'x arithmetic':>13s}"
    )
    kept = {step: found.rows[step] for step in STEPS if step in found.rows}
    for step, row in kept.items():
        slower = (
            _times(row.seconds, row.moved / bounds.bandwidth),
            _times(row.seconds, row.moved / bounds.cached),
            _times(row.seconds, row.operations / bounds.operations),
        )
        print(
            f"  {STEPS[step]:26s}{1e6 * row.seconds:7.3f} {row.seconds / found.whole:6.1%} {row.kernels:8.0f} "
            f"{row.moved:7,.0f} {row.operations:6,.0f} {slower[0]:>9s} {slower[1]:>8s} {slower[2]:>13s}"
        )
    rest = found.whole - sum(row.seconds for row in kept.values())
    print(f"  {'not attributed':26s}{1e6 * rest:7.3f} {rest / found.whole:6.1%}")


def _times(seconds: float, bound: float) -> str:
    return f"{seconds / bound:,.1f}" if bound else "-"


def report(files: Sequence[Path], *, quick: bool = False, width: int | None = None) -> None:
    """Print the profile of every plan, and the bounds of the machine."""
    width = prepare(1).share if width is None else width
    bounds = machine(2 if quick else 20)
    print(
        f"One core: {bounds.bandwidth / 1e9:.1f} GB/s from memory, {bounds.cached / 1e9:.1f} GB/s from "
        f"cache, {bounds.operations / 1e9:.1f} G operations/s"
    )
    for file in files:
        found = profile(file, width, 2 if quick else 24)
        show(str(file.parent.name) + "/" + file.name, found, bounds)


def main() -> None:
    """Profile the plans asked for."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.profile", description=__doc__)
    parser.add_argument("--plan", action="append", help="folder or file; can be repeated")
    parser.add_argument("--width", type=int, help="paths of a block; those of a run if left out")
    parser.add_argument("--quick", action="store_true", help="few blocks: shows that it runs")
    asked = parser.parse_args()
    named = [Path(name) for name in asked.plan or [PLAN]]
    files = [name / "plan.yaml" if name.is_dir() else name for name in named]
    report(files, quick=asked.quick, width=asked.width)


if __name__ == "__main__":
    main()
