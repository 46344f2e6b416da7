"""What moves a result: every number of a plan, ranked, with errors and checks."""

from collections.abc import Mapping
from dataclasses import dataclass
from math import copysign, isfinite
from typing import Any

from offtake.core.shown import Shown
from offtake.results.table import Table

TRIFLE = 1e-9
"""Share of the largest effect up to which a number counts as moving nothing: rounding."""
NOTE = (
    "Change of the result when a number rises by what is said (1 %: of itself, away from zero), "
    "all else as it was; what is sized stays as it was signed."
)


@dataclass(frozen=True)
class Effect:
    """What moving one number does."""

    place: str
    text: str
    """The number as written."""
    unit: str
    """Of the table of numbers: USD, 1, 1/year, period, date and so on."""
    value: float
    """Median, in the unit."""
    way: str
    """proportion, event or step"""
    by: str
    """What it is moved by, in words."""
    size: float
    """The same in the unit, at the median."""
    effect: float
    """Change of the result."""
    error: float
    """Its standard error."""
    elasticity: float | None
    """Per cent of the result by one per cent of the number; None for steps, or a result of zero."""
    both: bool = True
    """Whether the change is half of that between both ways, or that of the way up, as there is no
    way down."""

    @property
    def rise(self) -> float:
        """What the number rises by at its median, in the unit: 1 % of one below zero is a fall."""
        return self.size if self.way == "step" else copysign(self.size, self.value)

    def to_json(self) -> dict[str, Any]:
        """As plain data."""
        return {
            "place": self.place,
            "as_written": self.text,
            "unit": self.unit,
            "value": self.value,
            "way": self.way,
            "moved_by": self.by,
            "both_ways": self.both,
            "effect": self.effect,
            "effect_se": self.error if isfinite(self.error) else None,
            "per_unit": self.effect / self.rise if self.size else None,
            "elasticity": self.elasticity,
        }


@dataclass(frozen=True)
class Check:
    """An effect beside what moving the number does on the same futures."""

    place: str
    effect: float
    bump: float
    """Half the difference between the result with the number moved up and down."""
    error: float
    """Standard error of the difference between the two; 0 where they agree on every path."""

    def to_json(self) -> dict[str, Any]:
        """As plain data."""
        return {
            "place": self.place,
            "effect": self.effect,
            "bump": self.bump,
            "difference_se": self.error,
        }


@dataclass(frozen=True)
class Sensitivity(Shown):
    """What moves a result of a plan."""

    plan: str
    target: str
    unit: str
    value: float
    error: float
    paths: int
    seed: int
    effects: tuple[Effect, ...]
    """Of every number, the largest first."""
    checks: tuple[Check, ...]
    near: int
    """Paths near a threshold."""
    moved: int
    """Those on which every number was moved by itself."""
    step_paths: int
    """Paths on which dates, durations and zeros were moved."""
    sized: tuple[str, ...]
    """Contracts whose size was found beforehand and is held."""
    over: str = "ratio"
    """How futures make the result: a ratio of means, a quantile, a mean of the worst."""
    step_value: float | None = None
    """The result on those paths; None where it is no mean of theirs."""
    alike: int = 0
    """Paths with the very value of a quantile, or the loss with which the worst begin."""

    @property
    def moving(self) -> tuple[Effect, ...]:
        """Numbers that move the result."""
        most = max((abs(effect.effect) for effect in self.effects), default=0.0)
        return tuple(e for e in self.effects if abs(e.effect) > TRIFLE * most)

    @property
    def by_share(self) -> tuple[Effect, ...]:
        """Those moved by a share of themselves."""
        return tuple(effect for effect in self.moving if effect.way != "step")

    @property
    def by_step(self) -> tuple[Effect, ...]:
        """Those moved by a step."""
        return tuple(effect for effect in self.moving if effect.way == "step")

    def table(self) -> Table:
        """All numbers, the largest effect first."""
        return Table("What moves it", tuple(e.to_json() for e in self.effects), NOTE)

    def to_json(self) -> Mapping[str, Any]:
        """As plain data; docs/sensitivity.schema.json says what each key means."""
        return {
            "plan": self.plan,
            "result": self.target,
            "unit": self.unit,
            "value": self.value,
            "value_se": self.error if isfinite(self.error) else None,
            "paths": self.paths,
            "seed": self.seed,
            "numbers": [effect.to_json() for effect in self.effects],
            "checks": [check.to_json() for check in self.checks],
            "near_paths": self.near,
            "near_paths_moved": self.moved,
            "step_paths": self.step_paths,
            "held": list(self.sized),
            "over": self.over,
            "alike_paths": self.alike,
        }
