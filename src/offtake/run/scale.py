"""A run in shards: what is done is kept in a folder, what is missing is computed, all is merged.

The folder may hold shards of an earlier run that was stopped, or of one with fewer futures. They
are merged in the order of their paths, whoever computed them and when.
"""

import time
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from offtake.core.errors import WrongRequest
from offtake.core.random import Sampler
from offtake.run.columns import Columns
from offtake.run.devices import Device
from offtake.run.folder import Folder, Identity
from offtake.run.merge import Merged
from offtake.run.shards import cut
from offtake.run.simulate import TRACED_PATHS, Outcome, Progress, Runner, Simulation
from offtake.run.workers import Here, Workers


@dataclass
class Kept:
    """Where shards are kept, and how many were there before.

    Attributes:
        folder: the folder; with `apart`, one of the run's own inside it.
        apart: whether runs of all kinds share the folder, each with a folder of its own.
        found: paths that were there before this run.
        done: paths that are there.
    """

    folder: Path
    apart: bool = False
    found: int = 0
    done: int = 0

    def open(self, identity: Identity) -> Folder:
        """The folder of a run."""
        self.folder = self.folder / identity.digest if self.apart else self.folder
        self.apart = False
        return Folder(self.folder, identity)


def in_shards(
    runner: Runner,
    paths: int,
    seed: int,
    sampler: Sampler,
    kept: Kept,
    workers: Literal["ray"] | None = None,
    progress: Progress | None = None,
) -> Outcome:
    """Run a plan in shards.

    Args:
        runner: of the plan; compiled here, as late as that is needed.
        paths: number of futures.
        seed: of every random stream.
        sampler: how futures are drawn.
        kept: where shards are kept.
        workers: who computes them; the devices of this process if None.
        progress: told after every shard; at once, where shards are there already.

    Raises:
        WrongRequest: the folder holds another run.
        OSError: a shard cannot be written or read.
    """
    folder = kept.open(Identity.of(runner, seed, sampler))
    missing = folder.missing(paths)
    kept.found = kept.done = paths - sum(shard.count for shard in missing)
    if progress is not None:
        progress(kept.done, paths)
    started = time.perf_counter()
    if missing:
        for shard in _crew(workers, runner, seed, sampler).finish(missing, folder):
            kept.done += shard.count
            if progress is not None:
                progress(kept.done, paths)
    lost = [shard for shard in cut(paths) if not folder.file(shard).exists()]
    if lost:
        message = f"{len(lost)} shards were not computed; run again to do them"
        raise OSError(message)
    merged = Merged(Columns(folder.path))
    for shard in cut(paths):
        merged.take(folder.read(shard))
    outcome = _with_flows(runner, paths, seed, sampler, merged)
    outcome.seconds["simulate"] = time.perf_counter() - started
    return outcome


def _with_flows(runner: Runner, paths: int, seed: int, sampler: Sampler, merged: Merged) -> Outcome:
    """The outcome of merged shards, with flows of the first paths and of the base case.

    Shards hold no flows: those of a thousand paths are computed again sooner than read.
    """
    runner.compile()
    first = Simulation(runner, seed, sampler)
    first.carry_on(min(paths, TRACED_PATHS))
    outcome = first.outcome()
    outcome.merged, outcome.paths = merged, paths
    return outcome


def _crew(workers: Literal["ray"] | None, runner: Runner, seed: int, sampler: Sampler) -> Workers:
    if workers is None:
        runner.compile()
        return Here(runner, seed, sampler)
    from offtake.run.on_ray import OnRay

    return OnRay(runner, seed, sampler)


def check_scale(
    folder: object, workers: str | None, until: object, device: Device, tilt: object = None
) -> None:
    """Refuse what cannot be had together, before anything is run.

    Raises:
        WrongRequest: as its message says.
    """
    if until is not None and folder is not None:
        message = (
            "--until decides as it goes how many futures there are, and keeps no shards: leave out "
            "--folder and --workers, or ask for a number of futures with --paths"
        )
        raise WrongRequest(message)
    if tilt is not None and folder is not None:
        message = (
            "--tilt needs fewer futures, and keeps no shards: leave out --folder and --workers, or "
            "leave out --tilt"
        )
        raise WrongRequest(message)
    if workers is not None and folder is None:
        message = "workers keep shards in a folder that they share; name one with folder="
        raise WrongRequest(message)
    if workers is not None and device == "gpu":
        message = "--workers ray computes on processors; leave out --device gpu, or --workers"
        raise WrongRequest(message)
    if workers is not None:
        from offtake.run.on_ray import check_installed

        check_installed()
