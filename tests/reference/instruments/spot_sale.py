"""docs/contracts/spot_sale.md."""

from collections.abc import Mapping, Sequence
from typing import Any

from offtake.core.flows import Flow
from tests.reference.books import Line, Month, Row
from tests.reference.future import Future

RESERVES = ("reserved_capacity", "compute_note", "compute_commitment")
"""Kinds that say what of a site they reserve."""


def kept(future: Future, month: Month, site: str, delivered: float, own: Sequence[str]) -> float:
    """Hours of a site kept by its own contracts and by notes that lack hours elsewhere."""
    hours = 0.0
    for name, terms in future.plan.contracts.items():
        places = ["reserved"] if name in own else []
        if getattr(terms, "substitute", None) == site:
            places.append("substitute_reserved")
        for place in places:
            share = month.observe(f"contracts.{name}.{place}_share")
            capacity = month.observe(f"contracts.{name}.{place}_h100e")
            hours += min(share * delivered, capacity * month.hours)
    return hours


def reserving(future: Future, site: str) -> list[str]:
    """Contracts that reserve hours of a site."""
    return [
        name
        for name, other in future.plan.contracts.items()
        if other.kind in RESERVES and other.site == site  # type: ignore[attr-defined]
    ]


class SpotSale(Row):
    """What reservations leave of a site, sold by the hour."""

    def __init__(self, future: Future, contract: str, terms: Any) -> None:
        super().__init__(future, contract, terms)
        self.lines = [Line("hours", terms.buyer, terms.seller, Flow.SALE, 100)]
        self.after = terms.after
        if self.after is None:
            self.after = reserving(future, terms.site)
        self.sold = 0.0

    def publish(self, t: int) -> Mapping[str, float]:
        return {"sold": self.sold}

    def hours(self, month: Month) -> float:
        """H100e-hours sold."""
        delivered = month.observe(f"sites.{self.terms.site}.h100e_hours")
        left = delivered - kept(self.future, month, self.terms.site, delivered, self.after)
        taken = 1.0
        if self.terms.price is None:
            taken = month.observe(f"sites.{self.terms.site}.sold_share")
        return self.number("share") * self.over_time("utilisation", month) * taken * max(left, 0.0)

    def claim(self, month: Month) -> Mapping[str, float]:
        if self.terms.price is None:
            price = month.observe(f"sites.{self.terms.site}.spot_price")
        else:
            price = self.over_time("price", month)
        return {"hours": price * self.hours(month)}

    def settle(
        self, month: Month, claimed: Mapping[str, float], paid: Mapping[str, float]
    ) -> Mapping[str, float]:
        self.sold = self.hours(month)
        return {f"sites.{self.terms.site}.sold_hours": self.sold}
