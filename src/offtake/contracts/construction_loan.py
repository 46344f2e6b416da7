"""Construction loan: drawn while something is built, then turned into a term loan, or due.

    limit(t)      = amount - B(t-1) until conversion, while the budget is in balance; else 0
    fee(t)        = commitment fee x (amount - B(t-1)) x a(t), and the upfront fee on signing
    before        interest is added to the balance;  B(t) = B(t-1) (1 + r a(t)) + draw(t)
    converts      at the close of the first period in which all phases are energised, nothing is
                  overdue, the balance is at most `conversion_ltv` of what is pledged, and CFADS(t)
                  at least `conversion_dscr` x the level payment of the term loan
    after         interest and principal on dates, as for a term loan, until `term` after it; what
                  exceeds the profile is a balloon;  r grows by `step_up` every `step_every`
    longstop      from there on all of B is due where it has not been converted

with a(t) the day count fraction. The budget is in balance while what is undrawn is at least
`cost_share` of the cost to completion, budget less what the borrower paid for capital cost so far.
The draw is a support of tier 1, for claims of `funds` and the loan's own fees (semantics §5.6).

Reads and publishes what a term loan does (in construction nothing is due), the site's phases, the
value of pledged cohorts; publishes drawn, and converted.
On shortfall: as for a term loan. Nothing can be drawn from a called loan or by a borrower in
default.

References:
    1. E. R. Yescombe, Principles of Project Finance, 2nd ed., Academic Press 2014, § 14.2, § 14.4.
"""

from collections.abc import Mapping, Sequence
from typing import Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from offtake.core.arrays import Array, jnp
from offtake.core.contract import Amounts, IntArray, Lowered, Lowerer, Month, Numbers
from offtake.core.flows import CFADS, Flow
from offtake.finance import facility, prepayment, trailing
from offtake.finance.amortisation import Profile
from offtake.finance.annuity import level_payment
from offtake.finance.enforcement import Remedies, applied, lines
from offtake.finance.mini_perm import MiniPermTerms
from offtake.finance.servicing import Debt, Service, Timing, due, no_debt, settled, stops
from offtake.finance.span import between
from offtake.finance.timetable import Cycle


class ConstructionLoanTerms(MiniPermTerms):
    """What a plan writes for a construction loan."""

    kind: Literal["construction_loan"]


EXAMPLE = ConstructionLoanTerms.model_validate(
    {
        "kind": "construction_loan",
        "lender": "bank",
        "borrower": "company",
        "amount": "1,000 USD",
        "funds": ["order"],
        "site": "hall",
        "rate": "12 %/year",
        "longstop": "5 months",
        "term": "3 months",
        "amortisation": "linear",
        "amortise_over": "6 months",
        "step_up": "6 %/year",
        "step_every": "2 months",
        "commitment_fee": "6 %/year",
    }
)

FIELDS = (
    *("amount", "weight", "rate", "floor", "interest_only", "longstop", "cost_share", "term"),
    *("conversion_dscr", "step_up", "step_every", "upfront_fee", "commitment_fee", "grace"),
    *("interest_every", "principal_every", "sweep", *prepayment.FIELDS),
)
"""Numbers that every contract has."""
NEVER = 1e9
LEFT_OUT = {"start": 0.0, "amortise_over": -1.0, "budget": 0.0, "conversion_ltv": NEVER}
"""Numbers that may be left out, and what stands for them."""
WHOLE = 1.0 - 1e-9
"""Share of a phase from which it counts as energised."""


class ConstructionLoanState(NamedTuple):
    """State of the group; every leaf [K, P]."""

    debt: Debt
    drawn: Array
    """so far, USD"""
    spent: Array
    """capital cost that the borrower paid so far, USD"""
    converted: Array
    """period of conversion; `NEVER` before it"""
    history: trailing.Trailing


class _Due(NamedTuple):
    """What one period asks for, every leaf [K, P]; amounts in USD."""

    service: Service
    regular: Array
    """scheduled principal, balloon apart"""
    fee: Array
    limit: Array
    building: Array
    """True from signing until conversion, before the longstop"""
    built: Array
    """True after conversion"""
    between: Array
    """True after conversion in a period between two dates"""


class ConstructionLoan(NamedTuple):
    """A group of construction loans."""

    profile: IntArray
    """[K] `finance.amortisation.Profile`"""
    schedule: IntArray
    """[K] observation: principal due as a share of the balance; sculpted loans only"""
    phases: IntArray
    """[K, phases] observation: active share; that of the first one again where there are fewer"""
    value: IntArray
    """[K, cohorts] observation of pledged cohorts, USD; zero where there are fewer"""
    interest: facility.Interest
    beside: facility.Beside
    remedies: Remedies
    prepayment: prepayment.Prepayment
    borrower: IntArray
    """[K] party"""
    payout: IntArray
    """[K] observation: share of its claims that the borrower meets"""
    cfads: IntArray
    """[K] registered total: the borrower's cash flow available for debt service"""
    cost: IntArray
    """[K] registered total: capital cost that it pays"""
    window: NDArray[np.float64]
    """[W] zeros; its length is the number of periods in a year"""

    kind = "construction_loan"
    stage = "primary"
    published = (*trailing.PUBLISHED, "drawn", "converted")
    Terms = ConstructionLoanTerms
    example = EXAMPLE

    @classmethod
    def lower(cls, items: Sequence[tuple[str, ConstructionLoanTerms]], at: Lowerer) -> Lowered:
        """Terms to structure; values stay in the table of numbers."""
        ids, terms = [name for name, _ in items], [term for _, term in items]
        lender, borrower = (
            at.parties([x.lender for x in terms]),
            at.parties([x.borrower for x in terms]),
        )
        phases = [
            [
                at.observe(f"sites.{x.site}.phases[{j}].active")
                for j in range(at.phase_count(x.site))
            ]
            for x in terms
        ]
        most = max(map(len, phases))
        group = cls(
            profile=np.array([Profile[term.amortisation.upper()] for term in terms]),
            schedule=np.array([at.series(name, "schedule") for name in ids]),
            phases=np.array([(row + row[:1] * most)[:most] for row in phases]),
            value=facility.values_of(
                [() if x.conversion_ltv is None else x.collateral for x in terms], at
            ),
            interest=facility.Interest.lower(
                [x.rate for x in terms], [x.day_count for x in terms], at
            ),
            beside=facility.Beside.lower(items, at),
            remedies=Remedies.lower(items, at),
            prepayment=prepayment.Prepayment.lower(items, at),
            borrower=borrower,
            payout=np.array([at.observe(f"parties.{x.borrower}.payout") for x in terms]),
            cfads=np.array([at.total(x.borrower, CFADS) for x in terms]),
            cost=np.array([at.total(x.borrower, {("out", Flow.CAPITAL_COST): 1.0}) for x in terms]),
            window=np.zeros(at.periods_per_year),
        )
        numbers = {**at.numbers(ids, *FIELDS), **at.optionals(ids, **LEFT_OUT)}
        claims = (
            facility.draw_line(lender, borrower, 1, tuple((*x.funds, name) for name, x in items)),
            *facility.debt_lines(borrower, lender, [x.seniority for x in terms]),
            *lines(ids, borrower, lender, at),
            facility.sweep_line(borrower, lender),
        )
        return Lowered(group, tuple(ids), numbers, claims, stops=borrower)

    def init(self, n: Numbers) -> ConstructionLoanState:
        """Nothing is drawn."""
        zero = jnp.zeros_like(n["amount"])
        history = trailing.no_history(jnp.asarray(self.window), zero)
        return ConstructionLoanState(no_debt(zero), zero, zero, zero + NEVER, history)

    def _rate(self, n: Numbers, s: ConstructionLoanState, month: Month) -> Array:
        """Rate of the month, per year [K, P]; a step counts from the period after it."""
        since = jnp.maximum(month.t - 1.0 - s.converted, 0.0)
        steps = jnp.floor(since / jnp.maximum(n["step_every"], 1.0) + facility.ROUNDING)
        return self.interest.yearly(n["rate"] + steps * n["step_up"], n["floor"], month)

    def _over(self, n: Numbers) -> Array:
        """Time over which the profile repays everything, periods [K, P]."""
        return jnp.where(n["amortise_over"] < 0.0, n["term"], n["amortise_over"])

    def _converts(self, n: Numbers, debt: Debt, rate: Array, month: Month) -> Array:
        """[K, P] True where the tests of conversion hold. debt: at the close; rate: per year."""
        open_ = jnp.min(month.obs[self.phases], axis=1) >= WHOLE
        clean = (debt.arrears + debt.overdue == 0.0) & (debt.accelerated == 0.0)
        payment = level_payment(debt.balance, rate / len(self.window), self._over(n))
        needed = n["conversion_dscr"] * payment * (1.0 - 1e-9)
        worth = n["conversion_ltv"] * (1.0 + 1e-9) * jnp.sum(month.obs[self.value], axis=1)
        small = (debt.balance <= worth) | (n["conversion_ltv"] >= NEVER)
        return open_ & clean & small & ((needed <= 0.0) | (month.past[self.cfads] >= needed))

    def _due(self, n: Numbers, s: ConstructionLoanState, month: Month) -> _Due:
        """What this month asks for."""
        t, debt, begin = month.t, s.debt, s.converted
        signed = facility.signing(n["start"])
        longstop = facility.closing(signed + n["longstop"])
        built = t > begin
        building = (t >= signed) & (t < longstop) & ~built
        going = (debt.accelerated == 0.0) & ~month.stopped[self.borrower]
        maturity = facility.closing(begin + n["term"])
        rate, left = self._rate(n, s, month), debt.balance - debt.overdue
        first = jnp.floor(begin + n["interest_only"] + facility.ROUNDING)
        cycle = Cycle(n["principal_every"], first, facility.closing(begin + self._over(n)))
        profile, share = jnp.asarray(self.profile)[:, None], month.obs[self.schedule]
        regular = cycle.principal(profile, left, rate * month.years, t, share)
        early = self.prepayment.early(n, debt, rate, begin, maturity, month)
        ends = (t >= maturity) | early.now | ((t >= longstop) & ~built)
        pays = Cycle(n["interest_every"], begin, maturity).here(t) | ends
        accrual = self.interest.years(month.period)
        timing = Timing(pays | building, building & going)
        service = due(debt, rate * accrual, jnp.where(ends, left, regular), timing)
        undrawn = jnp.maximum(n["amount"] - debt.balance, 0.0)
        missing = n["cost_share"] * jnp.maximum(n["budget"] - s.spent, 0.0)
        balanced = undrawn >= missing * (1.0 - 1e-9)
        waiting = between(signed, longstop, t) * accrual * jnp.where(built | ~going, 0.0, 1.0)
        fee = n["commitment_fee"] * undrawn * waiting + early.premium
        repays = cycle.here(t) & (profile != Profile.BULLET)
        return _Due(
            service=service,
            regular=regular,
            fee=fee + jnp.where(t == signed, n["upfront_fee"] * n["amount"], 0.0),
            limit=jnp.where(building & going & balanced, undrawn, 0.0),
            building=building & going,
            built=built,
            between=built & ~(pays | repays),
        )

    def publish(self, n: Numbers, s: ConstructionLoanState, month: Month) -> Amounts:
        """Balance, state and cover at the start of the month."""
        now = self._due(n, s, month)
        counted = jnp.where(now.built, now.service.accrued + now.regular, 0.0)
        shown = trailing.published(s.debt, s.history, counted, now.service)
        return {**shown, "drawn": s.drawn, "converted": jnp.where(s.converted < NEVER, 1.0, 0.0)}

    def claim(self, n: Numbers, s: ConstructionLoanState, month: Month) -> Amounts:
        """What can be drawn, fees, interest and principal."""
        now = self._due(n, s, month)
        asked = {
            "draw": now.limit,
            "draw_weight": n["weight"],
            "fee": now.fee,
            "sweep": trailing.swept(n["sweep"], s.debt, now.service, s.history, self.cfads, month),
        }
        return self.remedies.claims(month, now.service, s.debt, asked)

    def settle(
        self, n: Numbers, s: ConstructionLoanState, month: Month, claimed: Amounts, paid: Amounts
    ) -> tuple[ConstructionLoanState, Mapping[str, Array]]:
        """Draw, capitalise, repay, carry arrears, convert."""
        paid = applied(paid)
        now = self._due(n, s, month)
        left, lost = settled(s.debt, now.service, claimed, paid, n["grace"], month.obs[self.payout])
        asked = jnp.where(now.built, now.service.accrued + now.regular, 0.0)
        both = month.past[self.cfads], asked, self.beside.due(month)
        history = trailing.remember(s.history, month.period, *both, now.between)
        balance = jnp.maximum(left.balance - paid["sweep"], 0.0) + paid["draw"]
        debt = self.remedies.called(left._replace(balance=balance, scheduled=asked), month)
        converts = now.building & self._converts(n, debt, self._rate(n, s, month), month)
        moved = paid["draw"] + now.service.capitalised - paid["principal"] - paid["sweep"] - lost
        state = ConstructionLoanState(
            debt,
            s.drawn + paid["draw"],
            s.spent + month.past[self.cost],
            jnp.where(converts, month.t, s.converted),
            history,
        )
        return state, {"stop": stops(debt), "roll_error": balance - (s.debt.balance + moved)}
