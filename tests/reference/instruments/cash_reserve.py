"""docs/contracts/cash_reserve.md."""

from collections.abc import Mapping
from typing import Any

from offtake.core.flows import Flow
from tests.reference.books import Line, Month, Row, bank_interest
from tests.reference.future import Future


class CashReserve(Row):
    """Months of a budget kept apart."""

    def __init__(self, future: Future, contract: str, terms: Any) -> None:
        super().__init__(future, contract, terms)
        account, owner = terms.account, terms.owner
        self.lines = [
            Line("top_up", owner, account, Flow.SUPPORT, 300),
            Line(
                "draw", account, owner, Flow.SUPPORT, 300, "support", 3, tuple(terms.protects)
            ),
            Line("release", account, owner, Flow.SUPPORT, 800, "residual"),
            Line("interest", terms.bank or account, owner, Flow.INTEREST, 100),
        ]  # fmt: skip

    def claim(self, month: Month) -> Mapping[str, float]:
        held = month.cash[self.terms.account]
        years = self.number("months") / self.future.calendar.per_year
        target = years * self.over_time_next("budget", month)
        spare = max(held - target, 0.0)
        return {
            "top_up": max(target - held, 0.0),
            "draw": held,
            "release": 0.0 if self.terms.owner in month.stopped else spare,
            "interest": bank_interest(self, month, held),
        }

    def settle(
        self, month: Month, claimed: Mapping[str, float], paid: Mapping[str, float]
    ) -> Mapping[str, float]:
        return {}
