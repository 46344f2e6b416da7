"""What the agreement on a convertible note states."""

from typing import Literal

from pydantic import model_validator

from offtake.core.errors import Mistake
from offtake.core.terms import (
    ContractName,
    Count,
    Duration,
    Money,
    MoneySeries,
    PartyName,
    Rate,
    Ratio,
    Share,
    Terms,
    When,
    default,
)
from offtake.finance.loan_terms import DayCount


class AgreedTerms(Terms):
    """All but the kind."""

    lender: PartyName
    """Holder of the notes."""
    borrower: PartyName
    """Company that issues them."""
    amount: Money
    """Face value, issued at the start, USD."""
    rate: Rate
    """Coupon, per year."""
    payment: Literal["cash", "in_kind"] = "cash"
    """Whether interest is paid, or added to the balance."""
    start: When | None = None
    """Date of issue; the start of the plan if left out."""
    term: Duration
    """Time from issue to maturity, months."""
    interest_every: Duration = default("6 months")
    """Time between two dates of interest, from issue, months."""
    upfront_fee: Share = default("0 %")
    """Fee on issue, as a share of the amount."""
    conversion_price: Money | None = None
    """Price of conversion, USD a share. Either this or `converts_on`."""
    call_from: When | None = None
    """Date from which the issuer may force conversion; never before maturity if left out."""
    call_trigger: Ratio = default("130 %")
    """Share price over the price of conversion from which it does."""
    converts_on: ContractName | None = None
    """Milestone equity or public offering on whose next raise it converts."""
    cap: Money | None = None
    """Highest price at which it then converts, USD a share; none if left out."""
    discount: Share = default("20 %")
    """By how much it then converts below the price of the raise."""
    share_price: MoneySeries
    """Price of a common share, USD; usually a driver."""
    outstanding: Count = default("1")
    """Shares before it, of owners whose `share` adds up to 1; 1 for a price of them all."""
    distributions_from: When | None = None
    """No distribution before this date."""
    day_count: DayCount = "30/360"
    """Day count convention of the coupon."""
    seniority: Literal["senior", "junior"] = "junior"
    """Place in the borrower's waterfall."""
    grace: Duration = default("1 month")
    """How long a payment may be overdue before the notes are called, months."""
    cross_default: Literal["*"] | tuple[ContractName, ...] = ()
    """Debts whose acceleration calls the notes too; * is all debt of the borrower."""

    @model_validator(mode="after")
    def _one_price(self) -> "AgreedTerms":
        """At a stated price, or on a raise."""
        if (self.conversion_price is None) == (self.converts_on is None):
            both = self.converts_on is not None
            raise Mistake(
                code="convertible-price",
                found="both conversion_price and converts_on"
                if both
                else "neither conversion_price nor converts_on",
                expected="one of them",
                mend="delete one" if both else "add conversion_price: 100 USD",
            )
        return self
