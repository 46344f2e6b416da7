"""docs/contracts/chip_sale.md."""

from collections.abc import Iterator, Mapping
from typing import Any

from offtake.core.flows import Flow
from tests.reference.books import Line, Month, Row
from tests.reference.future import Future


class ChipSale(Row):
    """Chips sent to one cohort, or those of a vendor that no cohort waits for."""

    def __init__(self, future: Future, contract: str, terms: Any, cohort: str | None) -> None:
        super().__init__(future, contract, terms, cohort or "")
        self.cohort = cohort
        self.lines = [
            Line("delivered", terms.buyer, terms.seller, Flow.CAPITAL_COST, 500),
            Line("sold", terms.buyer, terms.seller, Flow.SALE, 100),
        ]
        self.arrears = self.billed = self.paid = 0.0

    def publish(self, t: int) -> Mapping[str, float]:
        return {"arrears": self.arrears}

    def bill(self, month: Month) -> float:
        """USD for the chips of the period."""
        what = f"vendors.{self.terms.vendor}.unsold"
        if self.cohort is not None:
            what = f"chips.{self.cohort}.sent"
        return self.over_time("price", month) * self.number("share") * month.observe(what)

    def claim(self, month: Month) -> Mapping[str, float]:
        due = self.bill(month) + self.arrears
        sold = self.cohort is None
        return {"delivered": 0.0 if sold else due, "sold": due if sold else 0.0}

    def settle(
        self, month: Month, claimed: Mapping[str, float], paid: Mapping[str, float]
    ) -> Mapping[str, float]:
        due, got = sum(claimed.values()), sum(paid.values())
        self.arrears = month.unpaid(self.terms.buyer, due, got)
        self.billed += self.bill(month)
        self.paid += got
        if self.cohort is None:
            return {}
        share = min(self.paid / self.billed, 1.0) if self.billed > 0.0 else 1.0
        return {f"chips.{self.cohort}.paid": month.observe(f"chips.{self.cohort}.ready") * share}


def rows(future: Future, contract: str, terms: Any) -> Iterator[Row]:
    return (ChipSale(future, contract, terms, cohort) for cohort in terms.cohorts)
