"""What the profile counts of a compiled program, on one small enough to count by hand."""

from benchmarks.kernels import Compiled
from benchmarks.profile import STEPS, step_of
from offtake.core.arrays import jax, jnp

ROWS, PATHS, MONTHS = 3, 128, 5
MATRIX = 8 * ROWS * PATHS
"""Bytes of one array [row, path]."""


def test_bytes_and_operations_of_a_kernel_are_those_of_its_arrays() -> None:
    given = jnp.ones((ROWS, PATHS))
    run = jax.jit(lambda a, b: (a + b) * b - a).lower(given, given).compile()
    (kernel,) = [k for k in Compiled(run.as_text()).kernels().values() if k.operations]
    # Two arrays in, one out; a sum, a product and a difference for each number.
    assert (kernel.moved, kernel.operations) == (3.0 * MATRIX, 3.0 * ROWS * PATHS)


def test_a_record_that_grows_counts_what_a_month_writes() -> None:
    def month(state, now):
        state = state + now
        return state, state

    run = jax.jit(lambda s, x: jax.lax.scan(month, s, x))
    whole = MONTHS * MATRIX
    text = run.lower(jnp.ones((ROWS, PATHS)), jnp.ones((MONTHS, PATHS, 1))[:, :ROWS]).compile()
    kernels = Compiled(text.as_text()).kernels()
    updates = [k.moved for name, k in kernels.items() if "dynamic-update-slice" in name]
    # Neither the record nor the months to come are read or written whole.
    assert updates
    assert all(moved < whole for moved in updates)


def test_kernels_go_to_the_step_that_called_them() -> None:
    def called(*frames: str) -> str:
        return step_of([(file, name) for file, name in (f.split(":") for f in frames)])

    inside = ("engine/simulate.py:simulate", "engine/simulate.py:month", "engine/step.py:step")
    observe = (*inside, "lowering/world.py:observe")
    assert called(*inside, "engine/clear.py:clear", "core/rows.py:added") == "clearing"
    assert called(*inside, "engine/clear.py:clear", "engine/clear.py:slot_checks") == "checks"
    assert called(*inside, "engine/step.py:_asked", "contracts/term_loan.py:claim") == "claims"
    assert called(*observe, "market/process.py:advance") == "drivers"
    assert called(*observe, "physical/fleet.py:view") == "physical"
    assert called(*observe, "lowering/spot.py:trade", "market/clearing.py:clear") == "market"
    assert called("engine/simulate.py:simulate") == "record"
    assert called("run/merge.py:reduce_block", "measures/funding.py:reduce") == "measures"
    assert called() == "copies"
    names = ("drivers", "physical", "market", "claims", "clearing", "settle", "checks", "measures")
    assert set(names) <= set(STEPS)
