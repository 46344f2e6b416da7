"""Stress: who fails, who loses and who pays when a plan is shocked, on the same futures.

    default   share of futures in which a party, or a facility, fails
    el        mean loss, value today: of a financier what it put in and does not get back, of
              anybody else what was promised to it and never paid (`offtake.measures`)
    total     Σ el of financiers; what others are not paid repeats along a chain and is not summed
    pays      shares of the value that is lost, of those whose value falls

Every change is that of the same future with and without the shock, so its standard error is that of
the paired difference. A party *newly fails* where its share rises by more than two of them.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from offtake.core.shown import Shown
from offtake.results.allocation import SMALL, tail
from offtake.results.table import Table
from offtake.results.tables.estimates import FloatArray, mean_and_error

NOTE = (
    "Change against the same futures without the shock, ± two standard errors. Newly fails: share "
    "of futures before and after; pays: share of the value that is lost; worst 5 %: of all "
    "financiers together. Financiers lose less where a shock keeps their money from being put in."
)


@dataclass(frozen=True)
class Outcomes:
    """What happens to every party and facility on every future."""

    failed: FloatArray
    """[P, M] 1.0 where the party fails"""
    loss: FloatArray
    """[P, M] USD of today"""
    value: FloatArray
    """[P, M] USD of today"""
    invested: FloatArray
    """[M] 1.0 for financiers"""
    defaulted: FloatArray
    """[P, F] 1.0 where the facility defaults"""
    facility_loss: FloatArray
    """[P, F] USD of today"""


@dataclass(frozen=True)
class Stress(Shown):
    """A plan without and with each shock."""

    plan: str
    paths: int
    seed: int
    parties: tuple[str, ...]
    """[M]"""
    roles: tuple[str, ...]
    """[M]"""
    facilities: tuple[str, ...]
    """[F]"""
    shocks: tuple[Mapping[str, Any], ...]
    """Name, what it is, why, its yardstick, what it changes; those without effect among them."""
    plain: Outcomes
    runs: Mapping[str, Outcomes]
    """Shock -> outcomes; `all` for those joined. None where there is nothing to shock."""

    def summary(self) -> Table:
        """A row for each shock that acts on something."""
        return Table("Stress", tuple(self._summed(name) for name in self.runs), NOTE)

    def parties_table(self) -> Table:
        """Shock x party."""
        rows = [self._party(s, m) for s in self.runs for m in range(len(self.parties))]
        return Table("Parties", tuple(rows))

    def facilities_table(self) -> Table:
        """Shock x facility."""
        rows = [self._facility(s, f) for s in self.runs for f in range(len(self.facilities))]
        return Table("Facilities", tuple(rows))

    def nothing(self) -> tuple[Mapping[str, Any], ...]:
        """Shocks for which the plan has nothing to act on."""
        return tuple(shock for shock in self.shocks if shock["nothing_to_shock"] is not None)

    def to_json(self) -> dict[str, Any]:
        """As plain data; docs/stress.md says what each key means."""
        return {
            "plan": self.plan,
            "paths": self.paths,
            "seed": self.seed,
            "shocks": [dict(shock) for shock in self.shocks],
            "stress": list(self.summary()),
            "parties": list(self.parties_table()),
            "facilities": list(self.facilities_table()),
        }

    def _summed(self, shock: str) -> dict[str, Any]:
        before, after = self.plain, self.runs[shock]
        total, now = _together(before), _together(after)
        change, error = mean_and_error(now - total)
        return {
            "shock": shock,
            "newly_fails": self._newly(shock),
            "el_usd": mean_and_error(total)[0],
            "el_change_usd": change,
            "el_change_usd_se": error,
            "worst5_change_usd": tail(now) - tail(total),
            "pays": self._payers(shock),
        }

    def _newly(self, shock: str) -> list[dict[str, Any]]:
        """Parties, then facilities, whose share of failures rises by more than two errors."""
        rows = [
            *({"who": r["party"], **r} for r in self.parties_table() if r["shock"] == shock),
            *({"who": r["facility"], **r} for r in self.facilities_table() if r["shock"] == shock),
        ]
        keys = ("who", "default", "default_stressed", "default_change_se")
        return [{key: row[key] for key in keys} for row in rows if _rises(row)]

    def _payers(self, shock: str) -> list[dict[str, Any]]:
        moved = np.mean(self.runs[shock].value - self.plain.value, axis=0)
        lost = np.maximum(-moved, 0.0)
        total = float(np.sum(lost))
        order = np.argsort(-lost, kind="stable")
        return [
            {"party": self.parties[m], "share": float(lost[m]) / total}
            for m in order
            if total > 0.0 and lost[m] > SMALL * total
        ]

    def _party(self, shock: str, m: int) -> dict[str, Any]:
        before, after = self.plain, self.runs[shock]
        value, value_se = mean_and_error(after.value[:, m] - before.value[:, m])
        return {
            "shock": shock,
            "party": self.parties[m],
            "role": self.roles[m] or None,
            **_default(before.failed[:, m], after.failed[:, m]),
            **_loss(before.loss[:, m], after.loss[:, m]),
            "value_change_usd": value,
            "value_change_usd_se": value_se,
        }

    def _facility(self, shock: str, f: int) -> dict[str, Any]:
        before, after = self.plain, self.runs[shock]
        return {
            "shock": shock,
            "facility": self.facilities[f],
            **_default(before.defaulted[:, f], after.defaulted[:, f]),
            **_loss(before.facility_loss[:, f], after.facility_loss[:, f]),
        }


def _together(outcomes: Outcomes) -> FloatArray:
    """[P] loss of all financiers."""
    return np.asarray(outcomes.loss @ outcomes.invested, np.float64)


def _rises(row: Mapping[str, Any]) -> bool:
    change, error = row["default_stressed"] - row["default"], row["default_change_se"]
    return change > 0.0 and (error is None or change > 2.0 * error)


def _default(before: FloatArray, after: FloatArray) -> dict[str, Any]:
    return {
        "default": float(np.mean(before)),
        "default_stressed": float(np.mean(after)),
        "default_change_se": mean_and_error(after - before)[1],
    }


def _loss(before: FloatArray, after: FloatArray) -> dict[str, Any]:
    change, error = mean_and_error(after - before)
    return {
        "el_usd": float(np.mean(before)),
        "el_stressed_usd": float(np.mean(after)),
        "el_change_usd": change,
        "el_change_usd_se": error,
    }
