"""Numbers of the catalogue in the units that people use for them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from offtake.catalogue import Number

Unit = tuple[float, str]
"""Size of a unit in base units, and its name."""

FIXED: dict[str, Unit] = {
    "FLOP/s": (1e12, "TFLOP/s"),
    "byte": (1e9, "GB"),
    "byte/s": (1e12, "TB/s"),
    "USD/MW": (1e6, "M USD/MW"),
    "USD/token": (1e-6, "USD/M tokens"),
    "token/request": (1.0, "tokens"),
    "month": (1.0, "months"),
    "chip": (1e3, "k chips"),
}
"""The unit that is always used instead of the base unit."""

GROWING = {"USD", "USD/GPU", "H100e"}
"""Units that are counted in thousands, millions and so on as numbers grow."""


@dataclass(frozen=True)
class Scale:
    """How numbers of one kind are written: all of a column in one unit, with the same places."""

    size: float
    """Of the unit, in base units."""
    unit: str
    places: int | None
    """After the point; None where numbers are too unlike for one answer."""

    def text(self, value: float) -> str:
        """A value in base units, in this unit."""
        value /= self.size
        return plain(value) if self.places is None else f"{value:,.{self.places}f}"

    def band(self, number: Number) -> str:
        """The band of a number, as `30–45`; the number itself where it has none."""
        if number.low is None or number.high is None or number.low == number.high:
            return self.text(number.value)
        return f"{self.text(number.low)}–{self.text(number.high)}"

    def with_band(self, number: Number) -> str:
        """A number and its band, as `37 (30–45)`; the number itself where it has none."""
        value, ends = self.text(number.value), self.band(number)
        return value if ends == value else f"{value} ({ends})"


def scale(numbers: Iterable[Number], share: bool = False) -> Scale:
    """How numbers of one kind are written.

    Args:
        share: whether a number without unit is a share, to be read as per cent.
    """
    together = list(numbers)
    size, unit = _unit(max(number.value for number in together), together[0].unit, share)
    values = [
        abs(value) / size
        for number in together
        for value in ((number.value,) if number.low is None else (number.low, number.high))
        if value
    ]
    return Scale(size, unit, _places(values))


def _places(values: list[float]) -> int | None:
    """Places after the point that suit all values."""
    if not values or all(abs(value - round(value)) < 1e-9 for value in values):
        return 0
    smallest = min(values)
    if max(values) > 200 * smallest:
        return None
    return next((n for n, bound in enumerate((100, 10, 0.1, 0.01)) if smallest >= bound), None)


def _unit(largest: float, unit: str, share: bool) -> Unit:
    """The unit that suits the largest number."""
    if unit in FIXED:
        return FIXED[unit]
    if unit in {"1", "1/year"} and share and largest <= 1.0:
        return 0.01, "%" if unit == "1" else "%/year"
    if unit in {"1", "1/year"}:
        return 1.0, "" if unit == "1" else "times a year"
    if unit not in GROWING or largest < 1e4:
        return 1.0, unit
    if unit == "H100e" or largest < 1e6:
        return 1e3, f"k {unit}"
    return (1e9, f"bn {unit}") if largest >= 1e9 else (1e6, f"M {unit}")


def plain(value: float) -> str:
    """Three figures, or all that are whole, with commas; no noughts at the end."""
    if abs(value) >= 100:
        text = f"{value:,.1f}" if abs(value) < 1e3 else f"{value:,.0f}"
    elif abs(value) >= 1e-4 or value == 0:
        text = f"{value:.4f}" if abs(value) < 0.1 else f"{float(f'{value:.3g}'):.4f}"
    else:
        text = f"{value:.2g}"
    return text.rstrip("0").rstrip(".") if "." in text else text
