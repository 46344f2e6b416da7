"""docs/contracts/customer_supplied_hardware.md."""

from collections.abc import Mapping
from typing import Any

from offtake.core.flows import Flow
from tests.reference.books import Line, Month, Row, share_between, short
from tests.reference.debt import after
from tests.reference.future import Future


class CustomerSuppliedHardware(Row):
    """A customer's chips in an operator's site."""

    def __init__(self, future: Future, contract: str, terms: Any) -> None:
        super().__init__(future, contract, terms)
        self.lines = [Line("fee", terms.customer, terms.operator, Flow.SALE, 100)]
        self.begin = after(max(self.number("start", 0.0), 0.0))
        self.arrears = self.last = 0.0
        self.late, self.ended = 0, False

    def publish(self, t: int) -> Mapping[str, float]:
        return {"arrears": self.arrears, "fee": self.last, "terminated": float(self.ended)}

    def fee(self, month: Month) -> float:
        """USD of the period."""
        if self.ended:
            return 0.0
        terms, power = self.terms, self.number("power")
        hosted = min(month.observe(f"chips.{terms.chips}.mw"), power)
        there = month.observe(f"sites.{terms.site}.power_mw")
        billed = max(hosted, self.number("take_or_pay") * min(power, there))
        h100e = month.observe(f"chips.{terms.chips}.h100e")
        fee = self.over_time("per_mw", month) * billed * month.years
        fee += self.over_time("per_mwh", month) * hosted * month.hours
        fee += self.over_time("per_hour", month) * h100e * month.hours
        part = share_between(month.t, self.begin, self.begin + self.number("term"))
        return max(fee, 0.0) * part

    def claim(self, month: Month) -> Mapping[str, float]:
        return {"fee": self.fee(month) + self.arrears}

    def settle(
        self, month: Month, claimed: Mapping[str, float], paid: Mapping[str, float]
    ) -> Mapping[str, float]:
        self.last = self.fee(month)
        self.arrears = month.unpaid(self.terms.customer, claimed["fee"], paid["fee"])
        self.late = self.late + 1 if short(claimed["fee"], paid["fee"]) else 0
        self.ended = self.ended or self.late > self.number("grace")
        return {}
