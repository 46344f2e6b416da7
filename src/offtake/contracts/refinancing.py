"""Refinancing: a new loan that repays others when they fall due, as large as the market allows.

    offered(t)   = fixed rate, or margin + max(base(t), floor); + spread(t)
    capacity(t)  = min(amount, LTV x V(t), C(t) / DSCR x factor(offered, n)) - B(t-1), if positive
                   and the market is open: spread(t) <= shut_above, within `availability`; else 0
    interest(t)  = B(t-1) r(t) a(t) + arrears,   r: spreads as they were when it was drawn
    principal(t) = on its dates: linear: B / n; annuity: level payment less interest; at maturity
                   all that is left (what exceeds the profile: balloon)
    fee(t)       = upfront fee x draw(t-1)
    B(t)         = B(t-1) + draw(t) - principal paid(t) - written off(t)

with V the market value of the pledged cohorts, C the mean cash flow of a period over the last year
less the service of other debt (`finance.takeout`), a the day count fraction. The draw is a support
of tier 1: it meets what the borrower cannot pay of principal and fees of `funds` (§5.6), a
balloon, or a prepayment and its premium. What it is short of stays due on the old loan, which then
extends or defaults by its own terms. Maturity is `term` after the first draw.

Reads: value of the cohorts, the spread's and the base rate's driver, the borrower's cash flow
(CFADS) and payout, service due on its other debt. Publishes what a term loan does (balance,
service, service_due, accelerated, arrears, dscr, owed), capacity, and offered, with the fee spread
over the term.
On shortfall: as for a term loan. Nothing can be drawn from a called loan or by a borrower in
default.

References:
    1. E. R. Yescombe, Principles of Project Finance, 2nd ed., Academic Press 2014, § 14.16.
"""

from collections.abc import Mapping, Sequence
from typing import Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from offtake.core.arrays import Array, jnp
from offtake.core.contract import Amounts, IntArray, Lowered, Lowerer, Month, Numbers
from offtake.core.flows import ALL_THERE_IS, CFADS, Flow
from offtake.finance import facility, takeout
from offtake.finance.amortisation import Profile
from offtake.finance.enforcement import Remedies, applied, lines
from offtake.finance.servicing import Debt, Service, Timing, due, no_debt, settled, stops
from offtake.finance.timetable import Cycle
from offtake.finance.trailing import PUBLISHED, Trailing, no_history, published, remember


class RefinancingTerms(takeout.TakeoutTerms):
    """What a plan writes for a refinancing."""

    kind: Literal["refinancing"]


EXAMPLE = RefinancingTerms.model_validate(
    {
        "kind": "refinancing",
        "lender": "bank",
        "borrower": "company",
        "funds": ["loan"],
        "amount": "1,000 USD",
        "ltv": "50 %",
        "rate": "9 %/year",
        "spread": "3 %/year",
        "upfront_fee": "1 %",
        "start": "2026-02-10",
        "term": "3 months",
        "collateral": ["cohort"],
    }
)


FIELDS = (
    *("weight", "amount", "dscr", "availability", "rate", "floor", "upfront_fee", "term"),
    *("interest_every", "principal_every", "grace"),
)
"""Numbers that every contract has."""
FUNDED = (Flow.PRINCIPAL, Flow.FEE)
"""Classes of claim that a draw may meet."""
NEVER = 1e9
LEFT_OUT = {"start": 0.0, "ltv": NEVER, "shut_above": NEVER, "amortise_over": -1.0}
"""Numbers that may be left out, and what stands for them."""


class RefinancingState(NamedTuple):
    """State of the group; every leaf [K, P]."""

    debt: Debt
    begun: Array
    """period of the first draw; `NEVER` before it"""
    spread: Array
    """mean of the spreads at which the balance was drawn, per year"""
    new: Array
    """drawn in the last period, USD"""
    cover: takeout.Cover
    history: Trailing


class _Due(NamedTuple):
    """What one period asks for, every leaf [K, P]."""

    service: Service
    regular: Array
    """scheduled principal, balloon apart, USD"""
    between: Array
    """True after the first draw in a period between two dates"""


class Refinancing(NamedTuple):
    """A group of refinancings."""

    profile: IntArray
    """[K] `finance.amortisation.Profile`"""
    spread: IntArray
    """[K] observation, per year"""
    interest: facility.Interest
    sees: takeout.Collateral
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

    kind = "refinancing"
    stage = "primary"
    published = (*PUBLISHED, "capacity", "offered")
    Terms = RefinancingTerms
    example = EXAMPLE

    @classmethod
    def lower(cls, items: Sequence[tuple[str, RefinancingTerms]], at: Lowerer) -> Lowered:
        """Terms to structure; values stay in the table of numbers."""
        ids, terms = [name for name, _ in items], [term for _, term in items]
        lender, borrower = (
            at.parties([getattr(x, f) for x in terms]) for f in ("lender", "borrower")
        )
        group = cls(
            profile=np.array([Profile[term.amortisation.upper()] for term in terms]),
            spread=np.array([at.series(name, "spread") for name in ids]),
            interest=facility.Interest.lower(
                [x.rate for x in terms], [x.day_count for x in terms], at
            ),
            sees=takeout.Collateral.lower(items, at),
            beside=facility.Beside.lower(items, at),
            remedies=Remedies.lower(items, at),
            borrower=borrower,
            payout=np.array([at.observe(f"parties.{term.borrower}.payout") for term in terms]),
            cfads=np.array([at.total(term.borrower, CFADS) for term in terms]),
            window=np.zeros(at.periods_per_year),
        )
        numbers = {**at.numbers(ids, *FIELDS), **at.optionals(ids, **LEFT_OUT)}
        repaid = tuple(tuple(x.funds) for x in terms)
        claims = (
            facility.draw_line(lender, borrower, 1, repaid, FUNDED),
            *facility.debt_lines(borrower, lender, [term.seniority for term in terms]),
            *lines(ids, borrower, lender, at),
        )
        return Lowered(group, tuple(ids), numbers, claims, stops=borrower)

    def init(self, n: Numbers) -> RefinancingState:
        """Nothing is drawn."""
        zero, window = jnp.zeros_like(n["amount"]), jnp.asarray(self.window)
        cover, history = takeout.no_cover(window, zero), no_history(window, zero)
        return RefinancingState(no_debt(zero), zero + NEVER, zero, zero, cover, history)

    def _over(self, n: Numbers) -> Array:
        """Time over which the profile repays everything, periods [K, P]."""
        return jnp.where(n["amortise_over"] < 0.0, n["term"], n["amortise_over"])

    def _offered(self, n: Numbers, month: Month) -> Array:
        """Rate at which the market lends now, per year [K, P]."""
        return self.interest.yearly(n["rate"], n["floor"], month) + month.obs[self.spread]

    def _capacity(self, n: Numbers, s: RefinancingState, month: Month) -> Array:
        """What can be drawn now, USD [K, P]."""
        t, start = month.t, facility.signing(n["start"])
        open_ = month.obs[self.spread] <= n["shut_above"] * (1.0 + facility.ROUNDING)
        open_ = open_ & (t >= start) & (t <= start + n["availability"] + facility.ROUNDING)
        going = (s.debt.accelerated == 0.0) & ~month.stopped[self.borrower]
        rate = self._offered(n, month) / len(self.window)
        mean = takeout.mean_of(s.cover, t)
        cover = takeout.carried(mean, n["dscr"], rate, self._over(n))
        pledged = jnp.where(n["ltv"] < NEVER, n["ltv"] * self.sees.worth(month), ALL_THERE_IS)
        most = jnp.minimum(jnp.minimum(n["amount"], cover), pledged)
        matures = t >= facility.closing(s.begun + n["term"])
        room = jnp.maximum(most - s.debt.balance, 0.0)
        return jnp.where(open_ & going & ~matures, room, 0.0)

    def _due(self, n: Numbers, s: RefinancingState, month: Month) -> _Due:
        """What this month asks for."""
        t, begin = month.t, s.begun
        maturity = facility.closing(begin + n["term"])
        last = facility.closing(begin + self._over(n))
        rate = self.interest.yearly(n["rate"], n["floor"], month) + s.spread
        left, profile = s.debt.balance - s.debt.overdue, jnp.asarray(self.profile)[:, None]
        cycle = Cycle(n["principal_every"], begin, last)
        regular = cycle.principal(profile, left, rate * month.years, t)
        pays = Cycle(n["interest_every"], begin, maturity).here(t)
        accrued = rate * self.interest.years(month.period)
        service = due(s.debt, accrued, jnp.where(t >= maturity, left, regular), Timing(pays))
        repays = cycle.here(t) & (profile != Profile.BULLET)
        return _Due(service, regular, (t > begin) & ~(pays | repays))

    def publish(self, n: Numbers, s: RefinancingState, month: Month) -> Amounts:
        """Balance, state and cover at the start of the month, and what the market offers."""
        now = self._due(n, s, month)
        shown = published(s.debt, s.history, now.service.accrued + now.regular, now.service)
        years = n["term"] / len(self.window)
        fee = n["upfront_fee"] / jnp.where(years > 0.0, years, 1.0)
        offered = self._offered(n, month) + fee
        return {**shown, "capacity": self._capacity(n, s, month), "offered": offered}

    def claim(self, n: Numbers, s: RefinancingState, month: Month) -> Amounts:
        """What can be drawn, fee, interest and principal."""
        asked = {
            "draw": self._capacity(n, s, month),
            "draw_weight": n["weight"],
            "fee": n["upfront_fee"] * s.new,
        }
        return self.remedies.claims(month, self._due(n, s, month).service, s.debt, asked)

    def settle(
        self, n: Numbers, s: RefinancingState, month: Month, claimed: Amounts, paid: Amounts
    ) -> tuple[RefinancingState, Mapping[str, Array]]:
        """Draw, repay, carry arrears, remember what debt the cash flow could carry."""
        paid = applied(paid)
        now, new = self._due(n, s, month), paid["draw"]
        left, lost = settled(s.debt, now.service, claimed, paid, n["grace"], month.obs[self.payout])
        asked, cfads = now.service.accrued + now.regular, month.past[self.cfads]
        balance = left.balance + new
        debt = self.remedies.called(left._replace(balance=balance, scheduled=asked), month)
        both = cfads, asked, self.beside.due(month)
        history = remember(s.history, month.period, *both, now.between)
        cover = takeout.kept(s.cover, month.period, cfads - self.sees.others.due(month))
        share = jnp.where(new > 0.0, new / jnp.where(balance > 0.0, balance, 1.0), 0.0)
        spread = s.spread + share * (month.obs[self.spread] - s.spread)
        begun = jnp.where((new > 0.0) & (s.begun >= NEVER), month.t, s.begun)
        error = balance - (s.debt.balance + new - paid["principal"] - lost)
        state = RefinancingState(debt, begun, spread, new, cover, history)
        return state, {"stop": stops(debt), "roll_error": error}
