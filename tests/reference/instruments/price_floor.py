"""docs/contracts/price_floor.md."""

from collections.abc import Mapping
from typing import Any

from offtake.core.flows import Flow
from tests.reference.books import Line, Month, Row, share_between
from tests.reference.debt import after
from tests.reference.future import Future


class PriceFloor(Row):
    """A strip of puts on the price of compute, or a collar."""

    def __init__(self, future: Future, contract: str, terms: Any) -> None:
        super().__init__(future, contract, terms)
        buyer, seller = terms.buyer, terms.seller
        self.lines = [
            Line("payout", seller, buyer, Flow.SALE, 100),
            Line("excess", buyer, seller, Flow.SALE, 210),
            Line("premium", buyer, seller, Flow.RUNNING_COST, 100),
        ]
        self.drawn = 0.0
        self.owed = dict.fromkeys(("payout", "excess", "premium"), 0.0)

    def publish(self, t: int) -> Mapping[str, float]:
        arrears = self.owed["excess"] + self.owed["premium"]
        return {"drawn": self.drawn, "outstanding": self.owed["payout"], "arrears": arrears}

    def claim(self, month: Month) -> Mapping[str, float]:
        start = self.number("start", 0.0)
        part = share_between(month.t, start, start + self.number("term"))
        hours = self.over_time("capacity", month) * month.hours * part
        index = self.over_time("index", month)
        above = index - self.over_time("cap", month) if self.terms.cap else 0.0
        premium = self.number("premium_per_hour") * hours
        if month.t == after(max(start, 0.0)):
            premium += self.number("premium")
        return {
            "payout": max(self.over_time("floor", month) - index, 0.0) * hours
            + self.owed["payout"],
            "excess": max(above, 0.0) * hours + self.owed["excess"],
            "premium": premium + self.owed["premium"],
        }

    def settle(
        self, month: Month, claimed: Mapping[str, float], paid: Mapping[str, float]
    ) -> Mapping[str, float]:
        self.drawn += paid["payout"]
        for line in self.lines:
            name = line.name
            self.owed[name] = month.unpaid(line.payer, claimed[name], paid[name])
        return {}
