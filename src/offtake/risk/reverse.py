"""Reverse stress: the least implausible combination of shocks that reaches a boundary.

Shocks are counted in yardsticks, s >= 0, each taken as one standard deviation of an independent
normal, so that how implausible a combination is grows with its distance |s|. Sought is the point of
least distance at which a function g of the sizes reaches zero: the design point of first-order
reliability [1, 2], with sizes for the standard normals and a simulation for the limit state.

g is evaluated on common futures, so that it is a fixed function; it may have steps as fine as one
future in all. The search needs no derivative and no convexity:

1. g at zero, and far out along each axis: what does not move it there is left out;
2. where no axis reaches the boundary, climb g on the sphere of the farthest distance;
3. along a direction, the first of some distances at which it is reached, then bisection;
4. the direction is turned, to what differences of g say (for a plane the design point in one step),
   then axis by axis, for as long as that brings the boundary nearer.

A point found is on the boundary; that no nearer one exists is not proved.

References:
    1. Hasofer, A. M., Lind, N. C. (1974). Exact and invariant second-moment code format. J. of the
       Engineering Mechanics Division 100.
    2. Breuer, T., Jandačka, M., Rheinberger, K., Summer, M. (2009). How to find plausible, severe,
       and useful stress scenarios. International Journal of Central Banking 5.
"""

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]
Marks = NDArray[np.bool_]
Margin = Callable[[FloatArray], float]
"""Sizes [K] -> how far the boundary is exceeded; below zero where it is not reached."""

FARTHEST = 5.0
"""Yardsticks beyond which nothing is sought."""
CLOSE = 0.01
"""Yardsticks to which a distance is found, and by which a turn has to bring it nearer."""
SCAN = (0.25, 0.5, 0.75, 1.0)
"""Parts of the farthest distance at which a direction is tried, the nearest first."""
DIFFERENCE = 0.25
"""Yardsticks between two points of a difference of g: wider than its steps."""
TURNS = (0.4, 0.15, 0.05)
"""How far a direction is turned towards or from an axis."""
PLANES = 3
"""Times that the direction is set by differences, at most."""


@dataclass
class Search:
    """One search; `margin` is remembered, as points come back."""

    margin: Margin
    count: int
    farthest: float = FARTHEST
    evaluations: int = 0
    _known: dict[bytes, float] = field(default_factory=dict[bytes, float])

    def at(self, sizes: FloatArray) -> float:
        """G at a point."""
        key = np.round(sizes, 9).tobytes()
        if key not in self._known:
            self._known[key] = self.margin(sizes)
            self.evaluations += 1
        return self._known[key]

    def reach(self, direction: FloatArray, within: float) -> float | None:
        """Distance along a direction at which the boundary is first found reached; None if never.

        Args:
            direction: unit vector [K].
            within: farthest distance that is tried.
        """
        low = 0.0
        for part in SCAN:
            high = part * within
            if self.at(high * direction) >= 0.0:
                return self._bisected(direction, low, high)
            low = high
        return None

    def _bisected(self, direction: FloatArray, low: float, high: float) -> float:
        while high - low > CLOSE / 2.0:
            middle = (low + high) / 2.0
            if self.at(middle * direction) >= 0.0:
                high = middle
            else:
                low = middle
        return high


@dataclass(frozen=True)
class Reached:
    """What a search found."""

    sizes: FloatArray | None
    """[K] yardsticks; None where the boundary was not reached"""
    alone: tuple[float | None, ...]
    """[K] yardsticks at which each shock alone reaches it; None if not within the farthest"""
    moves: tuple[bool, ...]
    """[K] whether a shock brings the boundary nearer at all, far out and alone"""
    evaluations: int

    @property
    def distance(self) -> float | None:
        """Yardsticks; 0 where the boundary is reached without a shock."""
        return None if self.sizes is None else float(np.linalg.norm(self.sizes))


def nearest_point(margin: Margin, count: int, farthest: float = FARTHEST) -> Reached:
    """The nearest point on the boundary that the search finds.

    Args:
        margin: of sizes [K], K = `count`.
        count: number of shocks.
        farthest: yardsticks beyond which nothing is sought.
    """
    search = Search(margin, count, farthest)
    start = search.at(np.zeros(count))
    if start >= 0.0:
        nothing = tuple[None, ...]([None] * count)
        return Reached(np.zeros(count), nothing, (False,) * count, search.evaluations)
    axes = np.eye(count)
    ends = np.array([search.at(farthest * axis) for axis in axes])
    moves = ends > start
    alone = [search.reach(axis, farthest) if end >= 0.0 else None
             for axis, end in zip(axes, ends, strict=True)]  # fmt: skip
    found = _first(search, start, ends, alone)
    if found is not None:
        found = _nearer(search, *found, moves)
    return Reached(
        None if found is None else found[0] * found[1],
        tuple(alone),
        tuple(bool(m) for m in moves),
        search.evaluations,
    )


Along = tuple[FloatArray, float]
"""Unit vector, distance at which the boundary is reached along it."""


def _first(
    search: Search, start: float, ends: FloatArray, alone: list[float | None]
) -> Along | None:
    """A direction that reaches the boundary: the best axis, or what the axes together say."""
    tried: list[Along] = []
    for k, distance in enumerate(alone):
        if distance is not None:
            tried.append((np.eye(search.count)[k], distance))
    effect = np.maximum(ends - start, 0.0)
    if not effect.any():
        return None
    reach = min((distance for _, distance in tried), default=search.farthest)
    for weights in (effect, np.sign(effect)):
        direction = weights / np.linalg.norm(weights)
        distance = search.reach(direction, reach)
        if distance is not None:
            tried.append((direction, distance))
    if tried:
        return min(tried, key=lambda pair: pair[1])
    return _climbed(search, effect / np.linalg.norm(effect))


def _climbed(search: Search, direction: FloatArray) -> Along | None:
    """Climb g on the farthest sphere until the boundary is reached."""
    for turn in TURNS:
        better = True
        while better:
            better = False
            for other in _turned(direction, np.ones(search.count, bool), turn):
                if search.at(search.farthest * other) > search.at(search.farthest * direction):
                    direction, better = other, True
                    distance = search.reach(direction, search.farthest)
                    if distance is not None:
                        return direction, distance
    return None


def _nearer(search: Search, direction: FloatArray, distance: float, moves: Marks) -> Along:
    """Turn a direction for as long as the boundary comes nearer."""
    best = (direction, distance)
    for _ in range(PLANES):
        other = _slope(search, best[0] * best[1], moves)
        turned = None if other is None else _better(search, other, best)
        if turned is None:
            break
        best = turned
    for turn in TURNS:
        better = True
        while better:
            better = False
            for other in _turned(best[0], moves, turn):
                turned = _better(search, other, best)
                if turned is not None:
                    best, better = turned, True
                    break
    return best


def _better(search: Search, direction: FloatArray, best: Along) -> Along | None:
    """A direction with its distance, if it reaches the boundary nearer than the best one."""
    within = best[1] - CLOSE
    if within <= 0.0 or search.at(within * direction) < 0.0:
        return None
    distance = search.reach(direction, within)
    return None if distance is None else (direction, distance)


def _slope(search: Search, point: FloatArray, moves: Marks) -> FloatArray | None:
    """Unit vector in which g rises most at a point, by differences; sizes stay above zero."""
    rise = np.zeros(search.count)
    for k in np.flatnonzero(moves):
        step = np.eye(search.count)[k] * DIFFERENCE
        low = np.maximum(point - step, 0.0)
        rise[k] = (search.at(point + step) - search.at(low)) / (DIFFERENCE + point[k] - low[k])
    rise = np.maximum(rise, 0.0)
    length = float(np.linalg.norm(rise))
    return rise / length if length > 0.0 else None


def _turned(direction: FloatArray, moves: Marks, turn: float) -> list[FloatArray]:
    """Directions turned from or towards each axis; none points below zero."""
    found: list[FloatArray] = []
    for k in np.flatnonzero(moves):
        for by in (-turn, turn):
            other = direction.copy()
            other[k] = max(other[k] + by, 0.0)
            length = float(np.linalg.norm(other))
            if length > 0.0 and not np.allclose(other / length, direction, atol=1e-9):
                found.append(other / length)
    return found
