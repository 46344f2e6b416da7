"""What a lease of a site states."""

from typing import Literal

from pydantic import model_validator

from offtake.core.errors import Mistake
from offtake.core.terms import (
    CostPerMWYear,
    CostPerMWYearSeries,
    Count,
    Duration,
    MoneyFlow,
    NetCostPerMWYearSeries,
    PartyName,
    Rate,
    Ratio,
    ShareSeries,
    SiteName,
    Terms,
    When,
    default,
)
from offtake.finance.policy import check_policy


class LeaseTerms(Terms):
    """Terms of a site lease."""

    landlord: PartyName
    """Party that owns the site."""
    tenant: PartyName
    """Party that rents it."""
    site: SiteName
    """Site that is let."""
    phases: tuple[int, ...] | None = None
    """Phases that are let, counted from 0; all of them if left out."""
    per_mw: CostPerMWYear = default("0 USD/MW/year")
    """Rent per MW of energised IT power and time, in the first year, USD/MW/year."""
    rent: MoneyFlow = default("0 USD/year")
    """Rent per time whatever is energised, in the first year, USD/year."""
    term: Duration
    """Length of the lease, months."""
    start: When | None = None
    """First day of the term; the day on which the first phase is energised if left out."""
    escalator: Rate = default("0 %/year")
    """Growth of the rent on every anniversary of the start, per year."""
    rent_free: Duration = default("0 months")
    """Time from the start for which no rent is due, months."""
    grace: Duration = default("3 months")
    """How long rent may be overdue before the landlord ends the lease, months."""
    renewals: Count = default("0")
    """How many times the tenant may renew."""
    renewal: Duration = default("12 months")
    """Length of each renewal, months."""
    notice: Duration = default("0 months")
    """How long before the end of the term the tenant decides whether it renews, months."""
    market_rent: CostPerMWYearSeries | None = None
    """Rent of another site as good, usually a driver, USD/MW/year; none is as good if left out."""
    switching_cost: Ratio = default("0 %")
    """What moving costs the tenant, as a share of the market rent."""
    needs: ShareSeries = default("100 %")
    """Share of the site that the tenant still needs, usually a driver; it renews from 50 % on."""
    exercise: Literal["rule", "fitted"] = "rule"
    """Whether the tenant goes by the rule on rents and need, or by a fitted policy."""
    policy: tuple[NetCostPerMWYearSeries, ...] = ()
    """The fitted policy, USD/MW/year: five numbers, and five times `needs`; worked out where it is
    left out."""

    @property
    def unfitted(self) -> bool:
        """Whether a policy is to be worked out before a run."""
        return self.exercise == "fitted" and not self.policy

    @model_validator(mode="after")
    def _policy(self) -> "LeaseTerms":
        check_policy(self, "exercise", "exercise-policy")
        if self.exercise == "fitted" and self.market_rent is None:
            raise Mistake(
                code="market-rent-missing",
                found="exercise: fitted without the rent of another site",
                expected="market_rent: what such a site costs elsewhere, by which it is judged",
                mend="add market_rent: with a rent or a driver, or delete exercise",
            )
        return self
