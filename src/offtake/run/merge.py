"""Blocks merged as they come: exact means and variances, per-path scalars, worst values.

Means and variances merge by the pairwise update of Chan et al. [1], so they do not depend on how
the paths were cut into blocks beyond rounding. They are kept by group of blocks
(`core.random.REPLICATES`): what is worked out from all groups, and from all but one, gives the
error of anything.

References:
    1. Chan, T. F., Golub, G. H., LeVeque, R. J. (1983). Algorithms for computing the sample
       variance. The American Statistician 37.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from offtake.core.arrays import Array, jnp
from offtake.core.measure import Measure, Record
from offtake.core.random import BLOCK, REPLICATES

FloatArray = NDArray[np.float64]


def reduce_block(measures: tuple[Measure, ...], record: Record, weight: Array) -> Any:
    """Outputs of all measures for one block: measure -> output -> pieces by what is kept.

    Args:
        weight: [P] 1.0 for paths that count.
    """
    reduced: dict[str, dict[str, Any]] = {}
    for measure in measures:
        values = measure.reduce(record)
        reduced[measure.name] = {
            name: _piece(values[name], output.keep, weight)
            for name, output in measure.outputs.items()
        }
    return reduced


def _piece(value: Array, keep: str, weight: Array) -> Any:
    value = value.astype(jnp.float64)
    wide = weight.reshape((1,) * (value.ndim - 1) + weight.shape)
    wide = jnp.broadcast_to(wide, value.shape)
    if keep == "paths":
        return value
    if keep == "worst":
        return jnp.max(jnp.where(wide > 0.0, value, -jnp.inf), axis=-1, keepdims=True)
    paths = weight.shape[0]
    split = (paths // BLOCK, BLOCK) if paths % BLOCK == 0 else (1, paths)
    value, wide = (each.reshape(*each.shape[:-1], *split) for each in (value, wide))
    count = jnp.sum(wide, axis=-1)
    mean = jnp.sum(wide * value, axis=-1) / jnp.maximum(count, 1.0)
    square = jnp.sum(wide * (value - mean[..., None]) ** 2, axis=-1)
    return {"count": count, "mean": mean, "square": square}


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


@dataclass
class Merged:
    """What all blocks left, by measure and output."""

    paths: dict[tuple[str, str], list[FloatArray]] = field(default_factory=dict[Any, Any])
    groups: dict[tuple[str, str], dict[int, Moments]] = field(default_factory=dict[Any, Any])
    """Moments by group of blocks."""
    worst: dict[tuple[str, str], FloatArray] = field(default_factory=dict[Any, Any])
    done: int = 0
    """Paths taken in."""

    def add(
        self,
        reduced: Mapping[str, Mapping[str, Any]],
        keeps: Mapping[tuple[str, str], str],
        count: int,
    ) -> None:
        """Take in the next paths, of which the first `count` count; leaves have paths first."""
        for measure, outputs in reduced.items():
            for name, piece in outputs.items():
                key = (measure, name)
                if keeps[key] == "paths":
                    self.paths.setdefault(key, []).append(np.asarray(piece)[:count].copy())
                elif keeps[key] == "worst":
                    value = np.max(np.asarray(piece), axis=0)
                    before = self.worst.get(key)
                    self.worst[key] = value if before is None else np.maximum(before, value)
                else:
                    self._moments(key, piece)
        self.done += count

    def _moments(self, key: tuple[str, str], piece: Mapping[str, Any]) -> None:
        groups = self.groups.setdefault(key, {})
        count, mean, square = (np.asarray(piece[part]) for part in ("count", "mean", "square"))
        if not mean[0].size:  # an axis without entries: a plan without facilities, say
            groups[0] = Moments(0.0, mean[0], square[0])
            return
        for block in range(count.shape[0]):
            weight = float(count[block].reshape(-1)[0])
            if weight > 0.0:
                group = (self.done // BLOCK + block) % REPLICATES
                groups.setdefault(group, Moments()).add(weight, mean[block], square[block])

    def moments(self, key: tuple[str, str], without: int | None = None) -> Moments:
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

    def group_error(self, key: tuple[str, str]) -> FloatArray:
        """Standard error of a mean from the means of groups of one size; NaN below two groups."""
        groups = list(self.groups[key].values())
        means = np.stack([group.mean for group in groups])
        if len(groups) < 2:
            return np.full_like(means[0], np.nan)
        return np.std(means, axis=0, ddof=1) / np.sqrt(len(groups))

    def per_path(self, key: tuple[str, str]) -> FloatArray:
        """[path, ..] all paths of an output that is kept for every path."""
        return np.concatenate(self.paths[key])
