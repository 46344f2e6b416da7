"""How much surer a figure is by antithetic or Sobol draws than by as many independent ones.

    python -m benchmarks.samplers plans/one-hall --paths 4096 --seeds 16

Runs a plan again and again under other seeds and prints, for every figure that is a mean over
futures, its spread over seeds under pseudo-random draws and the factor by which its variance is
less under the other samplers: so many times more pseudo-random futures would be as sure.
"""

import argparse

import numpy as np
from numpy.typing import NDArray

from offtake.core.random import SAMPLERS, Sampler
from offtake.plan.load import load
from offtake.run.by_future import by_future, future_measures
from offtake.run.sample import sample
from offtake.run.simulate import Runner

FloatArray = NDArray[np.float64]


def means(runner: Runner, paths: int, seed: int, sampler: Sampler) -> dict[str, float]:
    """Figures of one run."""
    found = sample(runner, paths, seed, sampler=sampler)
    outputs = {name: found.of(name) for name in ("who_pays", "facilities")}
    return {name: float(each.mean()) for name, each in by_future(runner.book, outputs).items()}


def measured(plan: str, paths: int, seeds: int) -> list[tuple[str, float, float, list[float]]]:
    """(figure, mean, sd over seeds under pseudo, factors of the other samplers)."""
    runner = Runner(load(plan), asked=future_measures())
    runner.compile()
    runs = {
        sampler: [means(runner, paths, seed, sampler) for seed in range(1, seeds + 1)]
        for sampler in SAMPLERS
    }
    rows: list[tuple[str, float, float, list[float]]] = []
    for name in runs["pseudo"][0]:
        spread = {s: float(np.std([run[name] for run in runs[s]], ddof=1)) for s in SAMPLERS}
        if spread["pseudo"] > 1e-9 * abs(runs["pseudo"][0][name]) and min(spread.values()) > 0.0:
            factors = [(spread["pseudo"] / spread[s]) ** 2 for s in SAMPLERS[1:]]
            mean = float(np.mean([run[name] for run in runs["pseudo"]]))
            rows.append((name, mean, spread["pseudo"], factors))
    return rows


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("plan")
    parser.add_argument("--paths", type=int, default=4096)
    parser.add_argument("--seeds", type=int, default=16)
    given = parser.parse_args()
    print(f"{given.plan}, {given.paths:,} futures, {given.seeds} seeds; factors of variance")
    print(f"{'figure':40}{'mean':>12}{'sd':>12}" + "".join(f"{s:>12}" for s in SAMPLERS[1:]))
    for name, mean, spread, factors in measured(given.plan, given.paths, given.seeds):
        print(f"{name:40}{mean:12.4g}{spread:12.3g}" + "".join(f"{f:12.3g}" for f in factors))


if __name__ == "__main__":
    main()
