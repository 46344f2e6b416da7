"""docs/contracts/partnership_flip.md."""

from collections.abc import Mapping
from typing import Any

from offtake.core.flows import Flow
from tests.reference.books import ALL, Line, Month, Row, net
from tests.reference.future import NEVER, Future


class PartnershipFlip(Row):
    """Two partners whose shares change."""

    def __init__(self, future: Future, contract: str, terms: Any) -> None:
        super().__init__(future, contract, terms)
        company, funds = terms.partnership, (*terms.funds, contract)
        self.lines = [
            *(
                Line(f"{name}_draw", who, company, Flow.CAPITAL_IN, 550, "support", 1, funds)
                for name, who in (("investor", terms.investor), ("sponsor", terms.sponsor))
            ),
            Line("development_fee", company, terms.sponsor, Flow.CAPITAL_COST, 500),
            Line("recovery", company, terms.sponsor, Flow.DISTRIBUTION, 890, "residual"),
            *(
                Line(f"{name}_distribution", company, who, Flow.DISTRIBUTION, 900, "residual")
                for name, who in (("investor", terms.investor), ("sponsor", terms.sponsor))
            ),
        ]
        self.invested = self.sponsored = self.recovered = self.earned = 0.0
        self.flipped = False

    def share(self, what: str) -> float:
        """The investor's share of cash or tax now."""
        return self.number(f"{what}_after" if self.flipped else f"{what}_before")

    def publish(self, t: int) -> Mapping[str, float]:
        tax = self.share("tax")
        return {"investor_tax_share": tax, "sponsor_tax_share": 1.0 - tax}

    def claim(self, month: Month) -> Mapping[str, float]:
        part, cash = self.number("capital"), self.share("cash")
        recovers = 0 < month.t <= self.number("recovery") + 1e-9
        return {
            "investor_draw": max(part * self.number("commitment") - self.invested, 0.0),
            "investor_draw_weight": part,
            "sponsor_draw": max((1.0 - part) * self.number("commitment") - self.sponsored, 0.0),
            "sponsor_draw_weight": 1.0 - part,
            "development_fee": self.number("development_fee") if month.t == 0 else 0.0,
            "recovery": max(self.sponsored - self.recovered, 0.0) if recovers else 0.0,
            "investor_distribution": cash * ALL,
            "sponsor_distribution": (1.0 - cash) * ALL,
        }

    def settle(
        self, month: Month, claimed: Mapping[str, float], paid: Mapping[str, float]
    ) -> Mapping[str, float]:
        self.invested += paid["investor_draw"]
        self.sponsored += paid["sponsor_draw"]
        self.recovered += paid["recovery"]
        investor = self.terms.investor
        got = net(month.paid, investor, {Flow.DISTRIBUTION, Flow.TAX}, {Flow.TAX, Flow.CAPITAL_IN})
        self.earned = self.earned * (1.0 + self.number("target")) ** month.years + got
        enough = self.future.reaches(f"{self.contract}.flip", self.earned, 0.0)
        dated = month.t >= self.number("flip_date", NEVER) - 1e-9
        self.flipped = self.flipped or (self.invested > 0.0 and enough) or dated
        return {}
