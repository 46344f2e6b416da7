"""Shards on a Ray cluster: a task each, done again where its worker or machine is lost.

The cluster is that of $RAY_ADDRESS; without it, one is started on this machine and ended with the
run. A task is given the lowered plan once per machine (through Ray's store of objects) and compiles
it once per process, from the cache of compiled programs where its machine has one. A task that
finds the folder of the run under the same path writes its shard there; else its bytes come back
through Ray and are written here. So with a folder that all machines share nothing but the names of
shards passes through the machine that leads.

Nothing else of offtake knows of Ray.
"""

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from offtake.core.errors import WrongRequest
from offtake.core.measure import Measure
from offtake.core.random import Sampler
from offtake.lowering.lower import LoweredPlan
from offtake.run.devices import cache_folder, prepare
from offtake.run.folder import MANIFEST, Folder, packed
from offtake.run.merge import joined
from offtake.run.shards import Shard
from offtake.run.simulate import LoweredRunner
from offtake.run.traced import source

RETRIES = 20
"""Times that a shard is tried again after its worker was lost."""
AHEAD = 2
"""Shards handed out per processor of the cluster, so that none waits for the next."""


def check_installed() -> None:
    """Refuse where Ray is not installed.

    Raises:
        WrongRequest: it is not.
    """
    if find_spec("ray") is None:
        message = (
            "--workers ray: Ray is not installed here; install offtake[ray] (in a checkout: "
            "make setup-ray), or leave --workers out to use the processors of this machine"
        )
        raise WrongRequest(message)


@dataclass(frozen=True)
class Work:
    """All that a machine needs to compute shards of a run."""

    lowered: LoweredPlan
    measures: tuple[Measure, ...]
    seed: int
    sampler: Sampler
    width: int
    source: str
    """Digest of the source of offtake where the run was started."""
    manifest: bytes
    folder: str
    cache: str


_RUNNERS: dict[str, LoweredRunner] = {}
"""The runner of this process, by the manifest of its run."""


def compute(work: Work, shard: Shard) -> bytes | None:
    """One shard, on whatever machine this is: its bytes, None where they were written already.

    Raises:
        RuntimeError: this machine has another version of offtake.
    """
    if source() != work.source:
        message = "offtake on this machine is not the one that started the run; install the same"
        raise RuntimeError(message)
    name = work.manifest.decode()
    if name not in _RUNNERS:
        os.environ.setdefault("OFFTAKE_CACHE", work.cache)
        runner = LoweredRunner(work.lowered, work.measures, prepare(1, "cpu"), work.width)
        runner.compile()
        _RUNNERS.clear()
        _RUNNERS[name] = runner
    blocks = _RUNNERS[name].pieces(work.seed, work.sampler, shard.first, shard.end)
    content = packed(joined([piece for piece, _ in blocks]))
    shared = Folder.shared(Path(work.folder), work.manifest)
    if shared is None:
        return content
    shared.keep(shard, content)
    return None


class OnRay:
    """Tasks on a Ray cluster.

    Args:
        runner: of the plan; need not be compiled.
        seed: of every random stream.
        sampler: how futures are drawn.
    """

    def __init__(self, runner: LoweredRunner, seed: int, sampler: Sampler) -> None:
        self._runner, self._seed = runner, seed
        self._sampler: Sampler = sampler

    def finish(self, shards: Sequence[Shard], folder: Folder) -> Iterator[Shard]:
        """Have shards computed, a few more than there are processors at a time.

        Raises:
            OSError: a shard failed for another reason than that its worker was lost.
        """
        ray: Any = import_module("ray")  # an extra: not there for those who do not need it
        started = not ray.is_initialized()
        if started:
            ray.init(log_to_driver=False, configure_logging=False, include_dashboard=False)
        try:
            yield from self._finish(ray, shards, folder)
        finally:
            if started:
                ray.shutdown()

    def _finish(self, ray: Any, shards: Sequence[Shard], folder: Folder) -> Iterator[Shard]:
        work = ray.put(self._work(folder))
        task: Any = ray.remote(num_cpus=1, max_retries=RETRIES)(compute)
        waiting, running = list(reversed(shards)), dict[Any, Shard]()
        while waiting or running:
            most = AHEAD * max(1, int(ray.cluster_resources().get("CPU", 1)))
            while waiting and len(running) < most:
                shard = waiting.pop()
                running[task.remote(work, shard)] = shard
            (done, *_), _ = ray.wait(list(running), num_returns=1)
            shard = running.pop(done)
            try:
                content = ray.get(done)
            except ray.exceptions.RayError as lost:
                message = (
                    f"futures {shard.first:,} to {shard.end:,} could not be computed on the "
                    f"cluster ({str(lost).strip().splitlines()[-1]}); what is done is kept: once "
                    "the cause is mended, the same command carries on"
                )
                raise OSError(message) from lost
            if content is not None:
                folder.keep(shard, content)
            yield shard

    def _work(self, folder: Folder) -> Work:
        runner = self._runner
        return Work(
            runner.lowered,
            runner.measures,
            self._seed,
            self._sampler,
            runner.share,
            source(),
            (folder.path / MANIFEST).read_bytes(),
            str(folder.path.resolve()),
            str(cache_folder().resolve()),
        )
