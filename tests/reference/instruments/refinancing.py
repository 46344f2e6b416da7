"""docs/contracts/refinancing.md."""

import math
from collections.abc import Mapping
from typing import Any

from offtake.core.flows import Flow
from tests.reference.books import ALL, Line, Month, cash_flow
from tests.reference.debt import Loan, after
from tests.reference.future import NEVER, Future


class Refinancing(Loan):
    """A loan that repays others, as large as the market allows."""

    def __init__(self, future: Future, contract: str, terms: Any) -> None:
        super().__init__(future, contract, terms)
        draw = Line(
            "draw", self.lender, self.borrower, Flow.CAPITAL_IN, 550, "support", 1,
            tuple(terms.funds), (Flow.PRINCIPAL,),
        )  # fmt: skip
        self.lines = [draw, *self.debt_lines()]
        self.first: int | None = None
        self.spread = self.new = 0.0
        self.free: list[float] = []
        """cash flow after other debt of the last year"""
        self.over = self.number("amortise_over", self.number("term"))

    def publish(self, t: int) -> Mapping[str, float]:
        return self.published()

    def offered(self, month: Month) -> float:
        """Rate at which the market lends now."""
        return super().yearly_rate(month) + self.over_time("spread", month)

    def now(self, month: Month) -> Mapping[str, float]:
        years = self.number("term") / self.future.calendar.per_year
        fee = self.number("upfront_fee") / (years if years > 0.0 else 1.0)
        return {"capacity": self.capacity(month), "offered": self.offered(month) + fee}

    def capacity(self, month: Month) -> float:
        """What can be drawn now."""
        t, per_year = month.t, self.future.calendar.per_year
        spread = self.over_time("spread", month)
        shut = self.number("shut_above", NEVER)
        is_open = not spread > shut * (1.0 + 1e-9)
        is_open = is_open and self.begin <= t <= self.begin + self.number("availability") + 1e-9
        going = not self.accelerated and self.borrower not in month.stopped
        if not (is_open and going) or (self.first is not None and t >= self.maturity):
            return 0.0
        most = self.number("amount")
        if self.terms.ltv is not None:
            cohorts = [c for c in self.terms.collateral if c in self.future.plan.chips]
            worth = sum(month.observe(f"chips.{c}.value") for c in cohorts)
            most = min(most, self.number("ltv") * worth)
        if self.number("dscr") > 0.0:
            mean = sum(self.free) / min(max(t - 1, 1), per_year)
            rate, n = self.offered(month) / per_year, self.over
            factor = -math.expm1(-n * math.log1p(rate)) / rate if rate else n
            most = min(most, max(mean, 0.0) / self.number("dscr") * factor)
        return max(min(most, ALL) - self.balance, 0.0)

    @property
    def maturity(self) -> int:
        """Last period."""
        return after((NEVER if self.first is None else self.first) + self.number("term"))

    def yearly_rate(self, month: Month) -> float:
        return super().yearly_rate(month) + self.spread

    def date(self, what: str, last: float, t: int) -> bool:
        """Whether interest or principal has a date."""
        return self.first is not None and self.on_date(what, self.first, last, t)

    def regular(self, month: Month) -> float:
        """Principal by profile."""
        if self.terms.amortisation == "bullet" or self.first is None:
            return 0.0
        last = after(self.first + self.over)
        if not self.date("principal", last, month.t):
            return 0.0
        every = max(after(self.number("principal_every")), 1)
        rate = self.yearly_rate(month) * month.years * every
        return self.profile(month, rate, self.dates_left(self.first, last, month.t))

    def pays(self, month: Month) -> bool:
        """Whether interest is due."""
        return self.date("interest", self.maturity, month.t)

    def owed(self, month: Month) -> float:
        return self.balance + self.interest_due(self.rate_of_period(month), self.pays(month))

    def service_due(self, month: Month) -> float:
        interest = self.interest_now(self.rate_of_period(month), self.pays(month))
        return interest + self.regular(month)

    def claim(self, month: Month) -> Mapping[str, float]:
        matured = month.t >= self.maturity
        scheduled = self.balance - self.overdue if matured else self.regular(month)
        interest = self.interest_due(self.rate_of_period(month), self.pays(month))
        return {
            "draw": self.capacity(month),
            "draw_weight": self.number("weight"),
            "fee": self.number("upfront_fee") * self.new,
            **self.asks_for(month, interest, self.principal_due(scheduled)),
        }

    def settle(
        self, month: Month, claimed: Mapping[str, float], paid: Mapping[str, float]
    ) -> Mapping[str, float]:
        self.service = self.service_due(month)
        last = after((self.first or 0) + self.over)
        repays = self.terms.amortisation != "bullet" and self.date("principal", last, month.t)
        between = self.first is not None and month.t > self.first
        between = between and not (self.pays(month) or repays)
        earned = self.balance * self.rate_of_period(month)
        self.accrued = 0.0 if self.pays(month) or self.accelerated else self.accrued + earned
        others = [k for k in self.beside() if k not in self.terms.funds]
        service = sum(month.observe(f"contracts.{k}.service_due") for k in others)
        self.free.append(cash_flow(month.paid, self.borrower) - service)
        self.free = self.free[-self.future.calendar.per_year :]
        self.serviced(month, claimed, paid)
        self.new = paid["draw"]
        self.balance += self.new
        if self.new > 0.0:
            self.spread += self.new / self.balance * (self.over_time("spread", month) - self.spread)
            self.first = month.t if self.first is None else self.first
        self.remember(month, between)
        return self.stop()
