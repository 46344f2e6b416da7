"""Fixtures of several tests of runs."""

import pytest

from offtake.run import elections


@pytest.fixture(scope="module")
def few_pilot_paths():
    """Fewer paths to fit policies on than a run takes."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(elections, "PILOT_PATHS", 1024)
        yield
