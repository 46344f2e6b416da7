"""A plan on which every shock is a change of numbers, so that it is compiled once.

What this adds changes nothing by itself:

* where a contract or the demand of the market reads a driver, a factor of one, which a shock may
  move; the driver itself may feed other things too, or two of them one volume;
* to a base rate that is a formula, nothing per year, which a shock may raise;
* to a party outside the plan without a credit, one that never fails;
* to a guarantee without a cap, one that is never reached.

Streams of random numbers are keyed by name, so the futures stay the same.
"""

from collections.abc import Iterator
from typing import Any

from offtake import catalogue
from offtake.core.quantity import Quantity
from offtake.core.series import Series, constant
from offtake.plan.schema import Credit, Formula, Plan
from offtake.plan.told import needed

FACTORS: dict[str, tuple[str, ...]] = {
    "metered_tokens": ("revenue", "demand"),
    "other_business": ("inflow",),
    "reserved_capacity": ("utilisation",),
    "spot_sale": ("utilisation",),
    "equity_raise": ("capacity", "sentiment"),
    "public_offering": ("revenue", "sentiment"),
}
"""Kind -> fields whose driver gets a factor."""
NEVER_REACHED = 1e15
"""USD; a cap above everything that is owed in any plan."""
CAPPED = ("parent_guarantee", "government_guarantee")


def level_of(plan: Plan, contract: str, field: str) -> str | None:
    """Place of the number by which the level of a field is moved; None if it has none.

    Args:
        plan: as loaded, not prepared.
        contract: name.
        field: one of `FACTORS`.
    """
    series: Any = getattr(plan.contracts[contract], field, None)
    if not isinstance(series, Series):
        return None
    return _level(series, f"contracts.{contract}.{field}", contract, field)


def market_levels(plan: Plan) -> Iterator[str]:
    """Places of the numbers by which volumes of the market are moved, of a plan not prepared."""
    for where, series in _volumes(plan):
        yield _level(series, ".".join(("market", *where)), *_of_market(where))


def formula_bases(plan: Plan) -> dict[str, str]:
    """Base rates that are formulas -> place of the number by which each is raised.

    A formula over another base is left out: it moves as it follows from that one.
    """
    bases = plan.base_rates
    own = {b: d for b in bases if isinstance(d := plan.drivers.get(b), Formula)}
    return {
        base: f"drivers.{_raised(base)}"
        for base, formula in own.items()
        if not bases & behind(plan, set(needed(formula)))
    }


def behind(plan: Plan, drivers: set[str]) -> set[str]:
    """Drivers and those that their formulas name."""
    found, new = set[str](), drivers
    while new:
        found |= new
        new = {name for driver in new for name in needed(plan.drivers.get(driver))} - found
    return found


def _volumes(plan: Plan) -> Iterator[tuple[tuple[str, ...], Series]]:
    """What is asked of the market, and the share of what is offered by the hour that is taken."""
    yield ("utilisation",), plan.market.utilisation
    for name, segment in plan.market.demand.items():
        for field in ("tokens", "compute"):
            series: Series | None = getattr(segment, field)
            if series is not None:
                yield ("demand", name, field), series


def _of_market(where: tuple[str, ...]) -> tuple[str, ...]:
    """Name of a volume of the market among factors, apart from those of contracts."""
    return "of_market", *where


def _factor(*where: str) -> str:
    """Driver that holds the factor of one field."""
    return "_".join(("stress", *where)).replace("-", "_")


def _raised(base: str) -> str:
    """Driver that holds what is added to a base rate."""
    return _factor("rate", base)


def _level(series: Series, place: str, *where: str) -> str:
    return place if series.driver is None else f"drivers.{_factor(*where)}"


class _Adding:
    """Drivers of a plan, and those that shocks move."""

    def __init__(self, plan: Plan) -> None:
        self.drivers: dict[str, Any] = dict(plan.drivers)
        self.units = dict(plan.driver_units)

    def number(self, name: str, value: Quantity) -> None:
        """A driver that is a number."""
        self.drivers[name], self.units[name] = constant(value), value.unit

    def factored(self, series: Series, *where: str) -> Series:
        """A field with a factor of one, where it reads a driver."""
        if series.driver is None:
            return series
        factor, product = _factor(*where), _factor(*where, "moved")
        self.number(factor, Quantity(1.0, "1", text="100 %"))
        self.drivers[product] = Formula(formula=f"{series.driver} * {factor}")
        self.units[product] = self.units[series.driver]
        return Series(driver=product)

    def raised(self, base: str) -> None:
        """A base rate that is a formula, plus nothing."""
        formula: Any = self.drivers[base]
        self.number(_raised(base), Quantity(0.0, "1/year", text="0 %/year"))
        text = f"({formula.formula}) + {_raised(base)}"
        self.drivers[base] = formula.model_copy(update={"formula": text})


def prepared(plan: Plan) -> Plan:
    """The plan with what shocks move; it has the same futures."""
    adding = _Adding(plan)
    contracts: dict[str, Any] = {}
    for name, terms in plan.contracts.items():
        made: Any = terms
        for field in FACTORS.get(made.kind, ()):
            series: Any = getattr(made, field, None)
            if isinstance(series, Series):
                made = made.model_copy(update={field: adding.factored(series, name, field)})
        if made.kind in CAPPED and made.cap is None:
            cap = Quantity(NEVER_REACHED, "USD", text=f"{NEVER_REACHED:g} USD")
            made = made.model_copy(update={"cap": cap})
        contracts[name] = made
    for base in formula_bases(plan):
        adding.raised(base)
    market = _with_factors(plan, adding)
    update = {"drivers": adding.drivers, "driver_units": adding.units, "market": market}
    return plan.model_copy(update={**update, "contracts": contracts, "parties": _with_credit(plan)})


def _with_factors(plan: Plan, adding: _Adding) -> Any:
    """The market with factors on its volumes."""
    market, demand = plan.market, dict(plan.market.demand)
    for where, series in _volumes(plan):
        moved = adding.factored(series, *_of_market(where))
        if len(where) == 1:
            market = market.model_copy(update={where[0]: moved})
        else:
            _, name, field = where
            demand[name] = demand[name].model_copy(update={field: moved})
    return market.model_copy(update={"demand": demand})


def _with_credit(plan: Plan) -> dict[str, Any]:
    """Parties of a plan, all buyers and vendors outside it with a credit."""
    recovery = catalogue.recoveries()["senior_unsecured"].value
    never = Credit(
        hazard=constant(Quantity(0.0, "1/year", text="0 %/year")),
        recovery=Quantity(recovery, "1", text=f"{recovery:.1%}"),
    )
    traders = {
        name
        for terms in plan.contracts.values()
        for field in ("buyer", "tenant", "seller", "lessee", "company")
        for name in [getattr(terms, field, None)]
        if isinstance(name, str)
    }
    return {
        name: party.model_copy(update={"credit": never})
        if party.kind == "external" and party.credit is None and name in traders
        else party
        for name, party in plan.parties.items()
    }
