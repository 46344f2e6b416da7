"""Revolver: a credit line that pays what cash does not, and is repaid as soon as cash is left.

    limit(t)      = amount - B(t-1) while it is open, else 0
    fee(t)        = commitment fee x (amount - B(t-1)) x a(t), and the upfront fee on signing
    interest(t)   = B(t-1) r(t) a(t) + arrears,   r as for a term loan
    sweep(t)      = of the cash left above the borrower's minimum, at most B(t-1), before maturity
    principal(t)  = B(t-1) at maturity
    B(t)          = B(t-1) + draw(t) - sweep(t) - principal paid(t) - written off(t)

with a(t) the day count fraction. The draw is a support of tier 2: it meets what is still short on
the claims of `funds` after the borrower's cash and the funding of tier 1 (semantics §5.6), but no
claim of class support or distribution (a top-up of a reserve). The sweep is a residual claim that
comes before distributions. What was swept can be drawn again until maturity, `term` after signing.

Reads: the base rate's driver, the borrower's cash flow (CFADS) and payout, service due on other
debt of the borrower that ranks senior or equal. Publishes: balance, service (interest of the period
before), service_due (of this one), accelerated, arrears, owed, dscr (trailing year, that other debt
counted).
On shortfall: as for a term loan. Nothing can be drawn from an accelerated line or by a borrower in
default.

References:
    1. LSTA, The Handbook of Loan Syndications and Trading, 2nd ed., McGraw-Hill 2021, ch. 3.
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
    ContractName,
    Duration,
    LoanRate,
    Money,
    PartyName,
    Rate,
    Ratio,
    Share,
    Terms,
    When,
    default,
)
from offtake.finance import facility
from offtake.finance.enforcement import Remedies, applied, lines
from offtake.finance.servicing import Debt, Service, due, no_debt, settled, stops
from offtake.finance.span import between
from offtake.finance.trailing import PUBLISHED, Trailing, no_history, published, remember


class RevolverTerms(Terms):
    """What a plan writes for a revolver."""

    kind: Literal["revolver"]
    lender: PartyName
    """Party that commits the money."""
    borrower: PartyName
    """Party that draws and repays it."""
    amount: Money
    """Limit: the most that can be outstanding, USD."""
    funds: Literal["*"] | tuple[ContractName, ...] = "*"
    """Contracts whose claims on the borrower are met by draws when cash is short; * is all."""
    weight: Ratio = default("1")
    """Share of the draw relative to other support of tier 2 for the same claims."""
    rate: LoanRate
    """Fixed rate, or a margin over a base rate, per year."""
    floor: Rate = default("0 %/year")
    """Lowest value of the base rate, per year; floating rates only."""
    start: When | None = None
    """Date of signing; the start of the plan if left out."""
    term: Duration
    """Time from signing to maturity, months."""
    upfront_fee: Share = default("0 %")
    """Fee on signing, as a share of the limit."""
    commitment_fee: Rate = default("0 %/year")
    """Fee on what is not drawn, per year."""
    day_count: Literal["A/360", "A/365", "30/360", "30E/360", "A/A ISDA"] = "30/360"
    """Day count convention of interest and of the commitment fee."""
    seniority: Literal["senior", "junior"] = "senior"
    """Place in the borrower's waterfall."""
    grace: Duration = default("3 months")
    """How long a payment may be overdue before the line is called, months."""
    cross_default: Literal["*"] | tuple[ContractName, ...] = ()
    """Debts whose acceleration calls the line too; * is all debt of the borrower."""
    collateral: tuple[AssetName, ...] = ()
    """What is pledged: cohorts, a site, a contract."""


EXAMPLE = RevolverTerms.model_validate(
    {
        "kind": "revolver",
        "lender": "bank",
        "borrower": "company",
        "amount": "1,000 USD",
        "rate": "12 %/year",
        "commitment_fee": "6 %/year",
        "term": "5 months",
    }
)

FUNDED = tuple(flow for flow in Flow if flow not in (Flow.SUPPORT, Flow.DISTRIBUTION))
"""Classes of claim that a draw may meet."""


class RevolverState(NamedTuple):
    """State of the group."""

    debt: Debt
    history: Trailing


class Revolver(NamedTuple):
    """A group of revolvers."""

    interest: facility.Interest
    beside: facility.Beside
    remedies: Remedies
    borrower: IntArray
    """[K] party"""
    payout: IntArray
    """[K] observation: share of its claims that the borrower meets"""
    cfads: IntArray
    """[K] registered total: the borrower's cash flow available for debt service"""
    window: NDArray[np.float64]
    """[W] zeros; its length is the number of periods in a year"""

    kind = "revolver"
    stage = "primary"
    published = PUBLISHED
    Terms = RevolverTerms
    example = EXAMPLE

    @classmethod
    def lower(cls, items: Sequence[tuple[str, RevolverTerms]], at: Lowerer) -> Lowered:
        """Terms to structure; values stay in the table of numbers."""
        ids = [name for name, _ in items]
        terms = [term for _, term in items]
        lender, borrower = (
            at.parties([getattr(x, f) for x in terms]) for f in ("lender", "borrower")
        )
        group = cls(
            facility.Interest.lower([x.rate for x in terms], [x.day_count for x in terms], at),
            facility.Beside.lower(items, at),
            Remedies.lower(items, at),
            borrower=borrower,
            payout=np.array([at.observe(f"parties.{term.borrower}.payout") for term in terms]),
            cfads=np.array([at.total(term.borrower, CFADS) for term in terms]),
            window=np.zeros(at.periods_per_year),
        )
        fields = ("amount", "weight", "rate", "floor", "term", "upfront_fee", "commitment_fee")
        numbers = {**at.numbers(ids, *fields, "grace"), **at.optionals(ids, start=0.0)}
        sweep = np.full(len(ids), int(Rank.SWEEP))
        claims = (
            facility.draw_line(lender, borrower, 2, tuple(tuple(x.funds) for x in terms), FUNDED),
            *facility.debt_lines(borrower, lender, [term.seniority for term in terms]),
            *lines(ids, borrower, lender, at),
            Line("sweep", Flow.PRINCIPAL, borrower, lender, sweep, form="residual"),
        )
        return Lowered(group, tuple(ids), numbers, claims, stops=borrower)

    def init(self, n: Numbers) -> RevolverState:
        """Nothing is drawn."""
        zero = jnp.zeros_like(n["amount"])
        return RevolverState(no_debt(zero), no_history(jnp.asarray(self.window), zero))

    def _service(self, n: Numbers, s: Debt, month: Month) -> tuple[Service, Array]:
        """What is due this month, and 1.0 [K, P] before maturity."""
        maturity = facility.closing(facility.signing(n["start"]) + n["term"])
        running = month.t < maturity
        rate = self.interest.yearly(n["rate"], n["floor"], month)
        scheduled = jnp.where(running, 0.0, s.balance - s.overdue)
        service = due(s, rate * self.interest.years(month.period), scheduled)
        return service, jnp.where(running, 1.0, 0.0)

    def publish(self, n: Numbers, s: RevolverState, month: Month) -> Amounts:
        """Balance, state and cover at the start of the month."""
        service, _ = self._service(n, s.debt, month)
        return published(s.debt, s.history, service.accrued, service)

    def claim(self, n: Numbers, s: RevolverState, month: Month) -> Amounts:
        """What can be drawn, fees, interest, and principal swept or due."""
        t = month.t
        service, running = self._service(n, s.debt, month)
        signed = facility.signing(n["start"])
        going = (s.debt.accelerated == 0.0) & ~month.stopped[self.borrower]
        undrawn = jnp.where(going, jnp.maximum(n["amount"] - s.debt.balance, 0.0), 0.0)
        open_for = between(signed, facility.closing(signed + n["term"]), t)
        upfront = jnp.where(t == signed, n["upfront_fee"] * n["amount"], 0.0)
        accrued = n["commitment_fee"] * undrawn * open_for * self.interest.years(month.period)
        asked = {
            "draw": jnp.where(t >= signed, undrawn, 0.0) * running,
            "draw_weight": n["weight"],
            "fee": accrued + upfront,
            "sweep": jnp.where(s.debt.accelerated > 0.0, 0.0, s.debt.balance) * running,
        }
        return self.remedies.claims(month, service, s.debt, asked)

    def settle(
        self, n: Numbers, s: RevolverState, month: Month, claimed: Amounts, paid: Amounts
    ) -> tuple[RevolverState, Mapping[str, Array]]:
        """Draw, sweep, repay, carry arrears."""
        paid = applied(paid)
        service, _ = self._service(n, s.debt, month)
        payout = month.obs[self.payout]
        left, lost = settled(s.debt, service, claimed, paid, n["grace"], payout)
        balance = jnp.maximum(left.balance - paid["sweep"], 0.0) + paid["draw"]
        debt = self.remedies.called(
            left._replace(balance=balance, scheduled=service.accrued), month
        )
        history = remember(
            s.history, month.period, month.past[self.cfads], service.accrued, self.beside.due(month)
        )
        moved = paid["draw"] - paid["sweep"] - paid["principal"] - lost
        error = balance - (s.debt.balance + moved)
        return RevolverState(debt, history), {"stop": stops(debt), "roll_error": error}
