"""docs/contracts/interest_swap.md."""

from collections.abc import Mapping
from typing import Any

from offtake.core.flows import Flow
from tests.reference.books import Line, Month, Row
from tests.reference.debt import after
from tests.reference.future import Future


class InterestSwap(Row):
    """Fixed against floating interest on a notional."""

    def __init__(self, future: Future, contract: str, terms: Any) -> None:
        super().__init__(future, contract, terms)
        payer, receiver = terms.payer, terms.receiver
        self.lines = [
            Line("paid", payer, receiver, Flow.INTEREST, 210),
            Line("received", receiver, payer, Flow.INTEREST, 210),
        ]
        self.begin = after(max(self.number("start", 0.0), 0.0))
        self.last = after(self.number("start", 0.0) + self.number("term"))
        self.fixed_years = future.calendar.accrual(terms.fixed_day_count)
        self.years = future.calendar.accrual(terms.day_count)
        self.accrued = self.notional = 0.0
        self.owed = {"paid": 0.0, "received": 0.0}
        self.ended = self.dated = False

    def publish(self, t: int) -> Mapping[str, float]:
        owed = self.owed
        return {
            "swapped": self.notional,
            "arrears": owed["paid"],
            "outstanding": owed["received"],
        }

    def claim(self, month: Month) -> Mapping[str, float]:
        t = month.t
        self.notional = 0.0
        if self.begin < t <= self.last and not self.ended:
            if self.terms.loan:
                balance = month.observe(f"contracts.{self.terms.loan}.balance")
                self.notional = self.number("share") * balance
            else:
                self.notional = self.over_time("notional", month)
        base = month.observe(f"drivers.{self.terms.floating.base}")
        floating = self.number("floating") + max(base, self.number("floor"))
        fixed = self.number("fixed") * self.fixed_years[t]
        self.accrued += self.notional * (fixed - floating * self.years[t])
        every = max(after(self.number("every")), 1)
        self.dated = (t - self.begin) % every == 0 or t == self.last or self.ended
        net = self.accrued if self.dated else 0.0
        return {
            "paid": max(net, 0.0) + self.owed["paid"],
            "received": max(-net, 0.0) + self.owed["received"],
        }

    def settle(
        self, month: Month, claimed: Mapping[str, float], paid: Mapping[str, float]
    ) -> Mapping[str, float]:
        for line in self.lines:
            name = line.name
            self.owed[name] = month.unpaid(line.payer, claimed[name], paid[name])
        if self.dated:
            self.accrued = 0.0
        sides = {self.terms.payer, self.terms.receiver}
        self.ended = self.ended or bool(sides & month.stopped)
        return {}
