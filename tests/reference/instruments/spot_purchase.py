"""docs/contracts/spot_purchase.md."""

from collections.abc import Mapping
from typing import Any

from offtake.core.flows import Flow
from tests.reference.books import Line, Month, Row, short
from tests.reference.future import Future


class SpotPurchase(Row):
    """What reservations do not serve, bought by the hour."""

    def __init__(self, future: Future, contract: str, terms: Any) -> None:
        super().__init__(future, contract, terms)
        self.lines = [Line("hours", terms.buyer, terms.seller, Flow.SALE, 100)]
        self.needed = self.bought = self.unserved = 0.0

    def publish(self, t: int) -> Mapping[str, float]:
        return {"needed": self.needed, "bought": self.bought, "unserved": self.unserved}

    def left(self, month: Month) -> float:
        """H100e-hours that reservations leave."""
        served = sum(month.observe(f"contracts.{name}.offered_hours") for name in self.terms.after)
        return max(self.over_time("demand", month) * month.hours - served, 0.0)

    def wanted(self, month: Month) -> float:
        """H100e-hours that are to be bought."""
        if self.terms.price_limit is not None:
            limit = self.over_time("price_limit", month)
            price = self.over_time("price", month)
            if not self.future.reaches(f"{self.contract} price", limit, price):
                return 0.0
        wanted = self.left(month)
        if self.terms.available is not None:
            wanted = min(wanted, self.over_time("available", month) * month.hours)
        return wanted

    def claim(self, month: Month) -> Mapping[str, float]:
        return {"hours": self.over_time("price", month) * self.wanted(month)}

    def settle(
        self, month: Month, claimed: Mapping[str, float], paid: Mapping[str, float]
    ) -> Mapping[str, float]:
        share = 1.0
        if short(claimed["hours"], paid["hours"]):
            share = paid["hours"] / claimed["hours"]
        bought = self.wanted(month) * share
        self.needed += self.over_time("demand", month) * month.hours
        self.bought += bought
        left = self.left(month)
        self.unserved += left - bought if short(left, bought) else 0.0
        return {}
