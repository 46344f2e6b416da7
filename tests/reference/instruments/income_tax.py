"""docs/contracts/income_tax.md."""

from collections.abc import Mapping, Sequence
from typing import Any

from offtake.core.flows import Flow
from tests.reference.books import PAID, Line, Month, Payment, Row, clip, net
from tests.reference.future import Future

EARNED = {Flow.SALE, Flow.RUNNING_COST, Flow.INTEREST, Flow.FEE, Flow.CAPITAL_COST}
SPENT = {Flow.SALE, Flow.RUNNING_COST, Flow.INTEREST, Flow.FEE}

# IRS Publication 946, Table A-1, half-year convention, per cent.
_FIFTEEN = [
    5.0,
    9.5,
    8.55,
    7.7,
    6.93,
    6.23,
    *[5.9, 5.9, 5.91, 5.9, 5.91, 5.9, 5.91, 5.9, 5.91],
    2.95,
]
_TWENTY = [3.75, 7.219, 6.677, 6.177, 5.713, 5.285, 4.888, 4.522, *[4.462, 4.461] * 6, 2.231]
MACRS = {
    "macrs_3": [33.33, 44.45, 14.81, 7.41],
    "macrs_5": [20.0, 32.0, 19.2, 11.52, 11.52, 5.76],
    "macrs_7": [14.29, 24.49, 17.49, 12.49, 8.93, 8.92, 8.93, 4.46],
    "macrs_15": _FIFTEEN,
    "macrs_20": _TWENTY,
}


class IncomeTax(Row):
    """A share of what a party earns."""

    derived = True

    def __init__(self, future: Future, contract: str, terms: Any) -> None:
        super().__init__(future, contract, terms)
        self.lines = [Line("tax", terms.taxpayer, terms.government, Flow.TAX, 150)]
        self.pools: dict[int, float] = {}
        self.depreciated = self.income = self.asked = 0.0
        self.losses = self.number("losses")
        self.again = self.arrears = self.paid = 0.0

    def publish(self, t: int) -> Mapping[str, float]:
        return {"losses": self.losses, "paid": self.paid, "arrears": self.arrears}

    def year(self, t: int) -> int:
        """Tax years since the plan's first."""
        return int(self.future.calendar.year_index[t])

    def passed(self, t: int) -> float:
        """Share of the tax year that has passed at the close of a period."""
        calendar = self.future.calendar
        opened = calendar.start.month - 1
        months = opened + t * calendar.months - 12 * self.year(t)
        begin = opened if self.year(t) == 0 else 0
        return clip((months - begin) / (12 - begin))

    def closes(self, t: int) -> bool:
        """Whether the tax year ends with this period."""
        last = t == self.future.calendar.count - 1
        return last or self.year(t + 1) > self.year(t)

    def curve(self, k: int) -> float:
        """Share written off by the end of the k-th year after the purchase, 0 in its own year."""
        if k < 0:
            return 0.0
        if self.terms.depreciation == "straight_line":
            life = max(self.number("life") / self.future.calendar.per_year, 1e-9)
            return clip((k + 0.5) / life)
        return sum(MACRS[self.terms.depreciation][: k + 1]) / 100.0

    def written_off(self, t: int) -> float:
        """Depreciation by the close of period t."""
        bonus, f = self.number("bonus"), self.passed(t)
        total = 0.0
        for bought, pool in self.pools.items():
            k = self.year(t) - bought
            spread = self.curve(k - 1) + f * (self.curve(k) - self.curve(k - 1))
            total += pool * (bonus * (f if k == 0 else 1.0) + (1.0 - bonus) * spread)
        return total

    def earned(self, payments: Sequence[Payment]) -> float:
        """Income before depreciation."""
        return net(payments, self.terms.taxpayer, EARNED, SPENT)

    def worked_out(self, month: Month) -> tuple[float, float, float]:
        """Income to date, losses used, tax on the year to date."""
        income = self.income + self.earned(month.claimed) - self.again
        income -= self.written_off(month.t) - self.depreciated
        used = min(self.losses, self.number("loss_limit") * max(income, 0.0))
        return income, used, self.number("rate") * (max(income, 0.0) - used)

    def new(self, month: Month) -> float:
        """Tax claimed for the first time."""
        _, _, tax = self.worked_out(month)
        now = self.terms.paid == "monthly" or self.closes(month.t)
        return tax - self.asked if now and tax - self.asked > PAID * tax else 0.0

    def claim(self, month: Month) -> Mapping[str, float]:
        return {"tax": self.new(month) + self.arrears}

    def settle(
        self, month: Month, claimed: Mapping[str, float], paid: Mapping[str, float]
    ) -> Mapping[str, float]:
        income, used, tax = self.worked_out(month)
        new = self.new(month)
        missing = claimed["tax"] - paid["tax"]
        self.arrears = missing if missing > PAID * claimed["tax"] else 0.0
        self.paid += paid["tax"]
        self.depreciated = self.written_off(month.t)
        bought = net(month.paid, self.terms.taxpayer, set(), {Flow.CAPITAL_COST})
        year = self.year(month.t)
        self.pools[year] = self.pools.get(year, 0.0) - bought
        self.again = self.earned(month.claimed) - self.earned(month.paid)
        if self.closes(month.t):
            self.losses += max(-income, 0.0) - used
            self.income, self.asked = 0.0, max(self.asked + new - tax, 0.0)
        else:
            self.income, self.asked = income, self.asked + new
        return {}
