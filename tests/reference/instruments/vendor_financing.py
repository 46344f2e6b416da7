"""docs/contracts/vendor_financing.md."""

import math
from collections.abc import Mapping
from typing import Any

from offtake.core.flows import Flow
from tests.reference.books import PAID, Line, Month, clip
from tests.reference.debt import Loan, after
from tests.reference.future import Future


def left_of(due: float, paid: float) -> float:
    """What is left of a sum that falls due bit by bit; rounding is not a debt."""
    return due - paid if due - paid > PAID * due else 0.0


def share_of(paid: float, price: float) -> float:
    """Share of a price that is paid; all of it where there is none."""
    return min(paid / price, 1.0) if price > 0.0 else 1.0


class VendorFinancing(Loan):
    """Chips bought on credit from their vendor."""

    def __init__(self, future: Future, contract: str, terms: Any) -> None:
        super().__init__(future, contract, terms)
        self.lines = [
            Line("deposit", self.borrower, self.lender, Flow.CAPITAL_COST, 500),
            Line("purchase", self.borrower, self.lender, Flow.CAPITAL_COST, 50),
            Line("credit", self.lender, self.borrower, Flow.CAPITAL_IN, 50),
            *self.debt_lines(),
        ]
        units, price, self.deliver = (
            future.number(f"chips.{terms.chips}.{x}") for x in ("units", "price", "deliver")
        )
        self.down = units * price * self.number("down_payment")
        self.financed = units * price - self.down
        self.begin = after(max(self.deliver, 0.0))
        self.last = after(self.begin + self.number("term"))
        self.first = math.floor(self.begin + self.number("deferral") + 1e-9)
        self.deposit = self.lent = 0.0

    def publish(self, t: int) -> Mapping[str, float]:
        return self.published()

    def date(self, begin: int, t: int) -> bool:
        """Whether an instalment, counted from a period, falls to the close of t."""
        every = max(after(self.number("instalment_every")), 1)
        return t > begin and (t >= self.last or (t - begin) % every == 0)

    def yearly_rate(self, month: Month) -> float:
        free = self.begin + self.number("interest_free")
        return super().yearly_rate(month) * clip(month.t - free)

    def regular(self, month: Month) -> float:
        """Principal by profile."""
        if self.terms.amortisation == "bullet" or not self.date(self.first, month.t):
            return 0.0
        every = max(after(self.number("instalment_every")), 1)
        dates = 1 + sum(self.date(self.first, later) for later in range(month.t, self.last))
        return self.profile(month, self.yearly_rate(month) * month.years * every, dates)

    def scheduled(self, month: Month) -> float:
        """Principal by profile, or all that is left."""
        return self.balance - self.overdue if month.t >= self.last else self.regular(month)

    def interest(self, month: Month) -> float:
        """Interest due, arrears apart."""
        return self.interest_now(self.rate_of_period(month), self.date(self.begin, month.t))

    def owed(self, month: Month) -> float:
        late = self.arrears * (1.0 + self.rate_of_period(month))
        return self.balance + self.interest(month) + late

    def service_due(self, month: Month) -> float:
        return self.interest(month) + self.regular(month)

    def claim(self, month: Month) -> Mapping[str, float]:
        t = month.t
        going = not self.accelerated and self.borrower not in month.stopped
        going = going and month.payout(self.lender) >= 1.0
        ready = month.observe(f"chips.{self.terms.chips}.ready")
        financed = self.financed * ready * share_of(self.deposit, self.down)
        lends = going and t >= self.deliver - 1e-9
        credit = left_of(financed, self.lent) if lends else 0.0
        signed = going and t >= self.number("signed", 0.0) - 1e-9
        interest = self.interest_due(self.rate_of_period(month), self.date(self.begin, t))
        return {
            "deposit": left_of(self.down, self.deposit) if signed else 0.0,
            "purchase": credit,
            "credit": credit,
            "fee": self.number("upfront_fee") * credit,
            **self.asks_for(month, interest, self.principal_due(self.scheduled(month))),
        }

    def settle(
        self, month: Month, claimed: Mapping[str, float], paid: Mapping[str, float]
    ) -> Mapping[str, float]:
        self.service = self.service_due(month)
        pays, t = self.date(self.begin, month.t), month.t
        repays = self.terms.amortisation != "bullet" and self.date(self.first, t)
        earned = self.balance * self.rate_of_period(month)
        self.accrued = 0.0 if pays or self.accelerated else self.accrued + earned
        self.serviced(month, claimed, paid)
        self.balance += paid["credit"]
        self.lent += paid["credit"]
        self.deposit += paid["deposit"]
        self.remember(month, between=t > self.begin and not (pays or repays))
        share = share_of(self.lent, self.financed)
        if self.financed <= 0.0:
            share = share_of(self.deposit, self.down)
        return {**self.stop(), f"chips.{self.terms.chips}.paid": share}
