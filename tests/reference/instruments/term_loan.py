"""docs/contracts/term_loan.md."""

import copy
import math
from collections.abc import Mapping
from dataclasses import replace
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

        self.free = math.floor(self.begin + self.number("interest_only") + 1e-9)
        self.capitalises = after(self.number("capitalise_until", -1.0))

    def publish(self, t: int) -> Mapping[str, float]:
        return {**self.published(), "accrued": self.accrued}

    def repays(self, t: int) -> bool:
        """Whether principal has a date."""
        return t > self.free and self.on_date("principal", self.free, self.last, t)

    def pays(self, t: int) -> bool:
        """Whether interest has a date."""
        return self.on_date("interest", self.begin, self.last, t)

    def scheduled(self, month: Month) -> tuple[float, float]:
        """Principal that falls due on schedule, and the part of it that is no balloon."""
        left = self.balance - self.overdue
        regular = 0.0
        if self.repays(month.t):
            every = 1 if self.terms.principal_dates else after(self.number("principal_every"))
            rate = self.yearly_rate(month) * month.years * max(every, 1)
            regular = self.profile(month, rate, self.dates_left(self.free, self.last, month.t))
        if month.t >= self.last:
            return left, min(regular, left)
        return regular, regular

    def interest_split(self, month: Month) -> tuple[float, float]:
        """Interest that is asked for, and what is added to the balance instead."""
        rate = self.yearly_rate(month) * self.accrual[month.t]
        now = self.interest_now(rate, self.pays(month.t))
        if month.t <= self.capitalises and month.t < self.last and not self.accelerated:
            return 0.0, now
        return now, 0.0

    def service_due(self, month: Month) -> float:
        return self.interest_split(month)[0] + self.scheduled(month)[1]

    def shown(self, month: Month) -> Mapping[str, float]:
        return {**super().shown(month), "service_next": self.service_next(month)}

    def service_next(self, month: Month) -> float:
        """Service of the next period, balloon apart, if all that is due now is paid."""
        then = copy.copy(self)
        asked = self.claim(month)
        then.roll(month, asked, {**asked, "sweep": 0.0})
        # Beyond the plan's last period days are counted as in the last.
        then.accrual = [*self.accrual, self.accrual[-1]]
        years = 1.0 / self.future.calendar.per_year
        return then.service_due(replace(month, t=month.t + 1, years=years))

    def claim(self, month: Month) -> Mapping[str, float]:
        starts = month.t == self.begin
        rate = self.yearly_rate(month) * self.accrual[month.t]
        late = self.arrears * (1.0 + rate)
        return {
            "advance": self.number("amount") if starts else 0.0,
            "fee": self.number("amount") * self.number("upfront_fee") if starts else 0.0,
            "interest": self.interest_split(month)[0] + late,
            "principal": self.principal_due(self.scheduled(month)[0]),
            "sweep": self.swept(month, self.scheduled(month)[0]),
        }

    def settle(
        self, month: Month, claimed: Mapping[str, float], paid: Mapping[str, float]
    ) -> Mapping[str, float]:
        self.service = self.service_due(month)
        t = month.t
        self.roll(month, claimed, paid)
        self.remember(month, between=t > self.begin and not (self.pays(t) or self.repays(t)))
        return self.stop()

    def roll(self, month: Month, claimed: Mapping[str, float], paid: Mapping[str, float]) -> None:
        """Accrued interest, arrears and balance after payment."""
        t, added = month.t, self.interest_split(month)[1]
        earned = self.balance * self.yearly_rate(month) * self.accrual[t]
        due = self.pays(t) or self.accelerated
        self.accrued = 0.0 if due else self.accrued + earned
        self.serviced(month, claimed, paid)
        self.balance += paid["advance"] + added - paid["sweep"]
