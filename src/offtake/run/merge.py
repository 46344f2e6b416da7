"""Blocks merged as they come: exact means and variances, per-path scalars, worst values.

What blocks leave is kept by blocks of 256 paths, as they are drawn: a `Piece` is what some
consecutive blocks left, and can be cut and joined at any of them. Means and variances merge by the
pairwise update of Chan et al. [1], within each group of blocks (`core.random.REPLICATES`) in the
order of its blocks: so neither how many blocks are computed at once nor where a run was cut changes
the order in which they are merged. What is worked out from all groups,
and from all but one, gives the error of anything.

References:
    1. Chan, T. F., Golub, G. H., LeVeque, R. J. (1983). Algorithms for computing the sample
       variance. The American Statistician 37.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from offtake.core.arrays import Array, jnp
from offtake.core.measure import Measure, Record
from offtake.core.random import BLOCK, REPLICATES
from offtake.run.columns import Columns, FloatArray, Key


def reduce_block(measures: tuple[Measure, ...], record: Record, weight: Array) -> Any:
    """Outputs of all measures for one block: measure -> output -> pieces by what is kept.

    Args:
        weight: [P] 1.0 for paths that count.
    """
    reduced: dict[str, dict[str, Any]] = {}
    for measure in measures:
        values = measure.reduce(record)
        reduced[measure.name] = {
            name: _reduced(values[name], output.keep, weight)
            for name, output in measure.outputs.items()
        }
    return reduced


def _reduced(value: Array, keep: str, weight: Array) -> Any:
    value = value.astype(jnp.float64)
    wide = weight.reshape((1,) * (value.ndim - 1) + weight.shape)
    wide = jnp.broadcast_to(wide, value.shape)
    if keep == "paths":
        return value
    paths = weight.shape[0]
    split = (paths // BLOCK, BLOCK) if paths % BLOCK == 0 else (1, paths)
    value, wide = (each.reshape(*each.shape[:-1], *split) for each in (value, wide))
    if keep == "worst":
        return jnp.max(jnp.where(wide > 0.0, value, -jnp.inf), axis=-1)
    count = jnp.sum(wide, axis=-1)
    mean = jnp.sum(wide * value, axis=-1) / jnp.maximum(count, 1.0)
    square = jnp.sum(wide * (value - mean[..., None]) ** 2, axis=-1)
    return {"mean": mean, "square": square}


@dataclass
class Moments:
    """Count, mean and sum of squared deviations of an array over paths."""

    count: float = 0.0
    mean: FloatArray = field(default_factory=lambda: np.zeros(()))
    square: FloatArray = field(default_factory=lambda: np.zeros(()))

    def add(self, count: float, mean: FloatArray, square: FloatArray) -> None:
        """Merge another sample."""
        if count == 0.0:
            return
        total = self.count + count
        step = mean - self.mean
        self.square = self.square + square + step**2 * (self.count * count / total)
        self.mean = self.mean + step * (count / total)
        self.count = total

    @property
    def standard_error(self) -> FloatArray:
        """Standard error of the mean; NaN below two paths."""
        if self.count < 2:
            return np.full_like(self.mean, np.nan)
        return np.sqrt(self.square / (self.count - 1.0) / self.count)


@dataclass(frozen=True)
class Piece:
    """What some consecutive blocks of 256 paths left, by measure and output.

    Attributes:
        first: the first path; it starts a block.
        count: paths; only the last block may have fewer than 256.
        paths: [path, ..] of outputs that are kept for every path.
        mean: [block, ..] means over each block.
        square: [block, ..] sums of squared deviations from them.
        worst: [block, ..] largest values.
        weight: [path] how much each path counts; None where all count alike.
    """

    first: int
    count: int
    paths: Mapping[Key, FloatArray]
    mean: Mapping[Key, FloatArray]
    square: Mapping[Key, FloatArray]
    worst: Mapping[Key, FloatArray]
    weight: FloatArray | None = None

    @classmethod
    def of(
        cls,
        reduced: Mapping[str, Mapping[str, Any]],
        keeps: Mapping[Key, str],
        first: int,
        count: int,
        weight: FloatArray | None = None,
    ) -> "Piece":
        """From what the device left, of which the first `count` paths count.

        Args:
            reduced: measure -> output -> arrays with paths or blocks first, in host memory.
            keeps: what is kept of each output.
            first: the first path.
            count: paths.
            weight: [path] how much each path counts; None where all count alike.
        """
        kept: dict[str, dict[Key, FloatArray]] = {
            "paths": {},
            "mean": {},
            "square": {},
            "worst": {},
        }
        blocks = _blocks(count)
        for key, keep in keeps.items():
            left = reduced[key[0]][key[1]]
            if keep == "mean":
                kept["mean"][key] = np.array(left["mean"][:blocks])
                kept["square"][key] = np.array(left["square"][:blocks])
            else:
                kept[keep][key] = np.array(left[: count if keep == "paths" else blocks])
        parts = (kept["paths"], kept["mean"], kept["square"], kept["worst"])
        return cls(first, count, *parts, weight)

    @property
    def block_weights(self) -> FloatArray:
        """[block] sum of the weights of the paths of each block."""
        weight = np.ones(self.count) if self.weight is None else self.weight
        return np.add.reduceat(weight, np.arange(0, self.count, BLOCK))

    def part(self, first: int, count: int) -> "Piece":
        """Some paths of it, from the start of one of its blocks to the end of one."""
        start = first - self.first
        by_path = slice(start, start + count)
        by_block = slice(start // BLOCK, start // BLOCK + _blocks(count))
        paths = {key: values[by_path] for key, values in self.paths.items()}
        mean, square, worst = (
            {key: values[by_block] for key, values in kept.items()}
            for kept in (self.mean, self.square, self.worst)
        )
        weight = None if self.weight is None else self.weight[by_path]
        return Piece(first, count, paths, mean, square, worst, weight)


def joined(pieces: Sequence[Piece]) -> Piece:
    """Pieces that follow one another, as one."""
    if len(pieces) == 1:
        return pieces[0]
    paths, mean, square, worst = (
        {key: np.concatenate([part[key] for part in parts]) for key in parts[0]}
        for parts in (
            [piece.paths for piece in pieces],
            [piece.mean for piece in pieces],
            [piece.square for piece in pieces],
            [piece.worst for piece in pieces],
        )
    )
    weights = [piece.weight for piece in pieces if piece.weight is not None]
    weight = np.concatenate(weights) if weights else None
    count = sum(piece.count for piece in pieces)
    return Piece(pieces[0].first, count, paths, mean, square, worst, weight)


def _blocks(count: int) -> int:
    return -(-count // BLOCK)


@dataclass
class Merged:
    """What all blocks left, by measure and output."""

    columns: Columns = field(default_factory=Columns)
    """What is kept for every path."""
    groups: dict[Key, dict[int, Moments]] = field(default_factory=dict[Any, Any])
    """Moments by group of blocks."""
    worst: dict[Key, FloatArray] = field(default_factory=dict[Any, Any])
    done: int = 0
    """Paths taken in."""
    weights: list[FloatArray] = field(default_factory=list[FloatArray])
    """How much each path counts, piece by piece; empty where all count alike."""

    @property
    def weight(self) -> FloatArray | None:
        """[path] how much each path counts; None where all count alike."""
        return np.concatenate(self.weights) if self.weights else None

    def take(self, piece: Piece) -> None:
        """Take in the next paths."""
        self.columns.add(piece.paths)
        for key, values in piece.worst.items():
            value = np.max(values, axis=0)
            before = self.worst.get(key)
            self.worst[key] = value if before is None else np.maximum(before, value)
        weights = piece.block_weights
        for key, mean in piece.mean.items():
            self._moments(key, mean, piece.square[key], weights)
        if piece.weight is not None:
            self.weights.append(piece.weight)
        self.done += piece.count

    def _moments(self, key: Key, mean: FloatArray, square: FloatArray, weights: FloatArray) -> None:
        groups = self.groups.setdefault(key, {})
        if not mean[0].size:  # an axis without entries: a plan without facilities, say
            groups[0] = Moments(0.0, mean[0], square[0])
            return
        for block in range(mean.shape[0]):
            group = (self.done // BLOCK + block) % REPLICATES
            part = float(weights[block]), mean[block], square[block]
            groups.setdefault(group, Moments()).add(*part)

    def moments(self, key: Key, without: int | None = None) -> Moments:
        """Moments of an output over all paths, or over all but those of one group."""
        groups = self.groups[key]
        whole = Moments()
        for group in sorted(groups):
            part = groups[group]
            if not part.mean.size:
                return part
            if group != without:
                whole.add(part.count, part.mean, part.square)
        return whole

    def group_error(self, key: Key) -> FloatArray:
        """Standard error of a mean from the means of groups of one size; NaN below two groups."""
        groups = list(self.groups[key].values())
        means = np.stack([group.mean for group in groups])
        if len(groups) < 2:
            return np.full_like(means[0], np.nan)
        return np.std(means, axis=0, ddof=1) / np.sqrt(len(groups))

    def per_path(self, key: Key) -> FloatArray:
        """[path, ..] all paths of an output that is kept for every path."""
        return self.columns.whole(key)
