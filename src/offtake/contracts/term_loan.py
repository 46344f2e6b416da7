"""Term loan: a sum advanced on one date and repaid by schedule, with interest on the balance.

    r(t)          = fixed rate, or margin + max(base(t), floor)
    interest(t)   = B(t-1) r(t) a(t) + arrears x (1 + r(t) a(t))
    principal(t)  = bullet: B at maturity;  linear: B / n;  annuity: level payment less interest;
                    sculpted: schedule(t) x B
    sweep(t)      = share of (CFADS - debt service)(t-1), if positive, of the cash that is left
    B(t)          = B(t-1) + advance(t) - principal paid(t) - sweep paid(t) - written off(t)

with a(t) the day count fraction and n the payments that remain. Interest accrues on the opening
balance; the advance and repayments take effect at the close. The advance falls into the period of
`start`; the first interest into the next one; principal after `interest_only`, the last of it
`term` after the start. The level payment is that of this period's rate over months / 12 and is set
afresh each period.

Reads: the base rate's driver, the borrower's cash flow (CFADS) and payout, service due on other
debt of the borrower that ranks senior or equal. Publishes: balance, service (of the period before,
balloon apart), service_due (of this one), service_next (of the next, if this one is paid),
accelerated, arrears, dscr (trailing twelve months, over
the service of the loan and of that other debt; NO_SERVICE where nothing was due on the loan).
On shortfall: interest becomes an arrear bearing the same rate, principal stays due; after `grace`
the loan is accelerated: all of it is due, and the borrower is in default while it owes. What a
borrower outside the plan does not pay while in default is written off.

References:
    1. ACTUS Financial Research Foundation, technical specification v1.1: PAM, LAM, ANN.
    2. ISDA 2006 Definitions, section 4.16 (day counts).
"""

from collections.abc import Mapping, Sequence
from typing import Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray
from pydantic import model_validator

from offtake.core.arrays import Array, jnp
from offtake.core.contract import Amounts, IntArray, Line, Lowered, Lowerer, Month, Numbers
from offtake.core.flows import CFADS, Flow, Rank
from offtake.core.terms import (
    AssetName,
    Duration,
    LoanRate,
    PartyName,
    Rate,
    Share,
    ShareSeries,
    SizedMoney,
    Terms,
    When,
    default,
)
from offtake.finance import facility
from offtake.finance.amortisation import Profile, regular_principal
from offtake.finance.loan_terms import check_structure
from offtake.finance.servicing import Debt, Service, due, no_debt, settled, stops
from offtake.finance.sizing import Sizing
from offtake.finance.trailing import Trailing, no_history, published, remember, swept


class TermLoanTerms(Terms):
    """What a plan writes for a term loan."""

    kind: Literal["term_loan"]
    lender: PartyName
    """Party that advances the money."""
    borrower: PartyName
    """Party that repays it."""
    amount: SizedMoney
    """Principal advanced at the start, USD; `sized` for as much as `sizing` allows."""
    sizing: Sizing | None = None
    """Limits within which a sized amount is made as large as possible."""
    rate: LoanRate
    """Fixed rate, or a margin over a base rate, per year."""
    floor: Rate = default("0 %/year")
    """Lowest value of the base rate, per year; floating rates only."""
    start: When | None = None
    """Date of the advance; the start of the plan if left out."""
    term: Duration
    """Time from the advance to the last repayment, months."""
    interest_only: Duration = default("0 months")
    """Time from the advance before principal is due, months."""
    amortisation: Literal["bullet", "linear", "annuity", "sculpted"] = "bullet"
    """How principal falls due."""
    schedule: ShareSeries | None = None
    """Principal due in each period as a share of the balance before it; sculpted loans only, worked
    out where the amount is sized."""
    sweep: Share = default("0 %")
    """Share of the excess cash flow of the period before that repays the loan early."""
    upfront_fee: Share = default("0 %")
    """Fee paid out of the advance, as a share of it."""
    day_count: Literal["A/360", "A/365", "30/360", "30E/360", "A/A ISDA"] = "30/360"
    """Day count convention of interest."""
    seniority: Literal["senior", "junior"] = "senior"
    """Place in the borrower's waterfall."""
    grace: Duration = default("3 months")
    """How long a payment may be overdue before the loan is called, months."""
    collateral: tuple[AssetName, ...] = ()
    """What is pledged: cohorts, a site, a contract."""

    @model_validator(mode="after")
    def _whole(self) -> "TermLoanTerms":
        """Sizing and schedule stand where they are needed and nowhere else."""
        check_structure(self)
        return self


EXAMPLE = TermLoanTerms.model_validate(
    {
        "kind": "term_loan",
        "lender": "bank",
        "borrower": "company",
        "amount": "1,200 USD",
        "rate": "12 %/year",
        "term": "4 months",
        "amortisation": "linear",
    }
)


class TermLoanState(NamedTuple):
    """State of the group."""

    debt: Debt
    history: Trailing


class TermLoan(NamedTuple):
    """A group of term loans."""

    profile: IntArray
    """[K] `finance.amortisation.Profile`"""
    following: IntArray
    """[K] observation: share of the balance that the schedule is to ask for in the next period"""
    schedule: IntArray
    """[K] observation: principal due as a share of the balance; sculpted loans only"""
    interest: facility.Interest
    beside: facility.Beside
    payout: IntArray
    """[K] observation: share of its claims that the borrower meets"""
    cfads: IntArray
    """[K] registered total: the borrower's cash flow available for debt service"""
    window: NDArray[np.float64]
    """[W] zeros; its length is the number of periods in a year"""

    kind = "term_loan"
    stage = "primary"
    published = (
        *("balance", "service", "service_due", "service_next", "accelerated", "arrears", "dscr"),
    )
    Terms = TermLoanTerms
    example = EXAMPLE

    @classmethod
    def lower(cls, items: Sequence[tuple[str, TermLoanTerms]], at: Lowerer) -> Lowered:
        """Terms to structure; values stay in the table of numbers."""
        ids = [name for name, _ in items]
        terms = [term for _, term in items]
        group = cls(
            profile=np.array([Profile[term.amortisation.upper()] for term in terms]),
            schedule=np.array([at.series(name, "schedule") for name in ids]),
            following=np.array([at.series_next(name, "schedule") for name in ids]),
            interest=facility.Interest.lower(
                [x.rate for x in terms], [x.day_count for x in terms], at
            ),
            beside=facility.Beside.lower(items, at),
            payout=np.array([at.observe(f"parties.{term.borrower}.payout") for term in terms]),
            cfads=np.array([at.total(term.borrower, CFADS) for term in terms]),
            window=np.zeros(at.periods_per_year),
        )
        fields = (
            *("amount", "rate", "floor", "term", "interest_only", "upfront_fee", "grace"),
            "sweep",
        )
        lender, borrower = (
            at.parties([getattr(x, f) for x in terms]) for f in ("lender", "borrower")
        )
        rank = np.full(len(ids), int(Rank.CAPITAL_IN))
        lines = (
            Line("advance", Flow.CAPITAL_IN, lender, borrower, rank),
            *facility.debt_lines(borrower, lender, [term.seniority for term in terms]),
            facility.sweep_line(borrower, lender),
        )
        numbers = {**at.numbers(ids, *fields), **at.optionals(ids, start=0.0)}
        return Lowered(group, tuple(ids), numbers, lines, stops=borrower)

    def init(self, n: Numbers) -> TermLoanState:
        """Nothing is owed before the advance."""
        return TermLoanState(
            no_debt(n["amount"]), no_history(jnp.asarray(self.window), n["amount"])
        )

    def _service(
        self, n: Numbers, s: Debt, month: Month, ahead: bool = False
    ) -> tuple[Service, Array]:
        """What is due this month, and the balloon in it, USD [K, P]; `ahead`: month is the next."""
        t = month.t
        begin = facility.signing(n["start"])
        rate = self.interest.yearly(n["rate"], n["floor"], month)
        remaining = jnp.maximum(facility.closing(begin + n["term"]) - t + 1.0, 1.0)
        interest_only = t <= begin + n["interest_only"] + facility.ROUNDING
        left = s.balance - s.overdue
        profile = jnp.asarray(self.profile)[:, None]
        share = month.obs[self.following if ahead else self.schedule]
        regular = regular_principal(profile, left, rate * month.years, remaining, share)
        regular = jnp.where(interest_only, 0.0, regular)
        scheduled = jnp.where(remaining <= 1.0, left, regular)
        service = due(s, rate * self.interest.years(month.period), scheduled)
        return service, scheduled - regular

    def publish(self, n: Numbers, s: TermLoanState, month: Month) -> Amounts:
        """Balance, state and cover at the start of the month."""
        service, balloon = self._service(n, s.debt, month)
        service_due = service.accrued + service.scheduled - balloon
        ahead = {"service_next": self._service_next(n, s.debt, service.scheduled, month)}
        return published(s.debt, s.history, service_due) | ahead

    def _service_next(self, n: Numbers, s: Debt, scheduled: Array, month: Month) -> Array:
        """Service of the next period, balloon apart, if this one goes as scheduled, USD [K, P]."""
        starts = facility.signing(n["start"]) == month.t
        balance = s.balance - scheduled + jnp.where(starts, n["amount"], 0.0)
        years = jnp.asarray(1.0 / len(self.window))
        later = month._replace(t=month.t + 1.0, period=month.period + 1, years=years)
        debt = no_debt(balance)._replace(balance=balance)
        service, balloon = self._service(n, debt, later, ahead=True)
        return service.accrued + service.scheduled - balloon

    def claim(self, n: Numbers, s: TermLoanState, month: Month) -> Amounts:
        """Advance and fee at the start; interest and principal after it."""
        starts = facility.signing(n["start"]) == month.t
        service, _ = self._service(n, s.debt, month)
        return {
            "advance": jnp.where(starts, n["amount"], 0.0),
            "fee": jnp.where(starts, n["amount"] * n["upfront_fee"], 0.0),
            "interest": service.interest,
            "principal": service.principal,
            "sweep": swept(n["sweep"], s.debt, service, s.history, self.cfads, month),
        }

    def settle(
        self, n: Numbers, s: TermLoanState, month: Month, claimed: Amounts, paid: Amounts
    ) -> tuple[TermLoanState, Mapping[str, Array]]:
        """Repay, carry arrears, add the advance."""
        service, balloon = self._service(n, s.debt, month)
        payout = month.obs[self.payout]
        left, lost = settled(s.debt, service, claimed, paid, n["grace"], payout)
        asked = left.scheduled - balloon
        balance = jnp.maximum(left.balance - paid["sweep"], 0.0) + paid["advance"]
        debt = left._replace(balance=balance, scheduled=asked)
        history = remember(
            s.history, month.period, month.past[self.cfads], asked, self.beside.due(month)
        )
        repaid = paid["principal"] + paid["sweep"]
        error = debt.balance - (s.debt.balance + paid["advance"] - repaid - lost)
        return TermLoanState(debt, history), {"stop": stops(debt), "roll_error": error}
