"""`offtake.run`: a plan to results, in one call."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from offtake.plan.schema import Plan
    from offtake.results.results import Results


def run(
    plan: Plan,
    paths: int = 10_000,
    seed: int = 1,
    *,
    devices: int | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> Results:
    """Simulate a plan over many futures.

    Args:
        plan: from `offtake.load`.
        paths: number of futures.
        seed: of every random stream; the same seed gives the same futures.
        devices: CPU devices to use; all cores if None.
        progress: called after every block with (paths done, paths in all).

    Returns:
        Results: a labelled dataset with tables.

    Raises:
        ValueError: fewer than one path.
    """
    from offtake.run.label import label
    from offtake.run.simulate import simulate

    outcome = simulate(plan, paths, seed, devices=devices, progress=progress)
    started = time.perf_counter()
    results = label(outcome)
    seconds = {**results.facts["seconds"], "measure": time.perf_counter() - started}
    return results.with_facts(seconds=seconds)
