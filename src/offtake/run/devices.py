"""Devices, block width, the cache of compiled programs; a block on several devices at once."""

import os
from pathlib import Path
from typing import Any

from offtake.core.arrays import configure, is_loaded, jax
from offtake.engine.simulate import Block, Draws
from offtake.engine.step import Entry

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


def on_devices(run: Block, devices: int, *, months: bool = True) -> Block:
    """The block on several devices, one block each, compiled at the first call.

    Draws lie side by side, block after block; the pieces come back one after another.

    Args:
        run: what each device does.
        devices: how many.
        months: False where `run` gives None in place of the months' record.
    """
    if devices == 1:
        return jax.jit(run)
    mesh = jax.make_mesh((devices,), ("paths",), axis_types=(jax.sharding.AxisType.Auto,))
    spec: Any = jax.sharding.PartitionSpec
    split = spec(None, None, "paths")
    drawn = Draws(spec(None, "paths"), spec(None, "paths"), split, spec("paths"))
    return jax.jit(
        jax.shard_map(
            run,
            mesh=mesh,
            in_specs=(spec(), spec(), drawn),
            out_specs=(spec("paths"), Entry(split, split, split, split, split) if months else None),
            check_vma=False,
        )
    )
