"""Where futures are drawn from instead, as the user says it: importance sampling.

    demand -1.5                    its shocks lie 1.5 standard deviations lower, spread evenly
    demand -1.5 by 2028-06         its level in that month does, by the likeliest way there
    contracts.loan.rate 2          an uncertain number, in standard deviations of its normal score
    sites.hall.phases[0] 1.5       what is built is later; causes.grid: all that share the cause
    lab.default x10                the hazard rate of a party outside, times ten
    plain 50 %                     share of futures that stay as they are; 25 % if left out

Items joined by commas hold together: one way in which things go wrong. Each further `--tilt` is
another way. A share of the futures is drawn by each way, the rest as the plan has it, and each
future is weighted by how much likelier it is under the plan than under that mixture [1, 2]: its
weight is at most 1 / plain, so figures that have nothing to do with the tilt stay nearly as sure.

`auto:FIGURE` finds the ways by itself (`offtake.run.pilot`).

References:
    1. Hesterberg, T. (1995). Weighted average importance sampling and defensive mixture
       distributions. Technometrics 37.
    2. Owen, A., Zhou, Y. (2000). Safe and effective importance sampling. JASA 95.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from offtake.core.errors import PlanErrors, Problem, in_option, quoted

PLAIN = 0.25
"""Share of futures that are drawn as the plan has them."""
FARTHEST = 8.0
"""Standard deviations beyond which no shift is taken for what was meant."""
FORMS = '"demand -1.5", "demand -1.5 by 2028-06", "lab.default x10", "plain 50 %", "auto:FIGURE"'
_TIMES = re.compile(r"(?P<name>\S+)\s+x\s*(?P<times>[0-9.]+)\Z")
_SHIFT = re.compile(
    r"(?P<name>\S+)\s+(?P<by>[+-]?[0-9]*\.?[0-9]+)(?:\s+by\s+(?P<month>\d{4}-\d{2}))?\Z"
)
_PLAIN = re.compile(r"plain\s+(?P<share>[0-9.]+)\s*%\Z")


@dataclass(frozen=True)
class Shift:
    """A normal that is drawn from elsewhere."""

    name: str
    by: float
    """standard deviations"""
    month: str | None = None
    """YYYY-MM in which a driver's level lies so far off; None: its shocks, spread evenly"""


@dataclass(frozen=True)
class Likelier:
    """A hazard rate times a number."""

    name: str
    times: float


@dataclass(frozen=True)
class Way:
    """What is tilted together."""

    said: str
    shifts: tuple[Shift, ...] = ()
    likelier: tuple[Likelier, ...] = ()


@dataclass(frozen=True)
class Tilt:
    """Ways from which futures are drawn, beside the plan's own.

    Attributes:
        ways: none where they are to be found.
        plain: share of futures that are drawn as the plan has them.
        of: figure for which the ways are to be found; "" where they are said.
    """

    ways: tuple[Way, ...]
    plain: float = PLAIN
    of: str = ""


def read_tilt(said: str | Sequence[str]) -> Tilt:
    """Read a tilt.

    Args:
        said: one way, or several.

    Raises:
        PlanErrors: it cannot be read; all mistakes at once.
    """
    texts = [said] if isinstance(said, str) else list(said)
    reader = _Reader()
    for text in texts:
        reader.way(text)
    if reader.of and reader.ways:
        for way in reader.ways:
            reader.wrong(way.said, "both", quoted(way.said), "auto:FIGURE alone, or ways alone",
                         "leave one of them out")  # fmt: skip
    if not reader.of and not reader.ways and not reader.problems:
        reader.wrong("", "nothing", "nothing that is tilted", FORMS, "name what is to be tilted")
    if reader.problems:
        raise PlanErrors(reader.problems)
    return Tilt(tuple(reader.ways), reader.plain, reader.of)


class _Reader:
    def __init__(self) -> None:
        self.ways = list[Way]()
        self.plain, self.of = PLAIN, ""
        self.problems = list[Problem]()

    def wrong(self, said: str, code: str, found: str, expected: str, mend: str) -> None:
        self.problems.append(in_option("--tilt", said, f"tilt-{code}", found, expected, mend))

    def way(self, text: str) -> None:
        shifts, likelier = list[Shift](), list[Likelier]()
        for part in text.split(","):
            self._item(" ".join(part.split()), shifts, likelier)
        if shifts or likelier:
            self.ways.append(Way(" ".join(text.split()), tuple(shifts), tuple(likelier)))

    def _item(self, item: str, shifts: list[Shift], likelier: list[Likelier]) -> None:
        if item.startswith("auto:"):
            self.of = item.removeprefix("auto:").strip()
            if not self.of:
                mend = "write for example auto:facilities.loan.el_usd"
                self.wrong(item, "figure", "no figure", "a figure after auto:", mend)
        elif share := _PLAIN.match(item):
            self._share(item, share["share"])
        elif times := _TIMES.match(item):
            by = _number(times["times"])
            if by is None or not 0.0 < by <= 1e9:
                self.wrong(item, "times", quoted(times["times"]), "a factor above 0", "write x10")
            else:
                likelier.append(Likelier(times["name"], by))
        elif shift := _SHIFT.match(item):
            by = float(shift["by"])
            if abs(by) > FARTHEST:
                expected = f"at most {FARTHEST:g} standard deviations"
                mend = "say how many standard deviations of its own, such as -1.5"
                self.wrong(item, "far", f"{by:g} standard deviations", expected, mend)
            elif by:
                shifts.append(Shift(shift["name"], by, shift["month"]))
        else:
            self.wrong(item, "form", quoted(item), FORMS, "write it in one of these forms")

    def _share(self, item: str, written: str) -> None:
        share = _number(written)
        if share is None or not 5.0 <= share <= 95.0:
            expected = "a share from 5 % to 95 %"
            self.wrong(item, "plain", quoted(f"{written} %"), expected, "write plain 25 %")
        else:
            self.plain = share / 100.0


def _number(written: str) -> float | None:
    try:
        return float(written)
    except ValueError:
        return None
