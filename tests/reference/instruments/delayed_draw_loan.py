"""docs/contracts/delayed_draw_loan.md."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from offtake.core.flows import Flow
from tests.reference.books import PAID, Line, Month, share_between
from tests.reference.debt import Loan, after, covered
from tests.reference.future import Future


@dataclass
class Asked:
    """What a period asks for."""

    limit: float
    fee: float
    rate: float
    regular: float
    scheduled: float
    extends: bool
    maturity: int
    pays: bool
    between: bool


class DelayedDrawLoan(Loan):
    """A commitment drawn while something is built."""

    def __init__(self, future: Future, contract: str, terms: Any) -> None:
        super().__init__(future, contract, terms)
        own = (contract,) if terms.capitalise_interest else ()
        draw = Line(
            "draw", self.lender, self.borrower, Flow.CAPITAL_IN, 550, "support", 1,
            (*terms.funds, *own),
        )  # fmt: skip
        self.lines = [draw, *self.debt_lines(), self.sweep_line()]
        self.close = self.begin + self.number("availability")
        self.end = self.begin + max(self.number("availability"), self.number("interest_only"))
        self.drawn, self.extensions, self.breach = 0.0, 0, 0

    def publish(self, t: int) -> Mapping[str, float]:
        return {**self.published(), "drawn": self.drawn}

    def asks(self, month: Month) -> Asked:
        """What this period asks for."""
        t = month.t
        going = not self.accelerated and self.borrower not in month.stopped
        step = self.number("extension")
        maturity = after(self.begin + self.number("term") + self.extensions * step)
        extends = going and t == maturity and self.extendable(month)
        if extends:
            maturity = after(maturity + step)
        rate = self.rate_now(month)
        undrawn = max(self.number("amount") - self.drawn, 0.0)
        available = self.begin <= t <= self.close + 1e-9 and t < maturity and going
        waiting = share_between(t, self.begin, min(self.close, maturity)) if going else 0.0
        fee = self.number("commitment_fee") * undrawn * self.accrual[t] * waiting
        if t == self.begin:
            fee += self.number("upfront_fee") * self.number("amount")
        last = maturity
        if self.terms.amortise_over is not None:
            last = after(self.end + self.number("amortise_over"))
        free = math.floor(self.end + 1e-9)
        every = max(after(self.number("principal_every")), 1)
        if extends:
            fee += self.number("extension_fee") * self.balance
        fee += self.early or 0.0
        repays = (
            t > free
            and self.terms.amortisation != "bullet"
            and self.on_date("principal", free, last, t)
        )
        regular = 0.0
        if repays:
            regular = self.profile(
                month, rate * month.years * every, self.dates_left(free, last, t)
            )
        pays = self.on_date("interest", self.begin, maturity, t) or self.early is not None
        left = self.balance - self.overdue
        return Asked(
            limit=undrawn if available else 0.0,
            fee=fee,
            rate=rate * self.accrual[t],
            regular=regular,
            scheduled=left if t >= maturity or self.early is not None else regular,
            extends=extends,
            maturity=maturity,
            pays=pays,
            between=t > free and not (pays or repays),
        )

    def extendable(self, month: Month) -> bool:
        """Whether an extension is left and its conditions hold."""
        return (
            self.extensions + 1 <= self.number("extensions") + 1e-9
            and self.arrears == 0.0
            and self.overdue == 0.0
            and self.balance > 0.0
            and covered(self, "extension", self.number("extension_dscr"))
            and self.worth_it(month)
        )

    def worth_it(self, month: Month) -> bool:
        """Whether the balance is small enough for what is pledged."""
        if self.terms.extension_ltv is None:
            return True
        cohorts = [c for c in self.terms.collateral if c in self.future.plan.chips]
        worth = sum(month.observe(f"chips.{c}.value") for c in cohorts)
        return self.balance <= self.number("extension_ltv") * (1.0 + PAID) * worth

    def rate_now(self, month: Month) -> float:
        """Rate in force, per year."""
        return self.yearly_rate(month) + self.extensions * self.number("extension_margin")

    def owed(self, month: Month) -> float:
        now = self.asks(month)
        return self.balance + self.interest_due(now.rate, now.pays)

    def service_due(self, month: Month) -> float:
        now = self.asks(month)
        interest = self.interest_now(now.rate, now.pays)
        return interest + now.regular if month.t > self.end + 1e-9 else 0.0

    def claim(self, month: Month) -> Mapping[str, float]:
        maturity = self.asks(month).maturity
        self.early = self.premium(month, self.rate_now(month), self.end, maturity)
        now = self.asks(month)
        interest = self.interest_due(now.rate, now.pays)
        asked = self.asks_for(month, interest, self.principal_due(now.scheduled))
        return {
            "draw": now.limit,
            "draw_weight": self.number("weight"),
            "fee": now.fee,
            **asked,
            "sweep": min(self.swept(month, now.scheduled), self.balance - asked["recovery"]),
        }

    def settle(
        self, month: Month, claimed: Mapping[str, float], paid: Mapping[str, float]
    ) -> Mapping[str, float]:
        now = self.asks(month)
        self.service = self.interest_now(now.rate, now.pays) + now.regular
        due = now.pays or self.accelerated
        self.accrued = 0.0 if due else self.accrued + self.balance * now.rate
        self.serviced(month, claimed, paid)
        self.balance += paid["draw"] - paid["sweep"]
        self.drawn += paid["draw"]
        built = month.t > self.end + 1e-9
        self.remember(month, now.between)
        self.extensions += int(now.extends)
        needed = self.number("default_dscr") * (1.0 - PAID)
        low = built and needed > 0.0 and self.balance > 0.0
        low = low and not covered(self, "covenant", self.number("default_dscr"))
        self.breach = self.breach + 1 if low else 0
        self.accelerated = self.accelerated or self.breach > self.number("grace")
        return self.stop()
