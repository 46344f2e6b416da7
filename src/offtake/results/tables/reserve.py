"""Candidates of a buyer of capacity: cost against unserved demand, and which of them are best.

    unserved   = mean hours unserved / mean hours needed
    worst 5 %  = mean over the 5 % of futures with the most (of cost, of the share unserved)

A candidate is on the frontier if no other costs no more in the mean and in the worst 5 % and leaves
no more unserved, with one of the three less. Of candidates that are alike in all three the first
stands for all.

Who loses V by an hour unserved has mean cost + V x mean unserved hours to bear. As V grows from 0
the best candidate moves along the lower convex hull of the two: `best_from` is the V from which a
candidate is the best, up to that of the next. V is money of the plan's start, like the cost.
"""

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from offtake.results.tables.estimates import mean_and_error, share_and_error, worst_paths

FloatArray = NDArray[np.float64]
ALIKE = 1e-12
"""Relative difference from which two candidates differ; sums of the same numbers round alike."""


class Candidates(NamedTuple):
    """What a run of all candidates leaves, on the same futures."""

    axes: tuple[str, ...]
    choices: tuple[tuple[str, ...], ...]
    """[candidate] choice of every axis"""
    cost: FloatArray
    """[candidate, P] USD"""
    needed: FloatArray
    """[candidate, P] H100e-hours"""
    unserved: FloatArray
    """[candidate, P] H100e-hours"""
    short: FloatArray
    """[candidate, P] 1.0 where the buyer left something unpaid"""


def best(points: FloatArray) -> NDArray[np.bool_]:
    """[candidate] whether none of the others is as good in all columns and better in one.

    Args:
        points: [candidate, column], less is better.
    """
    slack = ALIKE * np.maximum(np.max(np.abs(points), axis=0, initial=0.0), 1e-300)
    no_worse = np.all(points[:, None] <= points[None] + slack, axis=2)
    better = np.any(points[:, None] < points[None] - slack, axis=2)
    alike = no_worse & ~better
    earlier = np.tri(len(points), k=-1, dtype=bool).T  # [i, j] whether i stands before j
    beaten = np.any((no_worse & better) | (alike & earlier), axis=0)
    return ~beaten


def best_from(cost: FloatArray, unserved: FloatArray) -> list[float | None]:
    """Worth of an hour from which each candidate is the best in the mean, USD; None if at none.

    Args:
        cost: [candidate] mean, USD.
        unserved: [candidate] mean, H100e-hours.
    """
    found: list[float | None] = [None] * len(cost)
    now, worth = int(np.lexsort((unserved, cost))[0]), 0.0
    while True:
        found[now] = worth
        fewer = np.flatnonzero(unserved < unserved[now] - ALIKE * np.max(unserved))
        if not fewer.size:
            return found
        slope = (cost[fewer] - cost[now]) / (unserved[now] - unserved[fewer])
        least = fewer[slope <= np.min(slope) + ALIKE * abs(np.min(slope))]
        worth, now = float(np.min(slope)), int(least[np.argmin(unserved[least])])


def rows(found: Candidates) -> list[dict[str, Any]]:
    """One row per candidate, in the order of the plan.

    `cost_difference_usd` is against the first candidate, with the standard error of the difference
    on the same futures.
    """
    made: list[dict[str, Any]] = []
    for k, chosen in enumerate(found.choices):
        cost: FloatArray = found.cost[k]
        share = _share(found.unserved[k], found.needed[k])
        mean, error = mean_and_error(cost)
        apart, apart_error = mean_and_error(cost - found.cost[0])
        part, part_error = share_and_error(found.unserved[k], found.needed[k])
        made.append(
            {
                "choices": dict(zip(found.axes, chosen, strict=True)),
                "cost_usd": mean,
                "cost_usd_se": error,
                "cost_usd_worst5": float(np.mean(cost[worst_paths(cost[:, None])])),
                "cost_difference_usd": apart,
                "cost_difference_usd_se": apart_error,
                "unserved_h100e_hours": mean_and_error(found.unserved[k])[0],
                "unserved": part or 0.0,
                "unserved_se": part_error,
                "unserved_worst5": float(np.mean(share[worst_paths(share[:, None])])),
                "short": mean_and_error(found.short[k])[0],
            }
        )
    columns = ("cost_usd", "cost_usd_worst5", "unserved")
    points = np.array([[row[column] for column in columns] for row in made])
    hours = np.array([row["unserved_h100e_hours"] for row in made])
    worth = best_from(points[:, 0], hours)
    return [
        row | {"frontier": bool(on), "best_from_usd_per_h100e_hour": value}
        for row, on, value in zip(made, best(points), worth, strict=True)
    ]


def _share(part: FloatArray, whole: FloatArray) -> FloatArray:
    some = whole > 0.0
    return np.where(some, part / np.where(some, whole, 1.0), 0.0)
