"""docs/contracts/compute_commitment.md."""

from collections.abc import Mapping
from typing import Any

from offtake.core.flows import Flow
from tests.reference.books import ALL, PAID, Line, Month, Row, clip, share_between, short
from tests.reference.future import NEVER, Future


class ComputeCommitment(Row):
    """Take or pay with options."""

    def __init__(self, future: Future, contract: str, terms: Any) -> None:
        super().__init__(future, contract, terms)
        user = terms.resale.buyer if terms.resale else terms.seller
        self.lines = [
            Line("capacity", terms.buyer, terms.seller, Flow.SALE, 100),
            Line("fee", terms.buyer, terms.seller, Flow.SALE, 100),
            Line("resale", user, terms.buyer, Flow.SALE, 100),
            Line("termination", terms.buyer, terms.seller, Flow.SALE, 580),
        ]
        self.start, self.term = self.number("start"), self.number("term")
        self.less = self.number("step_down.share", 0.0) if terms.step_down else 0.0
        self.asked = self.deferred = self.ended = False
        self.stepped = self.cancelled = NEVER
        self.arrears = self.fees = self.termination = 0.0
        self.late = 0
        self.struck = 0.0

    def open(self, t: int) -> float:
        """Share of the period within the term."""
        last = min(self.start + self.term, self.cancelled)
        return 0.0 if self.ended else share_between(t, max(self.start, 0.0), last)

    def level(self, t: int) -> float:
        """Share of the capacity that is there."""
        ramp = self.number("ramp")
        come = clip((t - 0.5 - self.start) / ramp) if ramp > 0.0 else 1.0
        return come * (1.0 - self.less * clip(t - self.stepped))

    def publish(self, t: int) -> Mapping[str, float]:
        return {
            "arrears": self.arrears,
            "terminated": float(self.ended),
            "reserved_share": self.open(t),
            "reserved_h100e": self.capacity(t),
            "deferred": float(self.deferred),
            "stepped_down": float(self.stepped < NEVER),
            "cancelled": float(self.cancelled < NEVER),
        }

    def now(self, month: Month) -> Mapping[str, float]:
        return {"offered_hours": self.offered(month)}

    def capacity(self, t: int) -> float:
        """H100e, mean of the period."""
        return self.number("capacity") * self.level(t) * self.open(t)

    def offered(self, month: Month) -> float:
        """H100e-hours."""
        hours = self.capacity(month.t) * month.hours
        if self.terms.site is None:
            return hours
        delivered = month.observe(f"sites.{self.terms.site}.h100e_hours")
        return min(hours, self.open(month.t) * delivered)

    def served(self, month: Month) -> float:
        """H100e-hours of contracts that serve first."""
        return sum(month.observe(f"contracts.{name}.offered_hours") for name in self.terms.after)

    def hours(self, month: Month) -> tuple[float, float, float]:
        """Billed, used and resold."""
        offered = used = self.offered(month)
        if self.terms.need is not None:
            left = self.over_time("need", month) * month.hours - self.served(month)
            used = clip(left, 0.0, offered)
        billed = max(self.number("take_or_pay") * offered, used)
        return billed, used, self.number("resale.share", 0.0) * (billed - used)

    def price(self, month: Month) -> float:
        """USD/H100e/h."""
        if self.terms.price_share is None:
            return self.over_time("price", month)
        return self.struck or self.number("price_share") * self.over_time("market", month)

    def claim(self, month: Month) -> Mapping[str, float]:
        billed, _, resold = self.hours(month)
        net = 1.0 - self.number("resale.spread", 0.0)
        return {
            "capacity": self.price(month) * billed + self.arrears,
            "fee": self.fees,
            "resale": self.over_time("market", month) * net * resold,
            "termination": self.termination,
        }

    def settle(
        self, month: Month, claimed: Mapping[str, float], paid: Mapping[str, float]
    ) -> Mapping[str, float]:
        _, used, resold = self.hours(month)
        opened = self.open(month.t)
        buyer = self.terms.buyer
        self.arrears = month.unpaid(buyer, claimed["capacity"], paid["capacity"])
        self.fees = month.unpaid(buyer, claimed["fee"], paid["fee"])
        self.termination = month.unpaid(buyer, claimed["termination"], paid["termination"])
        self.late = self.late + 1 if short(claimed["capacity"], paid["capacity"]) else 0
        rest = self.rest(month)
        price = self.price(month)
        if not self.ended and month.t > 0:
            self.choose(month)
        if not self.ended and self.late > self.number("grace"):
            self.ended = True
            self.termination += self.number("termination") * rest
        self.struck = price if opened > 0.0 else self.struck
        if self.terms.site is None:
            return {}
        site = f"sites.{self.terms.site}"
        return {f"{site}.sold_hours": used + resold, f"{site}.contracted": opened}

    def rest(self, month: Month) -> float:
        """Take-or-pay payments of the rest of the term."""
        left = max(min(self.start + self.term, self.cancelled) - month.t, 0.0)
        rate = self.number("take_or_pay") * self.price(month)
        return rate * self.number("capacity") * self.level(month.t) * month.hours * left

    def choose(self, month: Month) -> None:
        """What the buyer chooses at the close of the month."""
        t, start, end = month.t, self.start, self.start + self.term
        cancelled_before, fees = self.cancelled < NEVER, 0.0
        cancels = False
        if self.terms.cancellation is not None and not cancelled_before:
            kept = 1.0 - (self.less if self.stepped < NEVER else 0.0)
            notice = self.number("cancellation.notice")
            if t + notice >= start + self.number("cancellation.earliest"):
                fee = self.gives_up(month, "cancellation", kept, kept, end)
                if fee is not None:
                    cancels, self.cancelled = True, t + notice
                    fees += fee
        if self.terms.step_down is not None and not (cancels or cancelled_before):
            notice = self.number("step_down.notice")
            reached = t + notice >= start + self.number("step_down.earliest")
            if reached and self.stepped >= NEVER:
                fee = self.gives_up(month, "step_down", 1.0, self.less, end)
                if fee is not None:
                    self.stepped = t + notice
                    fees += fee
        asked = self.terms.deferral is None or self.asked
        if not asked and t + self.number("deferral.notice") >= start:
            self.asked = True
            if start >= t and not (cancels or cancelled_before):
                by = self.number("deferral.by")
                fee = self.given_up(month, "deferral", 1.0, start - t, by)
                if fee is not None:
                    self.deferred, self.start = True, start + by
                    fees += fee
        self.fees += fees

    def gives_up(
        self, month: Month, option: str, kept: float, part: float, end: float
    ) -> float | None:
        """Fee if a right is used, by rule or by its fitted policy; None if it is not.

        Of the share `kept` of the capacity the part that is needed last is in question.
        """
        right, notice = getattr(self.terms, option), self.number(f"{option}.notice")
        time = end - month.t - notice
        if right.exercise == "rule":
            return self.given_up(month, option, part, notice, time)
        if time <= 0.0:
            return None
        market, price = self.over_time("market", month), self.price(month)
        z = (market - price) / (market + price) if market + price > 0.0 else 0.0
        need = self.over_time("need", month) if self.terms.need is not None else ALL
        served = self.served(month) / max(month.hours, 1.0)
        size = part * self.number("capacity")
        needed = max(need - served - (kept - part) * self.number("capacity"), 0.0)
        n = needed / (needed + size) if needed + size > 0.0 else 0.0
        place = f"contracts.{self.contract}.{option}.policy"
        p = [
            self.future.series(number, f"{place}[{k}]", month.t)
            for k, number in enumerate(right.policy)
        ]
        gain = sum((p[k] + n * p[k + 5]) * z**k for k in range(5)) if p else 0.0
        self.future.reaches(f"{self.contract} {option}", gain, 0.0)
        if not gain > 0.0:
            return None
        paid = price * self.number("take_or_pay") * size * month.hours * time
        return self.number(f"{option}.fee") * paid

    def given_up(
        self, month: Month, option: str, part: float, wait: float, time: float
    ) -> float | None:
        """Fee for a part of the capacity given up for some time after a wait; None if it is not."""
        if time <= 0.0:
            return None
        years = month.years * (wait + 0.5 * time)
        served = self.served(month) / max(month.hours, 1.0)
        need = self.over_time("need", month) if self.terms.need is not None else ALL
        needed = need * (1.0 + self.number("need_outlook")) ** years - served
        capacity = self.number("capacity")
        size = part * capacity
        use = clip((needed - (capacity - size)) / size) if size > 0.0 else 0.0
        market = self.over_time("market", month)
        market *= (1.0 + self.number("price_outlook")) ** years
        price, least = self.price(month), self.number("take_or_pay")
        resold = self.number("resale.share", 0.0) * (1.0 - self.number("resale.spread", 0.0))
        elsewhere = market * (use + max(least - use, 0.0) * resold)
        saved = price * max(least, use) - elsewhere
        fee = self.number(f"{option}.fee")
        bar = fee * least * price + PAID * price
        if not saved > bar:
            self.future.reaches(f"{self.contract} {option}", saved, bar)
            return None
        self.future.reaches(f"{self.contract} {option}", saved, bar)
        return fee * price * least * size * month.hours * time
