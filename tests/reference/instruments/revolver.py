"""docs/contracts/revolver.md."""

from collections.abc import Mapping
from typing import Any

from offtake.core.flows import Flow
from tests.reference.books import Line, Month, share_between
from tests.reference.debt import Loan, after
from tests.reference.future import Future


class Revolver(Loan):
    """A credit line, swept when cash is left."""

    def __init__(self, future: Future, contract: str, terms: Any) -> None:
        super().__init__(future, contract, terms)
        funds = (terms.funds,) if isinstance(terms.funds, str) else tuple(terms.funds)
        flows = tuple(f for f in Flow if f not in (Flow.SUPPORT, Flow.DISTRIBUTION))
        draw = Line(
            "draw", self.lender, self.borrower, Flow.CAPITAL_IN, 550, "support", 2, funds, flows
        )
        sweep = Line("sweep", self.borrower, self.lender, Flow.PRINCIPAL, 800, "residual")
        self.lines = [draw, *self.debt_lines(), sweep]
        self.maturity = after(self.begin + self.number("term"))

    def publish(self, t: int) -> Mapping[str, float]:
        return self.published()

    def service_due(self, month: Month) -> float:
        return self.balance * self.yearly_rate(month) * self.accrual[month.t]

    def claim(self, month: Month) -> Mapping[str, float]:
        t, amount = month.t, self.number("amount")
        going = not self.accelerated and self.borrower not in month.stopped
        undrawn = max(amount - self.balance, 0.0)
        fee = self.number("upfront_fee") * amount if t == self.begin else 0.0
        if going:
            waiting = share_between(t, self.begin, self.maturity)
            fee += self.number("commitment_fee") * undrawn * self.accrual[t] * waiting
        due = t >= self.maturity or self.accelerated
        interest = self.interest_due(self.rate_of_period(month))
        asked = self.asks_for(month, interest, self.balance if due else 0.0)
        return {
            "draw": undrawn if going and self.begin <= t < self.maturity else 0.0,
            "draw_weight": self.number("weight"),
            "fee": fee,
            **asked,
            "sweep": 0.0 if due else self.balance - asked["recovery"],
        }

    def settle(
        self, month: Month, claimed: Mapping[str, float], paid: Mapping[str, float]
    ) -> Mapping[str, float]:
        self.service = self.service_due(month)
        self.serviced(month, claimed, paid)
        self.balance = max(self.balance + paid["draw"] - paid["sweep"], 0.0)
        self.remember(month)
        return self.stop()
