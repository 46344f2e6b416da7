"""Settings and fixtures that all tests share.

Most of the time of the tests is that of the compiler, so programs are compiled quickly, not to run
quickly: the same arithmetic, but for the order of roundings. A test in tests/engine holds a program
compiled so against the same one compiled as a user's run compiles it. `XLA_FLAGS= make test`
compiles all of them as a user's run does.
"""

import os
from pathlib import Path

# Read by JAX when it is first imported, also in the processes that tests start.
os.environ["JAX_ENABLE_X64"] = "true"
os.environ["JAX_NUMPY_RANK_PROMOTION"] = "raise"
os.environ["JAX_NUMPY_DTYPE_PROMOTION"] = "strict"
os.environ.setdefault("JAX_PLATFORMS", "cpu")
os.environ.setdefault(
    "XLA_FLAGS", "--xla_backend_optimization_level=0 --xla_cpu_use_fusion_emitters=false"
)

import pytest
from hypothesis import HealthCheck, settings

from tests.reference_data import MISSING, ROOT, find_reference_data

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


def pytest_itemcollected(item: pytest.Item) -> None:
    """Give the tests of a file to one worker, as they share compiled programs.

    A test with a mark `xdist_group` of its own goes where that says. (Marks are read for the groups
    before `pytest_collection_modifyitems` of a conftest is called: that would be too late.)
    """
    if item.get_closest_marker("xdist_group") is None:
        file = item.path.relative_to(ROOT)
        folder = file.parent.as_posix()
        item.add_marker(pytest.mark.xdist_group(folder if folder in TOGETHER else file.as_posix()))


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
