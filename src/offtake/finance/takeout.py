"""Take-outs: how much a lender would advance today to repay other loans, and at what price.

    V(t)        = market value of the pledged cohorts
    C(t)        = mean per period, over the last year, of the borrower's cash flow (CFADS) less the
                  service of its other debt that ranks senior or equal, what is repaid apart
    capacity(t) = min(amount, LTV x V, C / DSCR x factor(rate, n))

with n the periods over which the loan would be repaid in level payments, and factor the annuity's
(`finance.annuity`). What is tested is what the path shows at the start of the month: no forecast.
The market is shut while the spread is above a limit.

References:
    1. E. R. Yescombe, Principles of Project Finance, 2nd ed., Academic Press 2014, § 13.3.
"""

from collections.abc import Sequence
from typing import Literal, NamedTuple

from pydantic import Field, model_validator

from offtake.core.arrays import Array, jnp
from offtake.core.contract import IntArray, Lowerer, Month
from offtake.core.errors import Mistake, mistake_at
from offtake.core.flows import ALL_THERE_IS
from offtake.core.terms import (
    ContractName,
    Duration,
    LoanRate,
    Money,
    PartyName,
    PledgedName,
    Rate,
    RateSeries,
    Ratio,
    Share,
    Terms,
    When,
    default,
)
from offtake.finance.annuity import annuity_factor
from offtake.finance.facility import Beside, counts_with, padded, values_of
from offtake.finance.loan_terms import DayCount


class TakeoutTerms(Terms):
    """Terms of a loan that repays others; times count from its first draw."""

    lender: PartyName
    """Party that lends."""
    borrower: PartyName
    """Party whose loans are repaid, and that owes this one."""
    funds: tuple[ContractName, ...] = Field(min_length=1)
    """Loans whose principal is repaid from it when it falls due and cash is short."""
    weight: Ratio = default("1")
    """Share of the draw relative to other funding of the same claims."""
    amount: Money
    """Commitment: the most that is lent, USD."""
    ltv: Share | None = None
    """Most that is lent, as a share of the market value of the pledged cohorts."""
    dscr: Ratio = default("0")
    """Cover by the cash flow of the last year that the loan needs; 0 is no test."""
    start: When | None = None
    """First date on which it can be drawn; the start of the plan if left out."""
    availability: Duration = default("12 months")
    """Time from then during which it can be drawn, months."""
    rate: LoanRate
    """Fixed rate, or a margin over a base rate, per year; the spread comes on top."""
    floor: Rate = default("0 %/year")
    """Lowest value of the base rate, per year; floating rates only."""
    spread: RateSeries = default("0 %/year")
    """What the market asks on top, per year, usually a driver; fixed for what is drawn."""
    shut_above: Rate | None = None
    """Spread above which the market is shut, per year; never if left out."""
    upfront_fee: Share = default("0 %")
    """Fee in the period after a draw, as a share of it."""
    term: Duration
    """Time from the first draw to maturity, months."""
    amortisation: Literal["bullet", "linear", "annuity"] = "linear"
    """How principal falls due."""
    amortise_over: Duration | None = None
    """Time from the first draw over which the profile repays everything, and over which cover is
    tested, months; until maturity if left out. Where it is longer, the rest is a balloon."""
    interest_every: Duration = default("1 month")
    """Time between two payments of interest, months."""
    principal_every: Duration = default("1 month")
    """Time between two payments of principal, months."""
    day_count: DayCount = "30/360"
    """Day count convention of interest."""
    seniority: Literal["senior", "junior"] = "senior"
    """Place in the borrower's waterfall."""
    grace: Duration = default("3 months")
    """How long a payment may be overdue before the loan is called, months."""
    cross_default: Literal["*"] | tuple[ContractName, ...] = ()
    """Debts whose acceleration calls the loan too; * is all debt of the borrower."""
    collateral: tuple[PledgedName, ...] = ()
    """What is pledged: cohorts, by whose value the loan to value is measured, a site."""

    @model_validator(mode="after")
    def _pledges_something(self) -> "TakeoutTerms":
        """A loan to value of nothing."""
        if self.ltv is not None and not self.collateral:
            raise mistake_at(
                Mistake(
                    code="takeout-collateral",
                    found="ltv, without collateral",
                    expected="collateral: with the cohorts whose value it is a share of",
                    mend="add collateral: [NAME], or delete ltv",
                ),
                "ltv",
            )
        return self


class Cover(NamedTuple):
    """Cash flow after other debt of the last W periods."""

    free: Array
    """[W, K, P] USD"""


def no_cover(window: Array, like: Array) -> Cover:
    """Nothing yet. window: [W]; like: [K, P]."""
    return Cover(jnp.zeros((window.shape[0], *like.shape)))


def kept(cover: Cover, t: Array, free: Array) -> Cover:
    """The last year with period t in it. t: [] an integer; free: [K, P] USD."""
    return Cover(cover.free.at[t % cover.free.shape[0]].set(free))


def mean_of(cover: Cover, t: Array) -> Array:
    """Mean per period over the last year, or since the start, USD [K, P], at the start of t.

    The opening has no length: what moves in it counts, itself as a period it does not.
    """
    periods = jnp.clip(t - 1.0, 1.0, float(cover.free.shape[0]))
    return jnp.sum(cover.free, axis=0) / periods


class Collateral(NamedTuple):
    """What K take-outs look at."""

    value: IntArray
    """[K, cohorts] observation of pledged cohorts, USD; zero where there are fewer"""
    others: Beside
    """other debt that ranks senior or equal, what is repaid apart"""

    @classmethod
    def lower(cls, items: Sequence[tuple[str, TakeoutTerms]], at: Lowerer) -> "Collateral":
        """Names and terms of K take-outs to structure."""
        others = [
            [
                at.observe(f"contracts.{name}.service_due")
                for name, seniority in at.debts(terms.borrower, "service_due")
                if name not in (own, *terms.funds) and counts_with(seniority, terms.seniority)
            ]
            for own, terms in items
        ]
        return cls(values_of([x.collateral for _, x in items], at), Beside(padded(others, at)))

    def worth(self, month: Month) -> Array:
        """Market value of what is pledged, USD [K, P]."""
        return jnp.sum(month.obs[self.value], axis=1)


def carried(mean: Array, dscr: Array, rate: Array, periods: Array) -> Array:
    """Debt that a cash flow carries in level payments, USD [K, P]; no limit where dscr is 0.

    Args:
        mean: cash flow of a period, USD [K, P].
        dscr: cover asked for, [K, P].
        rate: of one period, [K, P].
        periods: of level payments, [K, P].
    """
    tested = dscr > 0.0
    payment = jnp.maximum(mean, 0.0) / jnp.where(tested, dscr, 1.0)
    return jnp.where(tested, payment * annuity_factor(rate, periods), ALL_THERE_IS)
