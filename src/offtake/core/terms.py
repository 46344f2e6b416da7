"""The vocabulary of everything a user writes: field types with units, references, the base model.

A field of a plan is annotated with one of these types and nothing else is needed: reading,
conversion, bounds, error messages, documentation and the table of numbers all follow from the
annotation::

    class TermLoanTerms(Terms):
        kind: Literal["term_loan"]
        lender: PartyName
        amount: Money
        rate: LoanRate
        fee: Share = default("0 %")

``X`` is one number (:class:`~offtake.core.quantity.Quantity`), ``XSeries`` the same over time
(:class:`~offtake.core.series.Series`): constant, dated map, or the name of a driver.

A validator that finds something wrong raises :class:`~offtake.core.errors.Mistake`.

The import is light: pint comes with the first number that is read, numpy and scipy with the first
draw.
"""

from __future__ import annotations

import datetime
import re
from functools import cache
from typing import Annotated, Any, Literal, cast, get_args, get_origin

from pydantic import BaseModel, ConfigDict, Field, model_validator

from offtake.core.fieldtypes import DayField as _DayField
from offtake.core.fieldtypes import FloatingField as _FloatingField
from offtake.core.fieldtypes import Ref as Ref
from offtake.core.fieldtypes import Unit as Unit
from offtake.core.fieldtypes import WhenField as _WhenField
from offtake.core.quantity import FloatingRate as FloatingRate
from offtake.core.quantity import Quantity as Quantity
from offtake.core.quantity import When as _When
from offtake.core.series import Series as Series
from offtake.core.walk import FieldRow as FieldRow
from offtake.core.walk import fields as fields
from offtake.core.walk import numbers as numbers
from offtake.core.walk import options
from offtake.core.walk import references as references


class Terms(BaseModel):
    """Base of everything written in a plan: frozen, no unknown keys, documented field by field."""

    model_config = ConfigDict(
        frozen=True, extra="forbid", use_attribute_docstrings=True, validate_default=True
    )

    @model_validator(mode="before")
    @classmethod
    def _whole_choices(cls, given: Any) -> Any:
        """A plan holds texts only; a choice between whole numbers is made of numbers."""
        names = _numbered(cls)
        if not names or not isinstance(given, dict):
            return given
        written = cast("dict[str, Any]", given)
        return {
            name: int(value)
            if name in names and isinstance(value, str) and re.fullmatch(r"\d{1,9}", value.strip())
            else value
            for name, value in written.items()
        }


@cache
def _numbered(model: type[Terms]) -> frozenset[str]:
    """Fields that are a choice between whole numbers."""
    return frozenset(
        name
        for name, info in model.model_fields.items()
        for option in options(info.annotation)
        if get_origin(option) is Literal and all(type(choice) is int for choice in get_args(option))
    )


def default(text: Any) -> Any:
    """Give a field a default that is written as in a plan.

    Args:
        text: as a user would write it, such as ``0 %``; read whenever the field is left out.

    Returns:
        What pydantic takes for a default.
    """
    return Field(default=text)


_MONEY = Unit("USD", "an amount of money", "38 bn USD", minimum=0.0)
_SIZED_MONEY = Unit("USD", "an amount of money", "38 bn USD", minimum=0.0, sized=True)
_FLOW = Unit("USD/year", "money per time", "13 bn USD/year", minimum=0.0)
_NET_FLOW = Unit("USD/year", "money per time, negative if paid out", "-2 bn USD/year")
_SHARE = Unit("1", "a share", "80 %", bare=True, minimum=0.0, maximum=1.0)
_RATIO = Unit("1", "a ratio", "1.3", bare=True, minimum=0.0)
_FACE_PRICE = Unit("1", "a price per face value", "99 %", bare=True, minimum=0.01)
_RATE = Unit("1/year", "a rate per year", "6.58 %/year", also=("1",))
_DURATION = Unit("month", "a duration", "15 years", minimum=0.0)
_POWER = Unit("MW", "power", "147 MW", minimum=0.0)
_ENERGY = Unit("MWh", "energy", "30 GWh", minimum=0.0)
_ENERGY_FLOW = Unit("MWh/year", "energy per time", "600 GWh/year", minimum=0.0)
_COUNT = Unit("1", "a count", "10,000", bare=True, minimum=0.0)
_CHIP_COUNT = Unit("GPU", "a number of chips", "7000", bare=True, minimum=0.0)
_CHIP_FLOW = Unit("GPU/year", "chips per time", "500k GPU/year", minimum=0.0)
_COMPUTE = Unit("H100e", "compute capacity", "100k H100e", minimum=0.0)
_COMPUTE_PRICE = Unit("USD/H100e/h", "a price of compute", "2.6 USD/H100e/h", minimum=0.0)
_NET_COMPUTE_PRICE = Unit("USD/H100e/h", "a difference of prices of compute", "-0.2 USD/H100e/h")
_CHIP_HOUR_PRICE = Unit("USD/GPU/h", "a price of a chip per hour", "2.75 USD/GPU/h", minimum=0.0)
_ENERGY_PRICE = Unit("USD/MWh", "a price of energy", "55 USD/MWh")
_COST_PER_MW = Unit("USD/MW", "a cost per power built", "12.5 M USD/MW", minimum=0.0)
_COST_PER_MW_YEAR = Unit(
    "USD/MW/year", "a cost per power and time", "0.9 M USD/MW/year", minimum=0.0
)
_NET_COST_PER_MW_YEAR = Unit(
    "USD/MW/year", "a difference of costs per power and time", "-0.2 M USD/MW/year"
)
_UNIT_PRICE = Unit("USD/GPU", "a price per chip", "35k USD", also=("USD",), minimum=0.0)
_COST_PER_CHIP_YEAR = Unit(
    "USD/GPU/year", "a cost per chip and time", "500 USD/GPU/year", minimum=0.0
)
_COST_PER_H100E = Unit("USD/H100e", "a cost per capacity", "20k USD/H100e", minimum=0.0)
_TOKEN_FLOW = Unit("token/year", "tokens per time", "900 tn token/year", minimum=0.0)
_TOKEN_PRICE = Unit("USD/token", "a price of tokens", "2 USD/M token", minimum=0.0)
_TOKEN_RATE = Unit("token/H100e/h", "tokens per compute", "8 M token/H100e/h", minimum=0.0)
_HEAT_RATE = Unit("1", "fuel per energy", "9.3 MMBtu/MWh", bare=True, minimum=1.0)
_WAFER_STARTS = Unit("wspm", "wafers started per month", "20k wspm", minimum=0.0)
_COST_PER_WSPM = Unit("USD/wspm", "a cost per wafer started per month", "1 M USD/wspm", minimum=0.0)
_COST_PER_WAFER = Unit("USD/wafer", "a cost per wafer", "18k USD/wafer", minimum=0.0)
_CHIP_WATTS = Unit("W", "the power of one chip", "1200 W", minimum=0.0)

Money = Annotated[Quantity, _MONEY]
"""USD; at least 0."""
SizedMoney = Annotated[Quantity, _SIZED_MONEY]
"""USD; at least 0; or ``sized``, worked out by structuring."""
MoneyFlow = Annotated[Quantity, _FLOW]
"""USD/year; at least 0."""
NetMoneyFlow = Annotated[Quantity, _NET_FLOW]
"""USD/year; of either sign."""
Share = Annotated[Quantity, _SHARE]
"""1; between 0 and 1; ``0.8`` or ``80 %``."""
Ratio = Annotated[Quantity, _RATIO]
"""1; at least 0; ``1.3``, ``1.3x`` or ``130 %``."""
FacePrice = Annotated[Quantity, _FACE_PRICE]
"""1, price over face value of a bond; at least 0.01; ``99 %``."""
Rate = Annotated[Quantity, _RATE]
"""1/year; ``6.58 %/year``; ``6.58 %`` and ``658 bp`` are per year."""
Duration = Annotated[Quantity, _DURATION]
"""month; at least 0."""
Power = Annotated[Quantity, _POWER]
"""MW; at least 0."""
Energy = Annotated[Quantity, _ENERGY]
"""MWh; at least 0."""
Count = Annotated[Quantity, _COUNT]
"""1; at least 0; bare."""
ChipFlowSeries = Annotated[Series, _CHIP_FLOW]
"""Chips per time, over time."""
ChipCount = Annotated[Quantity, _CHIP_COUNT]
"""GPU; at least 0; bare or in GPU."""
Compute = Annotated[Quantity, _COMPUTE]
"""H100e; at least 0."""
ComputePrice = Annotated[Quantity, _COMPUTE_PRICE]
"""USD/H100e/h; at least 0."""
ChipHourPrice = Annotated[Quantity, _CHIP_HOUR_PRICE]
"""USD/GPU/h; at least 0."""
EnergyPrice = Annotated[Quantity, _ENERGY_PRICE]
"""USD/MWh; of either sign."""
CostPerMW = Annotated[Quantity, _COST_PER_MW]
"""USD/MW; at least 0."""
CostPerMWYear = Annotated[Quantity, _COST_PER_MW_YEAR]
"""USD/MW/year; at least 0."""
UnitPrice = Annotated[Quantity, _UNIT_PRICE]
"""USD/GPU; at least 0; ``35k USD`` is per chip."""
CostPerChipYear = Annotated[Quantity, _COST_PER_CHIP_YEAR]
"""USD/GPU/year; at least 0."""
CostPerH100e = Annotated[Quantity, _COST_PER_H100E]
"""USD/H100e; at least 0."""
TokenFlow = Annotated[Quantity, _TOKEN_FLOW]
"""token/year; at least 0."""
TokenPrice = Annotated[Quantity, _TOKEN_PRICE]
"""USD/token; at least 0."""
TokenRate = Annotated[Quantity, _TOKEN_RATE]
"""token/H100e/h; at least 0."""
ChipWatts = Annotated[Quantity, _CHIP_WATTS]
"""W; at least 0."""
HeatRate = Annotated[Quantity, _HEAT_RATE]
"""1, energy of the fuel over energy given; at least 1."""
WaferStarts = Annotated[Quantity, _WAFER_STARTS]
"""wspm, wafers started per month; at least 0."""
CostPerWspm = Annotated[Quantity, _COST_PER_WSPM]
"""USD/wspm; at least 0."""
AnyQuantity = Annotated[Quantity, Unit(None, "a number", "1.5 bn USD/year", bare=True)]
"""Any unit of this field, converted to the canonical unit of its dimension."""

MoneySeries = Annotated[Series, _MONEY]
"""Money over time."""
MoneyFlowSeries = Annotated[Series, _FLOW]
"""Money per time, over time."""
NetMoneyFlowSeries = Annotated[Series, _NET_FLOW]
"""Money per time of either sign, over time."""
ShareSeries = Annotated[Series, _SHARE]
"""A share over time."""
RatioSeries = Annotated[Series, _RATIO]
"""A ratio over time."""
RateSeries = Annotated[Series, _RATE]
"""A rate over time."""
PowerSeries = Annotated[Series, _POWER]
"""Power over time."""
ComputeSeries = Annotated[Series, _COMPUTE]
"""Capacity over time."""
ComputePriceSeries = Annotated[Series, _COMPUTE_PRICE]
"""A price of compute over time."""
NetComputePriceSeries = Annotated[Series, _NET_COMPUTE_PRICE]
"""USD/H100e/h over time; of either sign."""
ChipHourPriceSeries = Annotated[Series, _CHIP_HOUR_PRICE]
"""A price of a chip per hour, over time."""
EnergyFlowSeries = Annotated[Series, _ENERGY_FLOW]
"""Energy per time, over time."""
EnergyPriceSeries = Annotated[Series, _ENERGY_PRICE]
"""A price of energy over time."""
CostPerMWSeries = Annotated[Series, _COST_PER_MW]
"""A cost per power built, over time."""
CostPerMWYearSeries = Annotated[Series, _COST_PER_MW_YEAR]
"""A cost per power and time, over time."""
NetCostPerMWYearSeries = Annotated[Series, _NET_COST_PER_MW_YEAR]
"""USD/MW/year over time; of either sign."""
UnitPriceSeries = Annotated[Series, _UNIT_PRICE]
"""A price per chip over time."""
CostPerChipYearSeries = Annotated[Series, _COST_PER_CHIP_YEAR]
"""A cost per chip and time, over time."""
TokenFlowSeries = Annotated[Series, _TOKEN_FLOW]
"""Tokens per time, over time."""
TokenPriceSeries = Annotated[Series, _TOKEN_PRICE]
"""A price of tokens over time."""
TokenRateSeries = Annotated[Series, _TOKEN_RATE]
"""Tokens per compute, over time."""
CostPerWaferSeries = Annotated[Series, _COST_PER_WAFER]
"""A cost per wafer over time."""
CountSeries = Annotated[Series, _COUNT]
"""A count over time."""
AnySeries = Annotated[Series, Unit(None, "a number over time", "{2025: 13 bn USD/year}", bare=True)]
"""Any unit, over time; all dates in one unit."""

When = Annotated[_When, _WhenField()]
"""A date: ``2026-07-15``, ``2026-07``, ``2026-Q3``, ``2026``."""
Dates = tuple[Annotated[datetime.date, _DayField()], ...]
"""Dates on which something happens, such as ``[2026-06-30, 2026-12-31]``."""
LoanRate = Annotated[FloatingRate, _FloatingField()]
"""A fixed rate (``6.58 %/year``) or a margin over a base rate (``SOFR + 250 bp``)."""

PartyName = Annotated[str, Ref("parties")]
"""Name of a party."""
SiteName = Annotated[str, Ref("sites")]
"""Name of a site."""
VendorName = Annotated[str, Ref("vendors")]
"""Name of a vendor."""
FabName = Annotated[str, Ref("fabs")]
"""Name of a fab."""
PowerName = Annotated[str, Ref("power")]
"""Name of a power source."""
ChipsName = Annotated[str, Ref("chips")]
"""Name of a cohort of chips."""
ContractName = Annotated[str, Ref("contracts")]
"""Name of a contract."""
DriverName = Annotated[str, Ref("drivers")]
"""Name of a driver."""
PledgedName = Annotated[str, Ref("chips", "sites")]
"""Name of something that can be sold: a cohort or a site."""
AssetName = Annotated[str, Ref("sites", "chips", "contracts")]
"""Name of something that can be pledged: a site, a cohort or a contract."""
