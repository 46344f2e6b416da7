"""What every loan agreement states, whatever the kind of loan."""

from typing import Any, Literal

from pydantic import model_validator

from offtake.core.errors import Mistake, mistake_at
from offtake.core.terms import (
    AssetName,
    ContractName,
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
from offtake.finance.sizing import Sizing

Amortisation = Literal["bullet", "linear", "annuity", "sculpted"]
DayCount = Literal["A/360", "A/365", "30/360", "30E/360", "A/A ISDA"]


class LoanTerms(Terms):
    """Terms that loans have in common; times count from signing."""

    lender: PartyName
    """Party that commits the money."""
    borrower: PartyName
    """Party that draws and repays it."""
    amount: SizedMoney
    """Principal, the most that can be drawn, USD; `sized` for as much as `sizing` allows."""
    sizing: Sizing | None = None
    """Limits within which a sized amount is made as large as possible."""
    rate: LoanRate
    """Fixed rate, or a margin over a base rate, per year."""
    floor: Rate = default("0 %/year")
    """Lowest value of the base rate, per year; floating rates only."""
    start: When | None = None
    """Date of signing; the start of the plan if left out."""
    interest_only: Duration = default("0 months")
    """Time from signing before principal is due, months; at least the availability."""
    amortisation: Amortisation = "bullet"
    """How principal falls due."""
    schedule: ShareSeries | None = None
    """Principal due in each period as a share of the balance before it; sculpted loans only, worked
    out where the amount is sized."""
    interest_every: Duration = default("1 month")
    """Time between two payments of interest, from signing, months."""
    principal_every: Duration = default("1 month")
    """Time between two payments of principal, from the end of the time without, months."""
    sweep: Share = default("0 %")
    """Share of the excess cash flow of the period before that repays the loan early."""
    upfront_fee: Share = default("0 %")
    """Fee on signing, as a share of the amount."""
    day_count: DayCount = "30/360"
    """Day count convention of interest and fees."""
    seniority: Literal["senior", "junior"] = "senior"
    """Place in the borrower's waterfall."""
    grace: Duration = default("3 months")
    """How long a payment may be overdue, or cover too low, before the loan is called, months."""
    cross_default: Literal["*"] | tuple[ContractName, ...] = ()
    """Debts whose acceleration calls the loan too; * is all debt of the borrower."""
    collateral: tuple[AssetName, ...] = ()
    """What is pledged: cohorts, a site, a contract."""
    prepaid_by: ContractName | None = None
    """Refinancing out of which the borrower repays the loan early once it is cheaper."""
    prepayment_saving: Rate = default("0 %/year")
    """Fall of the yearly cost, fees and premium spread over the time left, that makes it prepay."""
    call_premium: ShareSeries = default("0 %")
    """Premium on what is prepaid; may change over time."""
    no_call: Duration = default("0 months")
    """Time during which the loan cannot be prepaid, months: from signing, of a delayed-draw loan
    from the end of construction."""

    @model_validator(mode="after")
    def _whole(self) -> "LoanTerms":
        """Sizing and schedule stand where they are needed and nowhere else."""
        check_structure(self)
        return self


def check_end(terms: Any) -> None:
    """Refuse a loan with two ends or none: term or maturity.

    Raises:
        Mistake: for the loan.
    """
    if (terms.term is None) == (terms.maturity is None):
        both = terms.term is not None
        raise Mistake(
            code="loan-end",
            found="both term and maturity" if both else "neither term nor maturity",
            expected="one of them",
            mend="delete one" if both else "add term: 5 years or maturity: 2031-06-30",
        )


def check_structure(terms: Any) -> None:
    """Refuse a sized amount without limits, limits without a sized amount, a schedule too many.

    Raises:
        Mistakes: at the field that is wrong.
    """
    if terms.amount.sized and terms.sizing is None:
        raise mistake_at(
            Mistake(
                code="sizing-missing",
                found="amount: sized, without limits",
                expected="sizing: with at least one limit, such as {dscr: 1.3}",
                mend="add sizing, or write an amount",
            ),
            "amount",
        )
    sculpted = terms.amortisation == "sculpted"
    if sculpted and terms.amount.sized and not terms.sizing.dscr:
        raise mistake_at(
            Mistake(
                code="sizing-missing",
                found="amortisation: sculpted, without a cover to sculpt to",
                expected="sizing: with dscr, such as {dscr: 1.3}",
                mend="add dscr to sizing, or write another amortisation",
            ),
            "sizing",
        )
    if sculpted and terms.schedule is None and not terms.amount.sized:
        raise mistake_at(
            Mistake(
                code="schedule-missing",
                found="amortisation: sculpted, with an amount and no schedule",
                expected="amount: sized, or a schedule of shares of the balance",
                mend="write amount: sized with sizing, or add a schedule",
            ),
            "amortisation",
        )
    if terms.schedule is not None and not sculpted:
        raise mistake_at(
            Mistake(
                code="schedule-unused",
                found=f"a schedule, with amortisation: {terms.amortisation}",
                expected="a schedule with amortisation: sculpted only",
                mend="write amortisation: sculpted, or delete the schedule",
            ),
            "schedule",
        )
