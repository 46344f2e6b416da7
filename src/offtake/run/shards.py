"""A run cut into shards: what is computed, kept, lost and done again as one.

A shard is 4,096 paths that follow one another, one block of 256 of each of the 16 groups of
`core.random`. Blocks are drawn by their number and merged in their order, so it changes no number
where a shard was computed, when, or beside which others.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from offtake.core.random import BLOCK, REPLICATES
from offtake.run.merge import Piece, joined

SHARD = BLOCK * REPLICATES
"""Paths of a shard."""


@dataclass(frozen=True, order=True)
class Shard:
    """Some paths that follow one another."""

    first: int
    count: int
    """Paths; fewer than 4,096 in the last one only."""

    @property
    def end(self) -> int:
        """The path after its last one."""
        return self.first + self.count


def cut(paths: int) -> list[Shard]:
    """Shards of a run."""
    return [Shard(first, min(SHARD, paths - first)) for first in range(0, paths, SHARD)]


def stretches(shards: Sequence[Shard]) -> Iterator[list[Shard]]:
    """Shards that follow one another, together."""
    together = list[Shard]()
    for shard in sorted(shards):
        if together and together[-1].end != shard.first:
            yield together
            together = []
        together.append(shard)
    if together:
        yield together


def dealt(pieces: Iterable[Piece], shards: Sequence[Shard]) -> Iterator[tuple[Shard, Piece]]:
    """What each of some shards left, from pieces of any width that follow one another.

    Args:
        pieces: of all paths of the shards, in order.
        shards: one after another.
    """
    coming, parts = iter(shards), list[Piece]()
    shard = next(coming, None)
    for piece in pieces:
        at, end = piece.first, piece.first + piece.count
        while at < end and shard is not None:
            stop = min(end, shard.end)
            parts.append(piece.part(at, stop - at))
            at = stop
            if at == shard.end:
                yield shard, joined(parts)
                shard, parts = next(coming, None), []
