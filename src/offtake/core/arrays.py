"""The array library, loaded on first use.

Importing JAX takes seconds, and reading, checking or listing a plan does not need it. Files that do
arithmetic therefore write

    from offtake.core.arrays import Array, jax, jnp, lax

and use the names as if they were the modules. Each name is a stand-in: the first attribute asked of
any of them (`jnp.where`, `lax.scan`) imports JAX, switches it to float64 and applies what
`configure` asked for. So nothing at the top level of such a file may touch an attribute of them
(no `@jax.jit` or `@jax.custom_jvp` decorator, no `jnp.array` constant, no default argument): do it
inside functions. Type checkers see the real modules.
"""

from __future__ import annotations

import importlib
import os
import sys
from typing import TYPE_CHECKING, Any

from offtake.core.errors import WrongRequest

if TYPE_CHECKING:
    import jax
    import jax.numpy as jnp
    from jax import Array, lax
else:
    Array = Any  # only for annotations; there is no isinstance test against it at run time

__all__ = ["Array", "configure", "counted", "is_loaded", "jax", "jnp", "lax"]

CPU_DEVICES_VARIABLE = "OFFTAKE_CPU_DEVICES"
"""Environment variable: number of CPU devices, where `configure` was not called."""


class _Settings:
    """What `configure` asked for, and whether JAX was already set up with it."""

    loaded: bool = False
    options: dict[str, object]

    def __init__(self) -> None:
        self.options = {}


_settings = _Settings()


def configure(*, cpu_devices: int | None = None, **options: object) -> None:
    """Say how JAX is to be set up; call before the first array is made.

    Args:
        cpu_devices: CPU devices that JAX presents (`jax_num_cpu_devices`); None leaves it as it is.
        options: further JAX settings by their own names, e.g. `jax_compilation_cache_dir="..."`.

    Raises:
        ValueError: cpu_devices is below one.
        RuntimeError: JAX was already set up with other settings.
    """
    wanted = dict(options)
    if cpu_devices is not None:
        if cpu_devices < 1:
            message = f"cpu_devices must be at least 1, found {cpu_devices}"
            raise ValueError(message)
        wanted["jax_num_cpu_devices"] = cpu_devices
    changed = {k: v for k, v in wanted.items() if _settings.options.get(k) != v}
    if changed and _settings.loaded:
        message = f"JAX is already set up; configure {', '.join(changed)} before its first use"
        raise RuntimeError(message)
    _settings.options.update(wanted)


def counted(variable: str) -> int | None:
    """The number that an environment variable holds; None where it is not set or empty.

    Raises:
        WrongRequest: it holds something else, or less than one.
    """
    said = os.environ.get(variable)
    if not said:
        return None
    if not said.isascii() or not said.isdigit() or int(said) < 1:
        message = f"${variable}: found {said!r}; expected a whole number from 1 on; mend it"
        raise WrongRequest(message)
    return int(said)


def is_loaded() -> bool:
    """Whether JAX has been imported and set up through this module."""
    return _settings.loaded


def _load() -> None:
    """Import JAX once, in float64, with the settings of `configure`."""
    if _settings.loaded:
        return
    real = importlib.import_module("jax")
    options = _settings.options
    if "jax_num_cpu_devices" not in options:
        named = counted(CPU_DEVICES_VARIABLE)
        if named is not None:
            options["jax_num_cpu_devices"] = named
    real.config.update("jax_enable_x64", True)
    for name, value in options.items():
        real.config.update(name, value)
    _settings.loaded = True


class _Deferred:
    """Stand-in for a module, which imports it when an attribute is first asked for."""

    def __init__(self, module: str) -> None:
        self.__dict__["_module"] = module

    def __getattr__(self, name: str) -> Any:
        module: str = self.__dict__["_module"]
        if name.startswith("__") and module not in sys.modules:
            raise AttributeError(name)  # inspection alone does not import
        _load()
        value = getattr(importlib.import_module(module), name)
        self.__dict__[name] = value
        return value

    def __repr__(self) -> str:
        return f"<deferred {self.__dict__['_module']}>"


if not TYPE_CHECKING:
    jax = _Deferred("jax")
    jnp = _Deferred("jax.numpy")
    lax = _Deferred("jax.lax")
