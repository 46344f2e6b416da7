"""docs/contracts/public_offering.md."""

from collections.abc import Mapping
from typing import Any

from offtake.core.flows import Flow
from tests.reference.books import PAID, Line, Month, Row
from tests.reference.future import NEVER, Future


class PublicOffering(Row):
    """Shares sold when the window is open."""

    def __init__(self, future: Future, contract: str, terms: Any) -> None:
        super().__init__(future, contract, terms)
        investor, issuer = terms.investor, terms.issuer
        bank = terms.underwriter or investor
        self.lines = [
            Line("proceeds", investor, issuer, Flow.CAPITAL_IN, 550),
            Line("fee", investor, bank, Flow.FEE, 550),
            Line("distribution", issuer, investor, Flow.DISTRIBUTION, 900, "residual"),
        ]
        self.made = False
        self.raised = self.value = self.shares = self.offered = self.at = 0.0

    def publish(self, t: int) -> Mapping[str, float]:
        return {"raised": self.raised, "issue_price": self.value}

    def claim(self, month: Month) -> Mapping[str, float]:
        feels = self.over_time("sentiment", month)
        worth = self.over_time("revenue", month) * self.number("multiple") * feels
        self.at = worth * (1.0 - self.number("discount"))
        part = self.number("most")
        most = self.number("amount")
        if part < 1.0:
            most = min(most, self.at * part / (1.0 - part))
        opened = (
            self.number("start") - 1e-9 <= month.t <= self.number("until", NEVER) + 1e-9
            and self.future.reaches(
                f"{self.contract}.window", feels, self.number("threshold") * (1.0 - PAID)
            )
            and self.future.reaches(
                f"{self.contract}.size", most, self.number("minimum") * (1.0 - PAID)
            )
            and self.at > 0.0
            and not self.made
            and self.terms.issuer not in month.stopped
        )
        self.offered = most if opened else 0.0
        fee = self.number("fee")
        return {
            "proceeds": self.offered * (1.0 - fee),
            "fee": self.offered * fee,
            "distribution": self.distributed(self.shares, month),
        }

    def settle(
        self, month: Month, claimed: Mapping[str, float], paid: Mapping[str, float]
    ) -> Mapping[str, float]:
        money = paid["proceeds"] + paid["fee"]
        self.raised += money
        if self.offered > 0.0:
            self.made, self.value = True, self.at
            self.shares += money / self.at
        return {}
