"""Learning: the four ways in which the cost to solve a fixed problem falls, each a driver.

A factor changes nothing by being named here; it is only measured. What it does stands where it
does it, in a formula: ``market.software_efficiency`` or a segment's ``throughput`` for software and
model size, the capacity of a fleet or its costs for chips per dollar and per watt. `check` refuses
a segment whose throughput and the market's ``software_efficiency`` follow from the same factor.
"""

from __future__ import annotations

from pydantic import Field

from offtake.core.terms import Duration, RatioSeries, Share, Terms, default


class Learning(Terms):
    """Four factors, each by how many times it is better than at some fixed time."""

    software: RatioSeries = default("1")
    """What the same chips do of the same work; usually a driver."""
    chips_per_dollar: RatioSeries = default("1")
    """Compute that a dollar buys; usually a driver."""
    chips_per_watt: RatioSeries = default("1")
    """Compute that a watt drives; usually a driver."""
    model_size: RatioSeries = default("1")
    """How much smaller a model is that does the same; usually a driver."""
    window: Duration | None = None
    """Time from the plan's start over which rates are measured; the horizon if absent."""
    power_share: Share | None = None
    """Share of power in the cost of an hour of compute at the start; with it the fall of the bill
    is told beside the product of the four."""
    assumption: str = Field(min_length=1)
    """What the factors rest on, printed beside the result."""
