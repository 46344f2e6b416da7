"""docs/contracts/insurance.md."""

from collections.abc import Mapping
from typing import Any

from offtake.core.flows import Flow
from tests.reference.books import ALL, Line, Month, Row, clip, share_between
from tests.reference.future import NEVER, Future


class Insurance(Row):
    """A premium against late or interrupted capacity, or a low value."""

    def __init__(self, future: Future, contract: str, terms: Any) -> None:
        super().__init__(future, contract, terms)
        self.lines = [
            Line("payment", terms.insurer, terms.insured, Flow.SALE, 100),
            Line("premium", terms.insured, terms.insurer, Flow.RUNNING_COST, 100),
        ]
        self.late = 0
        self.compared = False
        self.losses = self.drawn = 0.0
        self.owed = {"payment": 0.0, "premium": 0.0}

    def publish(self, t: int) -> Mapping[str, float]:
        return {
            "losses": self.losses,
            "drawn": self.drawn,
            "outstanding": self.owed["payment"],
            "arrears": self.owed["premium"],
        }

    def due(self) -> float:
        """What is to be paid for the losses so far."""
        return clip(self.losses - self.number("deductible"), 0.0, self.number("limit", ALL))

    def claim(self, month: Month) -> Mapping[str, float]:
        t, start = month.t, self.number("start", 0.0)
        end = start + self.number("term")
        covered, before = share_between(t, start, end), self.due()
        if self.terms.covers == "interruption":
            promised = self.number("capacity") * month.hours
            delivered = month.observe(f"sites.{self.terms.site}.h100e_hours")
            missing = max(promised - delivered, 0.0) * covered
            self.late = self.late + 1 if missing > 1e-9 * promised else 0
            if self.late > self.number("waiting") + 1e-9:
                self.losses += self.over_time("agreed", month) * missing
        elif not self.compared and t >= self.number("on", NEVER) - 1e-9:
            self.compared = True
            if start - 1e-9 <= t <= end + 1e-9:
                short = self.over_time("guaranteed", month) - self.over_time("value", month)
                self.losses += max(short, 0.0)
        premium = self.number("premium") * month.years * covered
        return {
            "payment": self.due() - before + self.owed["payment"],
            "premium": premium + self.owed["premium"],
        }

    def settle(
        self, month: Month, claimed: Mapping[str, float], paid: Mapping[str, float]
    ) -> Mapping[str, float]:
        self.drawn += paid["payment"]
        for line in self.lines:
            name = line.name
            self.owed[name] = month.unpaid(line.payer, claimed[name], paid[name])
        return {}
