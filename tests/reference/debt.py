"""What loans have in common (docs/contracts/term_loan.md)."""

import math
from collections.abc import Mapping
from typing import Any

from offtake.core.flows import Flow
from tests.reference.books import PAID, Line, Month, Row, cash_flow, short
from tests.reference.future import Future

NO_SERVICE = 1e9
"""Cover ratio where nothing was due."""


def after(position: float) -> int:
    """Period at whose close a position is reached."""
    return math.ceil(position - 1e-9)


class Loan(Row):
    """State and arithmetic of a debt; subclasses say what is scheduled and how money comes in."""

    def __init__(self, future: Future, contract: str, terms: object) -> None:
        """Nothing is owed before the first money comes."""
        super().__init__(future, contract, terms)
        self.borrower: str = terms.borrower  # type: ignore[attr-defined]
        self.lender: str = terms.lender  # type: ignore[attr-defined]
        self.balance = self.overdue = self.arrears = 0.0
        self.late = 0
        self.accelerated = False
        self.service = self.accrued = 0.0
        self.pending = (0.0, 0.0)
        """cash flow and other service since the last date on which something was due"""
        self.history: list[tuple[float, float]] = []
        """cash flow and service of the last year"""
        self.begin = after(max(self.number("start", 0.0), 0.0))
        self.accrual = future.calendar.accrual(terms.day_count)  # type: ignore[attr-defined]
        self.pledge = pledge_of(future, contract)
        self.early: float | None = None
        """premium, in a period in which the loan is prepaid"""
        self.due: tuple[float, float] = (0.0, 0.0)
        """interest and principal due in the period, whoever is asked for it"""

    def debt_lines(self) -> list[Line]:
        """Fee, interest and principal at the ranks of the seniority."""
        ranks = (400, 410, 420) if self.terms.seniority == "junior" else (200, 210, 220)  # type: ignore
        flows = (Flow.FEE, Flow.INTEREST, Flow.PRINCIPAL)
        names = ("fee", "interest", "principal")
        mine = [
            Line(name, self.borrower, self.lender, flow, rank)
            for name, flow, rank in zip(names, flows, ranks, strict=True)
        ]
        return [*mine, *self.lines_of_pledge()]

    def lines_of_pledge(self) -> list[Line]:
        """What buyers of collateral pay, and what is owed after a sale; of all loans of the kind
        where one of them is secured."""
        contracts = self.future.plan.contracts
        alike = [k for k, other in contracts.items() if other.kind == self.terms.kind]  # type: ignore
        if not any(pledge_of(self.future, k) for k in alike):
            return []
        buyer = self.pledge[1].buyer if self.pledge else self.borrower
        return [
            Line("recovery_interest", buyer, self.lender, Flow.INTEREST, 220),
            Line("recovery", buyer, self.lender, Flow.PRINCIPAL, 220),
            Line("deficiency_interest", self.borrower, self.lender, Flow.INTEREST, 580),
            Line("deficiency", self.borrower, self.lender, Flow.PRINCIPAL, 580),
        ]

    def owed(self, month: Month) -> float:
        """All of it, with the interest of the period."""
        return self.balance + self.interest_due(self.rate_of_period(month))

    def rate_of_period(self, month: Month) -> float:
        """Interest of the period as a share of the balance."""
        return self.yearly_rate(month) * self.accrual[month.t]

    def brought(self, month: Month) -> float:
        """What the sale of what is pledged brings the loan: senior ones first, equal ones alike."""
        if self.pledge is None:
            return 0.0
        name, terms = self.pledge
        proceeds = sum(month.observe(f"contracts.{name}/{a}.proceeds") for a in terms.assets)
        ranks = {k: self.future.plan.contracts[k].seniority for k in terms.secures}  # type: ignore
        mine = ranks[self.contract]
        owed = {k: month.observe(f"contracts.{k}.owed") for k in terms.secures}
        before = sum(owed[k] for k in ranks if ranks[k] == "senior" and mine == "junior")
        beside = sum(owed[k] for k in ranks if ranks[k] == mine)
        if beside <= 0.0:
            return 0.0
        return owed[self.contract] * min(max(proceeds - before, 0.0) / beside, 1.0)

    def asks_for(self, month: Month, interest: float, principal: float) -> dict[str, float]:
        """Who is asked for interest and principal that are due."""
        self.due = (interest, principal)
        brought = self.brought(month)
        on_interest = min(brought, interest)
        on_principal = min(brought - on_interest, self.balance)
        interest, principal = interest - on_interest, max(principal - on_principal, 0.0)
        claims = {"recovery_interest": on_interest, "recovery": on_principal}
        sold = self.pledge is not None and (
            month.observe(f"contracts.{self.pledge[0]}/{self.pledge[1].assets[0]}.sold") > 0.0
        )
        if sold and self.accelerated:
            unsecured = {"deficiency_interest": interest, "deficiency": principal}
            return claims | {"interest": 0.0, "principal": 0.0} | unsecured
        unsecured = {"deficiency_interest": 0.0, "deficiency": 0.0}
        return claims | {"interest": interest, "principal": principal} | unsecured

    def crossed(self, month: Month) -> None:
        """Other debt was called in a period before: so is this."""
        named = self.terms.cross_default  # type: ignore[attr-defined]
        if named == "*":
            named = [
                k
                for k, other in self.future.plan.contracts.items()
                if k != self.contract and getattr(other, "borrower", None) == self.borrower
            ]
        if self.balance > 0.0 and any(
            month.observe(f"contracts.{k}.accelerated") > 0.0 for k in named
        ):
            self.accelerated = True

    def sweep_line(self) -> Line:
        """What excess cash flow repays early."""
        return Line("sweep", self.borrower, self.lender, Flow.PRINCIPAL, 800, "residual")

    def swept(self, month: Month, scheduled: float) -> float:
        """Most that the sweep asks for: a share of last period's cash flow above debt service."""
        clean = self.arrears == 0.0 and self.overdue == 0.0 and not self.accelerated
        if not clean or not self.history or self.history[-1][1] <= 0.0:
            return 0.0
        flow, service = self.history[-1]
        left = self.balance - self.principal_due(scheduled)
        return min(self.number("sweep") * max(flow - service, 0.0), left)

    def premium(self, month: Month, rate: float, begin: float, last: float) -> float | None:
        """Premium on a prepayment in this period; None where there is none."""
        by = self.terms.prepaid_by  # type: ignore[attr-defined]
        t = month.t
        clean = self.arrears + self.overdue == 0.0 and not self.accelerated and self.balance > 0.0
        if by is None or not clean or not begin < t < last:
            return None
        if not t > begin + self.number("no_call") - 1e-9:
            return None
        share = self.over_time("call_premium", month)
        years = max(last - t, 1.0) / self.future.calendar.per_year
        offered = month.observe(f"contracts.{by}.offered") + share / years
        wants = rate - offered >= self.number("prepayment_saving") - 1e-9
        lends = month.observe(f"contracts.{by}.capacity") >= self.balance * (1.0 + share)
        return share * self.balance if wants and lends else None

    def yearly_rate(self, month: Month) -> float:
        """Fixed rate, or margin over the base rate and its floor."""
        rate = self.number("rate")
        base = self.terms.rate.base  # type: ignore[attr-defined]
        if base is not None:
            rate += max(month.observe(f"drivers.{base}"), self.number("floor"))
        return rate

    def on_date(self, what: str, begin: float, last: float, t: int) -> bool:
        """Whether interest or principal ("interest", "principal") has a date at the close of t."""
        if t >= last:
            return t > begin
        days = getattr(self.terms, f"{what}_dates", ())
        if days:
            return t in [after(self.future.calendar.index_of(day)) for day in days]
        every = max(after(self.number(f"{what}_every")), 1)
        return t > begin and (t - begin) % every == 0

    def dates_left(self, begin: float, last: float, t: int) -> int:
        """Dates of principal from t on, the last one counted."""
        ahead = range(t, int(last))
        return 1 + sum(self.on_date("principal", begin, last, later) for later in ahead)

    def interest_now(self, rate: float, pays: bool) -> float:
        """Interest that falls due, arrears apart; what accrues until the next date waits."""
        earned = self.accrued + self.balance * rate
        return earned if pays or self.accelerated else 0.0

    def interest_due(self, rate: float, pays: bool = True) -> float:
        """Interest that falls due and arrears with interest on them; rate of the period."""
        return self.interest_now(rate, pays) + self.arrears * (1.0 + rate)

    def principal_due(self, scheduled: float) -> float:
        """Scheduled and overdue principal; all of it once accelerated."""
        if self.accelerated:
            return self.balance
        return min(scheduled + self.overdue, self.balance)

    def profile(self, month: Month, rate: float, remaining: float) -> float:
        """Principal by profile; rate: of one period of months / 12 years."""
        unscheduled = self.balance - self.overdue
        kind = self.terms.amortisation  # type: ignore[attr-defined]
        if kind == "bullet":
            return 0.0
        if kind == "sculpted":
            share = self.over_time("schedule", month)
            return unscheduled if remaining <= 1.0 else share * unscheduled
        if kind == "linear":
            return unscheduled / remaining
        if rate == 0.0:
            return unscheduled / remaining
        payment = unscheduled * rate / -math.expm1(-remaining * math.log1p(rate))
        return payment - unscheduled * rate

    def serviced(
        self, month: Month, claimed: Mapping[str, float], paid: Mapping[str, float]
    ) -> None:
        """Arrears, overdue principal, lateness, acceleration and balance after payment."""
        due = (*self.due, claimed["fee"])
        got = (self.repaid(paid, "interest"), self.repaid(paid, "principal"), paid["fee"])
        in_default_outside = month.payout(self.borrower) < 1.0
        missing = [
            asked - came if short(asked, came) else 0.0
            for asked, came in zip(due, got, strict=True)
        ]
        self.balance = max(self.balance - got[1], 0.0)
        if in_default_outside:
            owed = due[0] + due[2] + self.balance > 0.0
            self.balance -= missing[1]
            self.accelerated = self.accelerated or owed
            self.arrears = self.overdue = 0.0
            self.late = self.late + 1 if missing[0] > 0.0 or missing[1] > 0.0 else 0
            return
        self.late = self.late + 1 if missing[0] > 0.0 or missing[1] > 0.0 else 0
        self.arrears = missing[0] + missing[2]
        self.overdue = min(missing[1], self.balance)
        self.accelerated = self.accelerated or self.late > self.number("grace")

    @staticmethod
    def repaid(paid: Mapping[str, float], what: str) -> float:
        """Interest or principal paid by the borrower, on a deficiency, and by buyers."""
        other = {"interest": "recovery_interest", "principal": "recovery"}[what]
        unsecured = {"interest": "deficiency_interest", "principal": "deficiency"}[what]
        return paid[what] + paid.get(other, 0.0) + paid.get(unsecured, 0.0)

    def service_due(self, month: Month) -> float:
        """Interest of the period and principal by profile."""
        raise NotImplementedError

    def beside(self) -> list[str]:
        """Other loans to the borrower that rank senior to or equal with this one."""
        return [
            name
            for name, other in self.future.plan.contracts.items()
            if name != self.contract
            and getattr(other, "borrower", None) == self.borrower
            and (other.seniority == "senior" or self.terms.seniority == "junior")  # type: ignore
        ]

    def remember(self, month: Month, between: bool = False) -> None:
        """Keep the cash flow and the service of the period for the cover ratio of a year.

        What belongs to a period between two dates counts with the later date.
        """
        self.crossed(month)
        own = month.observe(f"contracts.{self.contract}.service_due")
        if self.early is not None:
            own, self.early = self.service, None
        flow = cash_flow(month.paid, self.borrower) + self.pending[0]
        others = sum(month.observe(f"contracts.{k}.service_due") for k in self.beside())
        others += self.pending[1]
        self.pending = (flow, others) if between else (0.0, 0.0)
        service = own + others if own > PAID * (own + others) else 0.0
        self.history.append((flow, service))
        self.history = self.history[-self.future.calendar.per_year :]

    @property
    def dscr(self) -> float:
        """Cover over the last year, of the periods in which the loan had service due."""
        service = sum(due for _, due in self.history)
        if service <= 0.0:
            return NO_SERVICE
        return sum(flow for flow, due in self.history if due > 0.0) / service

    def published(self) -> dict[str, float]:
        """What every loan shows."""
        return {
            "balance": self.balance,
            "service": self.service,
            "accelerated": float(self.accelerated),
            "arrears": self.arrears + self.overdue,
            "dscr": self.dscr,
        }

    def stop(self) -> dict[str, float]:
        """The borrower is in default while the loan is called and something is owed on it."""
        owed = self.balance + self.arrears > 0.0
        return {f"stop.{self.borrower}": float(self.accelerated and owed)}


def pledge_of(future: Future, loan: str) -> tuple[str, Any] | None:
    """The security agreement that names a loan."""
    for name, terms in future.plan.contracts.items():
        if loan in getattr(terms, "secures", ()):
            return name, terms
    return None


def covered(loan: Loan, what: str, needed: float) -> bool:
    """Whether cover is at least what is needed, in the payer's favour by the usual tolerance."""
    return loan.future.reaches(f"{loan.contract}.{what}", loan.dscr, needed * (1.0 - PAID))
