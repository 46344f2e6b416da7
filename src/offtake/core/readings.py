"""What macro readings look at, by names of observations."""

from collections.abc import Mapping
from dataclasses import dataclass, field

FACTORS = ("software", "chips_per_dollar", "chips_per_watt", "model_size")
"""The four ways in which the cost of a fixed problem falls."""


@dataclass(frozen=True)
class Readings:
    """The readings of a plan; empty where it asks for none."""

    factors: Mapping[str, str] = field(default_factory=dict[str, str])
    """factor of `FACTORS` -> observation"""
    thresholds: Mapping[str, tuple[str, str, bool]] = field(
        default_factory=dict[str, tuple[str, str, bool]]
    )
    """threshold -> observation, place of its level, whether it is passed from below"""
    products: Mapping[str, str] = field(default_factory=dict[str, str])
    """segment whose tokens count as output -> observation of its quality, "" where it has none"""
    machines: str = ""
    """observation of machine workers per worker, "" where shares of income are not asked for"""
    groups: Mapping[tuple[str, str], tuple[str, ...]] = field(
        default_factory=dict[tuple[str, str], tuple[str, ...]]
    )
    """(kind, name), such as ("country", "US") -> observations that add up to it"""
