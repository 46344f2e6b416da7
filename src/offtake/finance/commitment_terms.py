"""What a commitment to capacity states."""

from typing import Literal, Self

from pydantic import model_validator

from offtake.core.errors import Mistake
from offtake.core.terms import (
    Compute,
    ComputePriceSeries,
    ComputeSeries,
    ContractName,
    Duration,
    NetComputePriceSeries,
    PartyName,
    Rate,
    Ratio,
    Share,
    SiteName,
    Terms,
    When,
    default,
)
from offtake.finance.policy import check_policy


class GivesUp(Terms):
    """Right to give hours up for the rest of the term, once."""

    earliest: Duration = default("0 months")
    """Time from the start of the term until it may take effect, months."""
    notice: Duration = default("0 months")
    """Time between choice and effect, months."""
    fee: Share = default("0 %")
    """Fee, as a share of the take-or-pay payments that fall away."""

    exercise: Literal["rule", "fitted"] = "rule"
    """Whether the buyer goes by the rule on price and need, or by a fitted policy."""
    policy: tuple[NetComputePriceSeries, ...] = ()
    """The fitted policy, USD/H100e/h: five numbers, and five times the need as a share of need and
    capacity; worked out where it is left out."""

    @property
    def unfitted(self) -> bool:
        """Whether a policy is to be worked out before a run."""
        return self.exercise == "fitted" and not self.policy

    @model_validator(mode="after")
    def _policy(self) -> Self:
        check_policy(self, "exercise", "exercise-policy")
        return self


class StepDown(GivesUp):
    """Right to give up a part of the capacity for the rest of the term, once."""

    share: Share
    """Share of the capacity that may be given up."""


class Cancellation(GivesUp):
    """Right to end the contract before its term."""


class Deferral(Terms):
    """Right to start later, with the whole term after it."""

    by: Duration
    """How much later, months."""
    notice: Duration = default("0 months")
    """Time before the start at which the buyer has to choose, months."""
    fee: Share = default("0 %")
    """Fee, as a share of take-or-pay payments over the time by which it starts later."""


class Resale(Terms):
    """Right to sell on what is paid for and not used."""

    buyer: PartyName = default("market")
    """Party outside the plan that buys the hours."""
    share: Share = default("100 %")
    """Share of paid and unused hours that may be sold on."""
    spread: Share = default("0 %")
    """What the hours bring below the market's price, as a share of it."""


OPTIONS: dict[str, type[Terms]] = {
    "step_down": StepDown,
    "cancellation": Cancellation,
    "deferral": Deferral,
    "resale": Resale,
}
"""Field of a contract -> what it states."""
GIVES_UP = ("cancellation", "step_down")
"""Rights to give hours up that may go by a fitted policy, in the order in which they are chosen."""
OPTION_NUMBERS = tuple(
    f"{option}.{field}"
    for option, model in OPTIONS.items()
    for field in model.model_fields
    if field not in ("buyer", "exercise", "policy")
)
"""Numbers of the options, by their place in a contract; 0 where an option is not stated."""


class CommitmentTerms(Terms):
    """Terms of a commitment to capacity."""

    seller: PartyName
    """Party that provides the capacity."""
    buyer: PartyName
    """Party that committed to it."""
    site: SiteName | None = None
    """Site that delivers; a provider's own capacity, always there, if left out."""
    capacity: Compute
    """Capacity committed to, H100e."""
    ramp: Duration = default("0 months")
    """Time from the start over which the capacity comes in, months."""
    price: ComputePriceSeries | None = None
    """Price, USD/H100e/h."""
    price_share: Ratio | None = None
    """In place of `price`: the price is this share of the market's in the first period of the term,
    and stays."""
    start: When
    """First day of the term."""
    term: Duration
    """Length of the term, months."""
    take_or_pay: Share = default("100 %")
    """Share of the offered hours that is paid for in any case."""
    need: ComputeSeries | None = None
    """Compute that the buyer needs from this contract and those in `after`, H100e; all that is
    offered if left out."""
    after: tuple[ContractName, ...] = ()
    """Contracts that serve the need first."""
    market: ComputePriceSeries | None = None
    """Price of such compute on the market, USD/H100e/h; needed where there are options."""
    price_outlook: Rate = default("0 %/year")
    """Change of the market's price that the buyer expects, per year."""
    need_outlook: Rate = default("0 %/year")
    """Change of its need that the buyer expects, per year."""
    step_down: StepDown | None = None
    """Right to a smaller capacity."""
    cancellation: Cancellation | None = None
    """Right to end the contract."""
    deferral: Deferral | None = None
    """Right to start later."""
    resale: Resale | None = None
    """Right to sell on what is not used."""
    grace: Duration = default("3 months")
    """How long a bill may be overdue before the seller ends the contract, months."""
    termination: Share = default("0 %")
    """What the buyer then owes, as a share of take-or-pay payments of the rest of the term."""

    def right(self, option: str) -> GivesUp | None:
        """The right of that name to give hours up."""
        return getattr(self, option)

    @property
    def unfitted(self) -> bool:
        """Whether a policy is to be worked out before a run."""
        rights = map(self.right, GIVES_UP)
        return any(right is not None and right.unfitted for right in rights)

    @model_validator(mode="after")
    def _prices(self) -> "CommitmentTerms":
        stated = [k for k in ("price_share", *OPTIONS) if getattr(self, k) is not None]
        prices = self.price is not None, self.price_share is not None, self.market is not None
        if mistake := wrong_prices(*prices, stated):
            raise mistake
        return self


def wrong_prices(price: bool, share: bool, market: bool, needed_by: list[str]) -> Mistake | None:
    """What is wrong with the prices that a contract states.

    Args:
        price: whether its price is stated.
        share: whether a share of the market's price is.
        market: whether the market's price is.
        needed_by: fields that need the market's price.
    """
    if price == share:
        return Mistake(
            code="price-form",
            found="both price and price_share" if price else "no price",
            expected="one of price and price_share",
            mend="write price: 2 USD/H100e/h, or price_share: 90 % of the market at the start",
        )
    if needed_by and not market:
        return Mistake(
            code="market-price-missing",
            found=f"{needed_by[0]} without the price of compute on the market",
            expected="market: what such compute costs elsewhere, by which options are judged",
            mend="add market: with a price or a driver, such as compute_price",
        )
    return None
