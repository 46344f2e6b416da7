"""docs/contracts/reserved_capacity.md."""

from collections.abc import Mapping
from typing import Any

from offtake.core.flows import Flow
from tests.reference.books import ALL, Line, Month, Row, clip, short
from tests.reference.future import Future


class ReservedCapacity(Row):
    """Take or pay for a term."""

    def __init__(self, future: Future, contract: str, terms: Any) -> None:
        super().__init__(future, contract, terms)
        self.lines = [
            Line("capacity", terms.buyer, terms.seller, Flow.SALE, 100),
            Line("prepayment", terms.buyer, terms.seller, Flow.SALE, 100),
            Line("damages", terms.seller, terms.buyer, Flow.SALE, 100),
            Line("termination", terms.buyer, terms.seller, Flow.SALE, 580),
            Line("refund", terms.seller, terms.buyer, Flow.SALE, 580),
        ]
        self.dated = terms.start is not None
        self.served = max(-self.number("start"), 0.0) if self.dated else 0.0
        self.arrears = self.credit = self.damages = 0.0
        self.late, self.ended, self.idle = 0, False, 0
        self.termination = self.refund = 0.0

    def begun(self, t: int) -> float:
        """Share of the period after the beginning of the term."""
        return clip(t - max(self.number("start"), 0.0)) if self.dated else clip(t)

    def left(self) -> float:
        """Share of a period that is left of the term."""
        return 0.0 if self.ended else clip(self.number("term") - self.served)

    def open(self, t: int) -> float:
        """Share of the period that is within the term."""
        return min(self.begun(t), self.left())

    def publish(self, t: int) -> Mapping[str, float]:
        return {
            "arrears": self.arrears,
            "terminated": float(self.ended),
            "reserved_share": self.number("share") * self.open(t),
            "reserved_h100e": self.number("capacity", ALL) * self.open(t),
        }

    def now(self, month: Month) -> Mapping[str, float]:
        return {"offered_hours": self.offered(month)}

    def whole(self, month: Month) -> float:
        """H100e-hours that a whole period of the term would offer."""
        hours = self.number("share") * month.observe(f"sites.{self.terms.site}.h100e_hours")
        if self.terms.capacity is not None:
            hours = min(self.number("capacity") * month.hours, hours)
        return hours

    def offered(self, month: Month) -> float:
        """H100e-hours offered."""
        return self.open(month.t) * self.whole(month)

    def used(self, month: Month) -> float:
        """H100e-hours used."""
        return self.over_time("utilisation", month) * self.offered(month)

    def bill(self, month: Month) -> tuple[float, float]:
        """The bill, and what of it the prepayment meets."""
        least = self.number("take_or_pay") * self.offered(month)
        bill = self.over_time("price", month) * max(least, self.used(month))
        return bill, min(self.credit, self.number("credit_share") * bill)

    def claim(self, month: Month) -> Mapping[str, float]:
        bill, credited = self.bill(month)
        damages = self.damages
        if self.terms.capacity is not None and self.terms.promised is not None:
            late = min(clip(month.t - self.number("promised")), self.left())
            promised = self.number("capacity") * month.hours * late
            missing = max(promised - self.offered(month), 0.0)
            damages += self.number("damages") * self.over_time("price", month) * missing
        return {
            "capacity": bill - credited + self.arrears,
            "prepayment": self.number("prepayment") if month.t == 0 else 0.0,
            "damages": damages,
            "termination": self.termination,
            "refund": self.refund,
        }

    def settle(
        self, month: Month, claimed: Mapping[str, float], paid: Mapping[str, float]
    ) -> Mapping[str, float]:
        offered, used, opened = self.offered(month), self.used(month), self.open(month.t)
        _, credited = self.bill(month)
        buyer, seller = self.terms.buyer, self.terms.seller
        self.arrears = month.unpaid(buyer, claimed["capacity"], paid["capacity"])
        self.damages = month.unpaid(seller, claimed["damages"], paid["damages"])
        self.late = self.late + 1 if short(claimed["capacity"], paid["capacity"]) else 0
        self.credit += paid["prepayment"] - credited
        if self.dated or self.served > 0.0 or offered > 0.0:
            self.served += self.begun(month.t)
        self.termination = month.unpaid(buyer, claimed["termination"], paid["termination"])
        self.refund = month.unpaid(seller, claimed["refund"], paid["refund"])
        nothing = seller in month.stopped and self.whole(month) <= 0.0
        self.idle = self.idle + 1 if nothing else 0
        self.end(month)
        site = f"sites.{self.terms.site}"
        return {f"{site}.sold_hours": used, f"{site}.contracted": opened}

    def end(self, month: Month) -> None:
        """The seller ends it for want of payment, the buyer for want of delivery."""
        late, idle = self.late > self.number("grace"), self.idle > self.number("grace")
        if self.ended or not (late or idle):
            return
        self.ended = True
        if not late:
            self.refund += self.credit
            return
        rate = (1.0 + self.number("termination_rate")) ** month.years - 1.0
        left = max(self.number("term") - self.served, 0.0)
        annuity = (1.0 - (1.0 + rate) ** -left) / rate if rate > 0.0 else left
        bill = self.over_time("price", month) * self.number("take_or_pay") * self.whole(month)
        claim = self.number("termination") * bill * annuity
        self.termination += max(claim - self.credit, 0.0)
