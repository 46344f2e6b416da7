"""docs/contracts/power_purchase.md."""

from collections.abc import Mapping
from typing import Any

from offtake.core.flows import Flow
from tests.reference.books import Line, Month, Row, share_between
from tests.reference.future import NEVER, Future


class PowerPurchase(Row):
    """Energy and contracted power."""

    def __init__(self, future: Future, contract: str, terms: Any) -> None:
        super().__init__(future, contract, terms)
        self.lines = [Line("power", terms.buyer, terms.seller, Flow.RUNNING_COST, 100)]
        self.arrears = 0.0

    def publish(self, t: int) -> Mapping[str, float]:
        return {"arrears": self.arrears}

    def claim(self, month: Month) -> Mapping[str, float]:
        covered = share_between(month.t, self.number("start", 0.0), self.number("end", NEVER))
        share, site = self.number("share"), f"sites.{self.terms.site}"
        source = self.terms.source
        mw, mwh = f"{site}.power_mw", f"{site}.energy_mwh"
        if source is not None:
            mw, mwh = f"{site}.power.{source}.mw", f"{site}.power.{source}.mwh"
        contracted = self.number("contracted", share * month.observe(mw))
        least = self.number("take_or_pay") * contracted * month.hours
        billed = max(share * month.observe(mwh), least)
        own = self.terms.price is not None
        price = self.over_time("price", month) if own else month.observe(f"power.{source}.price")
        bill = price * billed
        bill += self.over_time("capacity_charge", month) * contracted * month.years
        return {"power": covered * max(bill, 0.0) + self.arrears}

    def settle(
        self, month: Month, claimed: Mapping[str, float], paid: Mapping[str, float]
    ) -> Mapping[str, float]:
        self.arrears = month.unpaid(self.terms.buyer, claimed["power"], paid["power"])
        site = f"sites.{self.terms.site}"
        return {f"{site}.running_claimed": claimed["power"], f"{site}.running_paid": paid["power"]}
