"""JAX is loaded on first use, in float64, as configured; each case in a process of its own."""

import os
import subprocess
import sys

import pytest

from offtake.core.arrays import CPU_DEVICES_VARIABLE, counted
from offtake.core.errors import WrongRequest

START = "import sys; from offtake.core.arrays import Array, configure, is_loaded, jax, jnp, lax;"


def run(script, **environment):
    env = {k: v for k, v in os.environ.items() if k not in {"JAX_ENABLE_X64", "XLA_FLAGS"}}
    done = subprocess.run(
        [sys.executable, "-c", START + script],
        env=env | environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def test_importing_the_names_does_not_import_jax():
    run("assert 'jax' not in sys.modules and not is_loaded() and 'deferred' in repr(jnp)")


def test_inspecting_the_names_does_not_import_jax():
    run(
        "import inspect; inspect.unwrap(jnp); hasattr(lax, '__wrapped__');"
        "assert 'jax' not in sys.modules"
    )


@pytest.mark.slow
def test_first_use_loads_float64():
    run("assert str(jnp.ones(2).dtype) == 'float64' and is_loaded() and lax.scan and jax.jit")


@pytest.mark.slow
def test_devices_from_a_call_or_from_the_environment():
    assert run("configure(cpu_devices=2); print(jax.device_count())") == "2"
    assert run("print(jax.device_count())", OFFTAKE_CPU_DEVICES="3") == "3"
    said = run("configure(cpu_devices=2); print(jax.device_count())", OFFTAKE_CPU_DEVICES="3")
    assert said == "2"


@pytest.mark.parametrize("said", ["two", "0", "-1", "1.5", "²"])
def test_a_variable_that_is_no_number_is_told(said, monkeypatch):
    monkeypatch.setenv(CPU_DEVICES_VARIABLE, said)
    with pytest.raises(WrongRequest, match=r"OFFTAKE_CPU_DEVICES: found .* whole number"):
        counted(CPU_DEVICES_VARIABLE)


@pytest.mark.slow
def test_settings_that_come_too_late_are_refused():
    run(
        "configure(cpu_devices=2); jnp.ones(1); configure(cpu_devices=2)\n"
        "try: configure(cpu_devices=1)\n"
        "except RuntimeError as error: assert 'jax_num_cpu_devices' in str(error)\n"
        "else: raise SystemExit('not refused')"
    )


def test_no_device_is_refused():
    run(
        "\ntry: configure(cpu_devices=0)\n"
        "except ValueError as error: assert 'at least 1, found 0' in str(error)\n"
        "else: raise SystemExit('not refused')"
    )
