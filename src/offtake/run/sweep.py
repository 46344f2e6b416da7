"""Figures of a plan over a range of its numbers, on the same futures at every point.

A point is the plan with a few numbers written anew, so it is read and checked like any other; one
that is none (debt that does not pay for what it should, a loan longer than the plan) has no figures
and says why. A number that is structure (a tenor) makes another program; points that differ in
other numbers share one, compiled once.
"""

import contextlib
from collections.abc import Callable, Mapping, Sequence
from itertools import product
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.stats import qmc
from scipy.stats import t as student

from offtake.core.errors import PlanErrors, Problem
from offtake.core.random import Sampler
from offtake.plan.axis import Axis
from offtake.plan.schema import Plan
from offtake.results.named import check_tables, meant
from offtake.results.swept import Swept
from offtake.run.compare import Figured, figured
from offtake.run.groups import error, number, sizes
from offtake.run.simulate import check_paths

FloatArray = NDArray[np.float64]

USUAL = ("facilities", "who_pays")
"""Tables of the figures that are taken where none is named."""
OF_FACILITY = ("pd", "el_usd", "min_dscr_p5")
OF_PARTY = ("net_usd", "loss_usd_worst5")
PARTIES = 3
"""Parties that are shown where a plan has no debt: those that pay or are paid most."""


def usual(known: Mapping[str, float | None]) -> list[str]:
    """Figures of the debt of a plan; without debt, of the parties that pay or are paid most.

    Args:
        known: figures of the tables `USUAL` at one point.
    """
    ends = tuple(f".{column}" for column in OF_FACILITY)
    debt = [n for n in known if n.startswith("facilities.") and n.endswith(ends)]
    if debt:
        return debt
    net = [n for n in known if n.startswith("who_pays.") and n.endswith(".net_usd")]
    most = sorted(net, key=lambda name: -abs(number(known[name])))[:PARTIES]
    return [name.removesuffix("net_usd") + column for name in most for column in OF_PARTY]


def check_axes(read: Callable[[Sequence[str]], Plan], axes: Sequence[Axis]) -> None:
    """Refuse an axis that moves nothing of the plan, and say what may be meant.

    Raises:
        PlanErrors: of all such axes; or of the plan as it stands.
    """
    known = dict(read(()).numbers())
    problems = list[Problem]()
    for axis in axes:
        names = set(known)
        with contextlib.suppress(PlanErrors):  # a point that is no plan is told as one
            names |= set(dict(read([axis.change(axis.at(0.0))]).numbers()))
        if not any(at_or_below(name, axis.place) for name in names):
            problems.append(axis.unknown(known))
    if problems:
        raise PlanErrors(problems)


def at_or_below(name: str, place: str) -> bool:
    """Whether a number stands at a place or below it."""
    return name == place or name.startswith((f"{place}.", f"{place}["))


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
    of: Sequence[str] = (),
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
        of: names of the figures, as of `results.named`; if none, what `usual` takes.
        paths: futures at each point.
        seed: of every random stream.
        grid: points along each axis if they are a grid.
        sampler: how futures are drawn.
        done: told after every point.

    Raises:
        KeyError: there is no such figure.
        PlanErrors: no point is a plan, or an axis moves nothing of it.
        ValueError: a number of paths that cannot be drawn.
    """
    check_paths(paths, sampler)
    check_axes(read, axes)
    check_tables(of)
    changes = [[a.change(x) for a, x in zip(axes, point, strict=True)] for point in points]
    rows: list[dict[str, Any]] = []
    names: tuple[str, ...] = ()
    refused: PlanErrors | None = None
    title = ""
    for point, change in zip(points, changes, strict=True):
        found, why = None, None
        try:
            plan = read(change)
            title = title or plan.plan.name
            found = figured(plan, paths, seed, sampler, of or USUAL)
            names = names or tuple(meant(n, found.whole) for n in of or usual(found.whole))
        except PlanErrors as errors:
            refused, why = errors, _said(errors)
        rows.append(_row(axes, point, found, names, sizes(paths)) | {"no_plan": why})
        if done is not None:
            done(f"{len(rows)} of {len(points)}: {', '.join(change)}")
    if refused is not None and not names:
        option = "--over "
        raise refused.said_as(option, [text for change in changes for text in change])
    blank = {"figures": dict.fromkeys(names), "standard_errors": dict.fromkeys(names)}
    rows = [row | blank if row["no_plan"] else row for row in rows]
    places = tuple(axis.place for axis in axes)
    reach = float(student.ppf(0.975, max(sizes(paths).size - 1, 1)))
    return Swept(title, places, names, grid, paths, seed, reach, tuple(rows))


def _row(
    axes: Sequence[Axis],
    point: tuple[float, ...],
    found: Figured | None,
    names: Sequence[str],
    size: NDArray[np.int64],
) -> dict[str, Any]:
    at = [axis.written(x) for axis, x in zip(axes, point, strict=True)]
    row: dict[str, Any] = {"at": at, "numbers": list(point)}
    if found is None:
        return row
    figures = {name: found.whole.get(name) for name in names}
    return {
        **row,
        "figures": figures,
        "standard_errors": {
            name: error(number(value), found.without(name), size) for name, value in figures.items()
        },
    }


def _said(errors: PlanErrors) -> str:
    """Why a point is no plan: the first of what is wrong."""
    first = errors.errors[0]
    return f"{first.place}: {first.found}; expected {first.expected}"
