"""Ranges of `offtake sweep`: `contracts.loan.term=3..7 years`, values of one place of a plan."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from offtake.core.errors import PlanErrors, Problem, in_option, quoted
from offtake.core.quantity import Quantity, When
from offtake.plan.nearest import falls, numbers_like

FORM = re.compile(
    r"\s*(?P<place>[^=]+?)\s*=\s*(?P<before>[^0-9]*?)(?P<low>-?[0-9][0-9_]*\.?[0-9]*(?:e[+-]?\d+)?)"
    r"(?P<first>[^.]*)\.\.\s*(?P<high>-?[0-9][0-9_]*\.?[0-9]*(?:e[+-]?\d+)?)(?P<unit>.*)\Z"
)


@dataclass(frozen=True)
class Axis:
    """One number that is moved between two ends.

    Attributes:
        place: in the plan.
        low: first end, in `unit`.
        high: other end, in `unit`.
        unit: as it is written behind the number, with its blank.
        before: what is written before the number, such as `SOFR + `.
    """

    place: str
    low: float
    high: float
    unit: str
    before: str = ""

    @classmethod
    def read(cls, said: str) -> Axis:
        """From `PLACE=LOW..HIGH UNIT`; the unit may stand behind both numbers.

        Raises:
            PlanErrors: it is not of this form, or its ends are the same.
        """
        found = FORM.match(said)
        if found is None:
            raise _refused(said, quoted(said), "PLACE=LOW..HIGH UNIT")
        low, high = (float(found[end].replace("_", "")) for end in ("low", "high"))
        first, unit = found["first"].rstrip(), found["unit"].rstrip()
        if first.strip() and first.split() != unit.split():
            raise _refused(
                said, f"ends in two units, {first.strip()} and {unit.strip()}", "one unit"
            )
        if low == high:
            raise _refused(said, "two ends that are the same", "a range")
        return cls(found["place"], low, high, unit, found["before"])

    def at(self, share: float) -> float:
        """The number at a share of the way from the first end to the other, in `unit`."""
        return float(f"{self.low + share * (self.high - self.low):.12g}")

    def written(self, number: float) -> str:
        """How a number stands in the plan."""
        return f"{self.before}{number:.12g}{self.unit}"

    def change(self, number: float) -> str:
        """`place=value`, as `--set` takes it."""
        return f"{self.place}={self.written(number)}"

    def unknown(self, known: Mapping[str, Quantity | When]) -> Problem:
        """The mistake of a place that is no number of the plan, and which may be meant.

        Args:
            known: numbers of the plan by place.
        """
        close = numbers_like(self.place, known)
        over = "--over"
        said = f"{self.place}={self.written(self.low)}..{self.written(self.high)}"
        found = f"{self.place}, which is no number of the plan"
        if not close:
            some = ", ".join(list(known)[:3])
            mend = f"name a number by its place in the file, such as {some}"
            return in_option(over, said, "over-place", found, "a number of the plan", mend)
        ways = [f"--over '{place}={self._as_range(known[place])}'" for place in close]
        mend = "did you mean " + " or ".join(ways) + "?"
        if falls(self.place):
            mend += " A price that falls has a trend below zero."
        return in_option(over, said, "over-place", found, "a number of the plan", mend)

    def _as_range(self, number: Quantity | When) -> str:
        """The range as it is written of a number of the plan."""
        sign = -1.0 if falls(self.place) else 1.0
        low, high = sign * self.low, sign * self.high
        unit = self.unit
        if isinstance(number, Quantity) and number.unit == "1/year" and unit.strip() in ("%", ""):
            unit = " %/year"
        return f"{self.before}{low:.12g}..{high:.12g}{unit}"


def _refused(said: str, found: str, expected: str) -> PlanErrors:
    mend = "write for example --over 'contracts.loan.term=3..7 years'"
    return PlanErrors([in_option("--over", said, "over-form", found, expected, mend)])
