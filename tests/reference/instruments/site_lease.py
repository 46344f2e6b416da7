"""docs/contracts/site_lease.md."""

import math
from collections.abc import Mapping
from typing import Any

from offtake.core.flows import Flow
from tests.reference.books import Line, Month, Row, clip, short
from tests.reference.future import Future


class SiteLease(Row):
    """Rent over a term."""

    def __init__(self, future: Future, contract: str, terms: Any) -> None:
        super().__init__(future, contract, terms)
        self.lines = [Line("rent", terms.tenant, terms.landlord, Flow.SALE, 100)]
        phases = terms.phases
        if phases is None:
            phases = range(len(future.plan.sites[terms.site].phases))
        self.phases = [f"sites.{terms.site}.phases[{j}]" for j in phases]
        self.dated = terms.start is not None
        self.served = max(-self.number("start"), 0.0) if self.dated else 0.0
        self.arrears = self.last = 0.0
        self.late, self.ended = 0, False
        self.renewed, self.declined = 0, False

    def publish(self, t: int) -> Mapping[str, float]:
        over = self.served >= self.number("term") + self.renewed * self.number("renewal") - 1e-9
        return {
            "arrears": self.arrears,
            "terminated": float(self.ended),
            "rent": self.last,
            "renewed": float(self.renewed),
            "vacated": float(self.ended or over),
        }

    def begun(self, month: Month) -> float:
        """Share of the period after the beginning of the term."""
        if self.dated:
            return clip(month.t - max(self.number("start"), 0.0))
        if month.t == 0:
            return 0.0
        if self.served > 0.0:
            return 1.0
        return max(month.observe(f"{phase}.active") for phase in self.phases)

    def within(self, month: Month) -> float:
        """Share of the period within the term."""
        if self.ended:
            return 0.0
        renewals = self.renewed + (self.decision(month) is True)
        term = self.number("term") + renewals * self.number("renewal")
        return min(self.begun(month), clip(term - self.served))

    def decision(self, month: Month) -> bool | None:
        """Whether the tenant renews, in the period in which it has to say so; None in others."""
        begun = self.begun(month)
        term = self.number("term") + self.renewed * self.number("renewal")
        left = self.renewed + 1.0 <= self.number("renewals") + 1e-9
        due = begun > 0.0 and self.served + begun >= term - self.number("notice") - 1e-9
        if not left or not due or self.declined or self.ended:
            return None
        needs = self.over_time("needs", month)
        fitted = self.terms.exercise == "fitted"
        if needs < 0.5 and not fitted:
            return False
        if self.terms.market_rent is None:
            return True
        power = sum(self.future.number(f"{phase}.power") for phase in self.phases)
        years = math.floor(term / self.future.calendar.per_year + 1e-9)
        rent = self.number("per_mw") * power + self.number("rent")
        rent *= (1.0 + self.number("escalator")) ** years
        elsewhere = self.over_time("market_rent", month) * power
        if fitted:
            return not self.leaves(month, elsewhere, rent, needs)
        elsewhere *= 1.0 + self.number("switching_cost")
        return self.future.reaches(f"{self.contract}.renewal", elsewhere, rent * (1.0 - 1e-9))

    def leaves(self, month: Month, market: float, rent: float, needs: float) -> bool:
        """Whether the fitted policy lets the lease run out."""
        z = (market - rent) / (market + rent) if market + rent > 0.0 else 0.0
        place = f"contracts.{self.contract}.policy"
        p = [
            self.future.series(number, f"{place}[{k}]", month.t)
            for k, number in enumerate(self.terms.policy)
        ]
        gain = sum((p[k] + needs * p[k + 5]) * z**k for k in range(5)) if p else 0.0
        self.future.reaches(f"{self.contract}.renewal", gain, 0.0)
        return gain > 0.0

    def rent(self, month: Month) -> float:
        """Rent of the period."""
        begun, within = self.begun(month), self.within(month)
        charged = within - clip(self.number("rent_free") - self.served, 0.0, within)
        power = sum(
            month.observe(f"{phase}.active") * self.future.number(f"{phase}.power")
            for phase in self.phases
        )
        if not self.dated and begun > 0.0:
            power /= begun
        years = math.floor(self.served / self.future.calendar.per_year + 1e-9)
        grown = (1.0 + self.number("escalator")) ** years
        yearly = self.number("per_mw") * power + self.number("rent")
        return yearly * grown * month.years * charged

    def claim(self, month: Month) -> Mapping[str, float]:
        return {"rent": self.rent(month) + self.arrears}

    def settle(
        self, month: Month, claimed: Mapping[str, float], paid: Mapping[str, float]
    ) -> Mapping[str, float]:
        self.last = self.rent(month)
        served = self.within(month)
        self.arrears = month.unpaid(self.terms.tenant, claimed["rent"], paid["rent"])
        self.late = self.late + 1 if short(claimed["rent"], paid["rent"]) else 0
        decision = self.decision(month)
        self.renewed += decision is True
        self.declined = self.declined or decision is False
        self.served += served
        self.ended = self.ended or self.late > self.number("grace")
        return {}
