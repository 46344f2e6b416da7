"""Where the variance of a figure comes from, and which change makes a difference.

Variance. Let A and B be two independent sets of futures and A_i those of A with source i (one
uncertain number, or one random stream over all months) taken from B. With f centred on its mean
and V its variance, the shares of Sobol' [1] are, by Saltelli et al. [2] and Jansen [3],

    alone        S_i = mean f(B) (f(A_i) - f(A)) / V
    with others  T_i = mean (f(A) - f(A_i))^2 / 2 V

They need the figure of every future, so they are had for what is a mean over futures: net, loss,
fronted, .. of parties, expected loss and default of facilities. Streams of drivers that the plan
correlates are what the correlation is made of: a later driver's share is what it adds to earlier
ones. Errors as in `run.groups`.

References:
    1. Sobol', I. M. (2001). Global sensitivity indices for nonlinear mathematical models.
       Mathematics and Computers in Simulation 55.
    2. Saltelli, A. et al. (2010). Variance based sensitivity analysis of model output. Computer
       Physics Communications 181.
    3. Jansen, M. J. W. (1999). Analysis of variance designs for model output. Computer Physics
       Communications 117.
"""

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.stats import t as student

from offtake.core.arrays import jax
from offtake.core.errors import WrongRequest
from offtake.core.random import BLOCK, REPLICATES, replicates
from offtake.lowering.lower import LoweredPlan
from offtake.plan.parts import Parts
from offtake.plan.schema import Plan
from offtake.results.named import check_tables, meant
from offtake.results.sources import ChangeShares, VarianceShares
from offtake.risk.shapley import EXACT, exact, sampled
from offtake.run.by_future import by_future, future_measures, named_by_future
from offtake.run.compare import figured
from offtake.run.draw import HostDraws, draw
from offtake.run.groups import error, number, sizes
from offtake.run.simulate import Runner

FloatArray = NDArray[np.float64]
Done = Callable[[str], None]
OTHER = 1 << 40
"""Added to the seed for the second set of futures."""
SMALL = 1e-3
"""USD, or share, by which a figure that is the same in all futures may differ: roundings."""


def variance_of(
    plan: Plan, of: str, paths: int = 4096, seed: int = 1, done: Done | None = None
) -> VarianceShares:
    """Shares of the variance of a figure by source.

    Args:
        plan: as loaded.
        of: name of a figure that is a mean over futures.
        paths: number of futures of each of two runs, and of one more for every source.
        seed: of every random stream.
        done: told after every source.

    Raises:
        KeyError: there is no such figure of every future.
        ValueError: fewer than 512 paths, or not a multiple of 256.
    """
    if paths < 2 * BLOCK or paths % BLOCK:
        message = f"paths must be a multiple of {BLOCK}, at least {2 * BLOCK}; found {paths}"
        raise WrongRequest(message)
    runner = Runner(plan, asked=future_measures())
    name = named_by_future(of, runner.book)
    runner.compile()

    def figure(mix: Callable[[HostDraws, HostDraws], HostDraws]) -> FloatArray:
        return _figure(runner, name, paths, seed, mix)

    one, two = figure(lambda a, b: a), figure(lambda a, b: b)
    middle = float(np.mean(np.concatenate([one, two])))
    rows = list[dict[str, Any]]()
    for source, kind, mix in _sources(runner.lowered):
        mixed = figure(mix)
        row = _shares(one - middle, two - middle, mixed - middle)
        rows.append({"source": source, "kind": kind, **row})
        if done is not None:
            done(source)
    spread = float(np.std(np.concatenate([one, two]), ddof=1))
    moving = [row for row in rows if row["total"] and spread > SMALL]
    return VarianceShares(
        plan=plan.plan.name,
        figure=name,
        mean=middle,
        sd=spread,
        paths=paths,
        runs=len(rows) + 2,
        seed=seed,
        reach=float(student.ppf(0.975, min(paths // BLOCK, REPLICATES) - 1)),
        rows=tuple(sorted(moving, key=lambda row: -row["total"])),
    )


def _figure(
    runner: Runner,
    name: str,
    paths: int,
    seed: int,
    mix: Callable[[HostDraws, HostDraws], HostDraws],
) -> FloatArray:
    """[P] a figure of futures that are mixed of two sets."""
    parts = list[FloatArray]()
    for first in range(0, paths, runner.width):
        count = min(runner.width, paths - first)
        # drawn to the full width: the base case in a block's last path would be mixed in
        sets = (
            draw(runner.lowered, each, first, runner.width, runner.width)
            for each in (seed, seed + OTHER)
        )
        reduced: Any = jax.device_get(runner.run_block(mix(*sets))[0])
        parts.append(by_future(runner.book, reduced)[name][:count])
    return np.concatenate(parts)


def _sources(
    lowered: LoweredPlan,
) -> Iterator[tuple[str, str, Callable[[HostDraws, HostDraws], HostDraws]]]:
    """(name, kind, how to take it from the second set) of everything that is drawn."""
    for i, row in enumerate(lowered.table.rows):
        if row.distribution is not None:
            yield row.place, "number", _number_mixer(i)
    streams = dict.fromkeys((*lowered.labels.monthly_streams, *lowered.labels.once_streams))
    for stream in streams:
        yield stream, "stream", _stream_mixer(lowered, stream)


def _number_mixer(row: int) -> Callable[[HostDraws, HostDraws], HostDraws]:
    def mixed(a: HostDraws, b: HostDraws) -> HostDraws:
        values = a.values.copy()
        values[row] = b.values[row]
        return a._replace(values=values)

    return mixed


def _stream_mixer(lowered: LoweredPlan, stream: str) -> Callable[[HostDraws, HostDraws], HostDraws]:
    months = [i for i, name in enumerate(lowered.labels.monthly_streams) if name == stream]
    onces = [i for i, name in enumerate(lowered.labels.once_streams) if name == stream]

    def mixed(a: HostDraws, b: HostDraws) -> HostDraws:
        monthly, once = a.monthly.copy(), a.once.copy()
        monthly[:, months], once[onces] = b.monthly[:, months], b.once[onces]
        return a._replace(monthly=monthly, once=once)

    return mixed


def _shares(one: FloatArray, two: FloatArray, mixed: FloatArray) -> dict[str, float | None]:
    """Both shares of one source with their errors; figures centred, [P] each."""
    group = replicates(0, one.size)
    size = sizes(one.size)

    def both(stay: NDArray[np.bool_]) -> tuple[float, float]:
        a, b, m = one[stay], two[stay], mixed[stay]
        spread = float(np.var(np.concatenate([a, b]), ddof=1))
        if spread == 0.0:
            return 0.0, 0.0
        return float(np.mean(b * (m - a))) / spread, float(np.mean((a - m) ** 2)) / 2.0 / spread

    whole = both(np.ones_like(group, bool))
    parts = np.array([both(group != left_out) for left_out in range(size.size)])
    errors = [error(value, parts[:, i], size) for i, value in enumerate(whole)]
    return {"first": whole[0], "first_se": errors[0], "total": whole[1], "total_se": errors[1]}


# ------------------------------------------------------------------------------------- differences


def difference_of(
    parts: Parts,
    scenario: str,
    of: str,
    paths: int = 4096,
    seed: int = 1,
    *,
    orders: int = 16,
    done: Done | None = None,
) -> ChangeShares:
    """Which change of a scenario explains how much of a figure's difference.

    Args:
        parts: the scenario taken apart.
        scenario: its name.
        of: name of any figure.
        paths: number of futures of each run, the same in all.
        seed: of every random stream, and of the orders.
        orders: orders drawn where there are more than `EXACT` changes.
        done: told after every run.

    Raises:
        KeyError: there is no such figure.
        PlanErrors: the plan is none with some of the changes alone.
        ValueError: fewer than 257 paths.
    """
    if paths <= BLOCK:
        message = f"paths must be more than {BLOCK}, or no error can be told; found {paths}"
        raise WrongRequest(message)
    value, size = _Worth(parts, of, paths, seed, done), sizes(paths)
    changes, count = parts.changes, len(parts.changes)
    over = exact(count, value) if count <= EXACT else sampled(count, value, orders, seed)
    none, all_ = (float(value(frozenset(some))[0]) for some in ((), range(count)))
    rows = [
        {"change": change, "share": plain, "share_se": _with(error(plain, share[1:], size), drawn)}
        for change, share, drawn in zip(changes, over.values, over.order_error, strict=True)
        for plain in [float(share[0])]
    ]
    return ChangeShares(
        plan=parts.plan(()).plan.name,
        scenario=scenario,
        figure=value.figure,
        before=none,
        after=all_,
        paths=paths,
        seed=seed,
        sets=over.sets,
        orders=None if count <= EXACT else orders,
        reach=float(student.ppf(0.975, size.size - 1)),
        rows=tuple(sorted(rows, key=lambda row: -abs(float(row["share"])))),
    )


class _Worth:
    """A figure under sets of changes, whole and without each group of futures; none run twice."""

    def __init__(self, parts: Parts, of: str, paths: int, seed: int, done: Done | None) -> None:
        self.parts, self.of, self.paths, self.seed, self.done = parts, of, paths, seed, done
        check_tables([of])
        self.figure = of
        self.known = dict[frozenset[int], FloatArray]()

    def __call__(self, some: frozenset[int]) -> FloatArray:
        if some not in self.known:
            made = [self.parts.changes[i] for i in sorted(some)]
            found = figured(self.parts.plan(made), self.paths, self.seed, of=[self.of])
            self.figure = meant(self.of, found.whole)
            worth = number(found.whole[self.figure]), *found.without(self.figure)
            self.known[some] = np.array(worth)
            if self.done is not None:
                self.done(", ".join(made) or "nothing changed")
        return self.known[some]


def _with(spread: float | None, drawn: float) -> float | None:
    """Error from futures and error from orders, together."""
    return None if spread is None else float(np.hypot(spread, drawn))
