"""docs/contracts/reserve_account.md."""

from collections.abc import Mapping
from typing import Any

from offtake.core.flows import Flow
from tests.reference.books import PAID, Line, Month, Row, bank_interest
from tests.reference.future import Future


class ReserveAccount(Row):
    """Cash set aside for debt service."""

    def __init__(self, future: Future, contract: str, terms: Any) -> None:
        super().__init__(future, contract, terms)
        account, owner = terms.account, terms.owner
        flows = (Flow.INTEREST, Flow.PRINCIPAL, Flow.FEE)
        self.lines = [
            Line("top_up", owner, account, Flow.SUPPORT, 300),
            Line(
                "draw", account, owner, Flow.SUPPORT, 300, "support", 3,
                tuple(terms.facilities), flows,
            ),
            Line("release", account, owner, Flow.SUPPORT, 800, "residual"),
            Line("interest", terms.bank or account, owner, Flow.INTEREST, 100),
        ]  # fmt: skip
        self.peak = self.target = self.held = 0.0

    def sums(self, month: Month) -> tuple[float, float, bool]:
        """Balance and service of the facilities, and whether one of them was called."""
        of = [f"contracts.{name}" for name in self.terms.facilities]
        return (
            sum(month.observe(f"{name}.balance") for name in of),
            sum(month.observe(f"{name}.service") for name in of),
            any(month.observe(f"{name}.accelerated") > 0.0 for name in of),
        )

    def claim(self, month: Month) -> Mapping[str, float]:
        balance, service, frozen = self.sums(month)
        self.held = month.cash[self.terms.account]
        repaid = self.peak > 0.0 and balance <= PAID * self.peak
        held = min(self.number("months") * service, balance)
        if self.terms.service == "next":
            of = [f"contracts.{name}.service_next" for name in self.terms.facilities]
            held = self.number("months") * sum(map(month.observe, of))
        wanted = max(self.number("minimum"), held)
        self.target = 0.0 if repaid else wanted
        works = not frozen and month.t >= self.number("start", 0.0) - 1e-9
        used = balance > 0.0 or self.peak > 0.0
        gives = works and used and self.terms.owner not in month.stopped
        return {
            "top_up": max(self.target - self.held, 0.0) if works else 0.0,
            "draw": self.held,
            "release": max(self.held - self.target, 0.0) if gives else 0.0,
            "interest": bank_interest(self, month, self.held),
        }

    def settle(
        self, month: Month, claimed: Mapping[str, float], paid: Mapping[str, float]
    ) -> Mapping[str, float]:
        self.peak = max(self.peak, self.sums(month)[0])
        return {}
