"""Figures over all periods of rows: a rate of return, a least cover, a present value."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

import numpy as np

from offtake.finance.returns import yearly_rate
from offtake.results.workbook.cells import FloatArray, Place, Row, Values

Way = Literal["sum", "least", "mean", "irr", "product", "apart", "largest", "count"]
"""What is made of the rows: their sum, the least and the mean of what is told, the yearly rate of
return of equal periods, the sum of products of two, the sum without signs, the greatest value, how
many periods are not 0."""
GUESS = 0.01
"""Rate of a period from which a rate of return is looked for."""


@dataclass(eq=False)
class Figure:
    """One number that stands in one cell.

    Attributes:
        label: what it is.
        unit: of the number.
        way: what is made of the rows.
        rows: one, or two where the way needs them.
        per_year: periods in a year, for a rate of return.
        engine: what the engine has; None where it keeps none.
        about: whom or what.
    """

    label: str
    unit: str
    way: Way
    rows: tuple[Row, ...]
    per_year: int = 12
    engine: float | None = None
    about: str = ""

    def value(self, values: Values) -> float:
        """The number; NaN where there is none."""
        first, *others = (values.of(row) for row in self.rows)
        told = first[~np.isnan(first)]
        if self.way == "irr":
            return yearly_return(first, self.per_year)
        if self.way == "product":
            return math.fsum(np.nan_to_num(first) * others[0])
        if self.way == "apart":
            return math.fsum(np.abs(first))
        if self.way == "count":
            return float(np.count_nonzero(first))
        if self.way == "sum":
            return math.fsum(told)
        found = {"least": np.min, "mean": np.mean, "largest": np.max}[self.way]
        return float(found(told)) if told.size else math.nan

    def text(self, place: Place) -> str:
        """The same in words of a spreadsheet."""
        cells = [place.whole(row) for row in self.rows]
        return {
            "sum": "SUM({0})",
            "least": 'IF(COUNT({0})=0,"",MIN({0}))',
            "mean": 'IF(COUNT({0})=0,"",AVERAGE({0}))',
            "largest": "MAX({0})",
            "irr": f'IFERROR((1+IRR({{0}},{GUESS}))^{self.per_year}-1,"")',
            "product": "SUMPRODUCT({0},{1})",
            "apart": "SUMPRODUCT(ABS({0}))",
            "count": "SUMPRODUCT(--({0}<>0))",
        }[self.way].format(*cells)


def yearly_return(flows: FloatArray, per_year: int) -> float:
    """Rate per year at which flows of equal periods are worth nothing: (1 + r)^per_year - 1.

    Args:
        flows: [T] USD.
        per_year: periods in a year.

    Returns:
        The rate that is found from where a spreadsheet starts; NaN where flows are not of both
        signs or the rate is beyond -50 % or 100 % a period.
    """
    rate = yearly_rate(
        np.arange(flows.size) / per_year,
        flows,
        guess=(1.0 + GUESS) ** per_year - 1.0,
        tolerance_usd=max(1e-3, 1e-12 * float(np.abs(flows).sum())),
    )
    return rate if 0.5**per_year < 1.0 + rate < 2.0**per_year else math.nan
