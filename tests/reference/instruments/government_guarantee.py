"""docs/contracts/government_guarantee.md."""

from collections.abc import Mapping
from typing import Any

from offtake.core.flows import Flow
from tests.reference.books import ALL, Line, Month, Row, share_between
from tests.reference.debt import pledge_of
from tests.reference.future import NEVER, Future


class GovernmentGuarantee(Row):
    """A state pays what a borrower does not on named debt."""

    def __init__(self, future: Future, contract: str, terms: Any) -> None:
        super().__init__(future, contract, terms)
        state, borrower = terms.guarantor, terms.obligor
        self.lines = [
            Line("support", state, borrower, Flow.SUPPORT, 220, "support", 5, terms.contracts),
            Line("support_recovery", borrower, state, Flow.SUPPORT, 600, "recovery"),
            Line("fee", borrower, state, Flow.FEE, 200),
        ]
        self.drawn = self.outstanding = self.arrears = self.peak = self.cost = 0.0
        self.factor = 1.0

    def publish(self, t: int) -> Mapping[str, float]:
        return {
            "drawn": self.drawn,
            "outstanding": self.outstanding,
            "arrears": self.arrears,
            "discount_factor": self.factor,
            "subsidy_cost": self.cost,
        }

    def claim(self, month: Month) -> Mapping[str, float]:
        start, end = self.number("start", 0.0), self.number("end", NEVER)
        owed = sum(month.observe(f"contracts.{debt}.balance") for debt in self.terms.contracts)
        fee = self.number("fee") * month.years * share_between(month.t, start, end) * owed
        limit = 0.0
        if start - 1e-9 <= month.t <= end + 1e-9:
            fee += self.number("upfront_fee") * max(owed - self.peak, 0.0)
            self.peak = max(self.peak, owed)
            limit = max(self.number("cap", ALL) - self.drawn, 0.0)
        if self.terms.collection:
            pledges = [p for debt in self.terms.contracts if (p := pledge_of(self.future, debt))]
            sold = [f"contracts.{name}/{terms.assets[0]}.sold" for name, terms in pledges]
            limit *= all(month.observe(what) > 0.0 for what in sold)
        return {
            "support": limit,
            "support_recovery": self.outstanding * (1.0 + self.number("interest") * month.years),
            "fee": fee + self.arrears,
        }

    def settle(
        self, month: Month, claimed: Mapping[str, float], paid: Mapping[str, float]
    ) -> Mapping[str, float]:
        lost = month.payout(self.terms.obligor) < 1.0
        left = max(claimed["support_recovery"] - paid["support_recovery"], 0.0)
        unpaid = max(claimed["fee"] - paid["fee"], 0.0)
        self.drawn += paid["support"]
        self.outstanding, self.arrears = (0.0, 0.0) if lost else (left, unpaid)
        self.factor *= (1.0 + self.over_time("risk_free", month)) ** -month.years
        self.cost += self.factor * (paid["support"] - paid["support_recovery"] - paid["fee"])
        return {}
