"""How each number of a plan is moved to see what a result does.

proportion   by 1 % of itself, drawn numbers as drawn; nearly all of them
event        the same, by way of how likely events are: a hazard rate, its correlation with a
             driver, the mean stay in a regime. What moves is the probability of what happened
step         a date or a duration by one period, as money moves at closes alone and between two
             of them most terms do nothing; a number written as zero by a point or a unit

Infinite numbers (a half-life of a random walk, say) are not moved.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum

import numpy as np
from numpy.typing import NDArray

from offtake.lowering.lower import LoweredPlan
from offtake.lowering.table import Row
from offtake.plan.drivers import Regimes
from offtake.plan.schema import Plan

FloatArray = NDArray[np.float64]
SHARE = 0.01
"""Share of itself by which a number is moved."""
EVENT_SHARE = 0.2
"""The same for a number that says how likely events are, where it is moved really: by 1 % it would
bring none about, or one, among thousands of futures."""
OF_ZERO = {
    "1": (0.01, "1 point"),
    "1/year": (0.01, "1 point"),
    "USD": (1e6, "1 M USD"),
    "USD/year": (1e6, "1 M USD/year"),
}
"""What a number written as zero is moved by, by unit; by 1 where its unit is not here."""
TIMES = ("period", "date")
LENGTHS = {1: "month", 3: "quarter", 12: "year"}


class Way(Enum):
    """How a number is moved."""

    PROPORTION = "proportion"
    EVENT = "event"
    STEP = "step"


@dataclass(frozen=True)
class Move:
    """One number and how it is moved."""

    row: int
    place: str
    unit: str
    value: float
    """Median, in the unit."""
    text: str
    """As written."""
    way: Way
    size: float
    """What it is moved by, in the unit; of a drawn number, at its median."""
    said: str
    """The same in words."""
    both: bool
    """Whether it is moved down too, or only up, as nothing lies below."""


def moves_of(lowered: LoweredPlan) -> list[Move]:
    """How every number that a plan writes is moved, in the order of the plan."""
    events = event_places(lowered.plan)
    months = int(lowered.table.periods.months)
    return [
        _move(r, row, _within(row.place, events), months)
        for r, row in enumerate(lowered.table.rows)
        if not row.place.startswith("constant ") and np.isfinite(row.value)
    ]


def event_places(plan: Plan) -> tuple[str, ...]:
    """Places whose numbers say how likely events are, and nothing else."""
    found: list[str] = []
    for name, party in plan.parties.items():
        if party.credit is not None:
            found.append(f"parties.{name}.credit.drivers")
            if party.credit.hazard is None or party.credit.hazard.driver is None:
                found.append(f"parties.{name}.credit.hazard")
    found += [f"drivers.{k}.mean_stay" for k, d in plan.drivers.items() if isinstance(d, Regimes)]
    return tuple(found)


def _within(place: str, places: Sequence[str]) -> bool:
    return any(place == p or place.startswith((f"{p}.", f"{p}[")) for p in places)


def _move(r: int, row: Row, event: bool, months: int) -> Move:
    own = abs(row.value)
    if event and own > 0.0:
        way, size, said, both = Way.EVENT, SHARE * own, "1 %", True
    elif row.unit in TIMES:
        length = LENGTHS.get(months, f"{months} months")
        way, size, said, both = Way.STEP, 1.0, f"1 {length}", row.value >= 2.0
    elif own == 0.0:
        size, said = OF_ZERO.get(row.unit, (1.0, f"1 {row.unit}"))
        way, both = Way.STEP, False
    else:
        way, size, said, both = Way.PROPORTION, SHARE * own, "1 %", True
    return Move(r, row.place, row.unit, row.value, row.text, way, size, said, both)


def changes(moves: Sequence[Move], sign: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Factor and addition by which each number is moved once.

    Args:
        moves: of the numbers.
        sign: [move, ..] +1.0 up, -1.0 down, 0.0 not at all.
    """
    wide = (len(moves),) + (1,) * (sign.ndim - 1)
    shares = np.array([real_share(move) for move in moves]).reshape(wide)
    size = np.array([move.size for move in moves]).reshape(wide)
    return np.where(shares > 0.0, 1.0 + shares * sign, 1.0), np.where(
        shares > 0.0, 0.0, sign * size
    )


def real_share(move: Move) -> float:
    """Share of itself by which a number is moved really; 0 where it is moved by a step."""
    return {Way.PROPORTION: SHARE, Way.EVENT: EVENT_SHARE, Way.STEP: 0.0}[move.way]
