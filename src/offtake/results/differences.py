"""Two plans on the same futures: every figure of both, their difference and its error."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from offtake.core.shown import Shown
from offtake.results.named import TABLES
from offtake.results.table import Table

NOTE = (
    "Same futures on both sides, so what they share cancels in the difference; its error is that "
    "of the difference, from leaving out one group of futures at a time (docs/sampling.md)."
)


@dataclass(frozen=True)
class Differences(Shown):
    """What changes from one plan to another.

    Attributes:
        plan: name.
        other: what the other plan is, as the user said it.
        paths: number of futures.
        seed: of every random stream.
        sampler: how futures were drawn.
        groups: of futures from which errors come.
        reach: half-width of a 95 % interval in standard errors.
        rows: result, before, after, change, change_se, change_95 (half-width of 95 %).
        gone: results that only the first plan has.
        new: results that only the other one has.
    """

    plan: str
    other: str
    paths: int
    seed: int
    sampler: str
    groups: int
    reach: float
    rows: tuple[Mapping[str, Any], ...]
    gone: tuple[str, ...] = ()
    new: tuple[str, ...] = ()
    facts: Mapping[str, Any] = field(default_factory=dict[str, Any])

    def table(self, section: str | None = None) -> Table:
        """Figures of one table (`who_pays`, `facilities`, ..), or all; largest change first.

        Changes are measured against the largest figure of their column, so that money and shares
        can stand in one list.
        """
        rows = [row for row in self.rows if section in (None, section_of(row))]
        order = sorted(rows, key=lambda row: -self._weight(row))
        return Table("Differences", tuple(order), NOTE)

    def sections(self) -> list[str]:
        """Tables that have rows, in the order in which a run shows them."""
        found = {section_of(row) for row in self.rows}
        return [name for name in TABLES if name in found]

    def _weight(self, row: Mapping[str, Any]) -> float:
        scale = self._scales.get(_column(row), 0.0)
        return abs(float(row["change"] or 0.0)) / scale if scale else 0.0

    @property
    def _scales(self) -> dict[tuple[str, str], float]:
        """(section, column) -> largest figure of either side."""
        found: dict[tuple[str, str], float] = self.__dict__.get("_scale", {})
        if not found:
            for row in self.rows:
                key = _column(row)
                sides = (abs(float(row[side] or 0.0)) for side in ("before", "after"))
                found[key] = max(found.get(key, 0.0), *sides)
            self.__dict__["_scale"] = found
        return found

    def to_json(self) -> dict[str, Any]:
        """Everything as plain data."""
        return {
            "plan": self.plan,
            "with": self.other,
            "paths": self.paths,
            "seed": self.seed,
            "sampler": self.sampler,
            "groups": self.groups,
            "standard_errors_in_95": self.reach,
            "differences": [dict(row) for row in self.rows],
            "only_before": list(self.gone),
            "only_after": list(self.new),
        }


def section_of(row: Mapping[str, Any]) -> str:
    """Table of a figure."""
    return str(row["result"]).split(".", 1)[0]


def _column(row: Mapping[str, Any]) -> tuple[str, str]:
    name = str(row["result"])
    return name.split(".", 1)[0], name.rsplit(".", 1)[-1]


def moved(row: Mapping[str, Any]) -> bool:
    """Whether a figure changed by more than its 95 % interval."""
    change, reach = row["change"], row["change_95"]
    return change is not None and change != 0.0 and (reach is None or abs(change) > reach)
