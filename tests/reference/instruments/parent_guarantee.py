"""docs/contracts/parent_guarantee.md."""

from collections.abc import Mapping
from typing import Any

from offtake.core.flows import Flow
from tests.reference.books import ALL, Line, Month, Row, share_between
from tests.reference.debt import pledge_of
from tests.reference.future import NEVER, Future


class ParentGuarantee(Row):
    """A company pays what another does not."""

    def __init__(self, future: Future, contract: str, terms: Any) -> None:
        super().__init__(future, contract, terms)
        guarantor, obligor = terms.guarantor, terms.obligor
        self.lines = [
            Line(
                "support", guarantor, obligor, Flow.SUPPORT, 220, "support", 5,
                tuple(terms.contracts),
            ),
            Line("support_recovery", obligor, guarantor, Flow.SUPPORT, 600, "recovery"),
            Line("fee", obligor, guarantor, Flow.FEE, 400),
        ]  # fmt: skip
        self.drawn = self.outstanding = self.arrears = 0.0

    def publish(self, t: int) -> Mapping[str, float]:
        return {"drawn": self.drawn, "outstanding": self.outstanding, "arrears": self.arrears}

    def claim(self, month: Month) -> Mapping[str, float]:
        start, end = self.number("start", 0.0), self.number("end", NEVER)
        in_force = start - 1e-9 <= month.t <= end + 1e-9
        if self.terms.collection:
            pledges = [p for loan in self.terms.contracts if (p := pledge_of(self.future, loan))]
            sold = [f"contracts.{name}/{terms.assets[0]}.sold" for name, terms in pledges]
            in_force = in_force and all(month.observe(what) > 0.0 for what in sold)
        cap = self.number("cap", ALL)
        fee = self.number("fee") * month.years * share_between(month.t, start, end)
        return {
            "support": max(cap - self.drawn, 0.0) if in_force else 0.0,
            "support_recovery": self.outstanding,
            "fee": fee + self.arrears,
        }

    def settle(
        self, month: Month, claimed: Mapping[str, float], paid: Mapping[str, float]
    ) -> Mapping[str, float]:
        self.drawn += paid["support"]
        lost = month.payout(self.terms.obligor) < 1.0
        left = max(claimed["support_recovery"] - paid["support_recovery"], 0.0)
        self.outstanding = 0.0 if lost else left
        self.arrears = month.unpaid(self.terms.obligor, claimed["fee"], paid["fee"])
        return {}
