"""docs/contracts/construction_loan.md."""

import math
from collections.abc import Mapping
from typing import Any

from offtake.core.flows import Flow
from tests.reference.books import PAID, Line, Month, cash_flow, share_between
from tests.reference.debt import Loan, after
from tests.reference.future import NEVER, Future


class ConstructionLoan(Loan):
    """Drawn while something is built, then a term loan, or due."""

    def __init__(self, future: Future, contract: str, terms: Any) -> None:
        super().__init__(future, contract, terms)
        draw = Line(
            "draw", self.lender, self.borrower, Flow.CAPITAL_IN, 550, "support", 1,
            (*terms.funds, contract),
        )  # fmt: skip
        self.lines = [draw, *self.debt_lines(), self.sweep_line()]
        self.longstop = after(self.begin + self.number("longstop"))
        self.over = self.number("amortise_over", self.number("term"))
        self.drawn = self.spent = 0.0
        self.converted: int | None = None

    def publish(self, t: int) -> Mapping[str, float]:
        done = float(self.converted is not None)
        return {**self.published(), "drawn": self.drawn, "converted": done}

    def built(self, t: int) -> bool:
        """Whether it is a term loan."""
        return self.converted is not None and t > self.converted

    def going(self, month: Month) -> bool:
        """Whether money can still be drawn from it as far as the borrower goes."""
        return not self.accelerated and self.borrower not in month.stopped

    def building(self, month: Month) -> bool:
        """Whether it is drawn and its interest capitalised."""
        in_time = self.begin <= month.t < self.longstop
        return in_time and not self.built(month.t) and self.going(month)

    @property
    def maturity(self) -> float:
        """Last period of the term loan."""
        return NEVER if self.converted is None else after(self.converted + self.number("term"))

    def yearly_rate(self, month: Month) -> float:
        since = 0.0 if self.converted is None else max(month.t - 1 - self.converted, 0)
        steps = math.floor(since / max(self.number("step_every"), 1.0) + 1e-9)
        return super().yearly_rate(month) + steps * self.number("step_up")

    def ends(self, t: int) -> bool:
        """Whether all of it is due."""
        late = t >= self.longstop and not self.built(t)
        return t >= self.maturity or self.early is not None or late

    def repays(self, t: int) -> bool:
        """Whether principal has a date."""
        if self.converted is None or self.terms.amortisation == "bullet":
            return False
        first = math.floor(self.converted + self.number("interest_only") + 1e-9)
        return self.on_date("principal", first, after(self.converted + self.over), t)

    def regular(self, month: Month) -> float:
        """Principal by profile."""
        if not self.repays(month.t):
            return 0.0
        first = math.floor(self.converted + self.number("interest_only") + 1e-9)
        last = after(self.converted + self.over)
        every = max(after(self.number("principal_every")), 1)
        rate = self.yearly_rate(month) * month.years * every
        return self.profile(month, rate, self.dates_left(first, last, month.t))

    def dates(self, month: Month) -> bool:
        """Whether interest is due after construction."""
        if self.ends(month.t):
            return True
        running = self.converted is not None
        return running and self.on_date("interest", self.converted, self.maturity, month.t)

    def interest(self, month: Month) -> float:
        """Interest that is claimed, arrears apart."""
        if self.building(month):
            return 0.0
        in_time = self.begin <= month.t < self.longstop and not self.built(month.t)
        return self.interest_now(self.rate_of_period(month), self.dates(month) or in_time)

    def owed(self, month: Month) -> float:
        late = self.arrears * (1.0 + self.rate_of_period(month))
        return self.balance + self.interest(month) + late

    def service_due(self, month: Month) -> float:
        return self.interest(month) + self.regular(month) if self.built(month.t) else 0.0

    def claim(self, month: Month) -> Mapping[str, float]:
        t, amount = month.t, self.number("amount")
        begin = NEVER if self.converted is None else self.converted
        self.early = self.premium(month, self.yearly_rate(month), begin, self.maturity)
        undrawn = max(amount - self.balance, 0.0)
        missing = max(self.number("budget", 0.0) - self.spent, 0.0)
        missing *= self.number("cost_share")
        balanced = undrawn >= missing * (1.0 - PAID)
        fee = self.number("upfront_fee") * amount if t == self.begin else 0.0
        if self.going(month) and not self.built(t):
            waiting = share_between(t, self.begin, self.longstop)
            fee += self.number("commitment_fee") * undrawn * self.accrual[t] * waiting
        left = self.balance - self.overdue
        scheduled = left if self.ends(t) else self.regular(month)
        late = self.arrears * (1.0 + self.rate_of_period(month))
        asked = self.asks_for(month, self.interest(month) + late, self.principal_due(scheduled))
        return {
            "draw": undrawn if self.building(month) and balanced else 0.0,
            "draw_weight": self.number("weight"),
            "fee": fee + (self.early or 0.0),
            **asked,
            "sweep": min(self.swept(month, scheduled), self.balance - asked["recovery"])
            if "recovery" in asked
            else self.swept(month, scheduled),
        }

    def settle(
        self, month: Month, claimed: Mapping[str, float], paid: Mapping[str, float]
    ) -> Mapping[str, float]:
        t, building = month.t, self.building(month)
        self.service = self.service_due(month)
        earned = self.accrued + self.balance * self.rate_of_period(month)
        in_time = self.begin <= t < self.longstop and not self.built(t)
        pays = self.dates(month) or in_time or self.accelerated
        between = self.built(t) and not (self.dates(month) or self.repays(t))
        rate = self.yearly_rate(month)
        self.serviced(month, claimed, paid)
        self.accrued = 0.0 if pays else earned
        self.balance += paid["draw"] - paid["sweep"] + (earned if building else 0.0)
        self.drawn += paid["draw"]
        self.spent += sum(
            p.amount for p in month.paid if p.payer == self.borrower and p.flow == Flow.CAPITAL_COST
        )
        self.remember(month, between)
        if building and self.converts(month, rate):
            self.converted = t
        return self.stop()

    def converts(self, month: Month, rate: float) -> bool:
        """Whether the tests of conversion hold at the close."""
        site = self.terms.site
        phases = range(len(self.future.plan.sites[site].phases))
        active = [month.observe(f"sites.{site}.phases[{j}].active") for j in phases]
        if min(active) < 1.0 - 1e-9 or self.arrears + self.overdue > 0.0 or self.accelerated:
            return False
        if self.terms.conversion_ltv is not None:
            cohorts = [c for c in self.terms.collateral if c in self.future.plan.chips]
            worth = sum(month.observe(f"chips.{c}.value") for c in cohorts)
            if self.balance > self.number("conversion_ltv") * (1.0 + PAID) * worth:
                return False
        rate /= self.future.calendar.per_year
        factor = -math.expm1(-self.over * math.log1p(rate)) / rate if rate else self.over
        needed = self.number("conversion_dscr") * self.balance / factor * (1.0 - PAID)
        flow = cash_flow(month.paid, self.borrower)
        return needed <= 0.0 or self.future.reaches("conversion", flow, needed)
