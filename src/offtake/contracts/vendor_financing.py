"""Vendor financing: chips sold on credit by their vendor, and paid for in instalments.

    deposit(t)   = down payment x price, once signed, less what was paid of it
    credit(t)    = purchase(t) = (1 - down payment) x price x sent(t) x share of the deposit paid
                   by t - 1, less what was lent so far, from the delivery date on
    interest(t)  = on instalment dates B(t-1) r(t) a(t) + earned since the last one; + arrears
    principal(t) = on instalment dates after `deferral`: linear: B / n; annuity: level payment less
                   interest; at the end of `term` all that is left
    B(t)         = B(t-1) + credit(t) - principal paid(t) - written off(t)

with price = units x price per chip, sent(t) the share of the cohort that its vendor has ready, a(t)
the day count fraction, of it only what lies after `interest_free`, and n the instalments that
remain. Times count from the delivery date. The vendor receives the purchase price as revenue and
lends it at once: two claims of one amount, each paid with the other (rank in kind). What was lent
by t - 1 sets the share of the cohort that is delivered in t (semantics §5.10).

Reads: units, price, delivery date and sent share of the cohort, the base rate's driver, payouts,
the borrower's cash flow (CFADS) and service due on its other debt that ranks senior or equal.
Publishes: balance, service, service_due, accelerated, arrears, owed, dscr, as a term loan does.
Signals: paid share.
On shortfall: of the deposit, it is claimed again and the chips stay with the vendor; of
instalments, as for a term loan. Nothing is sold on credit to a borrower in default or under a
called loan, nor by a vendor in default. The chips are the collateral (retention of title): a
security agreement that names them sells them.

References:
    1. F. J. Fabozzi, P. K. Nevitt, Project Financing, 7th ed., Euromoney 2000, ch. 13.
    2. Uniform Commercial Code § 9-103 (purchase-money security interest).
"""

from collections.abc import Mapping, Sequence
from typing import Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from offtake.core.arrays import Array, jnp
from offtake.core.contract import Amounts, IntArray, Line, Lowered, Lowerer, Month, Numbers
from offtake.core.flows import CFADS, Flow, Rank
from offtake.core.rows import ratio
from offtake.core.terms import (
    ChipsName,
    ContractName,
    Duration,
    LoanRate,
    PartyName,
    Rate,
    Share,
    Terms,
    When,
    default,
)
from offtake.finance import facility
from offtake.finance.amortisation import Profile
from offtake.finance.enforcement import Remedies, applied, lines
from offtake.finance.loan_terms import DayCount
from offtake.finance.servicing import Debt, Service, Timing, due, no_debt, settled, stops
from offtake.finance.span import after, reached
from offtake.finance.timetable import Cycle
from offtake.finance.trailing import PUBLISHED, Trailing, no_history, published, remember
from offtake.finance.unpaid import outstanding


class VendorFinancingTerms(Terms):
    """What a plan writes for vendor financing."""

    kind: Literal["vendor_financing"]
    lender: PartyName
    """Vendor, that sells the chips and lends their price."""
    borrower: PartyName
    """Party that buys the chips and pays for them in instalments."""
    chips: ChipsName
    """Cohort bought; it is pledged."""
    down_payment: Share = default("0 %")
    """Share of the price due on signing."""
    signed: When | None = None
    """Date of signing; the start of the plan if left out."""
    rate: LoanRate
    """Fixed rate, or a margin over a base rate, per year."""
    floor: Rate = default("0 %/year")
    """Lowest value of the base rate, per year; floating rates only."""
    interest_free: Duration = default("0 months")
    """Time from the delivery date for which no interest is due, months."""
    deferral: Duration = default("0 months")
    """Time from the delivery date before principal is due, months."""
    term: Duration
    """Time from the delivery date to the last instalment, months."""
    amortisation: Literal["bullet", "linear", "annuity"] = "linear"
    """How principal falls due."""
    instalment_every: Duration = default("1 month")
    """Time between two instalments, months."""
    upfront_fee: Share = default("0 %")
    """Fee on delivery, as a share of what is lent."""
    day_count: DayCount = "30/360"
    """Day count convention of interest."""
    seniority: Literal["senior", "junior"] = "senior"
    """Place in the borrower's waterfall."""
    grace: Duration = default("3 months")
    """How long an instalment may be overdue before all of them are called, months."""
    cross_default: Literal["*"] | tuple[ContractName, ...] = ()
    """Debts whose acceleration calls this one too; * is all debt of the borrower."""

    @property
    def collateral(self) -> tuple[str, ...]:
        """Title stays with the vendor until the last instalment."""
        return (self.chips,)


EXAMPLE = VendorFinancingTerms.model_validate(
    {
        "kind": "vendor_financing",
        "lender": "vendor",
        "borrower": "company",
        "chips": "batch",
        "down_payment": "20 %",
        "rate": "12 %/year",
        "interest_free": "1 month",
        "term": "4 months",
    }
)


FIELDS = (
    *("down_payment", "rate", "floor", "interest_free", "deferral", "term", "instalment_every"),
    *("upfront_fee", "grace"),
)
"""Numbers that every contract has."""
COHORT = ("units", "price", "deliver")
"""Numbers of the cohort."""


class VendorFinancingState(NamedTuple):
    """State of the group; amounts [K, P], USD."""

    debt: Debt
    deposit: Array
    """paid of the down payment"""
    lent: Array
    """so far"""
    history: Trailing


class _Due(NamedTuple):
    """What one period asks for, every leaf [K, P], USD."""

    service: Service
    regular: Array
    """scheduled principal, balloon apart"""
    deposit: Array
    credit: Array
    between: Array
    """True after delivery in a period between two instalments"""


class VendorFinancing(NamedTuple):
    """A group of sales on credit."""

    profile: IntArray
    """[K] `finance.amortisation.Profile`"""
    ready: IntArray
    """[K] observation: share of the cohort that the vendor has sent"""
    interest: facility.Interest
    beside: facility.Beside
    remedies: Remedies
    borrower: IntArray
    """[K] party"""
    payout: IntArray
    """[K] observation: share of its claims that the borrower meets"""
    vendor: IntArray
    """[K] observation: share of its claims that the vendor meets"""
    cfads: IntArray
    """[K] registered total: the borrower's cash flow available for debt service"""
    window: NDArray[np.float64]
    """[W] zeros; its length is the number of periods in a year"""

    kind = "vendor_financing"
    stage = "primary"
    published = PUBLISHED
    Terms = VendorFinancingTerms
    example = EXAMPLE

    @classmethod
    def lower(cls, items: Sequence[tuple[str, VendorFinancingTerms]], at: Lowerer) -> Lowered:
        """Terms to structure; values stay in the table of numbers."""
        ids, terms = [name for name, _ in items], [term for _, term in items]
        lender, borrower = (
            at.parties([getattr(x, f) for x in terms]) for f in ("lender", "borrower")
        )
        group = cls(
            profile=np.array([Profile[term.amortisation.upper()] for term in terms]),
            ready=np.array([at.observe(f"chips.{term.chips}.ready") for term in terms]),
            interest=facility.Interest.lower(
                [x.rate for x in terms], [x.day_count for x in terms], at
            ),
            beside=facility.Beside.lower(items, at),
            remedies=Remedies.lower(items, at),
            borrower=borrower,
            payout=np.array([at.observe(f"parties.{term.borrower}.payout") for term in terms]),
            vendor=np.array([at.observe(f"parties.{term.lender}.payout") for term in terms]),
            cfads=np.array([at.total(term.borrower, CFADS) for term in terms]),
            window=np.zeros(at.periods_per_year),
        )
        numbers = {**at.numbers(ids, *FIELDS), **at.optionals(ids, signed=0.0)}
        for what in COHORT:
            numbers[what] = np.array([at.number_at(f"chips.{x.chips}.{what}") for x in terms])
        cost, in_kind = (np.full(len(ids), int(r)) for r in (Rank.CAPITAL_COST, Rank.IN_KIND))
        claims = (
            Line("deposit", Flow.CAPITAL_COST, borrower, lender, cost),
            Line("purchase", Flow.CAPITAL_COST, borrower, lender, in_kind),
            Line("credit", Flow.CAPITAL_IN, lender, borrower, in_kind),
            *facility.debt_lines(borrower, lender, [term.seniority for term in terms]),
            *lines(ids, borrower, lender, at),
        )
        paid = {"paid": tuple(f"chips.{term.chips}.paid" for term in terms)}
        return Lowered(group, tuple(ids), numbers, claims, signals=paid, stops=borrower)

    def init(self, n: Numbers) -> VendorFinancingState:
        """Nothing is paid or lent."""
        zero = jnp.zeros_like(n["price"])
        history = no_history(jnp.asarray(self.window), zero)
        return VendorFinancingState(no_debt(zero), zero, zero, history)

    def _due(self, n: Numbers, s: VendorFinancingState, month: Month) -> _Due:
        """What this month asks for."""
        t, price = month.t, n["units"] * n["price"]
        going = (s.debt.accelerated == 0.0) & ~month.stopped[self.borrower]
        going = going & (month.obs[self.vendor] >= 1.0)
        down = n["down_payment"] * price
        asked = jnp.where(reached(n["signed"], t) & going, down, s.deposit)
        financed = (price - down) * month.obs[self.ready] * _share(s.deposit, down)
        lends = reached(n["deliver"], t) & going
        begin = facility.signing(n["deliver"])
        last = facility.closing(begin + n["term"])
        first = jnp.floor(begin + n["deferral"] + facility.ROUNDING)
        pays_on = Cycle(n["instalment_every"], begin, last)
        repays_on = Cycle(n["instalment_every"], first, last)
        charged = after(begin + n["interest_free"], t)
        rate = self.interest.yearly(n["rate"], n["floor"], month) * charged
        left, profile = s.debt.balance - s.debt.overdue, jnp.asarray(self.profile)[:, None]
        regular = repays_on.principal(profile, left, rate * month.years, t)
        pays = pays_on.here(t)
        accrued = rate * self.interest.years(month.period)
        service = due(s.debt, accrued, jnp.where(t >= last, left, regular), Timing(pays))
        repays = repays_on.here(t) & (profile != Profile.BULLET)
        return _Due(
            service=service,
            regular=regular,
            deposit=outstanding(asked, s.deposit),
            credit=jnp.where(lends, outstanding(financed, s.lent), 0.0),
            between=(t > begin) & ~(pays | repays),
        )

    def publish(self, n: Numbers, s: VendorFinancingState, month: Month) -> Amounts:
        """Balance, state and cover at the start of the month."""
        now = self._due(n, s, month)
        return published(s.debt, s.history, now.service.accrued + now.regular, now.service)

    def claim(self, n: Numbers, s: VendorFinancingState, month: Month) -> Amounts:
        """Down payment, what is bought and lent, fee and instalments."""
        now = self._due(n, s, month)
        asked = {
            "deposit": now.deposit,
            "purchase": now.credit,
            "credit": now.credit,
            "fee": n["upfront_fee"] * now.credit,
        }
        return self.remedies.claims(month, now.service, s.debt, asked)

    def settle(
        self, n: Numbers, s: VendorFinancingState, month: Month, claimed: Amounts, paid: Amounts
    ) -> tuple[VendorFinancingState, Mapping[str, Array]]:
        """Count the down payment, lend, repay, carry arrears."""
        paid = applied(paid)
        now = self._due(n, s, month)
        left, lost = settled(s.debt, now.service, claimed, paid, n["grace"], month.obs[self.payout])
        asked, lent = now.service.accrued + now.regular, paid["credit"]
        debt = left._replace(balance=left.balance + lent, scheduled=asked)
        debt = self.remedies.called(debt, month)
        both = month.past[self.cfads], asked, self.beside.due(month)
        history = remember(s.history, month.period, *both, now.between)
        error = debt.balance - (s.debt.balance + lent - paid["principal"] - lost)
        state = VendorFinancingState(debt, s.deposit + paid["deposit"], s.lent + lent, history)
        down = n["down_payment"] * n["units"] * n["price"]
        financed = n["units"] * n["price"] - down
        share = jnp.where(financed > 0.0, _share(state.lent, financed), _share(state.deposit, down))
        return state, {"stop": stops(debt), "roll_error": error, "paid": share}


def _share(paid: Array, price: Array) -> Array:
    """Share of a price that is paid, all of it where there is no price, [K, P]."""
    return jnp.minimum(ratio(paid, price), 1.0)
