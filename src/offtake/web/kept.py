"""Results of runs, opened once: for the process that does small tasks."""

from functools import lru_cache
from pathlib import Path

from offtake.results.results import Results
from offtake.web import folders

MOST = 8
"""Results that are held open; one of a large run takes some hundred megabytes."""


@lru_cache(maxsize=MOST)
def results_of(folder: str) -> Results:
    """Results of a run.

    Args:
        folder: of the run.

    Raises:
        FileNotFoundError: they were not saved, or not yet.
    """
    return Results.load(Path(folder) / folders.RESULTS)
