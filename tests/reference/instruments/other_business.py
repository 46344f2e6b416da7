"""docs/contracts/other_business.md."""

from collections.abc import Mapping
from typing import Any

from offtake.core.flows import Flow
from tests.reference.books import Line, Month, Row, share_between
from tests.reference.future import NEVER, Future


class OtherBusiness(Row):
    """What a party does besides the plan."""

    def __init__(self, future: Future, contract: str, terms: Any) -> None:
        super().__init__(future, contract, terms)
        self.lines = [
            Line("inflow", terms.rest, terms.party, Flow.SALE, 100),
            Line("outflow", terms.party, terms.rest, Flow.RUNNING_COST, 100),
            Line("capital", terms.party, terms.rest, Flow.CAPITAL_COST, 500),
        ]
        self.arrears = 0.0

    def publish(self, t: int) -> Mapping[str, float]:
        return {"arrears": self.arrears}

    def claim(self, month: Month) -> Mapping[str, float]:
        covered = share_between(month.t, self.number("start", 0.0), self.number("end", NEVER))
        time = month.years * covered
        return {
            "inflow": self.over_time("inflow", month) * time,
            "outflow": self.over_time("outflow", month) * time + self.arrears,
            "capital": self.over_time("capital_spending", month) * time,
        }

    def settle(
        self, month: Month, claimed: Mapping[str, float], paid: Mapping[str, float]
    ) -> Mapping[str, float]:
        self.arrears = month.unpaid(self.terms.party, claimed["outflow"], paid["outflow"])
        return {}
