"""What a construction loan agreement states that turns into a term loan (a mini-perm)."""

from offtake.core.terms import ContractName, Duration, Money, Rate, Ratio, Share, SiteName, default
from offtake.finance.loan_terms import LoanTerms


class MiniPermTerms(LoanTerms):
    """Terms of a loan for construction and the years after it; principal is due in these."""

    funds: tuple[ContractName, ...]
    """Contracts whose claims on the borrower are met by draws when cash is short."""
    weight: Ratio = default("1")
    """Share of the draw relative to other funding of the same claims."""
    site: SiteName
    """Site whose phases have to be energised: commercial operation."""
    longstop: Duration
    """Time from signing by which the loan has to be converted, months."""
    budget: Money | None = None
    """Capital cost of the whole, USD; no test of balance if left out."""
    cost_share: Share = default("100 %")
    """Share of the cost to completion that what is undrawn has to cover."""
    conversion_dscr: Ratio = default("0")
    """Cover of the term loan's level payment that conversion needs; 0 is no test."""
    conversion_ltv: Ratio | None = None
    """Balance over the market value of the cohorts in `collateral` that conversion needs."""
    term: Duration
    """Time from conversion to maturity, months."""
    amortise_over: Duration | None = None
    """Time from conversion over which the profile repays everything, months; until maturity if
    left out. Where it is longer, the rest is a balloon at maturity."""
    step_up: Rate = default("0 %/year")
    """What every step adds to the rate, per year."""
    step_every: Duration = default("12 months")
    """Time from conversion between two steps, months."""
    commitment_fee: Rate = default("0 %/year")
    """Fee on what is not drawn before conversion, per year."""
