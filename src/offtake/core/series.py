"""A number over time: constant, dated map, or the name of a driver.

A dated map ``{2025: 13 bn USD/year, 2026-07: 30 bn USD/year}`` is a step function: each value holds
from the first day of its date until the next date. With ``interpolate: linear`` the value moves in
a straight line from date to date. Before its first date a flow (an amount per time) is zero and
anything else has its first value; after the last date the last value holds.
"""

from __future__ import annotations

import datetime
from dataclasses import dataclass, replace
from typing import Literal

from offtake.core.quantity import Quantity, Source

Interpolate = Literal["step", "linear"]


@dataclass(frozen=True)
class Series:
    """A number over time.

    Attributes:
        knots: (date, number), dates increasing; a constant has one knot at ``date.min``; empty for
            a driver.
        interpolate: between dates.
        driver: name of the driver that supplies the number, if any.
        labels: the dates as written, one per knot; empty for a constant.
    """

    knots: tuple[tuple[datetime.date, Quantity], ...] = ()
    interpolate: Interpolate = "step"
    driver: str | None = None
    labels: tuple[str, ...] = ()

    @property
    def constant(self) -> Quantity | None:
        """The number, if it is the same at all times."""
        if self.driver is None and len(self.knots) == 1 and self.knots[0][0] == datetime.date.min:
            return self.knots[0][1]
        return None

    @property
    def unit(self) -> str | None:
        """Canonical unit of the knots; None for a driver."""
        return self.knots[0][1].unit if self.knots else None

    def sourced(self, source: Source | None) -> Series:
        """The same series with ``source`` on every knot that has none of its own."""
        if source is None:
            return self
        knots = tuple((d, n if n.source else replace(n, source=source)) for d, n in self.knots)
        return replace(self, knots=knots)

    def written(self) -> object:
        """The series as it may stand in a plan."""
        if self.driver is not None:
            return self.driver
        if not self.labels:
            return self.knots[0][1].written()
        pairs = zip(self.labels, self.knots, strict=True)
        written: dict[str, object] = {label: number.written() for label, (_, number) in pairs}
        if self.interpolate != "step":
            written["interpolate"] = self.interpolate
        return written


def constant(number: Quantity) -> Series:
    """The series that is ``number`` at all times."""
    return Series(knots=((datetime.date.min, number),))
