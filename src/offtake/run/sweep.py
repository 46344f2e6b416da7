"""Figures of a plan over a range of its numbers, on the same futures at every point.

A point is the plan with a few numbers written anew, so it is read and checked like any other. A
number that is structure (a tenor) makes another program; points that differ in other numbers share
one, compiled once.
"""

from collections.abc import Callable, Sequence
from itertools import product
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.stats import qmc
from scipy.stats import t as student

from offtake.core.random import Sampler
from offtake.plan.axis import Axis
from offtake.plan.schema import Plan
from offtake.results.named import find, table_of
from offtake.results.swept import Swept
from offtake.run.compare import Figured, figured
from offtake.run.groups import error, number, sizes
from offtake.run.simulate import check_paths

FloatArray = NDArray[np.float64]


def grid_of(axes: Sequence[Axis], points: Sequence[int]) -> list[tuple[float, ...]]:
    """Points of a grid, the last axis moving first."""
    along = [
        [axis.at(i / (count - 1)) if count > 1 else axis.at(0.5) for i in range(count)]
        for axis, count in zip(axes, points, strict=True)
    ]
    return list(product(*along))


def hypercube_of(axes: Sequence[Axis], points: int, seed: int) -> list[tuple[float, ...]]:
    """Points of a Latin hypercube: each axis cut into as many parts as there are points."""
    drawn: FloatArray = qmc.LatinHypercube(len(axes), rng=np.random.default_rng(seed)).random(
        points
    )
    return [
        tuple(float(f"{axis.at(float(u)):.6g}") for axis, u in zip(axes, row, strict=True))
        for row in drawn
    ]


def sweep(
    read: Callable[[Sequence[str]], Plan],
    axes: Sequence[Axis],
    points: Sequence[tuple[float, ...]],
    of: Sequence[str],
    paths: int = 4096,
    seed: int = 1,
    *,
    grid: tuple[int, ...] | None = None,
    sampler: Sampler = "pseudo",
    done: Callable[[str], None] | None = None,
) -> Swept:
    """Figures at every point.

    Args:
        read: changes `place=value` -> the plan with them.
        axes: what is moved.
        points: values of the axes, in their units.
        of: names of the figures, as of `results.named`.
        paths: futures at each point.
        seed: of every random stream.
        grid: points along each axis if they are a grid.
        sampler: how futures are drawn.
        done: told after every point.

    Raises:
        KeyError: there is no such figure.
        PlanErrors: a point is no plan.
        ValueError: a number of paths that cannot be drawn.
    """
    check_paths(paths, sampler)
    tables = list(dict.fromkeys(table_of(name) for name in of))
    changes = [[a.change(x) for a, x in zip(axes, point, strict=True)] for point in points]
    plans = [read(change) for change in changes]  # all are read before one is run
    rows: list[dict[str, Any]] = []
    names: tuple[str, ...] = ()
    for point, plan, change in zip(points, plans, changes, strict=True):
        found = figured(plan, paths, seed, sampler, tables)
        names = names or tuple(find(name, found.whole) for name in of)
        rows.append(_row(axes, point, found, names, sizes(paths)))
        if done is not None:
            done(f"{len(rows)} of {len(points)}: {', '.join(change)}")
    places = tuple(axis.place for axis in axes)
    reach = float(student.ppf(0.975, max(sizes(paths).size - 1, 1)))
    return Swept(plans[0].plan.name, places, names, grid, paths, seed, reach, tuple(rows))


def _row(
    axes: Sequence[Axis],
    point: tuple[float, ...],
    found: Figured,
    names: Sequence[str],
    size: NDArray[np.int64],
) -> dict[str, Any]:
    figures = {name: found.whole.get(name) for name in names}
    return {
        "at": [axis.written(x) for axis, x in zip(axes, point, strict=True)],
        "numbers": list(point),
        "figures": figures,
        "standard_errors": {
            name: error(number(value), found.without(name), size) for name, value in figures.items()
        },
    }
