"""docs/contracts/term_loan.md."""

import copy
import itertools
import math
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from offtake.core.calendar import year_fraction
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
        ends = [1e9]
        if terms.term is not None:
            ends.append(self.begin + self.number("term"))
        if terms.maturity is not None:
            ends.append(self.number("maturity"))
        self.last = after(min(ends))
        self.rate = 0.0

        self.free = math.floor(self.begin + self.number("interest_only") + 1e-9)
        self.capitalises = after(self.number("capitalise_until", -1.0))

    def publish(self, t: int) -> Mapping[str, float]:
        return {**self.published(), "accrued": self.accrued}

    def yearly_rate(self, month: Month) -> float:
        """Rate in force: set anew at the start of some periods, else that of the period before."""
        first = self.terms.first_rate
        t, begin = month.t, self.begin
        if t <= begin + 1 and first is None:
            return super().yearly_rate(month)
        days = self.terms.reset_dates
        if days:
            sets = t - 1 in [after(self.future.calendar.index_of(day)) for day in days]
        else:
            every = max(after(self.number("reset_every")), 1)
            sets = t - 1 > begin and (t - 1 - begin) % every == 0
        if sets:
            return super().yearly_rate(month)
        return self.number("first_rate") if t <= begin + 1 else self.rate

    def level(self, month: Month, earned: float) -> float:
        """Principal of a level payment on the given dates, by their day count."""
        days = self.terms.principal_dates
        closes = [after(self.future.calendar.index_of(day)) for day in days]
        ahead = [day for day, close in zip(days, closes, strict=True) if close >= month.t]
        worth, factor = 1.0, 1.0
        for day, following in itertools.pairwise(ahead):
            years = year_fraction(day.toordinal(), following.toordinal(), self.terms.day_count)
            worth /= 1.0 + self.yearly_rate(month) * float(years)
            factor += worth
        return (self.balance - self.overdue + earned) / factor - earned

    def repays(self, t: int) -> bool:
        """Whether principal has a date."""
        if self.terms.amortisation == "bullet":
            return False
        return t > self.free and self.on_date("principal", self.free, self.last, t)

    def pays(self, t: int) -> bool:
        """Whether interest has a date."""
        if self.early is not None:
            return True
        return self.on_date("interest", self.begin, self.last, t)

    def scheduled(self, month: Month) -> tuple[float, float]:
        """Principal that falls due on schedule, and the part of it that is no balloon."""
        left = self.balance - self.overdue
        regular = 0.0
        stated = self.over_time("payment", month) if self.terms.payment is not None else 0.0
        earned = self.accrued + self.balance * self.yearly_rate(month) * self.accrual[month.t]
        if self.repays(month.t) and stated > 0.0:
            interest = earned if self.terms.amortisation == "annuity" else 0.0
            regular = min(stated - interest, left)
        elif self.repays(month.t) and self.terms.principal_dates:
            closes = [after(self.future.calendar.index_of(x)) for x in self.terms.principal_dates]
            remaining = max(sum(close >= month.t for close in closes), 1)
            regular = self.profile(month, 0.0, remaining)
            if self.terms.amortisation == "annuity":
                regular = self.level(month, earned)
        elif self.repays(month.t):
            every = after(self.number("principal_every"))
            rate = self.yearly_rate(month) * month.years * max(every, 1)
            regular = self.profile(month, rate, self.dates_left(self.free, self.last, month.t))
        if month.t >= self.last or self.early is not None:
            return left, min(regular, left)
        return regular, regular

    def asked(self, month: Month) -> float:
        """Principal of the schedule that is claimed; none where a payment is below the interest."""
        return max(self.scheduled(month)[0], 0.0)

    def interest_split(self, month: Month) -> tuple[float, float]:
        """Interest that is asked for, and what is added to the balance instead."""
        rate = self.yearly_rate(month) * self.accrual[month.t]
        now = self.interest_now(rate, self.pays(month.t))
        runs = month.t < self.last and not self.accelerated and self.early is None
        if month.t <= self.capitalises and runs:
            return 0.0, now
        short = min(max(-self.scheduled(month)[1], 0.0), now)
        return (now, 0.0) if self.accelerated else (now - short, short)

    def owed(self, month: Month) -> float:
        late = self.arrears * (1.0 + self.rate_of_period(month))
        return self.balance + self.interest_split(month)[0] + late

    def service_due(self, month: Month) -> float:
        return self.interest_split(month)[0] + max(self.scheduled(month)[1], 0.0)

    def now(self, month: Month) -> Mapping[str, float]:
        return {"service_next": self.service_next(month)}

    def service_next(self, month: Month) -> float:
        """Service of the next period, balloon apart, if all that is due now is paid."""
        then = copy.copy(self)
        late = self.arrears * (1.0 + self.rate_of_period(month))
        then.due = (self.interest_split(month)[0] + late, self.principal_due(self.asked(month)))
        advance = self.number("amount") * self.number("issue_price")
        paid = {"interest": then.due[0], "principal": then.due[1], "fee": 0.0, "sweep": 0.0}
        paid["advance"] = advance if month.t == self.begin else 0.0
        then.roll(month, paid, paid)
        # Beyond the plan's last period days are counted as in the last.
        then.accrual = [*self.accrual, self.accrual[-1]]
        years = 1.0 / self.future.calendar.per_year
        return then.service_due(replace(month, t=month.t + 1, years=years))

    def claim(self, month: Month) -> Mapping[str, float]:
        starts = month.t == self.begin
        self.early = self.premium(month, self.yearly_rate(month), self.begin, self.last)
        rate = self.yearly_rate(month) * self.accrual[month.t]
        interest = self.interest_split(month)[0] + self.arrears * (1.0 + rate)
        scheduled = self.asked(month)
        asked = self.asks_for(month, interest, self.principal_due(scheduled))
        return {
            "advance": self.number("amount") * self.number("issue_price") if starts else 0.0,
            "fee": (self.number("amount") * self.number("upfront_fee") if starts else 0.0)
            + (self.early or 0.0),
            **asked,
            "sweep": min(self.swept(month, scheduled), self.balance - asked["recovery"]),
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
        rate = self.yearly_rate(month)
        earned = self.balance * rate * self.accrual[t]
        due = self.pays(t) or self.accelerated
        self.accrued = 0.0 if due else self.accrued + earned
        self.serviced(month, claimed, paid)
        self.balance += paid["advance"] / self.number("issue_price") + added - paid["sweep"]
        self.rate = rate
