"""Devices, block width, the cache of compiled programs; a block on several devices at once."""

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, cast

from offtake.core.arrays import CPU_DEVICES_VARIABLE, configure, counted, is_loaded, jax
from offtake.core.errors import WrongRequest
from offtake.engine.simulate import Block, Draws
from offtake.engine.step import Entry

Device = Literal["cpu", "gpu"]
BLOCK_PATHS: dict[Device, int] = {"cpu": 256, "gpu": 8192}
"""Paths per device and block. On processors what fits the cache, measured (benchmarks/README.md);
on a GPU what keeps it busy in networks of some hundred claims, not measured."""


@dataclass(frozen=True)
class Devices:
    """Devices that blocks go to, a block each at a time."""

    kind: Device
    count: int

    @property
    def share(self) -> int:
        """Paths per device and block: $OFFTAKE_BLOCK_PATHS, or what suits the kind."""
        return counted("OFFTAKE_BLOCK_PATHS") or BLOCK_PATHS[self.kind]


def cache_folder() -> Path:
    """Folder of compiled programs: $OFFTAKE_CACHE, or offtake under the user's cache folder."""
    named = os.environ.get("OFFTAKE_CACHE")
    if named:
        return Path(named)
    base = os.environ.get("XDG_CACHE_HOME") or str(Path.home() / ".cache")
    return Path(base) / "offtake"


def prepare(devices: int | None = None, device: Device | None = None) -> Devices:
    """Set JAX up for this process and say which devices blocks go to.

    Args:
        devices: how many are wanted; $OFFTAKE_CPU_DEVICES or all cores, or all GPUs, if None. Has
            no effect on the number of CPU devices once JAX is in use.
        device: kind of device; the one in use if None, processors where none is yet.

    Raises:
        WrongRequest: JAX finds no device of this kind, or is in use with another one; or
            $OFFTAKE_CPU_DEVICES is no number.
    """
    if not is_loaded():
        cores = devices or counted(CPU_DEVICES_VARIABLE) or len(os.sched_getaffinity(0))
        folder = cache_folder() / "compiled"
        folder.mkdir(parents=True, exist_ok=True)
        options: dict[str, Any] = {} if device == "gpu" else {"jax_platforms": "cpu"}
        configure(
            cpu_devices=max(1, cores),
            jax_compilation_cache_dir=str(folder),
            jax_persistent_cache_min_compile_time_secs=0.0,
            jax_persistent_cache_min_entry_size_bytes=0,
            **options,
        )
    kind = device or cast("Device", jax.default_backend())
    available = len(_found(kind))
    return Devices(kind, min(devices or available, available))


def _found(device: Device) -> list[Any]:
    """All devices of a kind."""
    try:
        found: list[Any] = jax.devices(device)  # pyright: ignore[reportUnknownVariableType]
        said = f"this process computes on {jax.default_backend()} already"
    except RuntimeError as nothing:
        found, said = [], str(nothing).splitlines()[0]
    if not found or device != jax.default_backend():
        message = (
            f"device {device}: JAX has none ({said}); with an NVIDIA GPU and its driver install "
            "offtake[cuda], leave $JAX_PLATFORMS unset, and ask for it before anything else is "
            "run in the process; or leave the device out: the numbers are the same to rounding"
        )
        raise WrongRequest(message)
    return found


def on_devices(run: Block, devices: Devices, *, months: bool = True) -> Block:
    """The block on several devices, one block each, compiled at the first call.

    Draws lie side by side, block after block; the pieces come back one after another.

    Args:
        run: what each device does.
        devices: which.
        months: False where `run` gives None in place of the months' record.
    """
    if devices.count == 1:
        return jax.jit(run)
    found: Any = jax.devices(devices.kind)[: devices.count]  # pyright: ignore[reportUnknownVariableType]
    mesh = jax.make_mesh(
        (devices.count,), ("paths",), axis_types=(jax.sharding.AxisType.Auto,), devices=found
    )
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
