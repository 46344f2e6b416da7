"""docs/contracts/construction_account.md."""

from collections.abc import Mapping
from typing import Any

from offtake.core.flows import Flow
from tests.reference.books import PAID, Line, Month, Row
from tests.reference.future import NEVER, Future


class ConstructionAccount(Row):
    """Money raised before it is needed."""

    def __init__(self, future: Future, contract: str, terms: Any) -> None:
        super().__init__(future, contract, terms)
        account, owner = terms.account, terms.owner
        served = (Flow.INTEREST, Flow.FEE)
        self.lines = [
            Line("deposit", owner, account, Flow.SUPPORT, 300),
            Line("income", terms.invested_with, account, Flow.INTEREST, 100),
            Line(
                "interest", account, owner, Flow.SUPPORT, 300, "support", 1,
                tuple(terms.facilities) if terms.capitalise_interest else (), served,
            ),
            Line("draw", account, owner, Flow.SUPPORT, 500, "support", 1, tuple(terms.funds)),
            Line("release", account, owner, Flow.SUPPORT, 800, "residual"),
        ]  # fmt: skip
        self.closed = False
        self.owed = self.earned = self.carry = 0.0

    def publish(self, t: int) -> Mapping[str, float]:
        return {"earned": self.earned, "carry": self.carry}

    def now(self, month: Month) -> Mapping[str, float]:
        cash = month.cash[self.terms.account]
        return {"unspent": cash, "surplus": cash if self.is_closed(month) else 0.0}

    def is_closed(self, month: Month) -> bool:
        """Whether the site is complete or the date has come, now or before."""
        site = self.terms.site
        complete = site is not None and all(
            month.observe(f"sites.{site}.phases[{j}].active") >= 1.0 - 1e-9
            for j in range(len(self.future.plan.sites[site].phases))
        )
        return self.closed or complete or month.t >= self.number("until", NEVER) - 1e-9

    def all_of(self, month: Month, name: str) -> float:
        """Sum of a published value of the facilities."""
        return sum(month.observe(f"contracts.{k}.{name}") for k in self.terms.facilities)

    def claim(self, month: Month) -> Mapping[str, float]:
        cash = month.cash[self.terms.account]
        deposit = self.number("share") * self.all_of(month, "proceeds") + self.owed
        ends = self.is_closed(month) or self.all_of(month, "accelerated") > 0.0
        limit = 0.0 if ends else cash + deposit
        earns = cash * self.over_time("rate", month) * month.years
        return {
            "deposit": deposit,
            "income": 0.0 if self.closed else max(earns, 0.0),
            "interest": limit,
            "draw": limit,
            "draw_weight": self.number("weight"),
            "release": cash if ends else 0.0,
        }

    def settle(
        self, month: Month, claimed: Mapping[str, float], paid: Mapping[str, float]
    ) -> Mapping[str, float]:
        cash = month.cash[self.terms.account]
        missing = claimed["deposit"] - paid["deposit"]
        self.owed = missing if missing > PAID * claimed["deposit"] else 0.0
        balance = self.all_of(month, "balance")
        coupon = self.all_of(month, "accruing") / balance if balance > 0.0 else 0.0
        self.earned = paid["income"]
        self.carry = cash * coupon - self.earned
        self.closed = self.is_closed(month)
        return {}
