"""Up to four runs beside one another: the same figures of each, and what differs from the first.

Nothing is run again: each run kept its figures, whole and without each group of futures
(`run.compare.Figured`). Where runs share seed, number of futures and sampler, they met the same
futures, what they share cancels in a difference, and its error is known.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from offtake.results.differences import Differences, moved
from offtake.results.table import Table

SHOWN: Mapping[str, Sequence[str]] = {
    "who_pays": ("net_usd", "net_usd_worst5", "fronted_usd", "loss_usd", "loss_usd_worst5"),
    "facilities": (
        *("drawn_usd_mean", "pd", "lgd", "el_usd", "el_bp_per_year", "min_dscr_p5"),
        *("repaid_before_economic_end", "irr_lender_p50"),
    ),
}
"""Table -> figures that are always shown."""
MOST = 15
"""Further figures that are shown: those that moved most."""
Figures = Mapping[str, float | None]


@dataclass(frozen=True)
class SideBySide:
    """Several runs.

    Attributes:
        names: of the runs.
        figures: of each, by name.
        differences: of each but the first from the first.
        same_futures: whether all met the same ones; if not, errors of differences are not known.
    """

    names: tuple[str, ...]
    figures: tuple[Figures, ...]
    differences: tuple[Differences, ...]
    same_futures: bool

    def items(self, table: str, column: str) -> list[str]:
        """What a column is about: parties, contracts; those for which some run has more than 0."""
        found = dict.fromkeys(
            name.split(".")[1]
            for figures in self.figures
            for name in figures
            if name.startswith(f"{table}.") and name.endswith(f".{column}")
        )
        return [item for item in found if any(self.values(f"{table}.{item}.{column}"))]

    def values(self, name: str) -> list[float | None]:
        """A figure of each run; None where it has none."""
        return [figures.get(name) for figures in self.figures]

    def changes(self, name: str) -> list[Mapping[str, Any] | None]:
        """Rows of the differences of a figure, for each run but the first."""
        return [rows.get(name) for rows in self._rows]

    @cached_property
    def _rows(self) -> tuple[Mapping[str, Mapping[str, Any]], ...]:
        return tuple({str(row["result"]): row for row in found.rows} for found in self.differences)

    def column(self, table: str, column: str) -> Table:
        """One column of each run, a row for each item, largest first."""
        found = [
            (item, self.values(f"{table}.{item}.{column}")) for item in self.items(table, column)
        ]
        found.sort(key=lambda one: -_size(one[1][0]))
        rows = [{"item": item, **dict(zip(self.names, v, strict=True))} for item, v in found]
        return Table(column, tuple(rows))

    def always(self, table: str) -> list[str]:
        """Names of the figures of a table that are always shown, unless all are 0, item by item."""
        items = dict.fromkeys(i for column in SHOWN[table] for i in self.items(table, column))
        names = [f"{table}.{item}.{column}" for item in items for column in SHOWN[table]]
        return [name for name in names if any(self.values(name))]

    def moved_most(self) -> list[str]:
        """Names of further figures that moved by more than chance, the largest change first."""
        shown = {name for table in SHOWN for name in self.always(table)}
        found = dict[str, None]()
        for differences in self.differences:
            rows = [row for row in differences.table() if moved(row)]
            names = [str(row["result"]) for row in rows if str(row["result"]) not in shown]
            found |= dict.fromkeys(names[:MOST])
        return list(found)


def _size(value: float | None) -> float:
    return float("-inf") if value is None else value
