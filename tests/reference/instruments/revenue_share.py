"""docs/contracts/revenue_share.md."""

from collections.abc import Mapping, Sequence
from typing import Any

from offtake.core.flows import Flow
from tests.reference.books import Line, Month, Payment, Row
from tests.reference.debt import after
from tests.reference.future import NEVER, Future


class RevenueShare(Row):
    """A share of revenue for money up front."""

    derived = True

    def __init__(self, future: Future, contract: str, terms: Any) -> None:
        super().__init__(future, contract, terms)
        rank = 400 if terms.seniority == "junior" else 200
        self.lines = [
            Line("advance", terms.financier, terms.company, Flow.CAPITAL_IN, 550),
            Line("royalty", terms.company, terms.financier, Flow.FEE, rank),
        ]
        self.begin = after(max(self.number("start", 0.0), 0.0))
        self.end = after(self.begin + self.number("term", NEVER))
        self.advanced = self.revenue = self.short = self.charged = self.arrears = 0.0
        self.royalty = 0.0

    def sales(self, payments: Sequence[Payment]) -> float:
        """What falls due to the company, or is paid to it, under the contracts that count."""
        return sum(
            p.amount
            for p in payments
            if p.payee == self.terms.company
            and p.flow == Flow.SALE
            and (not self.terms.contracts or p.contract in self.terms.contracts)
        )

    def claim(self, month: Month) -> Mapping[str, float]:
        self.royalty = 0.0
        if month.t > self.begin:
            if month.t <= self.end:
                self.revenue += self.sales(month.claimed) - self.short
            most = self.number("cap", 1e15)
            owed = min(self.number("share") * self.revenue, most * self.advanced)
            if month.t >= self.end:
                owed = max(owed, min(self.number("floor"), most) * self.advanced)
            self.royalty = max(owed - self.charged, 0.0)
        return {
            "advance": self.number("amount") if month.t == self.begin else 0.0,
            "royalty": self.royalty + self.arrears,
        }

    def settle(
        self, month: Month, claimed: Mapping[str, float], paid: Mapping[str, float]
    ) -> Mapping[str, float]:
        counts = month.t > self.begin
        self.short = self.sales(month.claimed) - self.sales(month.paid) if counts else 0.0
        self.charged += self.royalty
        self.arrears = month.unpaid(self.terms.company, claimed["royalty"], paid["royalty"])
        self.advanced += paid["advance"]
        return {}
