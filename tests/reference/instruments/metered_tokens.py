"""docs/contracts/metered_tokens.md."""

from collections.abc import Mapping
from typing import Any

from offtake.core.flows import Flow
from tests.reference.books import Line, Month, Row
from tests.reference.future import Future


class MeteredTokens(Row):
    """Revenue stated, or price times the volume that demand and a site bound."""

    def __init__(self, future: Future, contract: str, terms: Any) -> None:
        super().__init__(future, contract, terms)
        self.lines = [Line("tokens", terms.buyer, terms.seller, Flow.SALE, 100)]
        self.sold = 0.0

    def publish(self, t: int) -> Mapping[str, float]:
        return {"tokens": self.sold}

    def volume(self, month: Month) -> float:
        """Tokens of the period."""
        if self.terms.revenue is not None:
            return 0.0
        asked = self.over_time("demand", month) * month.years
        if self.terms.site is None:
            return asked
        hours = self.number("share") * month.observe(f"sites.{self.terms.site}.h100e_hours")
        return min(asked, self.over_time("tokens_per_h100e_hour", month) * hours)

    def claim(self, month: Month) -> Mapping[str, float]:
        stated = self.over_time("revenue", month) * month.years
        return {"tokens": stated + self.over_time("price", month) * self.volume(month)}

    def settle(
        self, month: Month, claimed: Mapping[str, float], paid: Mapping[str, float]
    ) -> Mapping[str, float]:
        self.sold = self.volume(month)
        return {}
