"""docs/contracts/tax_credit.md."""

from collections.abc import Mapping
from typing import Any

from offtake.core.flows import Flow
from tests.reference.books import Line, Month, Row, net, share_between
from tests.reference.future import Future


class TaxCredit(Row):
    """Tax that need not be paid."""

    def __init__(self, future: Future, contract: str, terms: Any) -> None:
        super().__init__(future, contract, terms)
        self.lines = [Line("credit", terms.government, terms.holder, Flow.TAX, 150)]
        self.built = 0.0

    def closes(self, t: int) -> bool:
        """Whether the tax year ends with this period."""
        years = self.future.calendar.year_index
        return t == len(years) - 1 or years[t + 1] > years[t]

    def due(self, month: Month) -> float:
        """Credit of the period, of all partners."""
        start = self.number("start", 0.0)
        part = share_between(month.t, start, start + self.number("term"))
        price = max(self.over_time("per_mwh", month), 0.0)
        credit = price * self.over_time("output", month) * part * month.years
        if self.closes(month.t):
            credit += self.number("investment") * self.number("qualifying") * self.built
        return credit

    def now(self, month: Month) -> Mapping[str, float]:
        return {"due": self.due(month)}

    def claim(self, month: Month) -> Mapping[str, float]:
        return {"credit": partner_share(self, month) * self.due(month)}

    def settle(
        self, month: Month, claimed: Mapping[str, float], paid: Mapping[str, float]
    ) -> Mapping[str, float]:
        if self.closes(month.t):
            self.built = 0.0
        business = self.terms.business or self.terms.holder
        self.built -= net(month.paid, business, set(), {Flow.CAPITAL_COST})
        return {}


def partner_share(row: Row, month: Month) -> float:
    """The share of a partner named in the terms; all of it where there is no partnership."""
    terms: Any = row.terms
    if terms.partnership is None:
        return 1.0
    return month.observe(f"contracts.{terms.partnership}.{terms.partner}_tax_share")
