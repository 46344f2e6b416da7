"""Contagion: who owes whom, what the failure of each party does to the others, what would stop it.

All figures are means over futures, of claims that fall due within a window of months and are
cleared together; of a failure, the difference to the same futures without it. Round 1 is what the
failing party does not pay, round 2 what those cannot pay who are short of it, and so on.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from offtake.results.table import Table

FloatArray = NDArray[np.float64]
SMALL = 1e-3
"""Share of all that is owed, or lost, below which a pair or a creditor is not told."""

NOTE = (
    "Paid down the ranks of each payer within the window; nobody steps in but as in the futures. "
    "Follow: share of futures in which anybody else fails for it; DebtRank: share of all that is "
    "owed that comes under distress beyond the party's own; a party outside the plan, whose means "
    "are not known, never does. ±: two standard errors."
)


@dataclass(frozen=True)
class Caused:
    """What the failure of one party causes."""

    party: str
    lost: float
    """USD, by all others"""
    lost_error: float | None
    by_round: FloatArray
    """[R] USD"""
    by_creditor: FloatArray
    """[R, N] USD"""
    follows: FloatArray
    """[N] share of futures in which a party fails for it"""
    rounds: FloatArray
    """[N] mean round in which it does; NaN where it never does"""
    anybody: float
    """share of futures in which anybody else fails for it"""
    capital: FloatArray
    """[N] USD that each would need for it to end with the first round"""
    debt_rank: float


@dataclass(frozen=True)
class Variant:
    """The same failure in another network."""

    what: str
    owed: float
    """USD in all"""
    lost_anyway: float
    """USD, without the failure"""
    lost: float
    """USD more, by all others"""


@dataclass(frozen=True)
class Contagion:
    """What was found for one window of a plan."""

    plan: str
    month: str
    """in which the window opens"""
    window: int
    """months"""
    paths: int
    seed: int
    recovery: float
    parties: tuple[str, ...]
    """[N] internal ones first"""
    internal: int
    periods: tuple[str, ...]
    """[T]"""
    owed: FloatArray
    """[N, N] what the first owes the second within the window, USD"""
    owed_by_period: FloatArray
    """[T, N, N] USD"""
    first: int
    """period in which the window opens"""
    caused: tuple[Caused, ...]
    """of every party whose failure costs others something, the worst first"""
    told: Caused
    """of the party that is told in full"""
    variants: tuple[Variant, ...]
    """of its failure"""

    def exposures(self) -> Table:
        """Who owes whom in the window, from then on, and in the month of most; largest first."""
        later = self.owed_by_period[self.first :].sum(axis=0)
        total = float(later.sum())
        order = np.argsort(-later, axis=None, kind="stable")
        rows: list[dict[str, Any]] = []
        for i, j in zip(*np.unravel_index(order, later.shape), strict=True):
            if later[i, j] > SMALL * total:
                series = self.owed_by_period[:, i, j]
                peak = int(np.argmax(series))
                rows.append(
                    {
                        "owes": self.parties[int(i)],
                        "to": self.parties[int(j)],
                        "window_usd": float(self.owed[i, j]),
                        "from_then_on_usd": float(later[i, j]),
                        "most_usd": float(series[peak]),
                        "most_in": self.periods[peak],
                    }
                )
        return Table("Who owes whom", tuple(rows))

    def systemic(self) -> Table:
        """What the failure of each party does to the others, the worst first."""
        return Table("Systemic parties", tuple(map(_summed, self.caused)), NOTE)

    def rounds(self) -> Table:
        """Creditors of the failure that is told: loss by round, whether they follow, capital."""
        told, total = self.told, float(self.told.lost)
        order = np.argsort(-told.by_creditor.sum(axis=0), kind="stable")
        rows: list[dict[str, Any]] = [
            {
                "creditor": self.parties[n],
                "by_round_usd": [float(x) for x in told.by_creditor[:, n]],
                "lost_usd": float(told.by_creditor[:, n].sum()),
                "fails": float(told.follows[n]),
                "in_round": None if np.isnan(told.rounds[n]) else float(told.rounds[n]),
                "capital_usd": float(told.capital[n]),
            }
            for n in order
            if told.by_creditor[:, n].sum() > SMALL * total or told.follows[n] > 0.0
        ]
        return Table(f"If {told.party} fails", tuple(rows))

    def _over_time(self, row: Mapping[str, Any]) -> list[float]:
        """What a pair is owed for the first time in each period, USD."""
        i, j = (self.parties.index(row[side]) for side in ("owes", "to"))
        return [float(x) for x in self.owed_by_period[:, i, j]]

    def to_json(self) -> dict[str, Any]:
        """As plain data; docs/contagion.md says what each key means."""
        pairs = [{**row, "by_period_usd": self._over_time(row)} for row in self.exposures()]
        return {
            "plan": self.plan,
            "month": self.month,
            "window_months": self.window,
            "paths": self.paths,
            "seed": self.seed,
            "recovery": self.recovery,
            "periods": list(self.periods),
            "exposures": pairs,
            "exposure_matrix": {"parties": list(self.parties), "owed_usd": self.owed.tolist()},
            "systemic": list(self.systemic()),
            "failing": self.told.party,
            "rounds": list(self.rounds()),
            "capital_usd": float(self.told.capital.sum()),
            "variants": [vars(variant) for variant in self.variants],
        }


def _summed(caused: Caused) -> Mapping[str, Any]:
    return {
        "party": caused.party,
        "lost_usd": caused.lost,
        "lost_usd_se": caused.lost_error,
        "round_1_usd": float(caused.by_round[0]),
        "round_2_usd": float(caused.by_round[1]),
        "later_usd": float(caused.by_round[2:].sum()),
        "follow": caused.anybody,
        "capital_usd": float(caused.capital.sum()),
        "debt_rank": caused.debt_rank,
    }
