"""Devices, block width and the cache of compiled programs."""

import os
from pathlib import Path
from typing import Any

from offtake.core.arrays import configure, is_loaded, jax

BLOCK_PATHS = 256
"""Paths per device and block; see benchmarks/README.md for how it was chosen."""


def cache_folder() -> Path:
    """Folder of compiled programs: $OFFTAKE_CACHE, or offtake under the user's cache folder."""
    named = os.environ.get("OFFTAKE_CACHE")
    if named:
        return Path(named)
    base = os.environ.get("XDG_CACHE_HOME") or str(Path.home() / ".cache")
    return Path(base) / "offtake"


def prepare(devices: int | None = None) -> int:
    """Set JAX up for this process and say how many devices blocks go to.

    Args:
        devices: CPU devices wanted; all cores if None. Has no effect once JAX is in use.
    """
    if not is_loaded():
        cores = devices or len(os.sched_getaffinity(0))
        folder = cache_folder() / "compiled"
        folder.mkdir(parents=True, exist_ok=True)
        configure(
            cpu_devices=max(1, cores),
            jax_compilation_cache_dir=str(folder),
            jax_persistent_cache_min_compile_time_secs=0.0,
            jax_persistent_cache_min_entry_size_bytes=0,
        )
    found: Any = jax.devices()  # pyright: ignore[reportUnknownVariableType]
    available = len(found)
    return min(devices or available, available)
