"""docs/contracts/construction_contract.md."""

from collections.abc import Iterator, Mapping
from typing import Any

from offtake.core.flows import Flow
from tests.reference.books import PAID, Line, Month, Row
from tests.reference.future import Future


class ConstructionContract(Row):
    """One phase of a site, one source of power or one fab."""

    def __init__(self, future: Future, contract: str, terms: Any, place: str, part: str) -> None:
        super().__init__(future, contract, terms, part)
        self.place = place
        self.lines = [Line("work", terms.owner, terms.contractor, Flow.CAPITAL_COST, 500)]
        size = future.number(f"{place}.power" if part else f"{place}.capacity")
        per_size = self.number("per_wspm" if place.startswith("fabs.") else "per_mw")
        self.cost = per_size * size + self.number("per_phase")
        self.paid = 0.0

    def publish(self, t: int) -> Mapping[str, float]:
        return {"paid": self.paid, "outstanding": max(self.cost - self.paid, 0.0)}

    def claim(self, month: Month) -> Mapping[str, float]:
        due = self.cost * month.observe(f"{self.place}.due")
        owed = due - self.paid
        return {"work": owed if owed > PAID * due else 0.0}

    def settle(
        self, month: Month, claimed: Mapping[str, float], paid: Mapping[str, float]
    ) -> Mapping[str, float]:
        self.paid += paid["work"]
        share = self.paid / self.cost if self.cost > 0.0 else 1.0
        return {f"{self.place}.paid": min(share, 1.0)}


def rows(future: Future, contract: str, terms: Any) -> Iterator[Row]:
    if terms.source is not None:
        yield ConstructionContract(future, contract, terms, f"power.{terms.source}", "")
        return
    if terms.fab is not None:
        yield ConstructionContract(future, contract, terms, f"fabs.{terms.fab}", "")
        return
    phases = terms.phases
    if phases is None:
        phases = range(len(future.plan.sites[terms.site].phases))
    for j in phases:
        place = f"sites.{terms.site}.phases[{j}]"
        yield ConstructionContract(future, contract, terms, place, f"phases[{j}]")
