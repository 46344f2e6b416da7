"""Term loan: a sum advanced on one date and repaid by schedule, with interest on what is outstanding.

    interest(t)   = B(t-1) r(t) a(t) + arrears,    r = margin for a fixed rate, max(base, floor) + margin else
    principal(t)  = bullet: B at maturity;  linear: B / n;  annuity: level payment less interest
    B(t)          = B(t-1) + advance(t) - principal paid(t)

with a(t) the day count fraction and n the payments that remain. Interest accrues on the opening
balance; the advance and repayments take effect at the close. The advance falls into the period of
`start`; the first interest into the next one; principal after `interest_only`, the last of it `term` after
the start. The level payment is that of this period's rate over months / 12 and is set afresh each period.

Reads: the base rate's driver, the borrower's cash flow (CFADS). Publishes: balance, service, accelerated,
arrears, dscr (trailing twelve months, NO_SERVICE where nothing was due).
On shortfall: interest becomes an arrear bearing the same rate, principal stays due; after `grace` the loan
is accelerated, all of it is due, and the borrower is in default.

References:
    1. ACTUS Financial Research Foundation, technical specification v1.1: PAM, LAM, ANN.
    2. ISDA 2006 Definitions, section 4.16 (day counts).
"""

from collections.abc import Mapping, Sequence
from typing import Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from offtake.core.arrays import Array, jnp
from offtake.core.contract import Amounts, IntArray, Line, Lowered, Lowerer, Month, Numbers
from offtake.core.flows import CFADS, Flow, Rank
from offtake.core.terms import (
    AssetName,
    Duration,
    LoanRate,
    Money,
    PartyName,
    Rate,
    Share,
    Terms,
    When,
    default,
)
from offtake.finance.amortisation import Profile, principal_due
from offtake.finance.servicing import Debt, Service, due, no_debt, serviced
from offtake.finance.trailing import Trailing, no_history, remember, trailing_dscr


class TermLoanTerms(Terms):
    """What a plan writes for a term loan."""

    kind: Literal["term_loan"]
    lender: PartyName
    """Party that advances the money."""
    borrower: PartyName
    """Party that repays it."""
    amount: Money
    """Principal advanced at the start, USD."""
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
    amortisation: Literal["bullet", "linear", "annuity"] = "bullet"
    """How principal falls due."""
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
    base: IntArray
    """[K] observation of the base rate"""
    floating: NDArray[np.float64]
    """[K] 1.0 where the rate floats"""
    accrual: NDArray[np.float64]
    """[K, T] day count fractions, years"""
    cfads: IntArray
    """[K] registered total: the borrower's cash flow available for debt service"""
    window: NDArray[np.float64]
    """[W] zeros; its length is the number of periods in a year"""

    kind = "term_loan"
    stage = "primary"
    published = ("balance", "service", "accelerated", "arrears", "dscr")
    Terms = TermLoanTerms
    example = EXAMPLE

    @classmethod
    def lower(cls, items: Sequence[tuple[str, TermLoanTerms]], at: Lowerer) -> Lowered:
        """Terms to structure; values stay in the table of numbers."""
        ids = [name for name, _ in items]
        terms = [term for _, term in items]
        group = cls(
            profile=np.array([Profile[term.amortisation.upper()] for term in terms]),
            base=np.array([at.base_rate(term.rate.base) for term in terms]),
            floating=np.array([float(term.rate.base is not None) for term in terms]),
            accrual=np.stack([at.accrual(term.day_count) for term in terms]),
            cfads=np.array([at.total(term.borrower, CFADS) for term in terms]),
            window=np.zeros(at.periods_per_year),
        )
        fields = ("amount", "rate", "floor", "term", "interest_only", "upfront_fee", "grace")
        lender, borrower = (at.parties([getattr(x, f) for x in terms]) for f in ("lender", "borrower"))
        junior = np.array([term.seniority == "junior" for term in terms])

        def rank(senior: Rank, low: Rank) -> IntArray:
            return np.where(junior, int(low), int(senior))

        advance = np.full(len(ids), int(Rank.CAPITAL_IN))
        fee = rank(Rank.SENIOR_FEE, Rank.JUNIOR_FEE)
        interest = rank(Rank.SENIOR_INTEREST, Rank.JUNIOR_INTEREST)
        principal = rank(Rank.SENIOR_PRINCIPAL, Rank.JUNIOR_PRINCIPAL)
        lines = (
            Line("advance", Flow.CAPITAL_IN, lender, borrower, advance),
            Line("fee", Flow.FEE, borrower, lender, fee),
            Line("interest", Flow.INTEREST, borrower, lender, interest),
            Line("principal", Flow.PRINCIPAL, borrower, lender, principal),
        )
        numbers = {**at.numbers(ids, *fields), **at.optionals(ids, start=0.0)}
        return Lowered(group, tuple(ids), numbers, lines, stops=borrower)

    def init(self, n: Numbers) -> TermLoanState:
        """Nothing is owed before the advance."""
        return TermLoanState(no_debt(n["amount"]), no_history(jnp.asarray(self.window), n["amount"]))

    def _begin(self, n: Numbers) -> Array:
        """[K, P] period of the advance."""
        return jnp.ceil(jnp.maximum(n["start"], 0.0) - 1e-9)

    def _service(self, n: Numbers, s: Debt, month: Month) -> Service:
        """What is due this month."""
        base = month.obs[self.base]
        floating = jnp.asarray(self.floating)[:, None]
        rate = n["rate"] + floating * jnp.maximum(base, n["floor"])
        last = jnp.ceil(self._begin(n) + n["term"] - 1e-9)
        remaining = last - month.t + 1.0
        interest_only = month.t <= self._begin(n) + n["interest_only"] + 1e-9
        unscheduled = s.balance - s.overdue
        profile = jnp.asarray(self.profile)[:, None]
        scheduled = principal_due(profile, unscheduled, rate * month.years, jnp.maximum(remaining, 1.0))
        scheduled = jnp.where(interest_only & (remaining > 1.0), 0.0, scheduled)
        accrual = jnp.asarray(self.accrual)[:, month.t][:, None]
        return due(s, rate * accrual, scheduled)

    def publish(self, n: Numbers, s: TermLoanState, t: Array) -> Amounts:
        """Balance, state and cover at the start of the month."""
        del n, t
        return {
            "balance": s.debt.balance,
            "service": s.debt.scheduled,
            "accelerated": s.debt.accelerated,
            "arrears": s.debt.arrears + s.debt.overdue,
            "dscr": trailing_dscr(s.history),
        }

    def claim(self, n: Numbers, s: TermLoanState, month: Month) -> Amounts:
        """Advance and fee at the start; interest and principal after it."""
        starts = self._begin(n) == month.t
        service = self._service(n, s.debt, month)
        return {
            "advance": jnp.where(starts, n["amount"], 0.0),
            "fee": jnp.where(starts, n["amount"] * n["upfront_fee"], 0.0),
            "interest": service.interest,
            "principal": service.principal,
        }

    def settle(
        self, n: Numbers, s: TermLoanState, month: Month, claimed: Amounts, paid: Amounts
    ) -> tuple[TermLoanState, Mapping[str, Array]]:
        """Repay, carry arrears, add the advance."""
        service = self._service(n, s.debt, month)
        after = serviced(s.debt, service, paid["interest"], paid["principal"], n["grace"])
        debt = after._replace(
            balance=after.balance + paid["advance"],
            arrears=after.arrears + jnp.maximum(claimed["fee"] - paid["fee"], 0.0),
        )
        history = remember(s.history, month.t, month.past[self.cfads], debt.scheduled)
        error = debt.balance - (s.debt.balance + paid["advance"] - paid["principal"])
        called = debt.accelerated * jnp.where(debt.balance + debt.arrears > 0.0, 1.0, 0.0)
        return TermLoanState(debt, history), {"stop": called, "roll_error": error}
