"""Term loan: a sum advanced on one date and repaid by schedule, with interest on the balance.

    r(t)          = fixed rate, or margin + max(base(t), floor); held between resets
    earned(t)     = interest not yet due(t-1) + B(t-1) r(t) a(t)
    interest(t)   = on its dates earned, else 0; + arrears x (1 + r(t) a(t))
    principal(t)  = on its dates: linear: B / n;  annuity: level payment less interest;
                    sculpted: schedule(t) x B;  or what a stated payment leaves;  at maturity B
    sweep(t)      = share of (CFADS - debt service)(t-1), if positive, of the cash that is left
    B(t)          = B(t-1) + advance(t) / issue price + interest capitalised(t) - principal paid(t)
                    - sweep paid(t) - written off(t)

with a(t) the day count fraction and n the dates that remain. The advance and repayments take effect
at the close. The advance falls into the period of `start`; the first interest accrues in the next
one; principal after `interest_only`, the last of it at `maturity` or `term` after the start.
Interest is capitalised until `capitalise_until`, and where a stated payment is less. A level
payment is worked out afresh on each date (`finance.timetable`).

Reads: the base rate's driver, the borrower's cash flow (CFADS) and payout, service due on other
debt of the borrower that ranks senior or equal, what the sale of collateral brings, what a
refinancing would lend and ask (where that is cheaper the loan is prepaid: `finance.prepayment`).
Publishes: balance, service (of the period before, balloon apart), service_due (of this one),
service_next (of the next, if this one is paid), accelerated, arrears, owed (balance and interest
due), accrued, rate, dscr (trailing year, over the service of the loan and that other debt;
NO_SERVICE where nothing was due on the loan).
On shortfall: interest becomes an arrear bearing the same rate, principal stays due; after `grace`,
or once a debt of `cross_default` is called, the loan is accelerated: all of it is due, and the
borrower is in default while it owes. A loan that a security agreement names is then repaid from the
sale of what is pledged; what is left is unsecured (`finance.enforcement`). What a borrower outside
the plan does not pay while in default is written off.

References:
    1. ACTUS Financial Research Foundation, technical specification v1.1: PAM, LAM, NAM, ANN.
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
from offtake.core.terms import Dates, Duration, MoneySeries, Rate, Ratio, When, default
from offtake.finance import facility, prepayment, timetable
from offtake.finance.amortisation import Profile
from offtake.finance.enforcement import Remedies, applied, lines
from offtake.finance.loan_terms import LoanTerms, check_end
from offtake.finance.servicing import Debt, Service, Timing, due, no_debt, settled, stops
from offtake.finance.trailing import PUBLISHED, Trailing, no_history, published, remember, swept


class TermLoanTerms(LoanTerms):
    """What a plan writes for a term loan; it is advanced at the start, less the upfront fee."""

    kind: Literal["term_loan"]
    first_rate: Rate | None = None
    """Rate from the start until the rate is first set anew by `rate`; per year."""
    reset_every: Duration = default("1 month")
    """Time between two settings of a floating rate, from the start, months."""
    reset_dates: Dates = ()
    """Dates on which a floating rate is set, instead of `reset_every`."""
    issue_price: Ratio = default("1")
    """What is paid out for each dollar of principal; below 1 a discount."""
    term: Duration | None = None
    """Time from the advance to the last repayment, months. Either this or `maturity`."""
    maturity: When | None = None
    """Date of the last repayment. Either this or `term`."""
    interest_dates: Dates = ()
    """Dates on which interest is paid, instead of `interest_every`; and at maturity."""
    principal_dates: Dates = ()
    """Dates on which principal is paid, and over which the profile spreads it, instead of
    `principal_every`; what is left is due at maturity."""
    payment: MoneySeries | None = None
    """Stated payment of each date, USD, for the profile's where it is not 0: principal if linear,
    with interest if annuity; what it is short of the interest is added to the balance."""
    capitalise_until: When | None = None
    """Date until which interest is added to the balance and not paid; none if left out."""

    @model_validator(mode="after")
    def _one_end(self) -> "TermLoanTerms":
        """Term or maturity."""
        check_end(self)
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


FIELDS = (
    *("amount", "rate", "floor", "interest_only", "interest_every", "principal_every"),
    *("reset_every", "issue_price", "upfront_fee", "grace", "sweep", *prepayment.FIELDS),
)
"""Numbers that every contract has."""
NONE = 1e9
ENDS = dict.fromkeys(("first_rate", "term", "maturity"), NONE)
LEFT_OUT = {"start": 0.0, "capitalise_until": -1.0, **ENDS}
"""Numbers that may be left out, and what stands for them."""


class TermLoanState(NamedTuple):
    """State of the group."""

    debt: Debt
    history: Trailing
    rate: Array
    """[K, P] rate in force, per year"""


class _Due(NamedTuple):
    """What one period asks for, every leaf [K, P]."""

    service: Service
    rate: Array
    """rate in force, per year"""
    balloon: Array
    """principal due beyond the profile, USD"""
    premium: Array
    """on a prepayment, USD"""
    between: Array
    """True in a period between two dates"""


class TermLoan(NamedTuple):
    """A group of term loans."""

    profile: IntArray
    """[K] `finance.amortisation.Profile`"""
    schedule: IntArray
    """[K] observation: principal due as a share of the balance; sculpted loans only"""
    schedule_next: IntArray
    """[K] observation of the same in the next period"""
    interest: facility.Interest
    dates: timetable.LoanDates
    stated: IntArray
    """[K] observation of the stated payment; zero for none"""
    stated_next: IntArray
    """[K] observation of the same in the next period"""
    beside: facility.Beside
    remedies: Remedies
    prepayment: prepayment.Prepayment
    payout: IntArray
    """[K] observation: share of its claims that the borrower meets"""
    cfads: IntArray
    """[K] registered total: the borrower's cash flow available for debt service"""
    window: NDArray[np.float64]
    """[W] zeros; its length is the number of periods in a year"""

    kind = "term_loan"
    stage = "primary"
    published = (*PUBLISHED, "service_next", "accrued", "rate")
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
            schedule_next=np.array([at.series_next(name, "schedule") for name in ids]),
            interest=facility.Interest.lower(
                [x.rate for x in terms], [x.day_count for x in terms], at
            ),
            dates=timetable.LoanDates.lower(terms, at),
            stated=np.array([at.series(name, "payment") for name in ids]),
            stated_next=np.array([at.series_next(name, "payment") for name in ids]),
            beside=facility.Beside.lower(items, at),
            remedies=Remedies.lower(items, at),
            prepayment=prepayment.Prepayment.lower(items, at),
            payout=np.array([at.observe(f"parties.{term.borrower}.payout") for term in terms]),
            cfads=np.array([at.total(term.borrower, CFADS) for term in terms]),
            window=np.zeros(at.periods_per_year),
        )
        lender, borrower = (
            at.parties([getattr(x, f) for x in terms]) for f in ("lender", "borrower")
        )
        rank = np.full(len(ids), int(Rank.CAPITAL_IN))
        claims = (
            Line("advance", Flow.CAPITAL_IN, lender, borrower, rank),
            *facility.debt_lines(borrower, lender, [term.seniority for term in terms]),
            *lines(ids, borrower, lender, at),
            facility.sweep_line(borrower, lender),
        )
        numbers = {**at.numbers(ids, *FIELDS), **at.optionals(ids, **LEFT_OUT)}
        return Lowered(group, tuple(ids), numbers, claims, stops=borrower)

    def init(self, n: Numbers) -> TermLoanState:
        """Nothing is owed before the advance."""
        history = no_history(jnp.asarray(self.window), n["amount"])
        return TermLoanState(no_debt(n["amount"]), history, n["first_rate"])

    def _rate(self, n: Numbers, s: TermLoanState, cycle: timetable.Cycle, month: Month) -> Array:
        """Rate of this month, per year [K, P]: set anew, or that of the month before."""
        opens = (month.t <= cycle.begin + 1.0) & (n["first_rate"] == NONE)
        every = timetable.Cycle(n["reset_every"], cycle.begin, cycle.last)
        now = self.interest.yearly(n["rate"], n["floor"], month)
        return jnp.where(opens | self.dates.fixes.starts(every, month), now, s.rate)

    def _service(self, n: Numbers, state: TermLoanState, month: Month, ahead: bool = False) -> _Due:
        """What is due this month; `ahead`: the month is the next one, not yet observed."""
        t, s = month.t, state.debt
        left = s.balance - s.overdue
        begin = facility.signing(n["start"])
        free = jnp.floor(begin + n["interest_only"] + facility.ROUNDING)
        last = facility.closing(jnp.minimum(begin + n["term"], n["maturity"]))
        pays_on = timetable.Cycle(n["interest_every"], begin, last)
        rate = self._rate(n, state, pays_on, month)
        interest = rate * self.interest.years(month.period)
        cycle = timetable.Cycle(n["principal_every"], free, last)
        profile = jnp.asarray(self.profile)[:, None]
        repays = self.dates.repays.here(cycle, month) & (t > free) & (profile != Profile.BULLET)
        pays = self.dates.pays.here(pays_on, month)
        earned = s.accrued + s.balance * interest
        terms = timetable.Repayment(
            profile,
            month.obs[self.stated_next if ahead else self.stated],
            month.obs[self.schedule_next if ahead else self.schedule],
        )
        regular = self.dates.repays.principal(terms, left, earned, rate, cycle, month)
        regular = jnp.where(repays, regular, 0.0)
        early = self.prepayment.early(n, s, rate, begin, last, month)
        ends = (t >= last) | early.now
        scheduled, pays = jnp.where(ends, left, regular), pays | early.now
        timing = Timing(pays, (t <= facility.closing(n["capitalise_until"])) & ~ends)
        between = (t > begin) & ~(pays | repays)
        service = due(s, interest, scheduled, timing)
        return _Due(service, rate, scheduled - regular, early.premium, between)

    def publish(self, n: Numbers, s: TermLoanState, month: Month) -> Amounts:
        """Balance, state and cover at the start of the month."""
        now = self._service(n, s, month)
        due = now.service.accrued + now.service.scheduled - now.balloon
        shown = {"accrued": s.debt.accrued, "rate": now.rate}
        shown["service_next"] = self._service_next(n, s, now, month)
        return {**published(s.debt, s.history, due, now.service), **shown}

    def _service_next(self, n: Numbers, s: TermLoanState, now: _Due, month: Month) -> Array:
        """Service of the next period, balloon apart, if all that is due now is paid, USD [K, P]."""
        paid = {"interest": now.service.interest, "principal": now.service.principal}
        paid["fee"] = jnp.zeros_like(now.rate)
        left, _ = settled(s.debt, now.service, paid, paid, n["grace"], month.obs[self.payout])
        starts = facility.signing(n["start"]) == month.t
        debt = left._replace(balance=left.balance + jnp.where(starts, n["amount"], 0.0))
        years = jnp.asarray(1.0 / len(self.window))
        later = month._replace(t=month.t + 1.0, period=month.period + 1, years=years)
        due = self._service(n, TermLoanState(debt, s.history, now.rate), later, ahead=True)
        return due.service.accrued + due.service.scheduled - due.balloon

    def claim(self, n: Numbers, s: TermLoanState, month: Month) -> Amounts:
        """Advance and fee at the start; interest and principal after it."""
        starts = facility.signing(n["start"]) == month.t
        now = self._service(n, s, month)
        asked = {
            "advance": jnp.where(starts, n["amount"] * n["issue_price"], 0.0),
            "fee": jnp.where(starts, n["amount"] * n["upfront_fee"], 0.0) + now.premium,
            "sweep": swept(n["sweep"], s.debt, now.service, s.history, self.cfads, month),
        }
        return self.remedies.claims(month, now.service, s.debt, asked)

    def settle(
        self, n: Numbers, s: TermLoanState, month: Month, claimed: Amounts, paid: Amounts
    ) -> tuple[TermLoanState, Mapping[str, Array]]:
        """Repay, carry arrears, add the advance."""
        paid = applied(paid)
        service, rate, balloon, _, between = self._service(n, s, month)
        payout = month.obs[self.payout]
        left, lost = settled(s.debt, service, claimed, paid, n["grace"], payout)
        asked = left.scheduled - balloon
        lent = paid["advance"] / jnp.maximum(n["issue_price"], facility.ROUNDING)
        balance = jnp.maximum(left.balance - paid["sweep"], 0.0) + lent
        debt = self.remedies.called(left._replace(balance=balance, scheduled=asked), month)
        beside = self.beside.due(month)
        history = remember(s.history, month.period, month.past[self.cfads], asked, beside, between)
        repaid = paid["principal"] + paid["sweep"]
        error = debt.balance - (s.debt.balance + lent + service.capitalised - repaid - lost)
        return TermLoanState(debt, history, rate), {"stop": stops(debt), "roll_error": error}
