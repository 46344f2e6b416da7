"""Settings and fixtures that all tests share."""

import os
from pathlib import Path

# Read by JAX when it is first imported, also in the processes that tests start.
os.environ["JAX_ENABLE_X64"] = "true"
os.environ["JAX_NUMPY_RANK_PROMOTION"] = "raise"
os.environ["JAX_NUMPY_DTYPE_PROMOTION"] = "strict"
os.environ.setdefault("JAX_PLATFORMS", "cpu")

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
