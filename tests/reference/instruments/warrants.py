"""docs/contracts/warrants.md."""

from collections.abc import Iterable, Mapping
from typing import Any

from offtake.core.flows import Flow
from tests.reference.books import PAID, Line, Month, Row
from tests.reference.future import NEVER, Future


class Tranche(Row):
    """Shares that vest together."""

    def __init__(self, future: Future, contract: str, terms: Any, j: int) -> None:
        super().__init__(future, contract, terms, str(j))
        buyer = terms.buyer or terms.holder
        self.lines = [
            Line("strike", terms.holder, terms.issuer, Flow.CAPITAL_IN, 550),
            Line("proceeds", buyer, terms.holder, Flow.DISTRIBUTION, 550),
            Line("distribution", terms.issuer, terms.holder, Flow.DISTRIBUTION, 900, "residual"),
        ]
        self.power = self.highest = self.shares = 0.0
        self.exercised = self.exercises = False

    def mine(self, name: str) -> float:
        """A number of the tranche."""
        return self.number(f"tranches[{self.part}].{name}")

    def claim(self, month: Month) -> Mapping[str, float]:
        value = "power_mw" if self.terms.counts == "energised" else "running_mw"
        power = sum(month.observe(f"sites.{site}.{value}") for site in self.terms.sites)
        price = self.over_time("share_price", month)
        self.power, self.highest = max(self.power, power), max(self.highest, price)
        reaches, name = self.future.reaches, f"{self.contract}.{self.part}"
        strike = self.number("strike")
        vested = reaches(f"{name}.mw", self.power, self.mine("mw") * (1.0 - PAID)) and reaches(
            f"{name}.price", self.highest, self.mine("price") * (1.0 - PAID)
        )
        reaches(f"{name}.strike", price, strike * (1.0 + PAID))
        self.exercises = (
            vested
            and not self.exercised
            and price > strike * (1.0 + PAID)
            and month.t <= self.number("expiry", NEVER) + 1e-9
            and self.terms.issuer not in month.stopped
        )
        count = self.mine("shares") if self.exercises else 0.0
        sold = count if self.terms.buyer is not None else 0.0
        outstanding = self.number("outstanding")
        part = self.shares / outstanding if outstanding > 0.0 else 0.0
        return {
            "strike": count * strike,
            "proceeds": sold * price * (1.0 - self.number("cost_of_sale")),
            "distribution": self.distributed(part, month),
        }

    def settle(
        self, month: Month, claimed: Mapping[str, float], paid: Mapping[str, float]
    ) -> Mapping[str, float]:
        if self.exercises:
            self.exercised = True
            asked = claimed["strike"]
            bought = self.mine("shares") * (paid["strike"] / asked if asked > 0.0 else 1.0)
            self.shares += bought if self.terms.buyer is None else 0.0
        return {}


def rows(future: Future, contract: str, terms: Any) -> Iterable[Row]:
    """One for each tranche."""
    return [Tranche(future, contract, terms, j) for j in range(len(terms.tranches))]
