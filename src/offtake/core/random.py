"""Named random streams: the same numbers whatever the chunking, device or company (DESIGN §12).

Draws are keyed by (seed, name of the stream, block), a block being 256 consecutive paths drawn
whole. So asking for other paths, or adding a stream, moves no draw of the others. That holds for
every sampler:

    pseudo      independent draws
    antithetic  the second half of a block mirrors the first: z and -z, u and 1 - u
    sobol       scrambled Sobol points [1, 2], one sequence per stream, whose order within a block
                is shuffled by stream: Latin supercube sampling [3], so that streams stay
                independent of one another and their number is not limited. Normals of many periods
                are turned so that the first dimensions move the path most (principal components
                of a random walk [4])

Blocks are dealt to `REPLICATES` groups in turn. Under sobol each group is scrambled by itself, so
groups are independent of one another under every sampler, and errors come from how they differ.

References:
    1. Sobol', I. M. (1967). On the distribution of points in a cube. USSR Comp. Math. 7.
    2. Matousek, J. (1998). On the L2-discrepancy for anchored boxes. J. of Complexity 14.
    3. Owen, A. B. (1998). Latin supercube sampling for very high-dimensional simulations. ACM
       TOMACS 8.
    4. Acworth, P., Broadie, M., Glasserman, P. (1998). A comparison of some Monte Carlo and quasi
       Monte Carlo techniques for option pricing. In MCQMC 1996.
"""

import hashlib
from functools import cache, lru_cache
from typing import Any, Literal, get_args

import numpy as np
from numpy.typing import NDArray

BLOCK = 256
"""Paths drawn together."""
REPLICATES = 16
"""Groups of blocks that are independent of one another; block b belongs to group b mod 16."""
Sampler = Literal["pseudo", "antithetic", "sobol"]
SAMPLERS: tuple[Sampler, ...] = get_args(Sampler)
BITS = 30
"""Binary digits of a Sobol point."""
FloatArray = NDArray[np.float64]


def generator(seed: int, stream: str, block: int) -> np.random.Generator:
    """Random generator of one block of a named stream."""
    return _keyed(f"{seed}\x00{stream}\x00{block}")


def _keyed(key: str) -> np.random.Generator:
    digest = hashlib.blake2b(key.encode(), digest_size=32).digest()
    words = np.frombuffer(digest, np.uint32)
    return np.random.Generator(np.random.SFC64(np.random.SeedSequence(words.tolist())))


def normals(
    seed: int, stream: str, periods: int, first: int, paths: int, sampler: Sampler = "pseudo"
) -> FloatArray:
    """Standard normals of a stream, [period, path], for paths first .. first + paths - 1.

    Raises:
        ValueError: `first` does not start a block.
    """

    def drawn(block: int) -> FloatArray:
        if sampler == "sobol":
            return turned(periods) @ _scores(_points(seed, stream, periods, block)).T
        random = generator(seed, stream, block)
        if sampler == "antithetic":
            half = random.standard_normal((BLOCK // 2, periods)).T
            return np.concatenate([half, -half], axis=1)
        return random.standard_normal((BLOCK, periods)).T

    blocks = [drawn(block) for block in _blocks(first, paths)]
    return np.concatenate(blocks, axis=1)[:, :paths]


def uniforms(
    seed: int, stream: str, first: int, paths: int, sampler: Sampler = "pseudo"
) -> FloatArray:
    """Uniforms in (0, 1) of a stream, [path]; see `normals`."""

    def drawn(block: int) -> FloatArray:
        if sampler == "sobol":
            return _points(seed, stream, 1, block)[:, 0]
        random = generator(seed, stream, block)
        if sampler == "antithetic":
            half = random.random(BLOCK // 2)
            return np.concatenate([half, 1.0 - half])
        return random.random(BLOCK)

    tiny = np.finfo(np.float64).tiny
    blocks = [drawn(block) for block in _blocks(first, paths)]
    return np.maximum(np.concatenate(blocks)[:paths], tiny)


def replicates(first: int, paths: int) -> NDArray[np.int64]:
    """[path] group to which each of paths first .. first + paths - 1 belongs."""
    return np.arange(first, first + paths) // BLOCK % REPLICATES


def _blocks(first: int, paths: int) -> range:
    if first % BLOCK:
        message = f"paths are drawn in blocks of {BLOCK}; {first} does not start one"
        raise ValueError(message)
    return range(first // BLOCK, first // BLOCK - (-paths // BLOCK))


@lru_cache(maxsize=2048)
def _sequence(seed: int, stream: str, dimensions: int, replicate: int) -> Any:
    """Scrambled Sobol sequence of a stream in one group of blocks."""
    from scipy.stats import qmc  # a second, paid only where it is used

    random = _keyed(f"{seed}\x00{stream}\x00sobol {replicate}")
    return qmc.Sobol(dimensions, scramble=True, bits=BITS, rng=random)


def _points(seed: int, stream: str, dimensions: int, block: int) -> FloatArray:
    """[256, dimension] points of one block inside (0, 1), in shuffled order."""
    sequence = _sequence(seed, stream, dimensions, block % REPLICATES).reset()
    place = block // REPLICATES * BLOCK
    if place:
        sequence.fast_forward(place)
    points: FloatArray = sequence.random(BLOCK) + 2.0 ** -(BITS + 1)
    return points[generator(seed, stream, block).permutation(BLOCK)]


def _scores(points: FloatArray) -> FloatArray:
    from scipy.special import ndtri

    return ndtri(points)


@cache
def turned(periods: int) -> FloatArray:
    """[period, dimension] orthogonal: steps of a random walk from its principal components.

    With W = L z the walk, L lower triangular of ones, and L L' = V D V', z = L^-1 V sqrt(D) x has
    the distribution of x and x_0 moves W most.
    """
    walk = np.tril(np.ones((periods, periods)))
    left, _, right = np.linalg.svd(walk)
    del left
    return np.ascontiguousarray(right.T)
