"""docs/contracts/security.md."""

import math
from collections.abc import Iterable, Mapping
from typing import Any

from offtake.core.flows import Flow
from tests.reference.books import Line, Month, Row
from tests.reference.debt import after
from tests.reference.future import Future


class Security(Row):
    """One asset of an agreement; what the others bring is worked out beside it."""

    def __init__(self, future: Future, contract: str, terms: Any, part: str) -> None:
        super().__init__(future, contract, terms, part)
        self.lines = [
            Line("cost", terms.buyer, terms.agent, Flow.RUNNING_COST, 220),
            Line("excess", terms.buyer, terms.grantor, Flow.CAPITAL_COST, 220),
        ]
        self.waited, self.sold = 0, False
        borrowers = [future.plan.contracts[k].borrower for k in terms.secures]  # type: ignore
        self.borrowers: set[str] = set(borrowers)

    def publish(self, t: int) -> Mapping[str, float]:
        return {"sold": float(self.sold)}

    def price(self, asset: str, month: Month) -> float:
        """What an asset is sold for: its value, the lower the more is on sale."""
        if asset in self.future.plan.sites:
            worth = month.observe(f"sites.{asset}.power_mw") * self.number("site_value")
        else:
            worth = month.observe(f"chips.{asset}.resale_value")
        pledged = any(
            asset in self.future.plan.chips
            for terms in self.future.plan.contracts.values()
            for asset in getattr(terms, "assets", ())
        )
        depth = self.number("market_depth", 0.0)
        if depth <= 0.0 and pledged:
            depth = month.observe("resale.market_h100e")
        offered = month.observe("resale.offered_h100e") if pledged else 0.0
        crowd = offered / depth if depth > 0.0 else 0.0
        return worth * math.exp(-self.number("fire_sale") * crowd)

    def comes(self) -> bool:
        """Whether the sale falls into the next period that closes."""
        late = self.waited + 1 >= after(self.number("time_of_sale"))
        return self.waited > 0 and late and not self.sold

    def due(self, month: Month) -> bool:
        return self.comes() and bool(self.borrowers & month.stopped)

    def worth(self, month: Month) -> tuple[float, float, float]:
        """Price of the asset, its proceeds, proceeds of all assets of the agreement."""
        mine = self.price(self.part, month)
        net = sum(self.price(a, month) for a in self.terms.assets)  # type: ignore[attr-defined]
        net *= 1.0 - self.number("cost_of_sale")
        whole = max(net - self.number("administration"), 0.0)
        kept = whole / net * (1.0 - self.number("cost_of_sale")) if net > 0.0 else 0.0
        return mine, mine * kept, whole

    def proceeds(self, month: Month) -> float:
        return self.worth(month)[1] if self.due(month) else 0.0

    def owed(self, month: Month) -> dict[str, float]:
        loans = self.terms.secures  # type: ignore[attr-defined]
        return {k: month.observe(f"contracts.{k}.owed") for k in loans}

    def claim(self, month: Month) -> Mapping[str, float]:
        owed = sum(self.owed(month).values())
        if not self.due(month) or owed <= 0.0:
            return {"cost": 0.0, "excess": 0.0}
        price, proceeds, whole = self.worth(month)
        left = max(whole - owed, 0.0) / whole if whole > 0.0 else 0.0
        return {"cost": price - proceeds, "excess": proceeds * left}

    def settle(
        self, month: Month, claimed: Mapping[str, float], paid: Mapping[str, float]
    ) -> Mapping[str, float]:
        owed = self.owed(month)
        sells = self.due(month) and sum(owed.values()) > 0.0
        called = any(
            month.observe(f"contracts.{k}.accelerated") > 0.0 and amount > 0.0
            for k, amount in owed.items()
        )
        self.sold = self.sold or sells
        self.waited = self.waited + 1 if called else 0
        if self.part in self.future.plan.sites:
            return {}
        place = f"chips.{self.part}"
        return {f"{place}.for_sale": float(self.comes()), f"{place}.sold": float(sells)}


def rows(future: Future, contract: str, terms: Any) -> Iterable[Row]:
    """A row for each asset."""
    return [Security(future, contract, terms, asset) for asset in terms.assets]
