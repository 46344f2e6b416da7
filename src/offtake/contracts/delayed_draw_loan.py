"""Delayed-draw loan: a commitment drawn while something is built, then repaid or extended.

    limit(t)      = amount - drawn(t-1) while it is available, else 0
    fee(t)        = commitment fee x (amount - drawn(t-1)) x a(t), and the upfront fee on signing
    interest(t)   = B(t-1) r(t) a(t) + arrears,   r as for a term loan, plus a step per extension
    principal(t)  = on its dates, after construction: linear: B / n; annuity: level payment less
                    interest; sculpted: schedule(t) x B; at maturity all that is left (what exceeds
                    the profile: balloon)
    sweep(t)      = share of (CFADS - debt service)(t-1), if positive, of the cash that is left
    B(t)          = B(t-1) + draw(t) - principal paid(t) - sweep paid(t)

with a(t) the day count fraction and n the dates that remain of `amortise_over`, or until maturity.
Construction ends after the longer of `availability` and `interest_only`. The draw is a support of
tier 1: it meets what the borrower cannot pay of the claims of `funds`, with other funding of that
tier in proportion to `weight`; with `capitalise_interest` its own interest and fees as well
(§5.6). At maturity the term is extended while extensions are left, nothing is overdue, the borrower
is not in default, cover is at least `extension_dscr` and the balance at most `extension_ltv` of
what is pledged, for a fee. Between dates interest accrues. Once built it may be prepaid.

Reads and publishes what a term loan does (in construction nothing is due), and drawn.
On shortfall: as for a term loan; a breach of `default_dscr` for longer than `grace` accelerates it
too. Nothing can be drawn from an accelerated loan or by a borrower in default.

References:
    1. ACTUS Financial Research Foundation, technical specification v1.1: LAM, ANN.
    2. E. R. Yescombe, Principles of Project Finance, 2nd ed., Academic Press 2014, ch. 14.
"""

from collections.abc import Mapping, Sequence
from typing import Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from offtake.core.arrays import Array, jnp
from offtake.core.contract import Amounts, IntArray, Lowered, Lowerer, Month, Numbers
from offtake.core.flows import CFADS
from offtake.core.terms import ContractName, Count, Duration, Rate, Ratio, Share, default
from offtake.finance import facility, prepayment, timetable, trailing
from offtake.finance.amortisation import Profile
from offtake.finance.enforcement import Remedies, applied, lines
from offtake.finance.loan_terms import LoanTerms
from offtake.finance.servicing import Debt, Service, Timing, called, due, no_debt, settled, stops
from offtake.finance.span import between


class DelayedDrawLoanTerms(LoanTerms):
    """What a plan writes for a delayed-draw loan; principal is due after the availability."""

    kind: Literal["delayed_draw_loan"]
    funds: tuple[ContractName, ...]
    """Contracts whose claims on the borrower are met by draws when cash is short."""
    weight: Ratio = default("1")
    """Share of the draw relative to other funding of the same claims."""
    availability: Duration = default("24 months")
    """Time from signing during which money can be drawn, months."""
    capitalise_interest: bool = False
    """Whether the loan may be drawn for its own interest and fees."""
    term: Duration
    """Time from signing to maturity, months."""
    amortise_over: Duration | None = None
    """Time from the end of construction over which the profile repays everything, months; until
    maturity if left out. Where it is longer, the rest is a balloon at maturity."""
    extensions: Count = default("0")
    """How many times the maturity can be extended."""
    extension: Duration = default("12 months")
    """Length of each extension, months."""
    extension_dscr: Ratio = default("0")
    """Cover that an extension needs."""
    extension_ltv: Ratio | None = None
    """Balance over the market value of the cohorts in `collateral` that an extension needs."""
    extension_margin: Rate = default("0 %/year")
    """What each extension adds to the rate, per year."""
    extension_fee: Share = default("0 %")
    """Fee on each extension, as a share of the balance."""
    commitment_fee: Rate = default("0 %/year")
    """Fee on what is not drawn while it is available, per year."""
    default_dscr: Ratio = default("0")
    """Cover below which the loan is in default, tested after construction; 0 is no test."""


EXAMPLE = DelayedDrawLoanTerms.model_validate(
    {
        "kind": "delayed_draw_loan",
        "lender": "bank",
        "borrower": "company",
        "amount": "1,000 USD",
        "funds": ["order"],
        "rate": "12 %/year",
        "availability": "2 months",
        "term": "6 months",
        "amortisation": "linear",
        "amortise_over": "8 months",
        "commitment_fee": "6 %/year",
    }
)


FIELDS = (
    *("amount", "weight", "rate", "floor", "availability", "interest_only", "term", "extensions"),
    *("extension", "extension_dscr", "extension_margin", "extension_fee", *prepayment.FIELDS),
    *(
        "upfront_fee",
        "commitment_fee",
        "default_dscr",
        "grace",
        "interest_every",
        "principal_every",
        "sweep",
    ),
)
"""Numbers that every contract has."""
LEFT_OUT = {"start": 0.0, "amortise_over": 1e9, "extension_ltv": 1e9}
"""Numbers that may be left out, and what stands for them."""


class DelayedDrawLoanState(NamedTuple):
    """State of the group."""

    debt: Debt
    drawn: Array
    """[K, P] drawn so far, USD"""
    extended: Array
    """[K, P] extensions taken"""
    breach: Array
    """[K, P] periods in a row with cover below `default_dscr`"""
    history: trailing.Trailing


class _Due(NamedTuple):
    """What one period asks for, every leaf [K, P]; amounts in USD."""

    service: Service
    regular: Array
    """scheduled principal, balloon apart"""
    fee: Array
    limit: Array
    built: Array
    """True after construction"""
    counted: Array
    """interest and scheduled principal that cash flow has to cover: none in construction"""
    extends: Array
    """1.0 where the maturity is extended now"""
    between: Array
    """True after construction in a period between two dates"""


class DelayedDrawLoan(NamedTuple):
    """A group of delayed-draw loans."""

    profile: IntArray
    """[K] `finance.amortisation.Profile`"""
    schedule: IntArray
    """[K] observation: principal due as a share of the balance; sculpted loans only"""
    interest: facility.Interest
    beside: facility.Beside
    remedies: Remedies
    prepayment: prepayment.Prepayment
    value: IntArray
    """[K, cohorts] observation of pledged cohorts, USD; zero where there are fewer"""
    borrower: IntArray
    """[K] party"""
    payout: IntArray
    """[K] observation: share of its claims that the borrower meets"""
    cfads: IntArray
    """[K] registered total: the borrower's cash flow available for debt service"""
    window: NDArray[np.float64]
    """[W] zeros; its length is the number of periods in a year"""

    kind = "delayed_draw_loan"
    stage = "primary"
    published = (*trailing.PUBLISHED, "drawn")
    Terms = DelayedDrawLoanTerms
    example = EXAMPLE

    @classmethod
    def lower(cls, items: Sequence[tuple[str, DelayedDrawLoanTerms]], at: Lowerer) -> Lowered:
        """Terms to structure; values stay in the table of numbers."""
        ids = [name for name, _ in items]
        terms = [term for _, term in items]
        rates = [term.rate for term in terms]
        lender = at.parties([x.lender for x in terms])
        borrower = at.parties([x.borrower for x in terms])
        group = cls(
            profile=np.array([Profile[term.amortisation.upper()] for term in terms]),
            schedule=np.array([at.series(name, "schedule") for name in ids]),
            interest=facility.Interest.lower(rates, [x.day_count for x in terms], at),
            beside=facility.Beside.lower(items, at),
            remedies=Remedies.lower(items, at),
            prepayment=prepayment.Prepayment.lower(items, at),
            value=facility.values_of(
                [() if x.extension_ltv is None else x.collateral for x in terms], at
            ),
            borrower=borrower,
            payout=np.array([at.observe(f"parties.{term.borrower}.payout") for term in terms]),
            cfads=np.array([at.total(term.borrower, CFADS) for term in terms]),
            window=np.zeros(at.periods_per_year),
        )
        numbers = {**at.numbers(ids, *FIELDS), **at.optionals(ids, **LEFT_OUT)}
        protects = tuple(x.funds + (name,) * x.capitalise_interest for name, x in items)
        draw = facility.draw_line(lender, borrower, 1, protects)
        debt = facility.debt_lines(borrower, lender, [x.seniority for x in terms])
        more = lines(ids, borrower, lender, at)
        claims = (draw, *debt, *more, facility.sweep_line(borrower, lender))
        return Lowered(group, tuple(ids), numbers, claims, stops=borrower)

    def init(self, n: Numbers) -> DelayedDrawLoanState:
        """Nothing is drawn."""
        zero = jnp.zeros_like(n["amount"])
        history = trailing.no_history(jnp.asarray(self.window), zero)
        return DelayedDrawLoanState(no_debt(zero), zero, zero, zero, history)

    def _due(self, n: Numbers, s: DelayedDrawLoanState, month: Month) -> _Due:
        """What this month asks for."""
        t, signed = month.t, facility.signing(n["start"])
        closes = signed + n["availability"]
        finished = signed + jnp.maximum(n["availability"], n["interest_only"])
        built = t > finished + facility.ROUNDING
        going = (s.debt.accelerated == 0.0) & ~month.stopped[self.borrower]
        maturity = facility.closing(signed + n["term"] + s.extended * n["extension"])
        extends = jnp.where(going & (t == maturity), self._extendable(n, s, month), 0.0)
        maturity = facility.closing(maturity + extends * n["extension"])
        margin = n["rate"] + s.extended * n["extension_margin"]
        rate = self.interest.yearly(margin, n["floor"], month)
        long = n["amortise_over"] < 1e8
        last = jnp.where(long, facility.closing(finished + n["amortise_over"]), maturity)
        left, profile = s.debt.balance - s.debt.overdue, jnp.asarray(self.profile)[:, None]
        cycle = timetable.Cycle(n["principal_every"], jnp.floor(finished + facility.ROUNDING), last)
        share = month.obs[self.schedule]
        regular = cycle.principal(profile, left, rate * month.years, t, share)
        pays = timetable.Cycle(n["interest_every"], signed, maturity).here(t)
        accrual = self.interest.years(month.period)
        undrawn = jnp.maximum(n["amount"] - s.drawn, 0.0)
        available = (t >= signed) & (t <= closes + facility.ROUNDING) & (t < maturity) & going
        waiting = between(signed, jnp.minimum(closes, maturity), t) * accrual
        upfront = jnp.where(t == signed, n["upfront_fee"] * n["amount"], 0.0)
        early = self.prepayment.early(n, s.debt, rate, finished, maturity, month)
        scheduled, pays = jnp.where((t >= maturity) | early.now, left, regular), pays | early.now
        service = due(s.debt, rate * accrual, scheduled, Timing(pays))
        once = upfront + extends * n["extension_fee"] * s.debt.balance + early.premium
        return _Due(
            service=service,
            regular=regular,
            fee=jnp.where(going, n["commitment_fee"] * undrawn * waiting, 0.0) + once,
            limit=jnp.where(available, undrawn, 0.0),
            built=built,
            counted=jnp.where(built, service.accrued + regular, 0.0),
            extends=extends,
            between=built & ~(pays | (cycle.here(t) & (profile != Profile.BULLET))),
        )

    def _extendable(self, n: Numbers, s: DelayedDrawLoanState, month: Month) -> Array:
        """[K, P] 1.0 where an extension is left and its conditions hold."""
        left = s.extended + 1.0 <= n["extensions"] + facility.ROUNDING
        clean = (s.debt.arrears == 0.0) & (s.debt.overdue == 0.0) & (s.debt.balance > 0.0)
        cover = trailing.trailing_dscr(s.history) >= n["extension_dscr"] * (1.0 - 1e-9)
        worth = n["extension_ltv"] * (1.0 + 1e-9) * jnp.sum(month.obs[self.value], axis=1)
        covered = (s.debt.balance <= worth) | (n["extension_ltv"] >= LEFT_OUT["extension_ltv"])
        return jnp.where(left & clean & cover & covered, 1.0, 0.0)

    def publish(self, n: Numbers, s: DelayedDrawLoanState, month: Month) -> Amounts:
        """Balance, state and cover at the start of the month."""
        now = self._due(n, s, month)
        shown = trailing.published(s.debt, s.history, now.counted, now.service)
        return {**shown, "drawn": s.drawn}

    def claim(self, n: Numbers, s: DelayedDrawLoanState, month: Month) -> Amounts:
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
        self, n: Numbers, s: DelayedDrawLoanState, month: Month, claimed: Amounts, paid: Amounts
    ) -> tuple[DelayedDrawLoanState, Mapping[str, Array]]:
        """Draw, repay, carry arrears, extend, test cover."""
        paid = applied(paid)
        now = self._due(n, s, month)
        left, lost = settled(s.debt, now.service, claimed, paid, n["grace"], month.obs[self.payout])
        asked = now.service.accrued + now.regular
        both = month.past[self.cfads], now.counted, self.beside.due(month)
        history = trailing.remember(s.history, month.period, *both, now.between)
        breach = jnp.where(now.built, trailing.breaches(history, n["default_dscr"], s.breach), 0.0)
        balance = jnp.maximum(left.balance - paid["sweep"], 0.0) + paid["draw"]
        debt = called(left._replace(balance=balance, scheduled=asked), breach, n["grace"])
        debt = self.remedies.called(debt, month)
        repaid = paid["principal"] + paid["sweep"]
        error = debt.balance - (s.debt.balance + paid["draw"] - repaid - lost)
        drawn, extended = s.drawn + paid["draw"], s.extended + now.extends
        state = DelayedDrawLoanState(debt, drawn, extended, breach, history)
        return state, {"stop": stops(debt), "roll_error": error}
