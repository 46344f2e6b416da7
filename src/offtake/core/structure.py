"""What structuring found: the size of each facility, what binds it, how it is repaid."""

from dataclasses import dataclass
from math import isfinite
from typing import Any


@dataclass(frozen=True)
class Allowed:
    """What one limit would allow by itself."""

    limit: str
    """Name of the limit, as a plan writes it."""
    case: str
    """Case in which it is tested; empty where it is not tested in a case."""
    amount: float
    """USD; infinite where it bounds nothing."""


@dataclass(frozen=True)
class Facility:
    """One sized facility or commitment."""

    contract: str
    amount: float
    """USD"""
    limits: tuple[Allowed, ...]
    dates: tuple[str, ...]
    """First day of each period in which principal is scheduled; empty where none is."""
    shares: tuple[float, ...]
    """Principal due in it as a share of the balance before it."""

    @property
    def binding(self) -> Allowed:
        """The limit that allows least."""
        return min(self.limits, key=lambda limit: limit.amount)

    def plain(self) -> dict[str, Any]:
        """The same as plain data; what bounds nothing is None."""
        return {
            "contract": self.contract,
            "amount_usd": self.amount,
            "binding": self.binding.limit,
            "case": self.binding.case,
            "limits": [
                {
                    "limit": limit.limit,
                    "case": limit.case,
                    "allows_usd": limit.amount if isfinite(limit.amount) else None,
                    "slack": limit.amount / self.amount - 1.0
                    if isfinite(limit.amount) and self.amount > 0.0
                    else None,
                }
                for limit in self.limits
            ],
            "schedule": [
                {"from": day, "share_of_balance": share}
                for day, share in zip(self.dates, self.shares, strict=True)
            ],
        }


@dataclass(frozen=True)
class Structure:
    """All that was sized in a plan."""

    facilities: tuple[Facility, ...]
    rounds: int
    """Times that the cases were run until nothing moved."""
    seconds: float

    def plain(self) -> dict[str, Any]:
        """The same as plain data."""
        return {
            "facilities": [facility.plain() for facility in self.facilities],
            "rounds": self.rounds,
        }
