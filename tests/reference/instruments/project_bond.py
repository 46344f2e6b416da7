"""docs/contracts/project_bond.md."""

import math
from collections.abc import Mapping
from typing import Any

from offtake.core.flows import Flow
from tests.reference.books import ALL, Line, Month
from tests.reference.debt import Loan, after
from tests.reference.future import Future


class ProjectBond(Loan):
    """Notes issued at once and repaid by schedule."""

    def __init__(self, future: Future, contract: str, terms: Any) -> None:
        super().__init__(future, contract, terms)
        fee, *rest = self.debt_lines()
        arranger = terms.arranger or self.lender
        self.lines = [
            Line("advance", self.lender, self.borrower, Flow.CAPITAL_IN, 550),
            Line("fee", self.borrower, arranger, Flow.FEE, fee.rank),
            *rest,
            Line("redemption", self.borrower, self.lender, Flow.PRINCIPAL, 800, "residual"),
        ]
        self.last = after(self.begin + self.number("term"))
        self.free = math.floor(self.begin + self.number("interest_only") + 1e-9)
        self.apart = max(math.ceil(self.number("interest_every") - 1e-9), 1)
        self.shares = {
            after(future.calendar.index_of(day)): f"schedule.{label}"
            for (day, _), label in (
                zip(terms.schedule.knots, terms.schedule.labels, strict=True)
                if terms.schedule
                else ()
            )
        }
        self.redeemed = 0.0

    def publish(self, t: int) -> Mapping[str, float]:
        return {**self.published(), "redeemed": self.redeemed}

    def now(self, month: Month) -> Mapping[str, float]:
        issued = self.issued(month)
        net = max(self.number("issue_price") - self.number("issue_costs"), 0.0)
        return {"proceeds": issued * net, "accruing": self.accruing(month)}

    def issued(self, month: Month) -> float:
        """Face value issued in the period."""
        return self.number("amount") if month.t == self.begin else 0.0

    def accruing(self, month: Month) -> float:
        """Interest that the period adds."""
        return self.balance * self.number("rate") * self.accrual[month.t]

    def payments_left(self, month: Month, since: int) -> int | None:
        """Payment dates that remain, this one included; None if the period is not one."""
        left = self.last - month.t
        if month.t <= since or (left > 0 and left % self.apart):
            return None
        return max(left, 0) // self.apart + 1

    def regular(self, month: Month) -> float:
        """Principal of the period, a balloon apart."""
        left = self.balance - self.overdue
        if month.t <= self.free:
            return 0.0
        if self.terms.amortisation == "scheduled":
            if month.t not in self.shares:
                return 0.0
            share = self.number(self.shares[month.t])
            rest = 1.0 - sum(self.number(k) for t, k in self.shares.items() if t < month.t)
            return (left * share / rest if rest > share else left) if share > 0.0 else 0.0
        remaining = self.payments_left(month, self.free)
        if remaining is None:
            return 0.0
        return self.profile(month, self.number("rate") * month.years * self.apart, remaining)

    def pays(self, month: Month) -> bool:
        """Whether interest is due."""
        return self.payments_left(month, self.begin) is not None or self.regular(month) > 0.0

    def coupon(self, month: Month) -> float:
        """Interest that falls due, arrears apart."""
        return self.interest_now(self.number("rate") * self.accrual[month.t], self.pays(month))

    def owed(self, month: Month) -> float:
        rate = self.number("rate") * self.accrual[month.t]
        return self.balance + self.coupon(month) + self.arrears * (1.0 + rate)

    def scheduled(self, month: Month) -> float:
        """Principal that falls due on schedule."""
        return self.balance - self.overdue if month.t >= self.last else self.regular(month)

    def service_due(self, month: Month) -> float:
        return self.coupon(month) + self.regular(month) if month.t > self.free else 0.0

    def claim(self, month: Month) -> Mapping[str, float]:
        issued = self.issued(month)
        rate = self.number("rate") * self.accrual[month.t]
        principal = self.principal_due(self.scheduled(month))
        may = 0.0
        if self.terms.redeemed_from:
            may = month.observe(f"contracts.{self.terms.redeemed_from}.surplus")
        if self.terms.swept_after:
            over = month.observe(f"contracts.{self.terms.swept_after}.vacated") > 0.5
            may = ALL if over else may
        price = self.number("redemption_price")
        most = max(self.balance - principal, 0.0)
        return {
            "advance": issued * self.number("issue_price"),
            "fee": issued * self.number("issue_costs"),
            **self.asks_for(month, self.coupon(month) + self.arrears * (1.0 + rate), principal),
            "redemption": 0.0 if self.accelerated else min(may / price, most) * price,
        }

    def settle(
        self, month: Month, claimed: Mapping[str, float], paid: Mapping[str, float]
    ) -> Mapping[str, float]:
        self.service = self.coupon(month) + self.regular(month)
        earned, pays = self.accrued + self.accruing(month), self.pays(month)
        between = month.t > self.free and not pays
        self.accrued = 0.0 if pays or self.accelerated else earned
        self.serviced(month, claimed, paid)
        redeemed = paid["redemption"] / self.number("redemption_price")
        self.redeemed += redeemed
        self.balance = max(self.balance - redeemed, 0.0) + paid["advance"] / self.number(
            "issue_price"
        )
        self.remember(month, between)
        return self.stop()
