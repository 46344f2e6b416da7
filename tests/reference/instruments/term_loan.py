"""docs/contracts/term_loan.md."""

from collections.abc import Mapping
from typing import Any

from offtake.core.flows import Flow
from tests.reference.books import Line, Month
from tests.reference.debt import Loan, after
from tests.reference.future import Future


class TermLoan(Loan):
    """A sum advanced once and repaid by schedule."""

    def __init__(self, future: Future, contract: str, terms: Any) -> None:
        super().__init__(future, contract, terms)
        advance = Line("advance", self.lender, self.borrower, Flow.CAPITAL_IN, 550)
        self.lines = [advance, *self.debt_lines(), self.sweep_line()]
        self.last = after(self.begin + self.number("term"))

    def publish(self, t: int) -> Mapping[str, float]:
        return self.published()

    def scheduled(self, month: Month) -> tuple[float, float]:
        """Principal that falls due on schedule, and the part of it that is no balloon."""
        remaining = max(self.last - month.t + 1.0, 1.0)
        regular = self.profile(month, self.yearly_rate(month) * month.years, remaining)
        if month.t <= self.begin + self.number("interest_only"):
            regular = 0.0
        if remaining == 1.0:
            return self.balance - self.overdue, min(regular, self.balance - self.overdue)
        return regular, regular

    def service_due(self, month: Month) -> float:
        interest = self.balance * self.yearly_rate(month) * self.accrual[month.t]
        return interest + self.scheduled(month)[1]

    def shown(self, month: Month) -> Mapping[str, float]:
        return {**super().shown(month), "service_next": self.service_next(month)}

    def service_next(self, month: Month) -> float:
        """Service of the next period, balloon apart, if this one goes as scheduled."""
        left = self.balance - self.scheduled(month)[0]
        left += self.number("amount") if month.t == self.begin else 0.0
        rate, then = self.yearly_rate(month), min(month.t + 1, len(self.accrual) - 1)
        remaining = max(self.last - month.t, 1.0)
        kept = self.balance, self.overdue
        self.balance, self.overdue = left, 0.0
        period = rate / self.future.calendar.per_year
        principal = self.profile(month, period, remaining, following=True)
        self.balance, self.overdue = kept
        if month.t + 1 <= self.begin + self.number("interest_only"):
            principal = 0.0
        if remaining == 1.0:
            principal = min(principal, left)
        return left * rate * self.accrual[then] + principal

    def claim(self, month: Month) -> Mapping[str, float]:
        starts = month.t == self.begin
        rate = self.yearly_rate(month) * self.accrual[month.t]
        return {
            "advance": self.number("amount") if starts else 0.0,
            "fee": self.number("amount") * self.number("upfront_fee") if starts else 0.0,
            "interest": self.interest_due(rate),
            "principal": self.principal_due(self.scheduled(month)[0]),
            "sweep": self.swept(month, self.scheduled(month)[0]),
        }

    def settle(
        self, month: Month, claimed: Mapping[str, float], paid: Mapping[str, float]
    ) -> Mapping[str, float]:
        self.service = self.service_due(month)
        self.serviced(month, claimed, paid)
        self.balance += paid["advance"] - paid["sweep"]
        self.remember(month)
        return self.stop()
