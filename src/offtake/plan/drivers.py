"""Drivers: numbers that move over time and that contracts and formulas use by name.

A driver is one of

- a number or a dated map: ``sofr: {2025: 4.3 %/year, 2026: 3.6 %/year}``;
- a process: ``{process: random_walk, start: 2.6 USD/H100e/h, volatility: 35 %/year}``;
- a formula over other drivers: ``{formula: consumer_share * consumer_market}``;
- a result of the market, where it clears: ``{market: price}``, ``{market: chat.tokens}``.

Its unit is that of its start value. The processes, with e standard normal and k = ln 2 / half_life:

    value(t) = start (1 + trend)^years(t) exp(x(t))
    x(t) = x(t-1) exp(-k dt) + volatility sqrt((1 - exp(-2 k dt)) / (2 k)) e(t)

A random walk has k = 0. With a ceiling C the trend x(t) = start (1 + trend)^years(t) is bent into
x / (1 + (x - start) / C), the logistic curve that leaves start at the same rate. A regime process
stays in each state for a mean time and then moves to another.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

from pydantic import Field, field_validator, model_validator

from offtake.core.errors import Mistake, Mistakes, quoted
from offtake.core.formula import Expression, parse_formula
from offtake.core.names import nearest, suggestion
from offtake.core.terms import AnyQuantity, DriverName, Duration, Rate, Series, Terms, default
from offtake.plan.items import Correlation, PriceOfRisk


class RandomWalk(Terms):
    """A value whose logarithm moves by independent steps around a trend."""

    process: Literal["random_walk"]
    """random_walk."""
    start: AnyQuantity
    """Value at the plan's start, with its unit."""
    trend: Rate = default("0 %/year")
    """Growth of the median per year."""
    volatility: Rate = default("0 %/year")
    """Standard deviation of the logarithm after a year."""
    ceiling: AnyQuantity | None = None
    """Level at which growth ends, so that the trend is an S-curve; in the unit of start."""
    price_of_risk: PriceOfRisk | None = None
    """Market price of risk, per volatility and year; pricing runs drift by so much less; 0 if left
    out."""
    about: str | None = None
    """What it is."""


class MeanReverting(Terms):
    """A value that returns to its trend."""

    process: Literal["mean_reverting"]
    """mean_reverting."""
    start: AnyQuantity
    """Value at the plan's start, with its unit."""
    trend: Rate = default("0 %/year")
    """Growth of the median per year."""
    volatility: Rate = default("0 %/year")
    """Standard deviation of the logarithm after a short time, per square root of a year."""
    half_life: Duration = default("12 months")
    """Time in which half of a deviation is gone."""
    ceiling: AnyQuantity | None = None
    """Level at which growth ends, so that the trend is an S-curve; in the unit of start."""
    price_of_risk: PriceOfRisk | None = None
    """Market price of risk, per volatility and year; pricing runs drift by so much less; 0 if left
    out."""
    about: str | None = None
    """What it is."""


class Regimes(Terms):
    """A value that jumps between a few states."""

    process: Literal["regimes"]
    """regimes."""
    states: dict[str, AnyQuantity] = Field(min_length=1)
    """Value in each state, all in one unit."""
    mean_stay: dict[str, Duration]
    """Mean time in each state."""
    initial: str
    """State at the plan's start."""
    about: str | None = None
    """What it is."""

    @model_validator(mode="after")
    def _fits(self) -> Regimes:
        mistakes = [*self._unknown_states(), *self._missing_stays()]
        units = sorted({number.unit for number in self.states.values()})
        if len(units) > 1:
            mistake = Mistake(
                code="unit-wrong",
                found="states in " + " and ".join(units),
                expected="one unit in all states",
                mend="write all states in the same unit",
            )
            mistakes.append(("states", mistake))
        if mistakes:
            raise Mistakes(mistakes)
        return self

    def _unknown_states(self) -> Iterator[tuple[str, Mistake]]:
        names = tuple(self.states)
        given = [(f"mean_stay.{name}", name) for name in self.mean_stay]
        for place, name in (*given, ("initial", self.initial)):
            if name not in self.states:
                yield (
                    place,
                    Mistake(
                        code="name-unknown",
                        found=f"the state {quoted(name)}",
                        expected="one of " + ", ".join(names),
                        mend=suggestion(name, names, otherwise="name it under states"),
                    ),
                )

    def _missing_stays(self) -> Iterator[tuple[str, Mistake]]:
        for name in self.states:
            if name not in self.mean_stay and nearest(name, self.mean_stay) is None:
                yield (
                    "mean_stay",
                    Mistake(
                        code="key-missing",
                        found=f"no mean stay of the state {quoted(name)}",
                        expected="a duration for each state",
                        mend=f"add {name}: 2 years under mean_stay",
                    ),
                )


class Formula(Terms):
    """A driver worked out each period from other drivers."""

    formula: str
    """Names of drivers and plain numbers joined by + - * / ** ( ) min max."""
    about: str | None = None
    """What it is."""

    @field_validator("formula")
    @classmethod
    def _readable(cls, text: str) -> str:
        parse_formula(text)
        return text

    @property
    def expression(self) -> Expression:
        """The formula as a tree, before units are known."""
        return parse_formula(self.formula)


class FromMarket(Terms):
    """A driver that the market tells: a price, a volume, a share."""

    market: str
    """What is told: price, utilisation, ..., or of a segment: chat.price, chat.tokens, ..., or
    vendors.NAME.chips, the chips that a vendor and its fabs make a year."""
    about: str | None = None
    """What it is."""


class Correlated(Terms):
    """Correlation of the shocks of two or more processes."""

    between: list[DriverName] = Field(min_length=2)
    """Names of processes; each pair of them has the correlation."""
    value: Correlation
    """Correlation; 1."""

    @field_validator("between")
    @classmethod
    def _distinct(cls, names: list[str]) -> list[str]:
        if len(set(names)) < len(names):
            raise Mistake(
                code="name-twice",
                found="a correlation of a driver with itself",
                expected="different drivers",
                mend="name each driver once",
            )
        return names


Process = RandomWalk | MeanReverting | Regimes
Driver = Series | RandomWalk | MeanReverting | Regimes | Formula | FromMarket
"""What may stand under ``drivers``."""

PROCESSES: dict[str, type[Terms]] = {
    "random_walk": RandomWalk,
    "mean_reverting": MeanReverting,
    "regimes": Regimes,
}
"""Processes by the name under which they are written."""
