"""docs/contracts/chip_purchase.md."""

from collections.abc import Iterator, Mapping
from typing import Any

from offtake.core.flows import Flow
from tests.reference.books import PAID, Line, Month, Row, clip, short
from tests.reference.future import Future


class ChipPurchase(Row):
    """One cohort of an order."""

    def __init__(self, future: Future, contract: str, terms: Any, cohort: str) -> None:
        super().__init__(future, contract, terms, cohort)
        self.lines = [
            Line("price", terms.buyer, terms.seller, Flow.CAPITAL_COST, 500),
            Line("cancellation", terms.buyer, terms.seller, Flow.FEE, 600),
        ]
        self.price = future.number(f"chips.{cohort}.units") * future.number(f"chips.{cohort}.price")
        self.deliver = future.number(f"chips.{cohort}.deliver")
        self.at_signing = self.number("milestones.signing")
        self.at_delivery = self.number("milestones.delivery")
        self.paid, self.late, self.cancelled, self.fee = 0.0, 0, False, 0.0

    def publish(self, t: int) -> Mapping[str, float]:
        left = 0.0 if self.cancelled else max(self.price - self.paid, 0.0)
        return {"paid": self.paid, "outstanding": left}

    def claim(self, month: Month) -> Mapping[str, float]:
        due = 0.0
        if month.t >= self.number("signed", 0.0) - 1e-9:
            due += self.price * self.at_signing
        if month.t >= self.deliver - 1e-9:
            due += self.price * self.at_delivery * month.observe(f"chips.{self.part}.ready")
        owed = due - self.paid
        claimed = owed if owed > PAID * due and not self.cancelled else 0.0
        return {"price": claimed, "cancellation": self.fee}

    def settle(
        self, month: Month, claimed: Mapping[str, float], paid: Mapping[str, float]
    ) -> Mapping[str, float]:
        self.paid += paid["price"]
        self.late = self.late + 1 if short(claimed["price"], paid["price"]) else 0
        rest = claimed["cancellation"] - paid["cancellation"]
        self.fee = rest if short(claimed["cancellation"], paid["cancellation"]) else 0.0
        if self.late > self.number("cancel_after") and not self.cancelled:
            self.cancelled = True
            self.fee += self.number("cancellation_fee") * max(self.price - self.paid, 0.0)
        return {f"chips.{self.part}.paid": self.delivered_share()}

    def delivered_share(self) -> float:
        """Share of the cohort that is delivered in the next period; the deposit counts first."""
        if self.price == 0.0:
            return 1.0
        on_delivery = self.price * self.at_delivery
        if on_delivery == 0.0:
            return clip(self.paid / self.price)
        return clip((self.paid - self.price * self.at_signing) / on_delivery)


def rows(future: Future, contract: str, terms: Any) -> Iterator[Row]:
    cohorts = (terms.chips,) if isinstance(terms.chips, str) else terms.chips
    return (ChipPurchase(future, contract, terms, cohort) for cohort in cohorts)
