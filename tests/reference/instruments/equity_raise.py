"""docs/contracts/equity_raise.md."""

from collections.abc import Mapping
from typing import Any

from offtake.core.flows import Flow
from tests.reference.books import ALL, Line, Month, Row
from tests.reference.future import NEVER, Future


class EquityRaise(Row):
    """New shares, as far as the market is open."""

    def __init__(self, future: Future, contract: str, terms: Any) -> None:
        super().__init__(future, contract, terms)
        self.lines = [
            Line(
                "raise", terms.investor, terms.issuer, Flow.CAPITAL_IN, 550, "support", terms.tier,
                tuple(terms.funds) or ("*",), tuple(f for f in Flow if f != Flow.SUPPORT),
            ),
            Line(
                "distribution", terms.issuer, terms.investor, Flow.DISTRIBUTION, 900, "residual"
            ),
        ]  # fmt: skip
        self.raised = self.saved = 0.0

    def publish(self, t: int) -> Mapping[str, float]:
        return {"raised": self.raised}

    def new(self, month: Month) -> float:
        """What the market gives this period."""
        yearly = self.over_time("capacity", month) * self.over_time("sentiment", month)
        return yearly * month.years

    def claim(self, month: Month) -> Mapping[str, float]:
        new = self.new(month)
        room = new + min(self.saved, self.number("carry_over") * new)
        if self.terms.amount is not None:
            room = min(room, self.number("amount", NEVER) - self.raised)
        return {
            "raise": max(room, 0.0),
            "raise_weight": self.number("weight"),
            "distribution": self.number("share") * ALL,
        }

    def settle(
        self, month: Month, claimed: Mapping[str, float], paid: Mapping[str, float]
    ) -> Mapping[str, float]:
        new = self.new(month)
        self.raised += paid["raise"]
        if new > 0.0:
            unused = max(self.saved + new - paid["raise"], 0.0)
            self.saved = min(unused, self.number("carry_over") * new)
        return {}
