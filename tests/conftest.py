"""Settings and fixtures that all tests share.

Most of the time of the tests is that of the compiler, so programs are compiled quickly, not to run
quickly: the same arithmetic, but for the order of roundings. A test in tests/engine holds a program
compiled so against the same one compiled as a user's run compiles it. `XLA_FLAGS=
OFFTAKE_CPU_DEVICES= make test` compiles all of them as a user's run does.
"""

import gc
import os
import sys
from collections.abc import Iterator
from pathlib import Path

from offtake.core.arrays import is_loaded, jax
from offtake.run.devices import cache_folder

# Read by JAX when it is first imported, also in the processes that tests start.
os.environ["JAX_ENABLE_X64"] = "true"
os.environ["JAX_NUMPY_RANK_PROMOTION"] = "raise"
os.environ["JAX_NUMPY_DTYPE_PROMOTION"] = "strict"
os.environ.setdefault("JAX_PLATFORMS", "cpu")
os.environ.setdefault(
    "XLA_FLAGS", "--xla_backend_optimization_level=0 --xla_cpu_use_fusion_emitters=false"
)
# A program for several devices takes a third longer to compile; tests of several ask for them.
os.environ.setdefault("OFFTAKE_CPU_DEVICES", "1")
# Processes share what they compiled, also those that use JAX before a run sets it up.
os.environ["JAX_COMPILATION_CACHE_DIR"] = str(cache_folder() / "compiled")
os.environ["JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS"] = "0.5"
os.environ["JAX_PERSISTENT_CACHE_MIN_ENTRY_SIZE_BYTES"] = "0"

import pytest
from hypothesis import HealthCheck, settings
from xdist.scheduler import LoadScopeScheduling

from tests.reference_data import MISSING, ROOT, find_reference_data

# Tracing makes many objects that stay; collecting as often as Python does is a sixth of its time.
gc.set_threshold(100_000, 10, 10)

# No deadline: a first example may compile. Derandomised: the same change passes or fails anywhere.
settings.register_profile(
    "offtake",
    deadline=None,
    derandomize=True,
    print_blob=True,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)
settings.load_profile("offtake")


TOGETHER = ("tests/instruments", "tests/market")
"""Folders whose files share compiled programs with one another."""
APART = (
    "tests/plans/test_expected_results.py",
    "tests/reference/test_reference.py::test_engine_equals_the_oracle_on_the_plans_shown",
)
"""Tests that share nothing with one another: a plan each."""
LARGE = (
    "tests/plans/test_expected_results.py",
    "tests/reference",
    "tests/cli",
    "tests/run",
    "tests/instruments",
    "tests/market",
)
"""What compiles whole plans."""
LONG = (*LARGE, "tests/engine", "tests/measures", "tests/contracts")
"""What takes longest, by its longest file, longest first; all else takes seconds a file."""


def scope_of(nodeid: str) -> str:
    """What goes to one worker as a whole: a file, whose tests share compiled programs."""
    if nodeid.startswith(APART):
        return nodeid
    file = nodeid.split("::", 1)[0]
    folder = file.rpartition("/")[0]
    return folder if folder in TOGETHER else file


class ByWhatIsCompiled(LoadScopeScheduling):
    """Gives the tests of a file to one worker, in the order in which they were collected."""

    def __init__(self, config: pytest.Config, log: object) -> None:
        super().__init__(config, log)  # type: ignore[arg-type]
        config.option.loadscopereorder = False  # it begins with what has most tests

    def _split_scope(self, nodeid: str) -> str:
        return scope_of(nodeid)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: object) -> ByWhatIsCompiled:
    """Which worker runs which test."""
    return ByWhatIsCompiled(config, log)


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Workers begin with what takes longest, so that they end together."""
    if not hasattr(config, "workerinput"):
        return

    def place(item: pytest.Item) -> int:
        found = (i for i, start in enumerate(LONG) if item.nodeid.startswith(start))
        return next(found, len(LONG))

    items.sort(key=place)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_teardown(nextitem: pytest.Item | None, item: pytest.Item) -> Iterator[None]:
    """Forget the compiled programs of a large scope after its last test; what is on disk stays."""
    try:
        return (yield)
    finally:
        last = nextitem is None or scope_of(nextitem.nodeid) != scope_of(item.nodeid)
        if last and item.nodeid.startswith(LARGE):
            forget()


def forget() -> None:
    """Let go of what this process compiled: gigabytes, after some files."""
    if is_loaded():
        simulate = sys.modules.get("offtake.run.simulate")
        if simulate is not None:
            simulate._COMPILED.clear()
        jax.clear_caches()
        gc.collect()


@pytest.fixture(scope="session")
def repository() -> Path:
    """Root of the repository."""
    return ROOT


@pytest.fixture(scope="session")
def reference_data() -> Path:
    """Folder of the reference data; a test that needs it is skipped where there is none."""
    folder = find_reference_data()
    if folder is None:
        pytest.skip(MISSING)
    return folder
