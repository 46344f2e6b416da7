"""docs/contracts/compute_note.md."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from offtake.core.flows import Flow
from tests.reference.books import PAID, Line, Month, short
from tests.reference.debt import Loan, after
from tests.reference.future import Future
from tests.reference.instruments.spot_sale import reserving

NONE = 1e15
"""A cap, need or trigger that nothing reaches."""


@dataclass
class Asked:
    """What a period asks for."""

    scheduled: float = 0.0
    """Hours of the schedule."""
    due: float = 0.0
    """Hours due."""
    earned: float = 0.0
    added: float = 0.0
    """Of what was earned, added to the balance."""
    principal: float = 0.0
    """Scheduled at the settlement price."""
    by_hours: tuple[float, float] = (0.0, 0.0)
    """Of interest and principal, what hours settle."""
    cash: float = 0.0
    delivered: float = 0.0
    missing: float = 0.0
    kept: float = 0.0
    drawn: float = 0.0
    waiting: float = 0.0
    instead: float = 0.0
    """All hours; the last are of those delivered."""
    claims: tuple[float, float] = (0.0, 0.0)
    """Interest and principal in cash."""
    floor: float = 0.0


class ComputeNote(Loan):
    """A debt repaid in compute or in cash at its price."""

    def __init__(self, future: Future, contract: str, terms: Any) -> None:
        super().__init__(future, contract, terms)
        issuer, holder = terms.issuer, terms.holder
        user, writer = terms.user or issuer, terms.underwriter or issuer
        self.lines = [
            Line("advance", holder, issuer, Flow.CAPITAL_IN, 550),
            *self.debt_lines(),
            Line("delivery", holder, issuer, Flow.SALE, 50),
            Line("delivered_interest", issuer, holder, Flow.INTEREST, 50),
            Line("delivered_principal", issuer, holder, Flow.PRINCIPAL, 50),
            Line("excess", holder, issuer, Flow.SALE, 100),
            Line("use", user, holder, Flow.SALE, 100),
            Line("floor", terms.underwriter or holder, holder, Flow.SUPPORT, 100),
            Line("premium", issuer, writer, Flow.RUNNING_COST, 100),
        ]
        self.last = after(self.begin + self.number("term"))
        self.entitled = self.taken = self.banked = self.expired = self.hours_owed = 0.0
        self.planned = self.seen = self.unwritten = self.credited = 0.0
        self.coverage, self.ltv, self.trapped, self.breach = NONE, 0.0, False, 0

    def publish(self, t: int) -> Mapping[str, float]:
        return {
            **self.published(),
            "trapped": float(self.trapped),
            "coverage": self.coverage,
            "ltv": self.ltv,
            "entitled": self.entitled,
            "taken": self.taken,
            "banked": self.banked,
            "expired": self.expired,
            "shortfall": self.hours_owed,
            "credited": self.credited,
        }

    def now(self, month: Month) -> Mapping[str, float]:
        net = max(self.number("issue_price") - self.number("upfront_fee"), 0.0)
        first, then = self.wanted(month)
        wanted = first + then
        return {
            "proceeds": self.issued(month) * net,
            "accruing": self.balance * self.rate_of_period(month),
            "reserved_share": self.number("share") if wanted > 0.0 else 0.0,
            "reserved_h100e": wanted / month.hours if month.hours > 0.0 else 0.0,
        }

    def next(self, month: Month) -> Mapping[str, float]:
        lacking = 0.0
        if self.terms.substitute:
            first, _ = self.wanted(month)
            lacking = max(first - self.own_pool(month), 0.0)
        return {
            "substitute_reserved_share": self.number("substitute_share") if lacking > 0.0 else 0.0,
            "substitute_reserved_h100e": lacking / month.hours if month.hours > 0.0 else 0.0,
        }

    def issued(self, month: Month) -> float:
        """Face value issued in the period."""
        return self.number("amount") if month.t == self.begin else 0.0

    def yearly_rate(self, month: Month) -> float:
        return self.number("rate")

    def index(self, month: Month) -> float:
        """Price of compute on which the note settles."""
        if self.terms.index is None:
            return month.observe(f"sites.{self.terms.site}.spot_price")
        return self.over_time("index", month)

    def excess(self, index: float) -> float:
        """What a holder pays for an hour above the cap."""
        return self.number("excess_share") * max(index - self.number("cap", NONE), 0.0)

    def in_cash(self, index: float, floor: float) -> float:
        """Cash for an hour."""
        cap = max(self.number("cap", NONE), floor)
        return min(max(index - self.number("spread"), floor), cap)

    def due_hours(self, month: Month) -> tuple[float, float, float]:
        """Hours scheduled, their worth at the settlement price within the balance, hours due."""
        runs = self.begin < month.t <= self.last and not self.accelerated
        hours = self.over_time("schedule", month) * month.hours if runs else 0.0
        price = self.over_time("settlement", month)
        buys = self.balance - self.overdue + self.balance * self.rate_of_period(month)
        worth = min(hours * price, max(buys, 0.0))
        return hours, worth, worth / price if price > 0.0 else hours

    def takes(self, month: Month) -> bool:
        """Whether the holder takes compute, by notice on the index of the period before."""
        paying = min(month.payout(self.terms.issuer), month.payout(self.terms.holder)) >= 1.0
        if self.accelerated or not paying or self.terms.election == "cash":
            return False
        if self.terms.election == "delivery":
            return True
        if self.terms.election == "fitted":
            return self.future.reaches(f"{self.contract}.election", self.advantage(month), 0.0)
        worth = (1.0 - self.number("resale_cost")) * self.seen
        if self.terms.use_value is not None:
            worth = self.over_time("use_value", month)
        cash = self.in_cash(self.seen, self.number("floor"))
        name = f"{self.contract}.election"
        return self.future.reaches(name, worth - self.excess(self.seen), cash * (1.0 - PAID))

    def advantage(self, month: Month) -> float:
        """What the fitted policy expects compute to bring more than cash, per hour."""
        price, hours = self.over_time("settlement", month), self.due_hours(month)[0]
        z = (self.seen - price) / (self.seen + price) if self.seen + price > 0.0 else 0.0
        n = self.banked / (self.banked + hours) if self.banked + hours > 0.0 else 0.0
        place = f"contracts.{self.contract}.policy"
        p = [
            self.future.series(number, f"{place}[{k}]", month.t)
            for k, number in enumerate(self.terms.policy)
        ]
        return sum((p[k] + n * p[k + 5]) * z**k for k in range(5)) if p else 0.0

    def wanted(self, month: Month) -> tuple[float, float]:
        """Hours asked for, of those due and of those banked."""
        if not self.takes(month):
            return 0.0, 0.0
        due = self.due_hours(month)[2]
        need = NONE if self.terms.use is None else self.over_time("use", month) * month.hours
        first = min(need, due)
        return first, min(need - first, self.banked)

    def ahead(self, month: Month, site: float) -> float:
        """Hours of the site that notes served first ask for."""
        hours, names, left = 0.0, set[str](), list(self.terms.behind)
        while left:
            name = left.pop()
            if name in names:
                continue
            names.add(name)
            left += self.future.plan.contracts[name].behind  # type: ignore[attr-defined]
            share = month.observe(f"contracts.{name}.reserved_share")
            capacity = month.observe(f"contracts.{name}.reserved_h100e")
            hours += min(share * site, capacity * month.hours)
        return hours

    def own_pool(self, month: Month, alone: bool = False) -> float:
        """Hours that the note's own site may deliver; alone: as if nobody were served first."""
        site = month.observe(f"sites.{self.terms.site}.h100e_hours")
        left = max(site - (0.0 if alone else self.ahead(month, site)), 0.0)
        return min(self.number("share") * site, left)

    def from_substitute(self, month: Month, lacking: float, alone: bool) -> float:
        """What the other site gives: after its own contracts and notes of lower levels, and in
        equal parts of what notes of the same level ask for."""
        site = self.terms.substitute
        if site is None:
            return 0.0
        whole = month.observe(f"sites.{site}.h100e_hours")
        mine = min(self.number("substitute_share") * whole, lacking)
        if alone or mine == 0.0:
            return mine
        left, beside, notes = whole, mine, self.future.plan.contracts
        for name in reserving(self.future, site):
            share = month.observe(f"contracts.{name}.reserved_share")
            left -= min(
                share * whole, month.observe(f"contracts.{name}.reserved_h100e") * month.hours
            )
        for name, terms in notes.items():
            if name == self.contract or getattr(terms, "substitute", None) != site:
                continue
            share = month.observe(f"contracts.{name}.substitute_reserved_share")
            h100e = month.observe(f"contracts.{name}.substitute_reserved_h100e")
            asks = min(share * whole, h100e * month.hours)
            theirs, own = depth(notes, name), depth(notes, self.contract)
            left -= asks if theirs < own else 0.0
            beside += asks if theirs == own else 0.0
        return mine * min(max(left, 0.0) / beside, 1.0)

    def asked(self, month: Month, alone: bool = False) -> Asked:
        """What the period asks for; alone: as if nobody were served first."""
        found = Asked()
        found.scheduled, worth, found.due = self.due_hours(month)
        left, found.earned = self.balance - self.overdue, self.balance * self.rate_of_period(month)
        whole = worth >= (left + found.earned) * (1.0 - PAID)
        settled = left if whole else max(worth - found.earned, 0.0)
        found.principal = left if whole or month.t >= self.last else settled
        if not whole and month.t < self.last and not self.accelerated:
            found.added = max(found.earned - worth, 0.0)
        if not self.accelerated:
            found.by_hours = (min(found.earned, worth), settled)
        first, then = self.wanted(month)
        pool = self.own_pool(month, alone)
        found.delivered = min(first, pool)
        found.drawn = min(then, max(pool - found.delivered, 0.0))
        found.instead = self.from_substitute(month, first - found.delivered, alone)
        found.delivered += found.instead
        found.missing = first - found.delivered
        found.waiting = then - found.drawn
        found.cash = 0.0 if self.takes(month) else found.due
        found.kept = max(found.due - found.cash - first, 0.0)
        self.in_money(month, found)
        return found

    def in_money(self, month: Month, found: Asked) -> None:
        """What is asked in cash."""
        index = self.index(month)
        full = own = self.in_cash(index, self.number("floor"))
        if self.terms.underwriter:
            own = min(full, self.in_cash(index, 0.0))
        found.floor = (full - own) * found.cash
        arrears = self.arrears * (1.0 + self.rate_of_period(month))
        if self.accelerated:
            found.claims = (found.earned + arrears + index * self.banked, self.balance)
            return
        value = own * found.cash + index * (found.missing + self.hours_owed)
        part = (found.cash + found.missing) / found.due if found.due > 0.0 else 0.0
        principal = min(value, part * found.by_hours[1] + self.overdue)
        found.claims = (
            value - principal + max(found.earned - found.added - found.by_hours[0], 0.0),
            principal + max(found.principal - found.by_hours[1], 0.0),
        )

    def owed(self, month: Month) -> float:
        return self.balance + self.asked(month, alone=True).claims[0]

    def service_due(self, month: Month) -> float:
        """What hours due cost the issuer, at the price at which they are settled."""
        found, index = self.asked(month, alone=True), self.index(month)
        own = self.in_cash(index, self.number("floor"))
        if self.terms.underwriter:
            own = min(own, self.in_cash(index, 0.0))
        taken = (index - self.excess(index)) * (found.delivered + found.drawn)
        in_money = max(found.earned - found.added - found.by_hours[0], 0.0)
        return taken + own * found.cash + index * found.missing + in_money

    def claim(self, month: Month) -> Mapping[str, float]:
        found, index = self.asked(month), self.index(month)
        hours = found.delivered + found.drawn
        value = (index - self.excess(index)) * hours
        repaid = self.over_time("settlement", month) * found.drawn
        if found.due > 0.0:
            repaid += found.delivered / found.due * found.by_hours[1]
        writes = self.terms.underwriter is not None
        fee = self.number("floor_fee") * month.years * self.balance if writes else 0.0
        sold = (1.0 - self.number("resale_cost")) * index * hours if self.terms.user else 0.0
        return {
            "advance": self.issued(month) * self.number("issue_price"),
            "fee": self.issued(month) * self.number("upfront_fee"),
            **self.asks_for(month, *found.claims),
            "delivery": value,
            "delivered_interest": value - min(value, repaid),
            "delivered_principal": min(value, repaid),
            "excess": self.excess(index) * hours,
            "use": sold,
            "floor": found.floor + self.unwritten,
            "premium": fee,
        }

    def settle(
        self, month: Month, claimed: Mapping[str, float], paid: Mapping[str, float]
    ) -> Mapping[str, float]:
        found, going = self.asked(month), not self.accelerated
        arrears = self.arrears * (1.0 + self.rate_of_period(month))
        interest = found.earned - found.added + arrears
        principal = self.principal_due(found.principal)
        got = self.repaid(paid, "interest"), self.repaid(paid, "principal")
        both = share_paid(sum(found.claims), sum(got))
        on = (both, both)
        if not going:
            on = share_paid(found.claims[0], got[0]), share_paid(found.claims[1], got[1])
        apart = (found.delivered + found.kept) / found.due if found.due > 0.0 else 0.0
        credit = tuple(
            apart * hours + share * max(due - apart * hours, 0.0)
            for hours, share, due in zip(found.by_hours, on, (interest, principal), strict=True)
        )
        self.service = self.service_due(month)
        self.count(month, found, on[0])
        self.due = (interest, principal)
        self.unwritten = month.unpaid(
            self.terms.underwriter or self.terms.issuer, claimed["floor"], paid["floor"]
        )
        self.credited += self.repaid(credited(paid, credit), "principal")
        self.serviced(month, claimed, credited(paid, credit))
        self.balance += found.added + paid["advance"] / self.number("issue_price")
        self.test(month)
        self.remember(month)
        under = found.due + self.banked > 0.0
        site = f"sites.{self.terms.site}"
        signals = {
            f"{site}.sold_hours": found.delivered + found.drawn - found.instead,
            f"{site}.contracted": float(under),
        }
        if self.terms.substitute:
            signals[f"sites.{self.terms.substitute}.sold_hours"] = found.instead
        return {**self.stop(), **signals}

    def count(self, month: Month, found: Asked, share: float) -> None:
        """Move the accounts of hours; share: of what was asked in cash that was paid."""
        if self.accelerated:
            self.taken += share * self.banked
            self.banked -= share * self.banked
        else:
            money = found.cash + found.missing + self.hours_owed
            self.entitled += found.due
            self.taken += share * money + found.delivered + found.drawn
            self.hours_owed = money - share * money
            bank = self.banked + found.kept - found.drawn
            most = max(self.number("bank") * found.scheduled, found.waiting)
            self.banked = min(bank, most)
            self.expired += bank - self.banked
        if month.payout(self.terms.issuer) < 1.0:
            self.expired += self.hours_owed
            self.hours_owed = 0.0

    def test(self, month: Month) -> None:
        """Triggers at the close."""
        index, price = self.index(month), self.over_time("settlement", month)
        hours = self.over_time("schedule", month) * month.hours
        grown = self.planned * (1.0 + self.rate_of_period(month)) - hours * price
        runs = self.begin < month.t < self.last
        self.planned = (max(grown, 0.0) if runs else 0.0) + self.issued(month)
        owed = self.balance + self.arrears
        first = max(after(self.number("deliveries_from", 0.0)), self.begin + 1)
        tested = month.t >= first and owed > PAID * self.number("amount")
        self.coverage, self.ltv = NONE, 0.0
        if tested and price > 0.0:
            self.coverage = index / price * self.planned / owed
        if tested and self.terms.collateral:
            cohorts = [c for c in self.terms.collateral if c in self.future.plan.chips]
            value = sum(month.observe(f"chips.{c}.value") for c in cohorts)
            self.ltv = owed / value if value > 0.0 else NONE
        self.seen = index
        self.trapped = self.broken("trap")
        self.breach = self.breach + 1 if self.broken("call") else 0
        if self.breach > self.number("grace") and self.balance > 0.0:
            self.accelerated = True

    def broken(self, what: str) -> bool:
        """Whether coverage is too low or loan to value too high."""
        least = self.number(f"{what}_coverage") * (1.0 - PAID)
        most = self.number(f"{what}_ltv", NONE) * (1.0 + PAID)
        name = f"{self.contract}.{what}"
        covered = self.future.reaches(f"{name}_coverage", self.coverage, least)
        within = self.future.reaches(f"{name}_ltv", most, self.ltv)
        return not (covered and within)


def depth(notes: Mapping[str, Any], name: str) -> int:
    """How many notes stand before one in the longest chain."""
    return max((1 + depth(notes, other) for other in notes[name].behind), default=0)


def share_paid(claimed: float, paid: float) -> float:
    """Share of a claim that was paid."""
    return paid / claimed if short(claimed, paid) else 1.0


def credited(paid: Mapping[str, float], credit: tuple[float, ...]) -> dict[str, float]:
    """Payments with what was credited in place of what was paid on the debt."""
    others = dict.fromkeys(
        ("recovery", "recovery_interest", "deficiency", "deficiency_interest"), 0.0
    )
    return {**paid, **others, "interest": credit[0], "principal": credit[1]}
