"""Named random streams: the same numbers whatever the chunking, device or company (DESIGN §12).

Draws are keyed by (seed, name of the stream, block), a block being 256 consecutive paths drawn
whole. So asking for other paths, or adding a stream, moves no draw of the others.
"""

import hashlib

import numpy as np
from numpy.typing import NDArray

BLOCK = 256
"""Paths drawn together."""


def generator(seed: int, stream: str, block: int) -> np.random.Generator:
    """Random generator of one block of a named stream."""
    digest = hashlib.blake2b(f"{seed}\x00{stream}\x00{block}".encode(), digest_size=32).digest()
    words = np.frombuffer(digest, np.uint32)
    return np.random.Generator(np.random.SFC64(np.random.SeedSequence(words.tolist())))


def normals(seed: int, stream: str, periods: int, first: int, paths: int) -> NDArray[np.float64]:
    """Standard normals of a stream, [period, path], for paths first .. first + paths - 1.

    Raises:
        ValueError: `first` does not start a block.
    """
    if first % BLOCK:
        message = f"paths are drawn in blocks of {BLOCK}; {first} does not start one"
        raise ValueError(message)
    count = -(-paths // BLOCK)
    drawn = [
        generator(seed, stream, first // BLOCK + block).standard_normal((BLOCK, periods)).T
        for block in range(count)
    ]
    return np.concatenate(drawn, axis=1)[:, :paths]


def uniforms(seed: int, stream: str, first: int, paths: int) -> NDArray[np.float64]:
    """Uniforms in (0, 1) of a stream, [path]; see `normals`."""
    if first % BLOCK:
        message = f"paths are drawn in blocks of {BLOCK}; {first} does not start one"
        raise ValueError(message)
    count = -(-paths // BLOCK)
    drawn = [generator(seed, stream, first // BLOCK + b).random(BLOCK) for b in range(count)]
    tiny = np.finfo(np.float64).tiny
    return np.maximum(np.concatenate(drawn)[:paths], tiny)
