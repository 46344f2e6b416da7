"""Chips shipped up to the end of each quarter: what was known by a cut-off, carried forward.

Chips shipped in a quarter move as a random walk with drift in logarithms. From n growths g up to
the cut-off, mean m and standard deviation s, a draw carries the last quarter forward by

    ln q(k) = ln q(0) + k (m + s / sqrt(n) z) + s (e(1) + ... + e(k))

with z and e standard normal, so that the mean is uncertain too. Nothing after the cut-off is read.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from docs.calibration.bands import SHIPMENTS_CUT, SHIPMENTS_REASON
from docs.calibration.rows import Row, table, tally
from offtake import catalogue
from offtake.catalogue import Number

SEED, DRAWS = 1, 20_000
SOURCE = "Epoch AI, ai-chip-counts, 2026"
VENDOR = "Nvidia"
Floats = NDArray[np.float64]


class Series(NamedTuple):
    """One count of one vendor, complete quarters only."""

    unit: str
    known: list[Number]
    """up to the cut-off"""
    later: list[Number]


def series() -> tuple[Series, ...]:
    """Chips and H100e of Nvidia."""
    shipped = catalogue.shipments()[VENDOR]
    return tuple(_split(numbers) for numbers in (shipped.units, shipped.h100e))


def _split(numbers: tuple[Number, ...]) -> Series:
    whole = [number for number in numbers if not number.note.startswith("incomplete")]
    known = [number for number in whole if number.date <= SHIPMENTS_CUT]
    return Series(whole[0].unit, known, whole[len(known) :])


def forecast(cumulative: Floats, quarters: int) -> Floats:
    """[quarter, draw] cumulative shipments of the coming quarters.

    Args:
        cumulative: at the end of each quarter known, the first quarter counted from nothing.
    """
    flows = np.diff(cumulative, prepend=0.0)
    growth = np.diff(np.log(flows))
    spread = np.std(growth, ddof=1)
    normals = np.random.default_rng(SEED).standard_normal((quarters + 1, DRAWS))
    mean = np.mean(growth) + spread / np.sqrt(len(growth)) * normals[0]
    steps = np.arange(1, quarters + 1)[:, None]
    moves = steps * mean + spread * np.cumsum(normals[1:], axis=0)
    return cumulative[-1] + np.cumsum(flows[-1] * np.exp(moves), axis=0)


def rows() -> list[Row]:
    """The model's median of each quarter, which Epoch's band must hold."""
    found: list[Row] = []
    for unit, known, later in series():
        draws = forecast(np.array([number.value for number in known]), len(later))
        for number, quarter in zip(later, draws, strict=True):
            low, middle, high = (float(q) for q in np.quantile(quarter, (0.05, 0.5, 0.95)))
            holds = "holds" if low <= number.value <= high else "**does not hold**"
            note = f"the model's own band, {low / 1e6:.1f} to {high / 1e6:.1f} M, {holds} it"
            what = f"{VENDOR}, shipped from 2022 to {number.date}"
            band = (number.low or number.value, number.high or number.value)
            found.append(Row(what, unit, middle, number.value, *band, "model", SOURCE, note))
    return found


def section() -> str:
    """The part of the page on shipments."""
    found = rows()
    return f"""## Chips shipped, cumulative

Quarters to {SHIPMENTS_CUT} are fitted and carried forward; later ones are judged.
{SHIPMENTS_REASON}.

{table(found)}

{tally(found)}

Chips come out too low, since in 2022 their number stood still as H100s took the place of A100s;
H100e in the end too high, since the growth of 2023 did not last. The forecast's own band is wide:
seven growths are all that there was.
"""
