"""Figures over a range of a plan's numbers."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from offtake.results.table import Table

NOTE = (
    "Every point runs the same futures: points differ by the change alone, and by less chance than "
    "their own errors say."
)


@dataclass(frozen=True)
class Swept:
    """Figures at many points.

    Attributes:
        plan: name.
        places: places of the plan that are moved, one per axis.
        figures: names of the figures.
        grid: points along each axis; None for a Latin hypercube.
        paths: futures at each point.
        seed: of every random stream.
        reach: half-width of a 95 % interval in standard errors.
        rows: per point `at` (values as written, one per axis), `numbers` (the same as numbers),
            `figures` (name -> value), `standard_errors` (name -> error) and `no_plan`: why the
            point is none, else None.
    """

    plan: str
    places: tuple[str, ...]
    figures: tuple[str, ...]
    grid: tuple[int, ...] | None
    paths: int
    seed: int
    reach: float
    rows: tuple[Mapping[str, Any], ...]

    @property
    def refused(self) -> list[tuple[str, int]]:
        """Why points are no plan, and how many for each reason; amounts are of the first one."""
        first, counted = dict[tuple[str, str], str](), Counter[tuple[str, str]]()
        for row in self.rows:
            if why := row.get("no_plan"):
                alike = str(why).split(":", 1)[0], str(why).rsplit(";", 1)[-1]
                first.setdefault(alike, str(why))
                counted[alike] += 1
        return [(why, counted[alike]) for alike, why in first.items()]

    def table(self) -> Table:
        """One row per point: the places, then every figure with its error."""
        rows: list[dict[str, Any]] = []
        for row in self.rows:
            made: dict[str, Any] = dict(zip(self.places, row["at"], strict=True))
            for name in self.figures:
                made[name], made[f"{name}_se"] = row["figures"][name], row["standard_errors"][name]
            rows.append(made)
        return Table("Sweep", tuple(rows), NOTE)

    def ticks(self, axis: int) -> list[str]:
        """Values of one axis, in order, as written."""
        found = {row["numbers"][axis]: row["at"][axis] for row in self.rows}
        return [str(found[number]) for number in sorted(found)]

    def heat(self, figure: str) -> list[list[float | None]]:
        """Values of a figure on a grid of two axes: a list per value of the first one.

        Raises:
            ValueError: the points are no grid of two axes.
        """
        if self.grid is None or len(self.places) != 2:
            message = "a heat map is of a grid of two axes"
            raise ValueError(message)
        found = {tuple(row["at"]): row["figures"][figure] for row in self.rows}
        return [[found[a, b] for b in self.ticks(1)] for a in self.ticks(0)]

    def to_json(self) -> dict[str, Any]:
        """Everything as plain data."""
        return {
            "plan": self.plan,
            "over": list(self.places),
            "of": list(self.figures),
            "grid": None if self.grid is None else list(self.grid),
            "paths": self.paths,
            "seed": self.seed,
            "standard_errors_in_95": self.reach,
            "points": [dict(row) for row in self.rows],
        }


def shade(values: Sequence[float | None], value: float | None) -> float | None:
    """Where a value lies between the least and the largest, 0 to 1; None where it is not known."""
    known = [v for v in values if v is not None]
    if value is None or not known:
        return None
    low, high = min(known), max(known)
    return 0.0 if high <= low else (value - low) / (high - low)
