"""Run a plan: lower it, push blocks of paths through the program, merge what they leave."""

import time
from collections.abc import Callable, Iterator, Sequence
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
from offtake.run.devices import Device, Devices, cache_folder, on_devices, prepare
from offtake.run.draw import HostDraws, base_case, draw
from offtake.run.merge import Merged, Piece, reduce_block
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


class LoweredRunner:
    """A lowered plan with its compiled block; values may change between calls, structure may not.

    Args:
        lowered: the plan.
        measures: what is taken of every block.
        devices: how many devices, and of which kind.
        width: paths per device and block, a multiple of 256.
    """

    def __init__(
        self,
        lowered: LoweredPlan,
        measures: tuple[Measure, ...],
        devices: Devices,
        width: int | None = None,
    ) -> None:
        self.seconds: dict[str, float] = {}
        self.lowered, self.measures = lowered, measures
        self.devices, self.share = devices, width or devices.share
        self.width = self.share * devices.count
        self.keeps = {
            (measure.name, name): output.keep
            for measure in measures
            for name, output in measure.outputs.items()
        }
        self._block: Any = None

    def compile(self) -> None:
        """Trace and compile, or take what was traced and compiled before.

        Plans that differ in numbers alone are one program, compiled once in a process.
        """
        started = time.perf_counter()
        shape, reduce = self.lowered.shape, cast("Reducer", reduce_block)
        given = self.lowered.program, self.measures, _placed(base_case(self.lowered, self.share))
        name = f"{name_of(given, shape)} {self.devices.count}"
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

    def pieces(
        self, seed: int, sampler: Sampler, first: int, end: int, tilt: Tilted | None = None
    ) -> Iterator[tuple[Piece, Any]]:
        """What paths first .. end - 1 leave, and their months' record, block after block.

        The next block is drawn while one is computed. A block that is not full ends with the base
        case (`run.draw`).

        Args:
            seed: of every random stream.
            sampler: how futures are drawn.
            first: the first path; it starts a block of 256.
            end: the path after the last one.
            tilt: where futures are drawn from instead.
        """

        def draws(start: int) -> HostDraws:
            count = min(self.width, end - start)
            return draw(self.lowered, seed, start, self.width, count, sampler, tilt)

        starts = range(first, end, self.width)
        with ThreadPoolExecutor(max_workers=1) as pool:
            coming = pool.submit(draws, first) if starts else None
            for start in starts:
                assert coming is not None
                drawn = coming.result()
                reduced, months = self.run_block(drawn)
                if start + self.width < end:
                    coming = pool.submit(draws, start + self.width)
                count = min(self.width, end - start)
                weight = None if tilt is None else drawn.weight[:count]
                left = jax.device_get(reduced)
                yield Piece.of(left, self.keeps, start, count, weight), months


class Runner(LoweredRunner):
    """A plan, structured and lowered, with its compiled block.

    Args:
        plan: as loaded.
        devices: how many; all there are if None.
        width: paths per device and block, a multiple of 256.
        asked: measures to take; every one if left out.
        device: kind of device.
    """

    def __init__(
        self,
        plan: Plan,
        devices: int | None = None,
        width: int | None = None,
        asked: Asked = EVERY,
        device: Device = "cpu",
    ) -> None:
        found = prepare(devices, device)
        started = time.perf_counter()
        made = structure(plan)
        structured = time.perf_counter()
        lowered = lower(made.plan, asked.wanted)
        self.structure, self.book = made.structure, book_of(lowered)
        super().__init__(lowered, asked.build(lowered, self.book), found, width)
        self.seconds["structure"] = structured - started
        self.seconds["lower"] = time.perf_counter() - structured


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
        self.tilt = tilt
        self.merged, self.seconds = Merged(), 0.0
        self._base, self._paid, self._cash = list[Flows](), list[FloatArray](), list[FloatArray]()

    def carry_on(self, paths: int) -> None:
        """Run until there are so many futures.

        The number so far must fill its blocks.
        """
        started, done = time.perf_counter(), self.merged.done
        for piece, months in self.runner.pieces(self.seed, self.sampler, done, paths, self.tilt):
            self.merged.take(piece)
            self._keep_flows(months, piece)
            if self.progress is not None:
                self.progress(self.merged.done, paths)
        self.seconds += time.perf_counter() - started

    def _keep_flows(self, months: Any, piece: Piece) -> None:
        if piece.first < TRACED_PATHS:
            some = slice(0, min(piece.count, TRACED_PATHS - piece.first))
            self._paid.append(np.asarray(months.paid)[..., some])
            self._cash.append(np.asarray(months.cash)[..., some])
        if piece.count < self.runner.width and not self._base:
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
            self.merged.weight,
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
