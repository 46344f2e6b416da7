"""docs/contracts/grant.md."""

from collections.abc import Mapping
from typing import Any

from offtake.core.flows import Flow
from tests.reference.books import Line, Month, Row, share_between
from tests.reference.debt import after
from tests.reference.future import NEVER, Future


class Grant(Row):
    """Money given."""

    def __init__(self, future: Future, contract: str, terms: Any) -> None:
        super().__init__(future, contract, terms)
        self.lines = [Line("grant", terms.payer, terms.recipient, Flow.CAPITAL_IN, 550)]

    def due(self, month: Month) -> float:
        """What is given in the period."""
        start = self.number("start", 0.0)
        once = self.number("amount") if month.t == after(max(start, 0.0)) else 0.0
        part = share_between(month.t, start, self.number("end", NEVER))
        return once + self.over_time("yearly", month) * part * month.years

    def now(self, month: Month) -> Mapping[str, float]:
        return {"due": self.due(month)}

    def claim(self, month: Month) -> Mapping[str, float]:
        return {"grant": self.due(month)}

    def settle(
        self, month: Month, claimed: Mapping[str, float], paid: Mapping[str, float]
    ) -> Mapping[str, float]:
        return {}
