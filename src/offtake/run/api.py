"""`offtake.run`: a plan to results, in one call."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from offtake.core.random import Sampler
    from offtake.plan.schema import Plan
    from offtake.results.results import Results
    from offtake.results.tables.estimates import FloatArray
    from offtake.risk.tilt import Tilt
    from offtake.run.devices import Device
    from offtake.run.scale import Kept
    from offtake.run.simulate import Outcome, Progress, Runner
    from offtake.run.tilted import Tilted
    from offtake.run.until import Until


def run(
    plan: Plan,
    paths: int = 10_000,
    seed: int = 1,
    *,
    devices: int | None = None,
    progress: Callable[[int, int], None] | None = None,
    sampler: Sampler = "pseudo",
    until: Until | None = None,
    errors: bool = False,
    folder: str | Path | Kept | None = None,
    workers: Literal["ray"] | None = None,
    device: Device = "cpu",
    tilt: Tilt | str | Sequence[str] | None = None,
) -> Results:
    """Simulate a plan over many futures.

    Args:
        plan: from `offtake.load`.
        paths: number of futures; at most so many where `until` is given.
        seed: of every random stream; the same seed gives the same futures.
        devices: CPU devices to use; all cores if None.
        progress: called after every block with (paths done, paths in all).
        sampler: how futures are drawn; all but "pseudo" take a multiple of 4,096.
        until: a figure, and how sure it is to be: as few futures as that takes.
        errors: whether to work out the error of every figure (`results.facts["errors"]`); always
            done where futures are not drawn independently as the plan has them.
        folder: where finished shards of 4,096 futures are kept; a run that was stopped is carried
            on from there, and one with more futures goes on from one with fewer (docs/scale.md).
        workers: "ray" for a Ray cluster, that of $RAY_ADDRESS or one on this machine (needs
            offtake[ray] and a folder); the devices of this process if None.
        device: kind of device, "cpu" or "gpu".
        tilt: where futures are drawn from instead, each then weighted (docs/sampling.md): one way
            or several, as after `--tilt`. Takes a multiple of 256 paths.

    Returns:
        Results: a labelled dataset with tables.

    Raises:
        ValueError: fewer than one path, or a number that the sampler cannot deal evenly; a folder
            of another run; a device or workers that are not there.
        PlanErrors: the plan cannot be structured, or `tilt` names what it cannot tilt.
        KeyError: there is no figure as `until` names.
    """
    from offtake.run.scale import check_scale
    from offtake.run.simulate import Runner, check_paths

    check_paths(paths, sampler, tilted=tilt is not None)
    check_scale(folder, workers, until, device, tilt)
    runner = Runner(plan, devices, device=device)
    if folder is None:
        outcome, facts = _here(runner, paths, seed, sampler, until, progress, tilt)
    else:
        outcome, facts = _kept(runner, paths, seed, sampler, folder, workers, progress), {}
    return labelled(outcome, facts, errors=errors)


def _here(
    runner: Runner,
    paths: int,
    seed: int,
    sampler: Sampler,
    until: Until | None,
    progress: Progress | None,
    tilt: Tilt | str | Sequence[str] | None,
) -> tuple[Outcome, dict[str, Any]]:
    """In this process, in one piece; what was reached where a figure says when to stop."""
    from offtake.run.simulate import Simulation

    runner.compile()
    ways, facts = _ways(runner, tilt, seed)
    simulation = Simulation(runner, seed, sampler, progress, ways)
    if until is None:
        simulation.carry_on(paths)
    else:
        from offtake.run.until import carried_on

        facts["until"] = carried_on(simulation, paths, until)
    return simulation.outcome(), facts


def _kept(
    runner: Runner,
    paths: int,
    seed: int,
    sampler: Sampler,
    folder: str | Path | Kept,
    workers: Literal["ray"] | None,
    progress: Progress | None,
) -> Outcome:
    """In shards that a folder keeps."""
    from offtake.run.scale import Kept, in_shards

    kept = Kept(Path(folder)) if isinstance(folder, str | Path) else folder
    return in_shards(runner, paths, seed, sampler, kept, workers, progress)


def _ways(
    runner: Runner, tilt: Tilt | str | Sequence[str] | None, seed: int
) -> tuple[Tilted | None, dict[str, Any]]:
    """The ways of a tilt, and the facts of results that tell them; none where nothing is tilted."""
    if tilt is None:
        return None, {}
    from offtake.run.pilot import tilted

    ways, facts = tilted(runner, tilt, seed)
    return ways, {"tilt": facts}


def labelled(outcome: Outcome, facts: dict[str, Any], *, errors: bool) -> Results:
    """What a run leaves as results, with these facts, and with errors where they are wanted."""
    from offtake.run import groups
    from offtake.run.label import label

    started = time.perf_counter()
    results = label(outcome)
    if errors or outcome.sampler != "pseudo" or outcome.weight is not None:
        facts = {**facts, "errors": groups.errors(outcome, results)}
    results = _weighed(results.with_facts(**facts), outcome.weight)
    seconds = {**results.facts["seconds"], "measure": time.perf_counter() - started}
    return results.with_facts(seconds=seconds)


def _weighed(results: Results, weight: FloatArray | None) -> Results:
    """Results with what is to be known of the weights of their futures."""
    if weight is None:
        return results
    from offtake.results.tables.tilt import warnings_of, weights_told

    told = weights_told(weight)
    doubts = warnings_of(told, list(results.tilted()), weight.size)
    warnings = [*results.facts["warnings"], *doubts]
    return results.with_facts(tilt={**results.facts["tilt"], **told}, warnings=warnings)
