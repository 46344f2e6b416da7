"""A plan on which every shock of stress is a change of numbers, so that it is compiled once.

What this adds changes nothing by itself:

* where a contract reads a driver, a factor of one, which a shock may move;
* to a party outside the plan without a credit, one that never fails;
* to a guarantee without a cap, one that is never reached.

Streams of random numbers are keyed by name, so the futures stay the same.
"""

from typing import Any

from offtake import catalogue
from offtake.core.quantity import Quantity
from offtake.core.series import Series, constant
from offtake.plan.schema import Credit, Formula, Plan

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


def factor_name(contract: str, field: str) -> str:
    """Driver that holds the factor of one field."""
    return f"stress_{contract}_{field}".replace("-", "_")


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
    if series.driver is None:
        return f"contracts.{contract}.{field}"
    return f"drivers.{factor_name(contract, field)}"


def prepared(plan: Plan) -> Plan:
    """The plan with what shocks move; it has the same futures."""
    drivers, units = dict(plan.drivers), dict(plan.driver_units)
    contracts: dict[str, Any] = {}
    for name, terms in plan.contracts.items():
        made: Any = terms
        for field in FACTORS.get(made.kind, ()):
            series: Any = getattr(made, field, None)
            if isinstance(series, Series) and series.driver is not None:
                factor, product = factor_name(name, field), factor_name(name, f"{field}_moved")
                drivers[factor] = constant(Quantity(1.0, "1", text="100 %"))
                drivers[product] = Formula(formula=f"{series.driver} * {factor}")
                units[factor], units[product] = "1", plan.driver_units[series.driver]
                made = made.model_copy(update={field: Series(driver=product)})
        if made.kind in CAPPED and made.cap is None:
            cap = Quantity(NEVER_REACHED, "USD", text=f"{NEVER_REACHED:g} USD")
            made = made.model_copy(update={"cap": cap})
        contracts[name] = made
    update = {"contracts": contracts, "drivers": drivers, "driver_units": units}
    return plan.model_copy(update={**update, "parties": _with_credit(plan)})


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
        for field in ("buyer", "tenant", "seller")
        for name in [getattr(terms, field, None)]
        if isinstance(name, str)
    }
    return {
        name: party.model_copy(update={"credit": never})
        if party.kind == "external" and party.credit is None and name in traders
        else party
        for name, party in plan.parties.items()
    }
