"""Futures drawn from elsewhere, and how much each of them counts (`offtake.risk.tilt`).

All that is random in a plan is made of independent standard normals: the months of every driver's
own shocks, delays, the normal score of every uncertain number, the latent variable of every party
with a credit. Way k draws them with means mu_k in place of zero; a party's default, of probability
q in a period given the drivers, with probability 1 - (1 - q)^m_k up to its first one. So against
the plan a future z has the density

    r_k = exp(mu_k z - mu_k^2 / 2) prod_t (1 - q)^(m - 1)  [no default]  (1 - (1 - q)^m) / q  [one]

and, a share a_k of the futures being drawn by way k (a_0 by the plan, r_0 = 1), the weight

    w = 1 / sum_k a_k r_k   <= 1 / a_0

whichever way drew it (balance heuristic; Hesterberg 1995, Owen and Zhou 2000). Shares are met
exactly within every block of 256 futures: futures are dealt to ways by their place in the block.

A shift of s standard deviations of something that is made of several normals (a correlated driver,
a delay with causes) is the likeliest, that of least mu^2: what is correlated with it goes along.
"""

from dataclasses import dataclass
from functools import cache
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray
from scipy.special import log_ndtr, logsumexp, ndtr, ndtri

from offtake.core.arrays import Array, jax
from offtake.core.random import BLOCK, Sampler, uniforms
from offtake.lowering.lower import LoweredPlan
from offtake.lowering.world import World
from offtake.run.draw import HostDraws

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]
PARTS = BLOCK // 2
"""Shares of ways are whole parts of so many: antithetic pairs are drawn the same way."""
LEAST = 1e-300
"""Weight of a future that is all but impossible under the plan; zero would leave it out."""


@dataclass(frozen=True)
class Tilted:
    """Ways of a lowered plan; K of them beside the plan's own.

    Attributes:
        parts: [1 + K] parts of 128 that are drawn each way, the plan's own first.
        monthly: [K, T, stream] means of the normals drawn every period.
        once: [K, stream] means of those drawn once.
        rows: [R] rows of the uncertain numbers that are tilted.
        scores: [K, R] means of their normal scores.
        times: [K, E] factors of hazard rates of parties with a credit.
    """

    parts: IntArray
    monthly: FloatArray
    once: FloatArray
    rows: IntArray
    scores: FloatArray
    times: FloatArray

    @property
    def ways(self) -> int:
        """Ways beside the plan's own."""
        return self.parts.size - 1

    def way_of(self, paths: int) -> IntArray:
        """[P] way in which each of some blocks of paths is drawn; 0 is the plan's own."""
        turn = np.array([int(f"{place:07b}"[::-1], 2) for place in range(PARTS)])
        of_place = np.searchsorted(np.cumsum(self.parts), turn, side="right")
        return of_place[np.arange(paths) % PARTS]

    def scores_drawn(
        self, lowered: LoweredPlan, seed: int, first: int, paths: int, sampler: Sampler
    ) -> FloatArray:
        """[R, P] normal scores of the uncertain numbers that are tilted, as the ways have them."""
        places = [lowered.table.rows[int(row)].place for row in self.rows]
        drawn = [uniforms(seed, f"number {p}", first, paths, sampler) for p in places]
        scores = np.asarray(ndtri(np.array(drawn).reshape(len(places), paths)), np.float64)
        return scores + _of_way(self.scores, self.way_of(paths))

    def moved(
        self,
        lowered: LoweredPlan,
        drawn: HostDraws,
        seed: int,
        first: int,
        sampler: Sampler = "pseudo",
    ) -> HostDraws:
        """Draws of whole blocks of paths as the ways have them, with their weights.

        Args:
            lowered: the plan.
            drawn: as the plan has them.
            seed: of every random stream.
            first: the first path.
            sampler: how they were drawn.
        """
        paths = drawn.weight.size
        way = self.way_of(paths)
        monthly = drawn.monthly + _of_way(self.monthly, way)
        once = drawn.once + _of_way(self.once, way)
        scores = self.scores_drawn(lowered, seed, first, paths, sampler)
        values = drawn.values.copy()
        for row, score in zip(self.rows.tolist(), scores, strict=True):
            number = lowered.table.rows[int(row)]
            if number.distribution is not None:
                u = np.asarray(ndtr(score), np.float64)
                values[row] = number.distribution.ppf(u) * number.scale
        density = (
            _shifted(self.monthly, monthly)
            + _shifted(self.once, once)
            + _shifted(self.scores, scores)
        )
        if np.any(self.times != 1.0):
            defaults = Defaults.of(lowered, values, monthly)
            monthly = defaults.drawn(self.times, way)
            density = density + defaults.density(self.times)
        share = self.parts / PARTS
        mixture = np.concatenate([np.zeros((1, paths)), density])
        weight = np.exp(-logsumexp(mixture, axis=0, b=share[:, None]))
        return HostDraws(values, once, monthly, np.maximum(weight, LEAST))


def _of_way(means: FloatArray, way: IntArray) -> FloatArray:
    """[.., P] mean of each path's normals: means [K, ..]."""
    every = np.concatenate([np.zeros((1, *means.shape[1:])), means])
    return np.moveaxis(every[way], 0, -1)


def _shifted(means: FloatArray, normals: FloatArray) -> FloatArray:
    """[K, P] log density of normals [.., P] with means [K, ..] against those without."""
    flat = means.reshape(means.shape[0], -1)
    along = flat @ normals.reshape(-1, normals.shape[-1])
    return along - 0.5 * np.sum(flat**2, axis=1)[:, None]


@dataclass
class Defaults:
    """Defaults of parties with a credit, on the futures of some draws.

    Attributes:
        monthly: [T, stream, P] all normals drawn every period.
        stream: [E] those of the parties.
        bound: [T, E, P] a party's normal below which it defaults, given the drivers.
        chance: [T, E, P] log of the probability not to, given the drivers.
    """

    monthly: FloatArray
    stream: IntArray
    bound: FloatArray
    chance: FloatArray

    @classmethod
    def of(cls, lowered: LoweredPlan, values: FloatArray, monthly: FloatArray) -> "Defaults":
        """Of draws whose drivers are final."""
        world = cast("World", lowered.program.environment)
        given: Any = jax.device_get(_compiled()(world, values, monthly))
        bound = np.asarray(given, np.float64)
        stream = np.asarray(world.credit.stream, np.int64)
        return cls(monthly, stream, bound, np.asarray(log_ndtr(-bound)))

    def drawn(self, times: FloatArray, way: IntArray) -> FloatArray:
        """The normals with those of the parties as the ways have them, [T, stream, P].

        The distribution function of a normal is stretched so that what was below q is below q'.
        """
        every = np.concatenate([np.ones((1, times.shape[1])), times])[way].T
        made = self.monthly.copy()
        going = np.ones(every.shape, bool)
        for t in range(made.shape[0]):
            z: FloatArray = made[t, self.stream]
            stays: FloatArray = self.chance[t]
            more: FloatArray = every * stays
            below_z = np.asarray(ndtr(z), np.float64)
            fails, often = -np.expm1(stays), -np.expm1(more)
            with np.errstate(divide="ignore", invalid="ignore"):
                below = np.asarray(ndtri(below_z * fails / often), np.float64)
                above = np.asarray(-ndtri(np.exp(log_ndtr(-z) + stays - more)), np.float64)
            hit = below_z < often
            tilted = going & (fails > 0.0) & (every != 1.0)
            made[t, self.stream] = np.where(tilted, np.where(hit, below, above), z)
            going &= ~(made[t, self.stream] < self.bound[t])
        self.monthly = made
        return made

    def until_first(self) -> tuple[FloatArray, FloatArray]:
        """Whether a party has defaulted, and its hazard up to then under the plan, [E, P] each."""
        first, going = self._first()
        defaults = np.asarray(first.any(axis=0), np.float64)
        return defaults, -np.sum(np.where(going, self.chance, 0.0), axis=0)

    def _first(self) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
        """[T, E, P] the first default of a party; up to it, that period included."""
        hit = self.monthly[:, self.stream] < self.bound
        going = np.cumsum(hit, axis=0) - hit == 0
        return going & hit, going

    def density(self, times: FloatArray) -> FloatArray:
        """[K, P] log density of who defaulted, by each way, against the plan."""
        first, going = self._first()
        stays = np.where(going & ~first, self.chance, 0.0).sum(axis=0)
        found = np.zeros((times.shape[0], first.shape[-1]))
        for k, each in enumerate(times):
            more = each[:, None] * self.chance
            with np.errstate(divide="ignore", invalid="ignore"):
                fails = np.log(-np.expm1(more)) - np.log(-np.expm1(self.chance))
            defaults = np.where(first, fails, 0.0).sum(axis=0)
            found[k] = np.sum((each[:, None] - 1.0) * stays + defaults, axis=0)
        return found


@cache
def _compiled() -> Any:
    def bounds(world: World, values: Array, monthly: Array) -> Array:
        return world.default_bounds(values, monthly)

    return jax.jit(bounds)
