"""Who bears which risk: the change of every party's losses under one shock at a time.

On the same futures with and without the shock, by party:

    el        mean loss;        worst5  mean of the party's own largest losses, 5 % of all futures
    value     mean of what it received less what it paid, with the worth of what it bought and the
              cost of what it supplied

and each as the difference that the shock makes. Standard errors of differences of means are those
of the difference on the same future; they are small, as the futures are the same. A carrier of a
risk is a party whose value falls under the shock; shares are those of all that fall.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from offtake.results.table import Table
from offtake.results.tables.estimates import FloatArray, mean_and_error

TAIL = 0.05
SMALL = 1e-6
"""Share of all value that is lost below which a party carries nothing."""

NOTE = (
    "Change of expected loss, and of the mean of the party's own worst 5 % of futures, under each "
    "shock alone; what is sized stays as it was signed."
)


@dataclass(frozen=True)
class Losses:
    """Of every party on every future, USD of today."""

    loss: FloatArray
    """[P, M]"""
    value: FloatArray
    """[P, M]"""


@dataclass(frozen=True)
class Allocation:
    """Losses with and without each shock."""

    parties: tuple[str, ...]
    roles: tuple[str, ...]
    rows: tuple[int, ...]
    """Column of each party in the losses."""
    shocks: tuple[Mapping[str, Any], ...]
    """Name, what it is, what it changes, what it acts on."""
    plain: Losses
    losses: Mapping[str, Losses]
    """Shock -> losses under it; none where the plan has nothing to shock."""

    def table(self) -> Table:
        """Party x shock; shocks that have nothing to act on are left out."""
        rows = [self._row(i, name) for i in range(len(self.parties)) for name in self.losses]
        return Table("Who bears which risk", tuple(rows), NOTE)

    def _row(self, party: int, shock: str) -> dict[str, Any]:
        m = self.rows[party]
        before, after = self.plain, self.losses[shock]
        loss, worth = after.loss[:, m] - before.loss[:, m], after.value[:, m] - before.value[:, m]
        el, el_se = mean_and_error(loss)
        value, value_se = mean_and_error(worth)
        return {
            "party": self.parties[party],
            "role": self.roles[party] or None,
            "shock": shock,
            "el_usd": mean_and_error(before.loss[:, m])[0],
            "el_change_usd": el,
            "el_change_usd_se": el_se,
            "worst5_usd": tail(before.loss[:, m]),
            "worst5_change_usd": tail(after.loss[:, m]) - tail(before.loss[:, m]),
            "value_change_usd": value,
            "value_change_usd_se": value_se,
        }

    def carriers(self) -> dict[str, list[dict[str, Any]]]:
        """Shock -> parties that lose value by it, the largest first, with their shares."""
        found: dict[str, list[dict[str, Any]]] = {}
        for name, after in self.losses.items():
            moved = np.mean(after.value - self.plain.value, axis=0)
            lost = {self.parties[i]: max(-float(moved[m]), 0.0) for i, m in enumerate(self.rows)}
            total = sum(lost.values())
            ranked = sorted(lost.items(), key=lambda item: -item[1])
            found[name] = [
                {"party": party, "share": usd / total}
                for party, usd in ranked
                if total > 0.0 and usd > SMALL * total
            ]
        return found

    def nothing(self) -> tuple[Mapping[str, Any], ...]:
        """Shocks for which the plan has nothing to act on."""
        return tuple(shock for shock in self.shocks if shock["shock"] not in self.losses)

    def to_json(self) -> dict[str, Any]:
        """As plain data; docs/stack.schema.json says what each key means."""
        return {
            "shocks": [dict(shock) for shock in self.shocks],
            "risk": [dict(row) for row in self.table()],
            "carriers": self.carriers(),
        }


def tail(loss: FloatArray) -> float:
    """Mean of the largest losses, 5 % of the futures, rounded up.

    Args:
        loss: [P] USD.
    """
    count = int(np.ceil(TAIL * loss.shape[0] - 1e-9))
    return float(np.mean(np.sort(loss)[-count:]))
