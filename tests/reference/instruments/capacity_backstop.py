"""docs/contracts/capacity_backstop.md."""

from collections.abc import Mapping
from typing import Any

from offtake.core.flows import Flow
from tests.reference.books import ALL, Line, Month, Row, clip, share_between
from tests.reference.future import Future
from tests.reference.instruments.spot_sale import kept, reserving


class CapacityBackstop(Row):
    """A fixed price for hours that find no buyer."""

    def __init__(self, future: Future, contract: str, terms: Any) -> None:
        super().__init__(future, contract, terms)
        provider, owner = terms.provider, terms.owner
        self.lines = [
            Line("payment", provider, owner, Flow.SALE, 100),
            Line("revenue_share", owner, provider, Flow.RUNNING_COST, 200),
            Line("fee", owner, provider, Flow.RUNNING_COST, 200),
        ]
        here = [k for k, t in future.plan.contracts.items() if getattr(t, "site", "") == terms.site]
        kinds = {k: future.plan.contracts[k].kind for k in here}  # type: ignore[attr-defined]
        self.spot = [k for k in here if kinds[k] == "spot_sale"]
        self.reservations = reserving(future, terms.site)
        self.drawn = self.left = self.backed = self.covered = self.sales = 0.0
        self.owed = dict.fromkeys(("payment", "revenue_share", "fee"), 0.0)

    def publish(self, t: int) -> Mapping[str, float]:
        return {"drawn": self.drawn, "outstanding": self.owed["payment"]}

    def share_covered(self, t: int) -> float:
        """Share of a period that is covered."""
        start = self.number("start", 0.0)
        return share_between(t, start, start + self.number("term"))

    def claim(self, month: Month) -> Mapping[str, float]:
        sold = sum(month.observe(f"contracts.{name}.sold") for name in self.spot)
        idle = clip(self.left - sold, 0.0, self.backed) * self.covered
        share = self.over_time("revenue_share", month) * self.sales * self.covered
        return {
            "payment": self.over_time("price", month) * idle + self.owed["payment"],
            "revenue_share": share + self.owed["revenue_share"],
            "fee": self.number("fee") * month.years * self.share_covered(month.t)
            + self.owed["fee"],
        }

    def settle(
        self, month: Month, claimed: Mapping[str, float], paid: Mapping[str, float]
    ) -> Mapping[str, float]:
        delivered = month.observe(f"sites.{self.terms.site}.h100e_hours")
        reserved = kept(self.future, month, self.terms.site, delivered, self.reservations)
        self.left = max(delivered - reserved, 0.0)
        self.backed = min(
            self.number("share") * delivered, self.number("capacity", ALL) * month.hours
        )
        self.covered = self.share_covered(month.t)
        sales = sum(
            p.amount for p in month.paid if p.payee == self.terms.owner and p.flow == Flow.SALE
        )
        self.sales = max(sales - paid["payment"], 0.0)
        self.drawn += paid["payment"]
        for line in self.lines:
            name = line.name
            self.owed[name] = month.unpaid(line.payer, claimed[name], paid[name])
        return {}
