"""Variance of figures under a tilt against as many plain futures, over seeds.

    python -m benchmarks.tilt plans/one-hall --tilt "auto:el_usd of loan" --paths 4096 --seeds 16

Both runs of a seed have as many futures; those on which an automatic tilt is found come on top, and
are found anew for every seed. A ratio of variances of 16 seeds each is known to within 2.9 times
either way (F, 95 %).
"""

import argparse
from pathlib import Path
from typing import Any

import numpy as np

from offtake.core.arrays import jax
from offtake.plan.load import load
from offtake.results.tables.estimates import mean
from offtake.run.by_future import by_future, future_measures
from offtake.run.draw import draw
from offtake.run.pilot import tilted
from offtake.run.simulate import Runner
from offtake.run.tilted import Tilted


def means(runner: Runner, paths: int, seed: int, ways: Tilted | None) -> dict[str, float]:
    """Every figure of a run."""
    parts, weights = list[dict[str, Any]](), list[Any]()
    for first in range(0, paths, runner.width):
        count = min(runner.width, paths - first)
        drawn = draw(runner.lowered, seed, first, runner.width, count, tilt=ways)
        reduced: Any = jax.device_get(runner.run_block(drawn)[0])
        parts.append({k: v[:count] for k, v in by_future(runner.book, reduced).items()})
        weights.append(drawn.weight[:count])
    weight = np.concatenate(weights) if ways is not None else None
    return {name: mean(np.concatenate([part[name] for part in parts]), weight) for name in parts[0]}


def main() -> None:
    """Run from the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("plan", type=Path)
    parser.add_argument("--tilt", action="append", required=True)
    parser.add_argument("--paths", type=int, default=4096)
    parser.add_argument("--seeds", type=int, default=16)
    parser.add_argument("--set", action="append", default=[])
    parser.add_argument("--stack")
    given = parser.parse_args()
    runner = Runner(load(given.plan, given.set, stack=given.stack), asked=future_measures())
    runner.compile()
    found: dict[str, list[dict[str, float]]] = {"plain": [], "tilted": []}
    for seed in range(1, given.seeds + 1):
        ways, facts = tilted(runner, given.tilt, seed)
        found["plain"].append(means(runner, given.paths, seed, None))
        found["tilted"].append(means(runner, given.paths, seed, ways))
        if seed == 1:
            print(facts["ways"], facts["pilot"])
    print(
        f"{'figure':44s} {'plain mean':>12} {'tilted mean':>12} {'sd of mean':>11} {'variance':>9}"
    )
    for name in found["plain"][0]:
        plain, tilt = (np.array([run[name] for run in found[k]]) for k in ("plain", "tilted"))
        if np.any(plain != plain[0]) or np.any(tilt):
            spread = float(np.var(tilt, ddof=1))
            ratio = float(np.var(plain, ddof=1)) / spread if spread else np.inf
            sd = spread**0.5
            print(f"{name:44s} {plain.mean():12.5g} {tilt.mean():12.5g} {sd:11.3g} {ratio:8.2f}x")


if __name__ == "__main__":
    main()
