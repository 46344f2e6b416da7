"""What a plan is made of, apart from market, drivers and contracts: parties, sites, power, chips.

Every field is documented by the text below it; the same text stands in the docs, the JSON schema
and the error messages.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Literal, cast

from pydantic import BeforeValidator, Discriminator, Field, Tag, field_validator, model_validator

from offtake import catalogue
from offtake.core.calendar import LONGEST_HORIZON_MONTHS, MONTHS, Length, Periods, periods
from offtake.core.errors import Mistake, mistake_at, quoted
from offtake.core.fieldtypes import Unit
from offtake.core.terms import (
    ChipCount,
    ChipFlowSeries,
    ChipsName,
    ChipWatts,
    Count,
    DriverName,
    Duration,
    EnergyPriceSeries,
    HeatRate,
    Money,
    PartyName,
    Power,
    PowerName,
    Quantity,
    Rate,
    RateSeries,
    RatioSeries,
    Share,
    ShareSeries,
    SiteName,
    Terms,
    UnitPrice,
    VendorName,
    WaferStarts,
    When,
    default,
)

Role = Literal[
    "customer", "lender", "equity", "vendor", "supplier", "guarantor", "public", "lab", "operator"
]
"""What a party is to the plan; results are summed by it."""

Correlation = Annotated[
    Quantity, Unit("1", "a correlation", "0.4", bare=True, minimum=-1.0, maximum=1.0)
]
"""1; between -1 and 1."""
PriceOfRisk = Annotated[Quantity, Unit("1", "a market price of risk", "0.4", bare=True)]
"""1 per square root of a year; of either sign."""
PowerUsage = Annotated[
    Quantity, Unit("1", "a power usage effectiveness", "1.2", bare=True, minimum=1.0)
]
"""1; at least 1."""


class Header(Terms):
    """What the plan is called, when it starts, how long it runs, how its money is discounted."""

    name: str = Field(min_length=1)
    """Name of the plan, shown on reports."""
    start: When
    """First day of the first period; the first of a month."""
    horizon: Duration
    """Length of the plan: a whole number of periods, at most 40 years."""
    periods: Length = "months"
    """Length of one period: months, quarters or years."""
    discount_rate: Rate
    """Rate at which money of different dates is compared; per year."""
    risk_free: RateSeries | None = None
    """Rate by which pricing runs discount, per year: a rate or a driver; the discount rate if left
    out."""
    currency: Literal["USD"] = "USD"
    """All amounts are in US dollars; other currencies are not possible yet."""
    about: str | None = None
    """What the plan shows and what it cannot, in a few sentences."""

    @model_validator(mode="after")
    def _fits_the_calendar(self) -> Header:
        if self.start.date.day != 1:
            mistake = Mistake(
                code="plan-start",
                found=quoted(self.start),
                expected="the first of a month",
                mend=f"write start: {self.start.date:%Y-%m}",
            )
            raise mistake_at(mistake, "start")
        months, step = self.horizon.value, MONTHS[self.periods]
        whole = round(months / step)
        if self.horizon.distribution is not None or abs(months - whole * step) > 1e-9 or whole < 1:
            mistake = Mistake(
                code="plan-horizon",
                found=quoted(self.horizon),
                expected=f"a certain, whole number of {self.periods}, at least 1",
                mend=f"write horizon: {max(whole, 1) * step} months",
            )
            raise mistake_at(mistake, "horizon")
        if months > LONGEST_HORIZON_MONTHS:
            mistake = Mistake(
                code="plan-horizon",
                found=quoted(self.horizon),
                expected="at most 40 years",
                mend="write horizon: 40 years, and state terminal values of longer contracts",
            )
            raise mistake_at(mistake, "horizon")
        return self

    @property
    def calendar(self) -> Periods:
        """The periods of the plan."""
        step = MONTHS[self.periods]
        return periods(self.start.date, round(self.horizon.value / step), self.periods)


class Credit(Terms):
    """How likely an external party is to default, and what it pays while in default."""

    rating: str | None = None
    """Long-term rating, from AAA to C; gives the hazard rate. Either this or hazard."""
    hazard: RateSeries | None = None
    """Rate of default per year of a party that has not defaulted. Either this or rating."""
    recovery: Share
    """Share of each claim that is paid while in default."""
    drivers: dict[DriverName, Correlation] = default({})
    """Correlation with drivers: positive if the party fails when the driver falls."""

    @field_validator("rating")
    @classmethod
    def _known_rating(cls, rating: str | None) -> str | None:
        if rating is None:
            return None
        try:
            catalogue.rating(rating)
        except catalogue.UnknownNameError as unknown:
            close = unknown.suggestion
            raise Mistake(
                code="choice-unknown",
                found=quoted(rating),
                expected="a rating from AAA to C, such as BBB or BBB+",
                mend=f"did you mean {close}?" if close else "write hazard: 2 %/year instead",
            ) from None
        return rating

    @model_validator(mode="after")
    def _one_way(self) -> Credit:
        if (self.rating is None) == (self.hazard is None):
            both = self.rating is not None
            raise Mistake(
                code="credit-form",
                found="both rating and hazard" if both else "neither rating nor hazard",
                expected="one of them",
                mend="delete one" if both else "add rating: BBB or hazard: 2 %/year",
            )
        return self


class Party(Terms):
    """Who can owe and be owed."""

    kind: Literal["internal", "external", "account"]
    """internal: limited cash, can default; external: outside the plan, unlimited cash; account: a
    reserve account that belongs to its owner."""
    role: Role | None = None
    """What the party is to the plan."""
    owner: PartyName | None = None
    """Owner of an account."""
    cash: Money = default("0 USD")
    """Cash at the plan's start."""
    minimum_cash: Money = default("0 USD")
    """Cash that is not paid out to owners or swept."""
    hurdle_rate: Rate | None = None
    """Rate at which the party values its contracts; the plan's rate if absent."""
    credit: Credit | None = None
    """Default risk of an external party; one without never defaults."""
    about: str | None = None
    """Who this is."""

    @model_validator(mode="after")
    def _fits_its_kind(self) -> Party:
        if self.kind == "account" and self.owner is None:
            raise Mistake(
                code="account-owner",
                found="an account without an owner",
                expected="owner: the party to which the account belongs",
                mend="add owner: with the name of a party",
            )
        if self.kind != "account" and self.owner is not None:
            mistake = Mistake(
                code="account-owner",
                found=f"an owner of a party of kind {self.kind}",
                expected="owner only on a party of kind account",
                mend="delete owner, or write kind: account",
            )
            raise mistake_at(mistake, "owner")
        if self.kind == "external" and self.cash.value > 0.0:
            mistake = Mistake(
                code="party-cash",
                found="cash of an external party",
                expected="cash only of internal parties and accounts; external ones have no limit",
                mend="delete cash, or write kind: internal",
            )
            raise mistake_at(mistake, "cash")
        if self.kind != "external" and self.credit is not None:
            mistake = Mistake(
                code="party-credit",
                found=f"credit of a party of kind {self.kind}",
                expected="credit only of external parties; others default when their cash runs out",
                mend="delete credit, or write kind: external",
            )
            raise mistake_at(mistake, "credit")
        return self


def _weights(causes: object) -> object:
    """A list of causes as equal shares of half the variance."""
    if not isinstance(causes, (list, tuple)):
        return {} if causes is None else causes
    names = [str(cause) for cause in cast("list[object]", causes)]
    return {name: f"{50 / len(names)!r} %" for name in names}


class Delay(Terms):
    """How late a phase may be: a lognormal number of months after the planned date."""

    median: Duration
    """Half of all phases are later than this."""
    p90: Duration
    """One phase in ten is later than this."""
    causes: Annotated[dict[str, Share], BeforeValidator(_weights)] = default({})
    """Causes shared with other phases that name them. A list gives them together half of the
    variance; a mapping states the share of the variance of each."""

    @model_validator(mode="after")
    def _in_order(self) -> Delay:
        if self.p90.value < self.median.value:
            mistake = Mistake(
                code="interval-order",
                found=f"{quoted(self.p90)}, below the median {quoted(self.median)}",
                expected="a p90 at or above the median",
                mend="exchange them",
            )
            raise mistake_at(mistake, "p90")
        if sum(share.value for share in self.causes.values()) > 1.0 + 1e-9:
            mistake = Mistake(
                code="out-of-range",
                found="causes with shares above 100 % together",
                expected="shares of the variance that add up to at most 100 %",
                mend="lower the shares; what is missing to 100 % is the phase's own chance",
            )
            raise mistake_at(mistake, "causes")
        return self


SpendCurve = Literal["smooth", "even", "early", "late"]
"""How the cost of what is built falls due over building time (see `physical.works`)."""


class Phase(Terms):
    """A part of a site that is energised on one date."""

    name: str | None = None
    """Name of the phase, for reports."""
    power: Power
    """Power of critical IT when complete; MW."""
    pue: PowerUsage = default("1.2")
    """Power drawn from the grid over power of critical IT; 1."""
    energise: When
    """Planned date on which the phase is switched on."""
    build: Duration = default("12 months")
    """Length of construction, which ends when the phase is energised."""
    delay: Delay | None = None
    """How late it may be; on time if absent."""
    spend: SpendCurve = "smooth"
    """How its cost falls due while it is built: slow, fast, slow; even; early; or late."""


class Site(Terms):
    """A campus or hall, built in phases."""

    owner: PartyName
    """Party that owns it."""
    location: str | None = None
    """Where it is."""
    country: str | None = None
    """Country in which it stands, for shares of supply."""
    power: tuple[PowerName, ...] = ()
    """Sources of power it draws on; with any it runs on no more than they give."""
    phases: list[Phase] = Field(min_length=1)
    """Its parts, in the order of their dates."""
    about: str | None = None
    """What it is."""


class PowerSource(Terms):
    """A named source of power: a grid connection, a plant, a contract with a utility."""

    capacity: Power
    """Power of the source at the meter; MW."""
    capacity_factor: Share = default("100 %")
    """Share of its capacity that it gives on average, storage included."""
    available: When | None = None
    """Planned date from which it gives power; the plan's start if absent."""
    build: Duration = default("0 months")
    """Length of construction, which ends when it is available."""
    delay: Delay | None = None
    """How late it may be; on time if absent."""
    spend: SpendCurve = "smooth"
    """How its cost falls due while it is built."""
    price: EnergyPriceSeries = default("0 USD/MWh")
    """Tariff of its energy; USD/MWh."""
    heat_rate: HeatRate = default("1")
    """Fuel it burns per energy it gives; MMBtu/MWh, or a ratio."""
    fuel: EnergyPriceSeries = default("0 USD/MMBtu")
    """Price of its fuel; USD/MMBtu."""
    other_cost: EnergyPriceSeries = default("0 USD/MWh")
    """Other cost that goes with its energy, such as wear; USD/MWh."""
    must_take: bool = False
    """Whether what it gives is taken before that of cheaper sources."""
    about: str | None = None
    """What it is."""


class Vendor(Terms):
    """A maker of chips whose output may be short, or who may be cut off."""

    output: ChipFlowSeries | None = None
    """Most chips it makes for the cohorts of this plan besides those of its fabs; without limit if
    absent and it has none. GPU/year."""
    open: ShareSeries = default("100 %")
    """Share of its deliveries that get through: less under an export stop or after a lost supplier;
    usually a driver that switches between states."""
    origin: str | None = None
    """Where its chips come from, for reports."""
    about: str | None = None
    """What it is."""


class Fab(Terms):
    """A plant that makes chips; what it makes adds to the output of its vendor."""

    owner: PartyName
    """Party that owns it."""
    vendor: VendorName
    """Vendor whose chips it makes."""
    capacity: WaferStarts
    """Wafers started per month when it is fully ramped up; wspm."""
    open: When
    """Planned date on which its first wafers start."""
    build: Duration = default("36 months")
    """Length of construction, which ends when it opens."""
    delay: Delay | None = None
    """How late it may be; on time if absent."""
    spend: SpendCurve = "smooth"
    """How its cost falls due while it is built."""
    ramp: Duration = default("18 months")
    """Time from opening to full capacity, along a straight line."""
    cycle: Duration = default("4 months")
    """Time from the start of a wafer to chips that are packaged and tested."""
    utilisation: ShareSeries = default("90 %")
    """Share of its capacity that is used."""
    dies_per_wafer: Count
    """Whole dies on a wafer."""
    die_yield: ShareSeries
    """Share of dies that work."""
    dies_per_chip: Count = default("1")
    """Dies in one chip."""
    about: str | None = None
    """What it is."""


class ChipDefinition(Terms):
    """A chip that is not in the catalogue."""

    h100e: Count
    """Dense 8-bit operations per second relative to one H100 SXM."""
    watts: ChipWatts
    """IT power per chip, its share of host and network included; W."""
    bandwidth: Count | None = None
    """Memory bandwidth relative to one H100 SXM, which has 3.35 TB/s; as h100e if absent."""
    name: str | None = None
    """What it is called."""


def _chip_form(value: Any) -> str:
    return "inline" if isinstance(value, (Mapping, ChipDefinition)) else "catalogue"


ChipChoice = Annotated[
    Annotated[str, Tag("catalogue")] | Annotated[ChipDefinition, Tag("inline")],
    Discriminator(_chip_form),
]
"""The name of a chip of the catalogue, or its definition."""


class Cohort(Terms):
    """Chips of one type delivered to one site in one month; they age and retire together."""

    site: SiteName
    """Where they stand."""
    chip: ChipChoice
    """Name in the catalogue, or {h100e: ..., watts: ..., bandwidth: ...}."""
    units: ChipCount
    """Number of chips; GPU."""
    deliver: When
    """Planned date of delivery."""
    price: UnitPrice
    """Price per chip, its share of servers and network included; USD/GPU."""
    vendor: VendorName | None = None
    """Who makes it; always ready on its date if absent."""
    turn: int = Field(default=1, ge=1, le=99)
    """Turn in which the vendor serves it when its output is short: 1 before 2; one turn shares."""
    origin: str | None = None
    """Who makes it, for reports on own and bought chips."""
    per_watt: RatioSeries | None = None
    """Work per watt relative to the chip as stated, usually a driver: what it is when the chips
    arrive divides their power for good. Chips that stand at the plan's start are as stated."""
    replaces: ChipsName | None = None
    """Earlier cohort at the same site whose chips leave as these arrive: a refresh."""
    availability: Share = default("95 %")
    """Share of hours in which a running chip does paid work or could."""
    failure_rate: Rate = default("3 %/year")
    """Share of chips lost per year and not replaced."""
    accounting_life: Duration = default("6 years")
    """Years over which the books write them off. Not the economic life, which is a result."""
    physical_life: Duration = default("10 years")
    """Age at which they leave even if they still earn."""


class LenderCase(Terms):
    """What a lender assumes: the futures in which a loan is sized."""

    contracted_only: bool = True
    """Whether revenue counts only where a contract promises it."""
    merchant: Share = default("10 %")
    """Quantile of merchant prices, where merchant revenue counts."""
    delay: Share = default("90 %")
    """Quantile of delays."""
    rates: Literal["forward", "median"] = "forward"
    """Path of base rates."""
    changes: dict[str, Any] = default({})
    """Further changes to the plan: places and values."""
