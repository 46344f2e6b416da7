"""docs/contracts/convertible.md."""

from collections.abc import Mapping
from typing import Any

from offtake.core.flows import Flow
from tests.reference.books import PAID, Line, Month
from tests.reference.debt import Loan, after
from tests.reference.future import NEVER, Future


class Convertible(Loan):
    """A note repaid in cash or in shares."""

    def __init__(self, future: Future, contract: str, terms: Any) -> None:
        super().__init__(future, contract, terms)
        holder, issuer = self.lender, self.borrower
        self.lines = [
            Line("advance", holder, issuer, Flow.CAPITAL_IN, 550),
            *self.debt_lines(),
            Line("conversion", issuer, holder, Flow.PRINCIPAL, 50),
            Line("contribution", holder, issuer, Flow.CAPITAL_IN, 50),
            Line("distribution", issuer, holder, Flow.DISTRIBUTION, 900, "residual"),
        ]
        self.last = after(self.begin + self.number("term"))
        self.shares = self.before = 0.0
        self.price = 0.0
        self.converts = False

    def publish(self, t: int) -> Mapping[str, float]:
        return self.published()

    def rate(self, month: Month) -> float:
        """Of the period."""
        return self.number("rate") * self.accrual[month.t]

    def rate_of_period(self, month: Month) -> float:
        return self.rate(month)

    def owed(self, month: Month) -> float:
        self.look(month)
        return self.balance + self.cash_interest(month)

    def added(self, month: Month) -> float:
        """Interest that would be added to the balance if it fell due."""
        if self.terms.payment == "cash":
            return 0.0
        return self.accrued + self.balance * self.rate(month)

    def look(self, month: Month) -> None:
        """Whether it converts in the period, and at which price."""
        may = (
            month.t > self.begin
            and self.balance > 0.0
            and self.arrears == 0.0
            and self.overdue == 0.0
            and not self.accelerated
            and self.borrower not in month.stopped
            and month.payout(self.borrower) >= 1.0
            and month.payout(self.lender) >= 1.0
        )
        share = self.over_time("share_price", month)
        if self.terms.converts_on is None:
            self.price = self.number("conversion_price")
            whole = self.balance + self.added(month)
            worth = whole / self.price * share if self.price > 0.0 else 0.0
            better = False
            if may and month.t >= self.last:
                limit = whole * (1.0 + PAID)
                self.future.reaches(f"{self.contract}.better", worth, limit)
                better = worth > limit
            called = False
            if may and month.t >= self.number("call_from", NEVER) - 1e-9:
                limit = self.number("call_trigger") * self.price * (1.0 - PAID)
                called = self.future.reaches(f"{self.contract}.called", share, limit)
            self.converts = may and (better or called)
            return
        other = f"contracts.{self.terms.converts_on}"
        raised = month.observe(f"{other}.raised")
        below = (1.0 - self.number("discount")) * month.observe(f"{other}.issue_price")
        self.price = min(self.number("cap", 1e15), below)
        self.converts = may and raised > self.before and self.price > 0.0

    def pays(self, month: Month) -> bool:
        """Whether interest falls due."""
        return self.converts or self.on_date("interest", self.begin, self.last, month.t)

    def in_kind(self, month: Month) -> bool:
        """Whether what falls due is added to the balance."""
        return self.terms.payment == "in_kind" and (month.t < self.last or self.converts)

    def cash_interest(self, month: Month) -> float:
        """Interest due in cash, arrears included."""
        rate = self.rate(month)
        arrears = self.arrears * (1.0 + rate)
        if self.in_kind(month) and not self.accelerated:
            return arrears
        return self.interest_now(rate, self.pays(month)) + arrears

    def capitalised(self, month: Month) -> float:
        """Interest added to the balance."""
        if self.in_kind(month) and not self.accelerated:
            return self.interest_now(self.rate(month), self.pays(month))
        return 0.0

    def service_due(self, month: Month) -> float:
        self.look(month)
        return self.cash_interest(month) - self.arrears * (1.0 + self.rate(month))

    def claim(self, month: Month) -> Mapping[str, float]:
        self.look(month)
        due = self.balance - self.overdue if month.t >= self.last and not self.converts else 0.0
        interest = self.cash_interest(month)
        self.turned = self.balance + self.capitalised(month) if self.converts else 0.0
        starts = month.t == self.begin
        outstanding = self.number("outstanding")
        part = self.shares / outstanding if outstanding > 0.0 else 0.0
        return {
            "advance": self.number("amount") if starts else 0.0,
            "fee": self.number("amount") * self.number("upfront_fee") if starts else 0.0,
            **self.asks_for(month, interest, self.principal_due(due)),
            "conversion": self.turned,
            "contribution": self.turned,
            "distribution": self.distributed(part, month),
        }

    def settle(
        self, month: Month, claimed: Mapping[str, float], paid: Mapping[str, float]
    ) -> Mapping[str, float]:
        pays, added = self.pays(month), self.capitalised(month)
        earned = self.accrued + self.balance * self.rate(month)
        self.service = self.cash_interest(month) - self.arrears * (1.0 + self.rate(month))
        self.accrued = 0.0 if pays or self.accelerated else earned
        self.serviced(month, claimed, paid)
        self.balance = max(self.balance + added - paid["conversion"], 0.0) + paid["advance"]
        if self.price > 0.0:
            self.shares += paid["conversion"] / self.price
        if month.t <= self.begin and self.terms.converts_on is not None:
            self.before = month.observe(f"contracts.{self.terms.converts_on}.raised")
        self.remember(month, month.t > self.begin and not pays)
        return self.stop()
