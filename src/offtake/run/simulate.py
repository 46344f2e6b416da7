"""Run a plan: lower it, push blocks of paths through the program, merge what they leave."""

import os
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray

from offtake.core.arrays import jax
from offtake.core.errors import WrongRequest
from offtake.core.measure import Book, Measure
from offtake.core.random import BLOCK, REPLICATES, Sampler
from offtake.core.structure import Structure
from offtake.engine.simulate import Draws, Reducer, block
from offtake.lowering.book import book_of
from offtake.lowering.lower import LoweredPlan, lower
from offtake.measures import ALL as MEASURES
from offtake.plan.schema import Plan
from offtake.run.devices import BLOCK_PATHS, cache_folder, on_devices, prepare
from offtake.run.draw import HostDraws, base_case, draw
from offtake.run.merge import Merged, reduce_block
from offtake.run.structuring import structure
from offtake.run.tilted import Tilted
from offtake.run.traced import kept, name_of

FloatArray = NDArray[np.float64]
Progress = Callable[[int, int], None]
"""Told after every block: paths done, paths in all."""

TRACED_PATHS = 1024
"""Paths whose flows are kept for tracing the sources of money."""
_COMPILED: dict[str, Any] = {}
"""Compiled blocks of this process, by the name of what they were traced from; the newest ones."""
MOST_KEPT = 4


@dataclass
class Flows:
    """Flows of some paths, kept in full; every leaf [T, .., P] as in `engine.step.Entry`."""

    claimed: FloatArray
    paid: FloatArray
    observations: FloatArray
    cash: FloatArray

    @classmethod
    def of(cls, months: Any, paths: slice) -> "Flows":
        """Some paths of a block's record."""
        parts = (months.claimed, months.paid, months.observations, months.cash)
        return cls(*(np.asarray(part)[..., paths].copy() for part in parts))


@dataclass
class Traceable:
    """What tracing needs of some paths."""

    paid: FloatArray
    """[T, C, P]"""
    cash: FloatArray
    """[T, N, P]"""


@dataclass
class Outcome:
    """Everything a run leaves, before it is labelled."""

    lowered: LoweredPlan
    book: Book
    measures: tuple[Measure, ...]
    merged: Merged
    base: Flows
    traced: Traceable
    """The first `TRACED_PATHS` paths."""
    paths: int
    seed: int
    structure: Structure
    seconds: dict[str, float] = field(default_factory=dict[str, float])
    sampler: Sampler = "pseudo"
    weight: FloatArray | None = None
    """[P] how much each path counts; None where all count alike"""


def _placed(draws: HostDraws) -> Draws:
    """Draws in the type of the engine; the compiled block moves them to its devices."""
    parts: Any = draws
    return Draws(*parts)


@dataclass(frozen=True)
class Asked:
    """The measures that a run takes."""

    wanted: Sequence[str]
    """Patterns of the observations that they need."""
    build: Callable[[LoweredPlan, Book], tuple[Measure, ...]]


def _every_measure(lowered: LoweredPlan, book: Book) -> tuple[Measure, ...]:
    del lowered
    kinds: tuple[Any, ...] = MEASURES
    return tuple(kind.build(book) for kind in kinds)


EVERY = Asked(sorted({pattern for m in MEASURES for pattern in m.wanted}), _every_measure)


class Runner:
    """A lowered plan with its compiled block; values may change between calls, structure may not.

    Args:
        plan: as loaded.
        devices: CPU devices; all cores if None.
        width: paths per device and block, a multiple of 256.
        asked: measures to take; every one if left out.
    """

    def __init__(
        self,
        plan: Plan,
        devices: int | None = None,
        width: int | None = None,
        asked: Asked = EVERY,
    ) -> None:
        self.seconds: dict[str, float] = {}
        self.devices = prepare(devices)
        started = time.perf_counter()
        made = structure(plan)
        self.structure = made.structure
        self.seconds["structure"] = time.perf_counter() - started
        started = time.perf_counter()
        self.lowered = lower(made.plan, asked.wanted)
        self.book = book_of(self.lowered)
        self.measures: tuple[Measure, ...] = asked.build(self.lowered, self.book)
        self.seconds["lower"] = time.perf_counter() - started
        self._share = width or int(os.environ.get("OFFTAKE_BLOCK_PATHS", BLOCK_PATHS))
        self.width = self._share * self.devices
        self._block: Any = None

    def compile(self) -> None:
        """Trace and compile, or take what was traced and compiled before.

        Plans that differ in numbers alone are one program, compiled once in a process.
        """
        started = time.perf_counter()
        shape, reduce = self.lowered.shape, cast("Reducer", reduce_block)
        given = self.lowered.program, self.measures, _placed(base_case(self.lowered, self._share))
        name = f"{name_of(given, shape)} {self.devices}"
        if name not in _COMPILED:
            run = kept(block(shape, reduce), given, shape, cache_folder() / "traced")
            whole = *given[:2], _placed(base_case(self.lowered, self.width))
            _COMPILED[name] = on_devices(run, self.devices).lower(*whole).compile()  # type: ignore[attr-defined]
            for oldest in list(_COMPILED)[:-MOST_KEPT]:
                del _COMPILED[oldest]
        self._block = _COMPILED[name]
        self.seconds["compile"] = time.perf_counter() - started

    def run_block(self, draws: HostDraws) -> tuple[Any, Any]:
        """Reduced outputs and months' record of one block."""
        return self._block(self.lowered.program, self.measures, _placed(draws))

    def base(self) -> Flows:
        """The base case with all its flows."""
        return Flows.of(self.run_block(base_case(self.lowered, self.width))[1], slice(0, 1))


class Simulation:
    """Futures of a compiled plan, taken in as they come; more can be added.

    Args:
        runner: compiled.
        seed: of every random stream.
        sampler: how futures are drawn.
        progress: told after every block.
        tilt: where they are drawn from instead.
    """

    def __init__(
        self,
        runner: Runner,
        seed: int,
        sampler: Sampler = "pseudo",
        progress: Progress | None = None,
        tilt: Tilted | None = None,
    ) -> None:
        self.runner, self.seed, self.progress = runner, seed, progress
        self.sampler: Sampler = sampler
        self.tilt, self._weights = tilt, list[FloatArray]()
        self.merged, self.seconds = Merged(), 0.0
        self._base, self._paid, self._cash = list[Flows](), list[FloatArray](), list[FloatArray]()
        self._keeps = {
            (measure.name, name): output.keep
            for measure in runner.measures
            for name, output in measure.outputs.items()
        }

    def carry_on(self, paths: int) -> None:
        """Run until there are so many futures, the next block drawn while one is computed.

        The number so far must fill its blocks.
        """
        started, runner = time.perf_counter(), self.runner
        firsts = list(range(self.merged.done, paths, runner.width))

        def draws(first: int) -> HostDraws:
            count = min(runner.width, paths - first)
            drawn = draw(
                runner.lowered, self.seed, first, runner.width, count, self.sampler, self.tilt
            )
            self._weights.append(drawn.weight[:count])  # blocks are drawn in their order
            return drawn

        with ThreadPoolExecutor(max_workers=1) as pool:
            coming = pool.submit(draws, firsts[0]) if firsts else None
            for position, first in enumerate(firsts):
                running = runner.run_block(coming.result() if coming else draws(first))
                if position + 1 < len(firsts):
                    coming = pool.submit(draws, firsts[position + 1])
                self._take(running, first, min(runner.width, paths - first))
                if self.progress is not None:
                    self.progress(self.merged.done, paths)
        self.seconds += time.perf_counter() - started

    def _take(self, running: tuple[Any, Any], first: int, count: int) -> None:
        reduced, months = running
        self.merged.add(jax.device_get(reduced), self._keeps, count)
        if first < TRACED_PATHS:
            some = slice(0, min(count, TRACED_PATHS - first))
            self._paid.append(np.asarray(months.paid)[..., some])
            self._cash.append(np.asarray(months.cash)[..., some])
        if count < self.runner.width:
            self._base.append(Flows.of(months, slice(-1, None)))

    def outcome(self) -> Outcome:
        """What the futures so far leave."""
        runner = self.runner
        if not self._base:
            self._base.append(runner.base())
        paid, cash = (np.concatenate(part, axis=-1) for part in (self._paid, self._cash))
        return Outcome(
            runner.lowered,
            runner.book,
            runner.measures,
            self.merged,
            self._base[0],
            Traceable(paid, cash),
            self.merged.done,
            self.seed,
            runner.structure,
            {**runner.seconds, "simulate": self.seconds},
            self.sampler,
            None if self.tilt is None else np.concatenate(self._weights),
        )


def check_paths(paths: int, sampler: Sampler = "pseudo", *, tilted: bool = False) -> None:
    """Refuse a number of futures that cannot be drawn.

    Raises:
        ValueError: fewer than one path; or, where draws depend on one another within a group, not
            as many in every group, or in every way of a tilt.
    """
    if paths < 1:
        message = f"paths must be at least 1, found {paths}"
        raise WrongRequest(message)
    if tilted and paths % BLOCK:
        near = max(1, round(paths / BLOCK)) * BLOCK
        message = (
            f"--tilt deals blocks of {BLOCK} futures to its ways: paths must be a multiple of "
            f"{BLOCK}, found {paths:,}; write {near}"
        )
        raise WrongRequest(message)
    least = BLOCK * REPLICATES
    if sampler != "pseudo" and paths % least:
        near = max(1, round(paths / least)) * least
        message = (
            f"the sampler {sampler} draws {REPLICATES} groups of blocks of {BLOCK} paths: paths "
            f"must be a multiple of {least:,}, found {paths:,}; write {near}"
        )
        raise WrongRequest(message)


def simulate(
    plan: Plan,
    paths: int = 10_000,
    seed: int = 1,
    *,
    devices: int | None = None,
    width: int | None = None,
    sampler: Sampler = "pseudo",
    progress: Progress | None = None,
) -> Outcome:
    """Run a plan over many futures.

    Args:
        plan: as loaded.
        paths: number of futures.
        seed: of every random stream.
        devices: CPU devices; all cores if None.
        width: paths per device and block, a multiple of 256; changes speed, not results.
        sampler: how futures are drawn (`core.random`).
        progress: told after every block.

    Raises:
        ValueError: fewer than one path, a width that is not a multiple of 256, or a number of paths
            that the sampler cannot deal evenly.
    """
    check_paths(paths, sampler)
    if width is not None and width % BLOCK:
        message = f"width must be a multiple of {BLOCK}, found {width}"
        raise ValueError(message)
    runner = Runner(plan, devices, width)
    runner.compile()
    simulation = Simulation(runner, seed, sampler, progress)
    simulation.carry_on(paths)
    return simulation.outcome()
