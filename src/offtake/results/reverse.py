"""Reverse stress: the least implausible combination of shocks that brings an outcome about.

Distance is in yardsticks, each shock's size squared and summed, as if they were independent. The
outcome at the point is told twice: on the futures of the search, which chose it, and on others of
another seed, which did not.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

FEWEST = 0.1
"""Share of the distance below which a shock counts as hardly part of the point: one alone of that
size makes a hundredth of the distance squared."""
DECIDED = 5
"""Futures that the level of a share is to be at least, to be told from chance."""


@dataclass(frozen=True)
class Outcome:
    """What is looked at, with its standard error."""

    value: float
    """1, or USD"""
    error: float | None

    def plain(self) -> dict[str, Any]:
        """As plain data."""
        return {"value": self.value, "value_se": self.error}


@dataclass(frozen=True)
class Least:
    """What a search found."""

    plan: str
    target: str
    what: str
    who: str
    level: float
    farthest: float
    """Yardsticks beyond which nothing was sought."""
    paths: int
    seed: int
    evaluations: int
    """Times that the plan was run."""
    distance: float | None
    """Yardsticks; None where the outcome was not reached."""
    shocks: tuple[Mapping[str, Any], ...]
    """Name, size in yardsticks at the point, what that means, its yardstick, size at which it does
    it alone, whether it moves the outcome at all."""
    before: Outcome
    """Without a shock."""
    short: Outcome | None
    """A twentieth of a yardstick nearer than the point: far less than asked for tells of a jump."""
    here: Outcome | None
    """At the point, on the futures of the search."""
    elsewhere: Outcome | None
    """At the point, on other futures."""

    @property
    def part(self) -> tuple[Mapping[str, Any], ...]:
        """Shocks that the point is made of, the largest first."""
        least = FEWEST * (self.distance or 0.0)
        mine = [shock for shock in self.shocks if shock["yardsticks"] > least]
        return tuple(sorted(mine, key=lambda shock: -shock["yardsticks"]))

    @property
    def unsure(self) -> bool:
        """Whether few futures decide it: the level is less than five, or others have not half."""
        few = self.what == "pd" and self.level * self.paths < DECIDED
        other = self.elsewhere
        short = other is not None and other.value < 0.5 * self.level
        return self.here is not None and (few or short)

    def to_json(self) -> dict[str, Any]:
        """As plain data; docs/stress.md says what each key means."""
        return {
            "plan": self.plan,
            "target": self.target,
            "what": self.what,
            "who": self.who,
            "level": self.level,
            "farthest": self.farthest,
            "paths": self.paths,
            "seed": self.seed,
            "evaluations": self.evaluations,
            "distance": self.distance,
            "shocks": [dict(shock) for shock in self.shocks],
            "before": self.before.plain(),
            "just_short": None if self.short is None else self.short.plain(),
            "at_the_point": None if self.here is None else self.here.plain(),
            "on_other_futures": None if self.elsewhere is None else self.elsewhere.plain(),
        }
