"""Who computes the shards of a run: one protocol, here the devices of this process.

Whoever computes them, a shard holds the same numbers, to the last bit where the same compiled block
ran (the same number and kind of devices in a process), and a shard that is in the folder is done.
So workers may do shards in any order, twice, or not at all where they are lost: what is missing is
asked for again.
"""

from collections.abc import Iterator, Sequence
from typing import Protocol

from offtake.core.random import Sampler
from offtake.run.folder import Folder, packed
from offtake.run.shards import Shard, dealt, stretches
from offtake.run.simulate import LoweredRunner


class Workers(Protocol):
    """Whoever computes shards."""

    def finish(self, shards: Sequence[Shard], folder: Folder) -> Iterator[Shard]:
        """Compute shards and keep them in the folder; each is told once it is there.

        Args:
            shards: what is missing.
            folder: where they are kept.
        """
        ...


class Here:
    """The devices of this process.

    Args:
        runner: compiled.
        seed: of every random stream.
        sampler: how futures are drawn.
    """

    def __init__(self, runner: LoweredRunner, seed: int, sampler: Sampler) -> None:
        self._runner, self._seed = runner, seed
        self._sampler: Sampler = sampler

    def finish(self, shards: Sequence[Shard], folder: Folder) -> Iterator[Shard]:
        """Compute shards one after another, block by block over all devices."""
        for together in stretches(shards):
            first, end = together[0].first, together[-1].end
            blocks = self._runner.pieces(self._seed, self._sampler, first, end)
            for shard, piece in dealt((piece for piece, _ in blocks), together):
                folder.keep(shard, packed(piece))
                yield shard
