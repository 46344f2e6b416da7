"""docs/contracts/preferred_equity.md."""

import math
from collections.abc import Mapping
from typing import Any

from offtake.core.flows import Flow
from tests.reference.books import ALL, PAID, Line, Month
from tests.reference.future import NEVER, Future
from tests.reference.instruments.common_equity import CommonEquity


class PreferredEquity(CommonEquity):
    """Before other owners, after debt."""

    def __init__(self, future: Future, contract: str, terms: Any) -> None:
        super().__init__(future, contract, terms)
        investor, issuer = terms.investor, terms.issuer
        funds = tuple(terms.funds)
        self.lines = [
            Line("subscription", investor, issuer, Flow.CAPITAL_IN, 550),
            Line("draw", investor, issuer, Flow.CAPITAL_IN, 550, "support", terms.tier, funds),
            *(
                Line(name, issuer, investor, Flow.DISTRIBUTION, rank, "residual")
                for name, rank in (("dividend", 850), ("redemption", 860), ("participation", 900))
            ),
        ]
        self.capital = self.accreted = self.due_before = self.shares = 0.0
        self.overdue = False

    def publish(self, t: int) -> Mapping[str, float]:
        return {"arrears": self.due_before}

    def preference(self) -> float:
        return self.number("preference") * self.capital + self.accreted

    def look(self, month: Month) -> None:
        """What is due in the period."""
        owed = self.capital + self.accreted + self.due_before
        step = self.number("step_up") if self.overdue else 0.0
        earned = owed * (self.number("dividend") + step) * month.years
        in_kind = (
            self.terms.payment == "in_kind" or month.t <= self.number("in_kind_until", -1.0) + 1e-9
        )
        self.kind = earned if in_kind else 0.0
        self.dividend = self.due_before + (0.0 if in_kind else earned)
        worth, price = 0.0, self.number("conversion_price", 0.0)
        if price > 0.0:
            worth = owed / price * self.over_time("share_price", month)
        gives_up = (self.preference() + self.due_before) * (1.0 + PAID)
        better = self.future.reaches(f"{self.contract}.converts", worth, gives_up) and (
            worth > gives_up
        )
        self.converts = (
            self.terms.conversion != "none"
            and month.t >= self.number("conversion_from", 0.0) - 1e-9
            and owed > 0.0
            and (better or self.terms.conversion == "mandatory")
        )
        self.redeems = (
            month.t >= self.number("redemption_from", NEVER) - 1e-9
            and not self.converts
            and not (self.terms.redemption == "put" and better)
        )

    def claim(self, month: Month) -> Mapping[str, float]:
        self.look(month)
        starts = math.ceil(max(self.number("start", NEVER), 0.0) - 1e-9) == month.t
        weight = self.number("participation") if self.capital + self.accreted > 0.0 else 0.0
        if self.shares > 0.0:
            weight += self.shares / self.number("outstanding")
        if month.t < self.number("participation_from", 0.0) - 1e-9:
            weight = 0.0
        open_ = 0.0 if self.locked(month) else 1.0
        return {
            "subscription": self.number("commitment") if starts else 0.0,
            "draw": max(self.number("commitment") - self.drawn, 0.0),
            "draw_weight": self.number("weight"),
            "dividend": open_ * self.dividend,
            "redemption": open_ * self.preference() if self.redeems else 0.0,
            "participation": open_ * weight * ALL,
        }

    def settle(
        self, month: Month, claimed: Mapping[str, float], paid: Mapping[str, float]
    ) -> Mapping[str, float]:
        preference = self.preference()
        kept = 1.0 - paid["redemption"] / preference if preference > 0.0 else 1.0
        kept = kept if kept > PAID else 0.0
        missing = self.dividend - paid["dividend"]
        self.due_before = missing if missing > PAID * self.dividend else 0.0
        asked = self.redeems and preference > 0.0
        self.overdue = self.due_before > 0.0 or (asked and kept > 0.0)
        self.capital *= kept
        self.accreted = self.accreted * kept + self.kind
        if self.converts:
            whole = self.capital + self.accreted + self.due_before
            price = self.number("conversion_price")
            self.shares += whole / price if price > 0.0 else 0.0
            self.capital = self.accreted = self.due_before = 0.0
            self.overdue = False
        put_in = paid["subscription"] + paid["draw"]
        self.capital += put_in
        self.drawn += put_in
        return {}
