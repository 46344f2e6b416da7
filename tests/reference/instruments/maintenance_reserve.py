"""docs/contracts/maintenance_reserve.md."""

import math
from collections.abc import Mapping
from typing import Any

from offtake.core.flows import Flow
from tests.reference.books import PAID, Line, Month, Row, bank_interest
from tests.reference.future import Future

NEAR = 1e-9


class MaintenanceReserve(Row):
    """Money put by for major replacements."""

    def __init__(self, future: Future, contract: str, terms: Any) -> None:
        super().__init__(future, contract, terms)
        account, owner = terms.account, terms.owner
        self.lines = [
            Line("top_up", owner, account, Flow.SUPPORT, 190),
            Line("replacement", account, terms.supplier, Flow.CAPITAL_COST, 500),
            Line("interest", terms.bank or account, owner, Flow.INTEREST, 100),
        ]
        self.owed = 0.0
        self.cycle = max(self.number("cycle"), 1.0)

    def price(self, k: int) -> float:
        """Of the k-th replacement; nothing if it is not made."""
        date = k * self.cycle
        if k < 1 or date > self.number("until", self.future.calendar.count - 1.0) + NEAR:
            return 0.0
        years = (date - 1.0) / self.future.calendar.per_year
        return self.number("cost") * (1.0 + self.number("escalation")) ** years

    def claim(self, month: Month) -> Mapping[str, float]:
        held = month.cash[self.terms.account]
        done = math.floor(month.t / self.cycle + NEAR)
        now = done > math.floor((month.t - 1.0) / self.cycle + NEAR)
        due = self.owed + (self.price(done) if now else 0.0)
        saved = 0.0 if now else self.price(done + 1) * (month.t / self.cycle - done)
        return {
            "top_up": max(due + saved - held, 0.0),
            "replacement": due,
            "interest": bank_interest(self, month, held),
        }

    def settle(
        self, month: Month, claimed: Mapping[str, float], paid: Mapping[str, float]
    ) -> Mapping[str, float]:
        missing = claimed["replacement"] - paid["replacement"]
        self.owed = missing if missing > PAID * claimed["replacement"] else 0.0
        return {}
