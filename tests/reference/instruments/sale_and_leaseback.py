"""docs/contracts/sale_and_leaseback.md."""

from collections.abc import Mapping
from typing import Any

from offtake.core.flows import Flow
from tests.reference.books import PAID, Line, Month, Row, share_between, short
from tests.reference.debt import after
from tests.reference.future import Future


class SaleAndLeaseback(Row):
    """What was built is sold and rented back."""

    def __init__(self, future: Future, contract: str, terms: Any) -> None:
        super().__init__(future, contract, terms)
        self.lines = [
            Line("sale", terms.buyer, terms.seller, Flow.CAPITAL_COST, 500),
            Line("rent", terms.seller, terms.buyer, Flow.SALE, 100),
            Line("buy_back", terms.seller, terms.buyer, Flow.CAPITAL_COST, 500),
        ]
        self.begin = after(max(self.number("start", 0.0), 0.0))
        self.ends = self.begin + self.number("term")
        self.paid = self.arrears = 0.0
        self.late = 0
        self.ended = False

    def claim(self, month: Month) -> Mapping[str, float]:
        price = self.number("price")
        left = price - self.paid if month.t >= self.begin else 0.0
        let = self.paid / price if price > 0.0 and not self.ended else 0.0
        part = share_between(month.t, self.begin, self.ends)
        rent = let * self.over_time("rent", month) * part * month.years
        back = let * self.number("buy_back") if month.t == after(self.ends) else 0.0
        return {
            "sale": left if left > PAID * price else 0.0,
            "rent": rent + self.arrears,
            "buy_back": back,
        }

    def settle(
        self, month: Month, claimed: Mapping[str, float], paid: Mapping[str, float]
    ) -> Mapping[str, float]:
        self.paid += paid["sale"]
        self.arrears = month.unpaid(self.terms.seller, claimed["rent"], paid["rent"])
        self.late = self.late + 1 if short(claimed["rent"], paid["rent"]) else 0
        self.ended = self.ended or self.late > self.number("grace")
        return {}
