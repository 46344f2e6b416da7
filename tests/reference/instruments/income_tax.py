"""docs/contracts/income_tax.md."""

from collections.abc import Mapping, Sequence
from typing import Any

from offtake.core.flows import Flow
from tests.reference.books import PAID, Line, Month, Payment, Row, clip, net
from tests.reference.future import Future
from tests.reference.instruments.tax_credit import partner_share

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
        self.lines = [
            Line("tax", terms.taxpayer, terms.government, Flow.TAX, 150),
            Line("saving", terms.government, terms.taxpayer, Flow.TAX, 150),
        ]
        self.business = terms.income_of or terms.taxpayer
        self.once = terms.losses_used == "at_once"
        self.pools: dict[tuple[int, int], float] = {}
        """capital cost by tax year and class of assets"""
        self.depreciated = self.income = self.asked = 0.0
        self.losses = self.number("losses")
        self.again = self.arrears = self.paid = 0.0
        self.unbuilt = [0.0 for _ in self.classes()]
        self.worked = (0.0, 0.0, 0.0, 0.0, 0.0, 0.0)
        """income to date, base, losses used, tax, tax claimed for the first time, tax saved"""
        future.rows[contract] = self

    def classes(self) -> list[tuple[Any, str]]:
        """Classes of assets and where their numbers stand; the contract itself where none is."""
        if not self.terms.assets:
            return [(self.terms, "")]
        return [(asset, f"assets[{c}].") for c, asset in enumerate(self.terms.assets)]

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

    def curve(self, asset: Any, place: str, k: int) -> float:
        """Share written off by the end of the k-th year after the purchase, 0 in its own year."""
        if k < 0:
            return 0.0
        if asset.depreciation == "straight_line":
            given = self.number(f"{place}life", 6.0 * self.future.calendar.per_year)
            life = max(given / self.future.calendar.per_year, 1e-9)
            return clip((k + 0.5) / life)
        if asset.depreciation == "custom":
            years = range(min(k + 1, len(asset.yearly)))
            return sum(self.number(f"{place}yearly[{j}]") for j in years)
        return sum(MACRS[asset.depreciation][: k + 1]) / 100.0

    def written_off(self, t: int, pools: Mapping[tuple[int, int], float]) -> float:
        """Depreciation by the close of period t."""
        f, classes = self.passed(t), self.classes()
        total = 0.0
        for (bought, c), pool in pools.items():
            asset, place = classes[c]
            k = self.year(t) - bought
            before, by_end = self.curve(asset, place, k - 1), self.curve(asset, place, k)
            bonus, spread = self.number(f"{place}bonus"), before + f * (by_end - before)
            share = bonus * (f if k == 0 else 1.0) + (1.0 - bonus) * spread
            if place:
                share *= self.number(f"{place}share") * (1.0 - self.number(f"{place}reduction"))
            total += pool * share
        return total

    def built(self, payments: Sequence[Payment]) -> list[float]:
        """Capital cost by class of assets."""
        holders = [getattr(asset, "held_by", None) or self.business for asset, _ in self.classes()]
        return [-net(payments, holder, set(), {Flow.CAPITAL_COST}) for holder in holders]

    def counting(self, t: int, cost: Sequence[float]) -> dict[tuple[int, int], float]:
        """Pools with the capital cost of this period."""
        pools = dict(self.pools)
        for c, amount in enumerate(cost):
            place = (self.year(t), c)
            pools[place] = pools.get(place, 0.0) + amount
        return pools

    def counted(self, month: Month) -> dict[tuple[int, int], float]:
        """Pools as they stand for the claim of the period."""
        if self.terms.counted == "paid":
            return self.pools
        pools = self.counting(month.t, self.built(month.claimed))
        before = self.year(max(month.t - 1, 0))
        for c, amount in enumerate(self.unbuilt):
            pools[before, c] = pools.get((before, c), 0.0) - amount
        return pools

    def earned(self, payments: Sequence[Payment]) -> float:
        """Income before depreciation."""
        spent = SPENT if self.terms.fees == "deducted" else SPENT - {Flow.FEE}
        return net(payments, self.business, EARNED, spent)

    def income_to_date(self, month: Month) -> float:
        """Income of the tax year to date, before the tax that is deducted."""
        also = sum(month.observe(f"contracts.{name}.due") for name in self.terms.also_taxed)
        depreciation = self.written_off(month.t, self.counted(month)) - self.depreciated
        earned = self.earned(month.claimed) - self.again + also - depreciation
        return self.income + partner_share(self, month) * earned

    def tax_on(self, base: float) -> tuple[float, float]:
        """Losses used and tax on a base."""
        if self.once:
            return 0.0, self.number("rate") * base
        used = min(self.losses, self.number("loss_limit") * max(base, 0.0))
        return used, self.number("rate") * (max(base, 0.0) - used)

    def worked_out(self, month: Month) -> tuple[float, float, float, float]:
        """Income to date, base, losses used, tax on the year to date."""
        income = self.income_to_date(month)
        base = income
        if self.terms.deducts is not None:
            other = self.future.rows[self.terms.deducts]
            base -= other.tax_on(other.income_to_date(month))[1]
        return (income, base, *self.tax_on(base))

    def new(self, month: Month, tax: float) -> tuple[float, float]:
        """Tax claimed for the first time, and tax saved."""
        if not (self.terms.paid == "monthly" or self.closes(month.t)):
            return 0.0, 0.0
        more = tax - self.asked
        if self.once:
            return max(more, 0.0), max(-more, 0.0)
        return (more if more > PAID * tax else 0.0), 0.0

    def claim(self, month: Month) -> Mapping[str, float]:
        found = self.worked_out(month)
        new, saving = self.new(month, found[3])
        self.worked = (*found, new, saving)
        return {"tax": new + self.arrears, "saving": saving}

    def settle(
        self, month: Month, claimed: Mapping[str, float], paid: Mapping[str, float]
    ) -> Mapping[str, float]:
        income, base, used, tax, new, saving = self.worked
        missing = claimed["tax"] - paid["tax"]
        self.arrears = missing if missing > PAID * claimed["tax"] else 0.0
        self.paid += paid["tax"]
        self.depreciated = self.written_off(month.t, self.counted(month))
        if self.terms.counted == "due":
            self.pools = self.counted(month)
        else:
            self.pools = self.counting(month.t, self.built(month.paid))
        asked, built = self.built(month.claimed), self.built(month.paid)
        self.unbuilt = [a - b for a, b in zip(asked, built, strict=True)]
        self.again = self.earned(month.claimed) - self.earned(month.paid)
        charged = self.asked + new - saving
        if self.closes(month.t):
            if not self.once:
                self.losses += max(-base, 0.0) - used
            self.income = 0.0
            self.asked = 0.0 if self.once else max(charged - tax, 0.0)
        else:
            self.income, self.asked = income, charged
        return {}
