"""docs/contracts/residual_value_guarantee.md."""

from collections.abc import Mapping
from typing import Any

from offtake.core.flows import Flow
from tests.reference.books import ALL, Line, Month, Row, clip, share_between
from tests.reference.future import NEVER, Future


class ResidualValueGuarantee(Row):
    """Who pays if an asset is worth less than was promised."""

    def __init__(self, future: Future, contract: str, terms: Any) -> None:
        super().__init__(future, contract, terms)
        self.buyer: str = terms.buyer or terms.guarantor
        self.lines = [
            Line("payment", terms.guarantor, terms.owner, Flow.SUPPORT, 220),
            Line("sale", self.buyer, terms.owner, Flow.SALE, 100),
            Line("fee", terms.owner, terms.guarantor, Flow.FEE, 400),
        ]
        self.called = False
        self.drawn = self.owed = self.price = self.arrears = 0.0

    def publish(self, t: int) -> Mapping[str, float]:
        return {"called": float(self.called), "drawn": self.drawn, "outstanding": self.owed}

    def is_called(self, month: Month) -> bool:
        """Whether it is called in this period."""
        lease = self.terms.lease
        over = lease is not None and month.observe(f"contracts.{lease}.vacated") > 0.5
        return not self.called and (over or month.t >= self.number("on", NEVER) - 1e-9)

    def claim(self, month: Month) -> Mapping[str, float]:
        start = self.number("start", 0.0)
        end = start + self.number("term")
        value = self.over_time("value", month)
        payment = sale = 0.0
        if self.is_called(month):
            if start - 1e-9 <= month.t <= end + 1e-9:
                short = self.over_time("guaranteed", month) - value
                payment = clip(short, 0.0, self.number("cap", ALL))
            sale = value if self.terms.buyer else 0.0
        running = 0.0 if self.called else share_between(month.t, start, end)
        return {
            "payment": payment + self.owed,
            "sale": sale + self.price,
            "fee": self.number("fee") * month.years * running + self.arrears,
        }

    def settle(
        self, month: Month, claimed: Mapping[str, float], paid: Mapping[str, float]
    ) -> Mapping[str, float]:
        self.called = self.called or self.is_called(month)
        self.drawn += paid["payment"]
        sides = (self.terms.guarantor, self.buyer, self.terms.owner)
        self.owed, self.price, self.arrears = (
            month.unpaid(payer, claimed[line], paid[line])
            for payer, line in zip(sides, ("payment", "sale", "fee"), strict=True)
        )
        return {}
