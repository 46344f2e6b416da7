"""The whole plan, as read: every section, every number in its canonical unit, nothing left of YAML.

Sections of named items are mappings name -> terms. Contracts are of the kinds listed in
:data:`offtake.contracts.ALL`, a list that is read when a plan is read.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, ClassVar

from pydantic import Field, PrivateAttr, SerializeAsAny

from offtake.core.calendar import Periods
from offtake.core.quantity import FloatingRate, Quantity
from offtake.core.quantity import When as WhenValue
from offtake.core.shown import Shown
from offtake.core.terms import AnySeries, Terms, default, numbers
from offtake.core.walk import leaves
from offtake.plan.drivers import Correlated as Correlated
from offtake.plan.drivers import Driver as Driver
from offtake.plan.drivers import Formula as Formula
from offtake.plan.drivers import FromMarket as FromMarket
from offtake.plan.drivers import MeanReverting as MeanReverting
from offtake.plan.drivers import RandomWalk as RandomWalk
from offtake.plan.drivers import Regimes as Regimes
from offtake.plan.items import ChipDefinition as ChipDefinition
from offtake.plan.items import Cohort as Cohort
from offtake.plan.items import Credit as Credit
from offtake.plan.items import Delay as Delay
from offtake.plan.items import Fab as Fab
from offtake.plan.items import Header as Header
from offtake.plan.items import LenderCase as LenderCase
from offtake.plan.items import Party as Party
from offtake.plan.items import Phase as Phase
from offtake.plan.items import PowerSource as PowerSource
from offtake.plan.items import Role as Role
from offtake.plan.items import Site as Site
from offtake.plan.items import Vendor as Vendor
from offtake.plan.learning import Learning as Learning
from offtake.plan.market import Market as Market
from offtake.plan.market import OutsideFleet as OutsideFleet
from offtake.plan.market import Segment as Segment
from offtake.plan.readings import Readings as Readings
from offtake.plan.reserve import Numbers
from offtake.plan.reserve import Reserve as Reserve


class Plan(Terms, Shown):
    """A plan as read. Use :func:`offtake.load` to make one."""

    places: ClassVar[dict[str, str]] = {"correlations": "drivers.correlations"}

    plan: Header
    """Name, start, horizon, periods, discount rate."""
    parties: dict[str, Party]
    """Who can owe and be owed."""
    sites: dict[str, Site] = default({})
    """Campuses and halls."""
    power: dict[str, PowerSource] = default({})
    """Sources of power."""
    vendors: dict[str, Vendor] = default({})
    """Makers of chips whose output may be short."""
    fabs: dict[str, Fab] = default({})
    """Plants that make chips."""
    chips: dict[str, Cohort] = default({})
    """Cohorts of chips."""
    market: Market = Field(default_factory=Market)
    """Prices that contracts share."""
    drivers: dict[str, SerializeAsAny[Terms] | AnySeries] = default({})
    """Named numbers that move over time."""
    correlations: tuple[Correlated, ...] = ()
    """Correlations between processes; written under ``drivers``."""
    driver_units: dict[str, str] = default({})
    """Canonical unit of each driver; worked out while reading."""
    learning: Learning | None = None
    """How the cost of a fixed problem falls."""
    readings: Readings = Field(default_factory=Readings)
    """Macro readings."""
    contracts: dict[str, SerializeAsAny[Terms]]
    """Contracts by id."""
    reserve: Reserve | None = None
    """What a buyer of capacity may choose between."""
    cases: dict[str, LenderCase] = default({})
    """What a lender assumes."""
    scenarios: dict[str, dict[str, Any]] = default({})
    """Changes by name of scenario, as written."""
    stacks: dict[str, dict[str, Any]] = default({})
    """Changes to contracts by name of stack, as written."""

    _variants: dict[str, Plan] = PrivateAttr(default_factory=dict)  # pyright: ignore[reportUnknownVariableType]
    _choices: dict[str, dict[str, Numbers]] = PrivateAttr(default_factory=dict)  # pyright: ignore[reportUnknownVariableType]

    @property
    def choices(self) -> dict[str, dict[str, Numbers]]:
        """Axis -> choice -> place -> number that it sets, of `reserve`; empty without it."""
        return self._choices

    @property
    def variants(self) -> dict[str, Plan]:
        """Other plans that structuring needs; empty where nothing is worked out.

        `signed` is the plan without its scenario, `cases.<name>` with the changes of a case.
        """
        return self._variants

    @property
    def sized(self) -> tuple[str, ...]:
        """Places of the amounts that structuring works out."""
        return tuple(
            place
            for place, number in self.numbers()
            if isinstance(number, Quantity) and number.sized
        )

    @property
    def fitted(self) -> tuple[str, ...]:
        """Contracts whose policy is worked out before a run."""
        return tuple(
            name for name, terms in self.contracts.items() if getattr(terms, "unfitted", False)
        )

    @property
    def base_rates(self) -> set[str]:
        """Drivers over which contracts pay interest."""
        return {
            value.base
            for name, terms in self.contracts.items()
            for _, _, value in leaves(terms, name)
            if isinstance(value, FloatingRate) and value.base is not None
        }

    @property
    def calendar(self) -> Periods:
        """The periods of the plan."""
        return self.plan.calendar

    def numbers(self) -> Iterator[tuple[str, Quantity | WhenValue]]:
        """Every number of the plan with its place, in the order of the sections."""
        return numbers(self)
