"""Macro readings: what a run says of an economy, each with the assumption on which it rests."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

from pydantic import Field, model_validator

from offtake.core.errors import Mistake, Mistakes, mistake_at
from offtake.core.names import check_name
from offtake.core.terms import (
    AnyQuantity,
    DriverName,
    Quantity,
    Ratio,
    RatioSeries,
    Share,
    Terms,
    default,
)

SupplyKind = Literal["country", "owner", "region"]


class Threshold(Terms):
    """The first month in which a driver passes a level; a driver may read results of the market."""

    driver: DriverName
    """What is watched."""
    above: AnyQuantity | None = None
    """Level that it passes from below; either this or below, in the unit of the driver."""
    below: AnyQuantity | None = None
    """Level that it passes from above; either this or above."""
    about: str | None = None
    """What it means to pass it."""
    assumption: str = Field(min_length=1)
    """What the reading rests on, printed beside it."""

    @model_validator(mode="after")
    def _one_level(self) -> Threshold:
        if (self.above is None) == (self.below is None):
            raise Mistake(
                code="threshold-form",
                found="neither above nor below" if self.above is None else "above and below",
                expected="one of them: the level that is passed",
                mend="write above: 1, or below: 2 USD/H100e/h, in the unit of the driver",
            )
        return self

    @property
    def side(self) -> str:
        """``above`` or ``below``."""
        return "below" if self.above is None else "above"

    @property
    def level(self) -> Quantity | None:
        """The level, whichever side it is passed from."""
        return self.below if self.above is None else self.above


class TokenOutput(Terms):
    """Output of tokens: nominal, at constant prices, and by the work that tokens do."""

    segments: tuple[str, ...] = ()
    """Segments of demand that count; all of tokens if left out."""
    quality: dict[str, RatioSeries] = default({})
    """Segment -> work that a token of it does, relative to some fixed time; usually a driver. Not
    what makes a token cheaper to serve: that is in its price already."""
    assumption: str = Field(min_length=1)
    """What the reading rests on, printed beside it."""


class IncomeShares(Terms):
    """Shares of income of labour and capital where machines work beside people."""

    machines: DriverName
    """Machine workers per worker; counts relative to the plan's start."""
    elasticity: Ratio
    """Elasticity of substitution between people and machines; above 1 they replace people."""
    machine_share: Share
    """Share of machines in the income of work at the plan's start."""
    other_capital_share: Share
    """Share of income of all other capital."""
    assumption: str = Field(min_length=1)
    """What the reading rests on, printed beside it."""

    @model_validator(mode="after")
    def _people_earn(self) -> IncomeShares:
        for field in ("machine_share", "other_capital_share"):
            if getattr(self, field).value >= 1.0:
                mistake = Mistake(
                    code="out-of-range",
                    found="a share of 100 %, which leaves nothing to labour",
                    expected="a share below 100 %",
                    mend="write for example 40 %",
                )
                raise mistake_at(mistake, field)
        if self.elasticity.value <= 0.0:
            mistake = Mistake(
                code="out-of-range",
                found="an elasticity of 0",
                expected="an elasticity above 0",
                mend="write for example 1.5",
            )
            raise mistake_at(mistake, "elasticity")
        return self


class SupplyShares(Terms):
    """Shares of supply by where it stands and whose it is, and of what is spent by region."""

    by: tuple[SupplyKind, ...] = ("country", "owner")
    """country and owner of sites and of fleets outside the plan; region of segments of demand."""
    assumption: str = Field(min_length=1)
    """What the reading rests on, printed beside it."""


class Readings(Terms):
    """Macro readings of a plan; each is made only if it is asked for."""

    thresholds: dict[str, Threshold] = default({})
    """First months in which drivers pass levels, by name."""
    output: TokenOutput | None = None
    """Output of tokens and its deflator."""
    income: IncomeShares | None = None
    """Shares of labour and capital."""
    supply: SupplyShares | None = None
    """Shares of supply by country and owner."""

    @model_validator(mode="after")
    def _names(self) -> Readings:
        mistakes = list(self._wrong_names())
        if mistakes:
            raise Mistakes(mistakes)
        return self

    def _wrong_names(self) -> Iterator[tuple[str, Mistake]]:
        for name in self.thresholds:
            try:
                check_name(name)
            except Mistake as mistake:
                yield f"thresholds.{name}", mistake

    def assumptions(self) -> dict[str, str]:
        """Reading -> the assumption on which it rests; thresholds apart."""
        parts = {"output": self.output, "income": self.income, "supply": self.supply}
        return {name: part.assumption for name, part in parts.items() if part is not None}
