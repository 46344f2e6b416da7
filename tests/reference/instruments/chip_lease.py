"""docs/contracts/chip_lease.md."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from offtake.core.flows import Flow
from tests.reference.books import PAID, Line, Month, Row, share_between, short
from tests.reference.debt import after
from tests.reference.future import Future


@dataclass
class Choice:
    """What happens in a period."""

    rent: float
    price: float
    value: float
    what: str
    """buys, stays, returns, or nothing"""


class ChipLease(Row):
    """Chips rented, then bought, kept on or given back."""

    def __init__(self, future: Future, contract: str, terms: Any) -> None:
        super().__init__(future, contract, terms)
        lessor, lessee, buyer = terms.lessor, terms.lessee, terms.buyer or terms.lessor
        self.lines = [
            Line("rent", lessee, lessor, Flow.SALE, 100),
            Line("purchase", lessee, lessor, Flow.CAPITAL_COST, 500),
            Line("return", lessee, lessor, Flow.RUNNING_COST, 100),
            Line("resale", buyer, lessor, Flow.SALE, 100),
        ]
        self.chips = f"chips.{terms.chips}"
        starts = f"contracts.{contract}.start" if terms.start else f"{self.chips}.deliver"
        self.begin = after(max(future.number(starts), 0.0))
        self.unpaid = dict.fromkeys(("rent", "purchase", "return", "resale"), 0.0)
        self.late = self.renewed = 0
        self.rent = 0.0
        self.bought = self.ended = self.vacated = False

    def publish(self, t: int) -> Mapping[str, float]:
        return {
            "arrears": self.unpaid["rent"],
            "rent": self.rent,
            "renewed": float(self.renewed),
            "bought": float(self.bought),
            "terminated": float(self.ended),
            "vacated": float(self.vacated),
        }

    def full(self, month: Month) -> float:
        """Rent of a whole period."""
        units = self.future.number(f"{self.chips}.units") * month.observe(f"{self.chips}.ready")
        by_hour = self.over_time("per_hour", month) * month.observe(f"{self.chips}.h100e")
        return self.over_time("per_chip", month) * units * month.years + by_hour * month.hours

    def choice(self, month: Month) -> Choice:
        """Rent of the period, and what is chosen where a choice falls due."""
        value = month.observe(f"{self.chips}.resale_value")
        price = value if self.terms.purchase == "value" else self.number("purchase_price")
        if self.bought or self.ended or self.vacated:
            back = self.ended and not self.vacated
            return Choice(0.0, price, value, "returns" if back else "nothing")
        first = self.begin + self.number("term")
        end = first + self.renewed * self.number("renewal")
        what = "nothing"
        again = self.full(month) * self.number("renewal_rent")
        if month.t >= after(end) and month.t > self.begin:
            what = "returns"
            left = self.renewed + 1 <= self.number("renewals") + 1e-9
            earns = month.observe(f"{self.chips}.margin")
            if left and self.future.reaches("renewal", earns, again * (1.0 - PAID)):
                what = "stays"
            worth = value + self.number("return_cost")
            wants = value > 0.0
            if self.terms.purchase == "price":
                wants = wants and self.future.reaches("purchase", worth, price * (1.0 - PAID))
            if self.terms.purchase == "obliged" or (self.terms.purchase != "none" and wants):
                what = "buys"
        if what == "stays":
            end += self.number("renewal")
        pays_from = self.begin + self.number("rent_free")
        rent = self.full(month) * share_between(month.t, pays_from, first)
        rent += again * share_between(month.t, max(pays_from, first), end)
        return Choice(rent, price, value, what)

    def claim(self, month: Month) -> Mapping[str, float]:
        now = self.choice(month)
        sold = now.what == "returns" and self.terms.buyer is not None
        due = {
            "rent": now.rent,
            "purchase": now.price if now.what == "buys" else 0.0,
            "return": self.number("return_cost") if now.what == "returns" else 0.0,
            "resale": now.value if sold else 0.0,
        }
        return {line: amount + self.unpaid[line] for line, amount in due.items()}

    def settle(
        self, month: Month, claimed: Mapping[str, float], paid: Mapping[str, float]
    ) -> Mapping[str, float]:
        now = self.choice(month)
        for line in self.lines:
            amounts = claimed[line.name], paid[line.name]
            self.unpaid[line.name] = month.unpaid(line.payer, *amounts)
        self.late = self.late + 1 if short(claimed["rent"], paid["rent"]) else 0
        self.rent = now.rent
        self.renewed += now.what == "stays"
        self.bought = self.bought or now.what == "buys"
        self.vacated = self.vacated or now.what == "returns"
        over = self.bought or self.vacated
        self.ended = self.ended or (not over and self.late > self.number("grace"))
        return {f"{self.chips}.sold": float(now.what == "returns")}
