"""docs/contracts/operating_cost.md."""

from collections.abc import Mapping
from typing import Any

from offtake.core.flows import Flow
from tests.reference.books import Line, Month, Row, share_between
from tests.reference.future import NEVER, Future


class OperatingCost(Row):
    """A cost per time, per MW and per wafer."""

    def __init__(self, future: Future, contract: str, terms: Any) -> None:
        super().__init__(future, contract, terms)
        self.lines = [Line("cost", terms.payer, terms.payee, Flow.RUNNING_COST, 100)]
        self.arrears = 0.0

    def publish(self, t: int) -> Mapping[str, float]:
        return {"arrears": self.arrears}

    def claim(self, month: Month) -> Mapping[str, float]:
        covered = share_between(month.t, self.number("start", 0.0), self.number("end", NEVER))
        yearly = self.over_time("amount", month)
        if self.terms.site is not None:
            power = month.observe(f"sites.{self.terms.site}.power_mw")
            yearly += self.over_time("per_mw", month) * power
        if self.terms.source is not None:
            power = month.observe(f"power.{self.terms.source}.available_mw")
            yearly += self.over_time("per_mw", month) * power
        cost = yearly * month.years
        if self.terms.fab is not None:
            wafers = month.observe(f"fabs.{self.terms.fab}.wafers")
            cost += self.over_time("per_wafer", month) * wafers
        return {"cost": cost * covered + self.arrears}

    def settle(
        self, month: Month, claimed: Mapping[str, float], paid: Mapping[str, float]
    ) -> Mapping[str, float]:
        self.arrears = month.unpaid(self.terms.payer, claimed["cost"], paid["cost"])
        if self.terms.site is None:
            return {}
        site = f"sites.{self.terms.site}"
        return {f"{site}.running_claimed": claimed["cost"], f"{site}.running_paid": paid["cost"]}
