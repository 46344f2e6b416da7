"""Project bond: notes issued at once, with a fixed coupon, repaid by schedule out of one project.

    proceeds     = amount x (issue price - issue costs), in the period of the start
    coupon(t)    = interest on B(s-1) at the rate, summed over the periods s since the last date
    principal(t) = annuity: level payment less interest;  linear: B / n;  bullet: B at maturity;
                   scheduled: B(t-1) x share(t) / (1 - shares of dates before t)
    redeemed(t)  = of the cash left above the borrower's minimum, at most what may be redeemed
    B(t)         = B(t-1) + issued - principal paid - redeemed / redemption price - written off

Payment dates lie `interest_every` apart, counted back from maturity: a first coupon may be short. n
of them remain. Principal falls due after `interest_only`; what the profile leaves at maturity is a
balloon. May be redeemed: what a construction account gives back (`redeemed_from`), and everything
once a lease is over (`swept_after`).

Reads what a term loan does, surplus of the account, end of the lease. Publishes what a term loan
does (service_due is none while interest only, dscr counts after that), proceeds and accruing
(interest added) of this period, redeemed.
On shortfall: as for a term loan.

References:
    1. E. R. Yescombe, Principles of Project Finance, 2nd ed., Academic Press 2014, §5.3.
    2. ACTUS Financial Research Foundation, technical specification v1.1: PAM, LAM, ANN.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray
from pydantic import model_validator

from offtake.core.arrays import Array, jnp
from offtake.core.contract import Amounts, IntArray, Line, Lowered, Lowerer, Month, Numbers
from offtake.core.flows import ALL_THERE_IS, CFADS, Flow, Rank
from offtake.core.terms import (
    AssetName,
    ContractName,
    Duration,
    FacePrice,
    Money,
    PartyName,
    Rate,
    Share,
    ShareSeries,
    Terms,
    When,
    default,
)
from offtake.finance import facility
from offtake.finance.amortisation import Profile
from offtake.finance.bond_dates import Schedule, backwards, schedule_mistake
from offtake.finance.enforcement import Remedies, applied, lines
from offtake.finance.servicing import Debt, Service, Timing, due, no_debt, settled, stops
from offtake.finance.trailing import PUBLISHED, Trailing, no_history, published, remember


class ProjectBondTerms(Terms):
    """What a plan writes for a project bond."""

    kind: Literal["project_bond"]
    lender: PartyName
    """Party that buys the notes."""
    borrower: PartyName
    """Party that issues them."""
    amount: Money
    """Face value, issued at the start, USD."""
    issue_price: FacePrice = default("100 %")
    """What holders pay for the notes, as a share of face value; below 1 at a discount."""
    rate: Rate
    """Fixed coupon, per year."""
    start: When | None = None
    """Date of issue; the start of the plan if left out."""
    term: Duration
    """Time from issue to maturity, months."""
    interest_every: Duration = default("6 months")
    """Time between two payment dates, counted back from maturity, months."""
    interest_only: Duration = default("0 months")
    """Time from issue before principal is due, months."""
    amortisation: Literal["bullet", "linear", "annuity", "scheduled"] = "annuity"
    """How principal falls due."""
    schedule: ShareSeries | None = None
    """Principal due on each date, as a share of face value; for `scheduled` only."""
    issue_costs: Share = default("0 %")
    """Costs of the issue paid out of the proceeds, as a share of face value."""
    arranger: PartyName | None = None
    """Party that receives the costs of issue; the lender if left out."""
    redeemed_from: ContractName | None = None
    """Construction account whose rest redeems notes; the borrower keeps it if left out."""
    swept_after: ContractName | None = None
    """Site lease after whose end all cash that is left redeems notes; none if left out."""
    redemption_price: FacePrice = default("100 %")
    """What the borrower pays per face value that it redeems early; above 1 with a premium."""
    day_count: Literal["A/360", "A/365", "30/360", "30E/360", "A/A ISDA"] = "30/360"
    """Day count convention of the coupon."""
    seniority: Literal["senior", "junior"] = "senior"
    """Place in the borrower's waterfall."""
    grace: Duration = default("1 month")
    """How long a payment may be overdue before the notes are called, months."""
    cross_default: Literal["*"] | tuple[ContractName, ...] = ()
    """Debts whose acceleration calls the notes too; * is all debt of the borrower."""
    collateral: tuple[AssetName, ...] = ()
    """What is pledged: cohorts, a site, a contract."""

    @model_validator(mode="after")
    def _schedule_of_dates(self) -> "ProjectBondTerms":
        if mistake := schedule_mistake(self.amortisation == "scheduled", self.schedule):
            raise mistake
        return self


EXAMPLE = ProjectBondTerms.model_validate(
    {
        "kind": "project_bond",
        "lender": "bank",
        "borrower": "company",
        "amount": "1,000 USD",
        "issue_price": "98 %",
        "rate": "12 %/year",
        "term": "12 months",
        "interest_every": "3 months",
        "interest_only": "4 months",
        "issue_costs": "1 %",
    }
)

FIELDS = (
    *("amount", "issue_price", "rate", "term", "interest_every", "interest_only", "issue_costs"),
    *("redemption_price", "grace"),
)
"""Numbers that every contract has."""


class ProjectBondState(NamedTuple):
    """State of the group."""

    debt: Debt
    redeemed: Array
    """[K, P] face value redeemed early so far, USD"""
    history: Trailing


class _Due(NamedTuple):
    """What one period asks for, every leaf [K, P]."""

    service: Service
    balloon: Array
    """principal at maturity beyond the profile, USD"""
    counted: Array
    """interest and principal that cash flow has to cover, USD; none while interest only"""
    between: Array
    """True after that time in a period between two dates"""
    redeemable: Array
    """most face value that may be redeemed early, USD"""
    accruing: Array
    """interest that the period adds, USD"""


class ProjectBond(NamedTuple):
    """A group of project bonds."""

    profile: IntArray
    """[K] `finance.amortisation.Profile`; of scheduled ones not used"""
    schedule: Schedule
    accrual: NDArray[np.float64]
    """[K, T] day count fractions, years"""
    beside: facility.Beside
    remedies: Remedies
    payout: IntArray
    """[K] observation: share of its claims that the borrower meets"""
    cfads: IntArray
    """[K] registered total: the borrower's cash flow available for debt service"""
    surplus: IntArray
    """[K] observation: what the construction account gives back, USD"""
    over: IntArray
    """[K] observation: 1.0 once the lease is over"""
    window: NDArray[np.float64]
    """[W] zeros; its length is the number of periods in a year"""

    kind = "project_bond"
    stage = "primary"
    published = (*PUBLISHED, "proceeds", "accruing", "redeemed")
    Terms = ProjectBondTerms
    example = EXAMPLE

    @classmethod
    def lower(cls, items: Sequence[tuple[str, ProjectBondTerms]], at: Lowerer) -> Lowered:
        """Terms to structure; values stay in the table of numbers."""
        ids = [name for name, _ in items]
        terms = [term for _, term in items]

        def watch(contract: str | None, value: str) -> int:
            return at.observe(f"contracts.{contract}.{value}" if contract else "zero")

        schedule, shares = Schedule.lower(
            [(f"contracts.{name}.schedule", x.schedule) for name, x in items], at
        )
        profiles = [x.amortisation.upper().replace("SCHEDULED", "BULLET") for x in terms]
        group = cls(
            profile=np.array([Profile[name] for name in profiles]),
            schedule=schedule,
            accrual=np.stack([at.accrual(term.day_count) for term in terms]),
            beside=facility.Beside.lower(items, at),
            remedies=Remedies.lower(items, at),
            payout=np.array([at.observe(f"parties.{term.borrower}.payout") for term in terms]),
            cfads=np.array([at.total(term.borrower, CFADS) for term in terms]),
            surplus=np.array([watch(term.redeemed_from, "surplus") for term in terms]),
            over=np.array([watch(term.swept_after, "vacated") for term in terms]),
            window=np.zeros(at.periods_per_year),
        )
        lender = at.parties([x.lender for x in terms])
        borrower = at.parties([x.borrower for x in terms])
        rank_in, rank_out = (np.full(len(ids), int(r)) for r in (Rank.CAPITAL_IN, Rank.SWEEP))
        fee, *rest = facility.debt_lines(borrower, lender, [term.seniority for term in terms])
        claims = (
            Line("advance", Flow.CAPITAL_IN, lender, borrower, rank_in),
            replace(fee, payee=at.parties([x.arranger or x.lender for x in terms])),
            *rest,
            *lines(ids, borrower, lender, at),
            Line("redemption", Flow.PRINCIPAL, borrower, lender, rank_out, form="residual"),
        )
        numbers = {**at.numbers(ids, *FIELDS), **at.optionals(ids, start=0.0), **shares}
        return Lowered(group, tuple(ids), numbers, claims, stops=borrower)

    def init(self, n: Numbers) -> ProjectBondState:
        """Nothing is owed before the issue."""
        zero = jnp.zeros_like(n["amount"])
        return ProjectBondState(no_debt(zero), zero, no_history(jnp.asarray(self.window), zero))

    def _due(self, n: Numbers, s: Debt, month: Month) -> _Due:
        """What this period asks for."""
        t, left = month.t, s.balance - s.overdue
        begin = facility.signing(n["start"])
        last = facility.closing(begin + n["term"])
        free = jnp.floor(begin + n["interest_only"] + facility.ROUNDING)
        pays = backwards(n["interest_every"], begin, last)
        repays = backwards(n["interest_every"], free, last)
        profile = jnp.asarray(self.profile)[:, None]
        by_profile = repays.principal(profile, left, n["rate"] * month.years, t)
        dated = jnp.where(t > free, self.schedule.principal(n, left, t), 0.0)
        regular = jnp.where(jnp.asarray(self.schedule.stated) > 0.0, dated, by_profile)
        scheduled = jnp.where(t >= last, left, regular)
        rate = n["rate"] * jnp.asarray(self.accrual)[:, month.period][:, None]
        here = pays.here(t) | (regular > 0.0)
        service = due(s, rate, scheduled, Timing(here))
        may = jnp.where(month.obs[self.over] > 0.5, ALL_THERE_IS, month.obs[self.surplus])
        most = jnp.maximum(s.balance - service.principal, 0.0)
        return _Due(
            service=service,
            balloon=scheduled - regular,
            counted=jnp.where(t > free, service.accrued + regular, 0.0),
            between=(t > free) & ~here,
            redeemable=jnp.where(
                s.accelerated > 0.0, 0.0, jnp.minimum(may / n["redemption_price"], most)
            ),
            accruing=s.balance * rate,
        )

    def _issued(self, n: Numbers, month: Month) -> Array:
        """Face value issued in this period, USD [K, P]."""
        return jnp.where(facility.signing(n["start"]) == month.t, n["amount"], 0.0)

    def publish(self, n: Numbers, s: ProjectBondState, month: Month) -> Amounts:
        """Balance, state and cover at the start of the period; proceeds and interest of it."""
        now, issued = self._due(n, s.debt, month), self._issued(n, month)
        return {
            **published(s.debt, s.history, now.counted, now.service),
            "proceeds": issued * jnp.maximum(n["issue_price"] - n["issue_costs"], 0.0),
            "accruing": now.accruing,
            "redeemed": s.redeemed,
        }

    def claim(self, n: Numbers, s: ProjectBondState, month: Month) -> Amounts:
        """Issue and its costs at the start; coupon, principal and redemption after it."""
        now, issued = self._due(n, s.debt, month), self._issued(n, month)
        asked = {
            "advance": issued * n["issue_price"],
            "fee": issued * n["issue_costs"],
            "redemption": now.redeemable * n["redemption_price"],
        }
        return self.remedies.claims(month, now.service, s.debt, asked)

    def settle(
        self, n: Numbers, s: ProjectBondState, month: Month, claimed: Amounts, paid: Amounts
    ) -> tuple[ProjectBondState, Mapping[str, Array]]:
        """Repay, redeem, carry arrears, add the issue."""
        paid = applied(paid)
        now = self._due(n, s.debt, month)
        left, lost = settled(s.debt, now.service, claimed, paid, n["grace"], month.obs[self.payout])
        issued = paid["advance"] / n["issue_price"]
        redeemed = paid["redemption"] / n["redemption_price"]
        balance = jnp.maximum(left.balance - redeemed, 0.0) + issued
        asked = now.service.accrued + now.service.scheduled - now.balloon
        debt = self.remedies.called(left._replace(balance=balance, scheduled=asked), month)
        beside, cash_flow = self.beside.due(month), month.past[self.cfads]
        history = remember(s.history, month.period, cash_flow, now.counted, beside, now.between)
        error = balance - (s.debt.balance + issued - paid["principal"] - redeemed - lost)
        state = ProjectBondState(debt, s.redeemed + redeemed, history)
        return state, {"stop": stops(debt), "roll_error": error}
