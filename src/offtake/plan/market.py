"""The market of a plan: prices and rates that contracts share, and demand and supply that clear.

With `demand` the market clears every period (`offtake.market.clearing`): the price of compute, what
runs, what is served and what chips are worth are then results, which drivers read by
``{market: price}``. Without it prices are what `drivers` say.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

from pydantic import Field, field_validator, model_validator

from offtake import catalogue
from offtake.core.errors import Mistake, Mistakes, mistake_at, quoted
from offtake.core.names import check_name, suggestion
from offtake.core.terms import (
    AnySeries,
    ComputePriceSeries,
    ComputeSeries,
    CostPerH100e,
    CostPerMWYearSeries,
    Duration,
    EnergyPriceSeries,
    Rate,
    Ratio,
    RatioSeries,
    Series,
    Share,
    ShareSeries,
    Terms,
    TokenFlowSeries,
    TokenRateSeries,
    default,
)

FLAT = "flat"
"""Shape of demand that is the same in every hour."""


class Segment(Terms):
    """Demand for one product: tokens of one size of model, level of reasoning and latency."""

    about: str | None = None
    """What it is and who asks for it."""
    model: str | None = None
    """Size of the model, for reports."""
    reasoning: str | None = None
    """Level of reasoning, for reports."""
    latency: str | None = None
    """How soon an answer is wanted, for reports."""
    region: str | None = None
    """Where it is asked for, for shares of what is spent."""
    tokens: TokenFlowSeries | None = None
    """Tokens asked for at the reference price; either this or compute."""
    compute: ComputeSeries | None = None
    """Capacity asked for at the reference price, such as for training; either this or tokens."""
    throughput: TokenRateSeries | None = None
    """Tokens per H100e-hour on H100s, before software_efficiency; needed with tokens."""
    price: AnySeries
    """Reference price: USD/token with tokens, USD/H100e/h with compute."""
    elasticity: Ratio = default("1")
    """By how many per cent demand falls when the price rises by one per cent."""
    choke_price: AnySeries
    """Price above which nothing is asked for; in the unit of price."""
    gross_margin: Share = default("0 %")
    """What sellers of tokens keep of their price above the cost of compute."""
    memory_bound: Share = default("0 %")
    """Share of the time on an H100 that waits on memory; chips with more bandwidth per H100e serve
    it faster, chips with less slower."""
    waits: Share = default("0 %")
    """Share that can wait for the cheapest hours of the day."""
    shape: str = FLAT
    """How demand moves over the day: a shape of the catalogue, or flat."""
    hours_ahead: int = Field(default=0, ge=-23, le=23)
    """Hours by which the day there is ahead of the day of the market."""

    @field_validator("shape")
    @classmethod
    def _known_shape(cls, name: str) -> str:
        if name == FLAT:
            return name
        try:
            return catalogue.shape(name).name
        except catalogue.UnknownNameError as unknown:
            raise Mistake(
                code="name-unknown",
                found=f"the shape {quoted(name)}, which is not in the catalogue",
                expected="flat, or one of " + ", ".join(catalogue.shapes()),
                mend=suggestion(name, (FLAT, *catalogue.shapes()), otherwise="write flat"),
            ) from unknown

    @model_validator(mode="after")
    def _one_product(self) -> Segment:
        if (self.tokens is None) == (self.compute is None):
            raise Mistake(
                code="segment-form",
                found="neither tokens nor compute" if self.tokens is None else "tokens and compute",
                expected="one of them: tokens per time, or capacity",
                mend="write tokens: 900 tn token/year or compute: 300k H100e",
            )
        if self.tokens is not None and self.throughput is None:
            raise Mistake(
                code="segment-form",
                found="tokens without throughput",
                expected="how many tokens an H100e-hour serves",
                mend="add throughput: such as 8 M token/H100e/h",
            )
        mistakes = list(self._wrong_units())
        if mistakes:
            raise Mistakes(mistakes)
        return self

    @property
    def price_unit(self) -> str:
        """Unit in which the product is priced."""
        return "USD/H100e/h" if self.tokens is None else "USD/token"

    def _wrong_units(self) -> Iterator[tuple[str, Mistake]]:
        for field in ("price", "choke_price"):
            series: Series = getattr(self, field)
            if series.driver is None and series.unit != self.price_unit:
                yield (
                    field,
                    Mistake(
                        code="unit-wrong",
                        found=f"a price in {series.unit or 'no unit'}",
                        expected=f"a price in {self.price_unit}",
                        mend="write 2 USD/M token for tokens, 2.6 USD/H100e/h for compute",
                    ),
                )


class OutsideFleet(Terms):
    """Capacity of others that serves the same demand."""

    about: str | None = None
    """What it is."""
    country: str | None = None
    """Country in which it stands, for shares of supply."""
    owner: str | None = None
    """Whose it is, for shares of supply; any text."""
    capacity: ComputeSeries
    """Capacity that stands if nobody answers to the price; H100e."""
    cost_from: ComputePriceSeries
    """Cash cost of running the cheapest of it; USD/H100e/h."""
    cost_to: ComputePriceSeries
    """Cash cost of running the dearest of it; USD/H100e/h."""
    capital_cost: CostPerH100e = default("0 USD/H100e")
    """What it cost to build, for welfare; USD/H100e."""
    life: Duration = default("6 years")
    """Time over which that cost is spread."""
    response: Ratio = default("0")
    """Growth per year, in logarithms, for each unit of ln(price / generation price)."""
    lead_time: Duration = default("18 months")
    """Mean time from a price to the capacity that it calls forth."""


class Market(Terms):
    """Prices and rates that contracts share, and the demand and supply of a market that clears."""

    compute_price: ComputePriceSeries | None = None
    """Price of compute by the hour; the driver compute_price if absent and if there is one. A
    market that clears sets it."""
    software_efficiency: RatioSeries | None = None
    """Tokens per H100e-hour relative to the plan's start."""
    energy_price: EnergyPriceSeries | None = None
    """Price of energy for chips that sell by the hour; USD/MWh."""
    running_cost: CostPerMWYearSeries | None = None
    """Other cash cost of running chips, per MW of critical IT; USD/MW/year."""
    utilisation: ShareSeries = default("100 %")
    """Share of the capacity offered by the hour that finds a buyer; set by a market that clears."""
    sentiment: ShareSeries | None = None
    """How open capital markets are: 1 open, 0 shut."""
    asset_rate: Rate = default("12 %/year")
    """Rate at which the market values chips in use."""
    price_decline: Rate = default("25 %/year")
    """Expected fall of the price of compute from one generation of chips to the next."""
    scarcity_half_life: Duration = default("12 months")
    """Time in which half of a scarcity or glut is expected to pass."""
    generation_price: ComputePriceSeries | None = None
    """What an H100e-hour of the newest chips costs in full; the price with short swings taken out
    if absent."""
    generation_window: Duration = default("24 months")
    """Time over which swings of the price are taken out where generation_price is absent."""
    retire_after: Duration | None = None
    """Chips leave after so long without covering their cash cost, unless under contract; 6 months
    in a market that clears if absent."""

    rule: Literal["price", "ration", "priority"] = "price"
    """How a shortage is shared: by price up to the cap; at random at a fixed price; at a fixed
    price in an order of segments."""
    price_cap: ComputePriceSeries | None = None
    """Most that may be charged; needed with demand. USD/H100e/h."""
    fixed_price: ComputePriceSeries | None = None
    """Price under ration and priority; USD/H100e/h."""
    priority: tuple[str, ...] = ()
    """Segments in the order in which they are served under priority."""
    blocks: Literal[1, 2, 3, 4, 6, 8, 12, 24] = 4
    """Number of equal parts of the day, each with a price of its own."""
    demand: dict[str, Segment] = default({})
    """Segments of demand; with any the market clears."""
    supply: dict[str, OutsideFleet] = default({})
    """Capacity outside the plan that serves the same demand."""

    @property
    def clears(self) -> bool:
        """Whether prices are results."""
        return bool(self.demand)

    @model_validator(mode="after")
    def _whole(self) -> Market:
        for section in ("demand", "supply"):
            for name in getattr(self, section):
                try:
                    check_name(name)
                except Mistake as mistake:
                    raise mistake_at(mistake, f"{section}.{name}") from None
        mistakes = list(self._missing())
        if mistakes:
            raise Mistakes(mistakes)
        return self

    def _missing(self) -> Iterator[tuple[str, Mistake]]:
        if not self.clears:
            return
        if self.price_cap is None:
            yield "", _needs("price_cap", "the most that may be charged", "20 USD/H100e/h")
        if self.rule != "price" and self.fixed_price is None:
            yield "", _needs("fixed_price", f"a price for rule: {self.rule}", "2.6 USD/H100e/h")
        if self.rule == "priority" and sorted(self.priority) != sorted(self.demand):
            listed = ", ".join(self.demand)
            yield (
                "priority" if self.priority else "",
                Mistake(
                    code="market-priority",
                    found="an order of " + (", ".join(self.priority) or "no segments"),
                    expected="every segment of demand once",
                    mend=f"write priority: [{listed}] in the order that is meant",
                ),
            )


def _needs(field: str, what: str, example: str) -> Mistake:
    return Mistake(
        code="key-missing",
        found=f"demand without {field}",
        expected=what,
        mend=f"add {field}: {example}",
    )
