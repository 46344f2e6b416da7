"""docs/contracts/milestone_equity.md."""

import math
from collections.abc import Mapping
from typing import Any

from offtake.core.flows import Flow
from tests.reference.books import PAID, Line, Month, Row
from tests.reference.future import NEVER, Future


class MilestoneEquity(Row):
    """Shares for money that comes as power does."""

    def __init__(self, future: Future, contract: str, terms: Any) -> None:
        super().__init__(future, contract, terms)
        investor, issuer = terms.investor, terms.issuer
        self.lines = [
            Line("tranche", investor, issuer, Flow.CAPITAL_IN, 550),
            Line("distribution", issuer, investor, Flow.DISTRIBUTION, 900, "residual"),
        ]
        self.power = self.called = self.raised = self.shares = self.price = 0.0
        self.happened = False

    def publish(self, t: int) -> Mapping[str, float]:
        return {"raised": self.raised, "issue_price": self.price}

    def due(self, month: Month) -> float:
        """What has fallen due by this period."""
        if month.t <= self.number("until", NEVER) + 1e-9:
            value = "power_mw" if self.terms.counts == "energised" else "running_mw"
            runs = sum(month.observe(f"sites.{site}.{value}") for site in self.terms.sites)
            self.power = max(self.power, runs)
            if self.over_time("event", month) >= 1.0 - PAID:
                self.happened = True
        if month.t < self.number("start", 0.0) - 1e-9:
            return 0.0
        power, step = self.power, self.number("step")
        if step > 0.0:
            whole = math.floor(power / step + 1e-9)
            if abs(power / step - round(power / step)) < 1e-8:
                self.future.reaches(f"{self.contract}.step", power / step, round(power / step))
            power = whole * step
        due = self.number("at_signing") + self.number("per_mw") * power
        due += self.number("on_event") if self.happened else 0.0
        return min(due, self.number("commitment"))

    def claim(self, month: Month) -> Mapping[str, float]:
        due = self.due(month)
        going = self.terms.issuer not in month.stopped
        outstanding = self.number("outstanding")
        part = self.shares / outstanding if outstanding > 0.0 else 0.0
        return {
            "tranche": max(due - self.called, 0.0) if going else 0.0,
            "distribution": self.distributed(part, month),
        }

    def settle(
        self, month: Month, claimed: Mapping[str, float], paid: Mapping[str, float]
    ) -> Mapping[str, float]:
        asked, got = claimed["tranche"], paid["tranche"]
        self.called += asked - month.unpaid(self.terms.investor, asked, got)
        self.raised += got
        price = self.over_time("share_price", month)
        self.shares += got / price if price > 0.0 else 0.0
        self.price = price if got > 0.0 else self.price
        return {}
