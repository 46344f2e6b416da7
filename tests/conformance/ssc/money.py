"""What a case says of money: prices and costs of each year, incentives, cost of the property."""

from dataclasses import dataclass

from tests.conformance.ssc.read import FLIPS, GIVERS, LEASE, Case

START = 2026
"""First year of the plan."""


def usd(value: float) -> str:
    """An amount."""
    return f"{value!r} USD"


def share(value: float) -> str:
    """A share, as a number."""
    return repr(float(value))


def dated(values: list[float], unit: str) -> dict[str, str]:
    """[year] a map from the plan's first year on."""
    return {str(START + i): f"{value!r} {unit}" for i, value in enumerate(values)}


def operating_expenses(case: Case) -> list[float]:
    """[year] what it costs to run the project, USD."""
    inflation = case.share("inflation_rate")

    def growing(name: str, scale: float) -> list[float]:
        return case.escalated(name, scale, inflation + case.share(f"{name}_escal"))

    energy = case.yearly("cf_energy_sales")
    if not any(energy):
        energy = case.yearly("cf_energy_net")
    heat = case.number("system_heat_rate") * 0.001 * case.number("annual_fuel_usage")
    parts = [
        growing("om_fixed", 1.0),
        [a * b for a, b in zip(growing("om_production", 0.001), energy, strict=True)],
        growing("om_capacity", case.number("system_capacity")),
        growing("om_fuel_cost", heat),
        growing("om_opt_fuel_1_cost", case.number("om_opt_fuel_1_usage")),
        growing("om_opt_fuel_2_cost", case.number("om_opt_fuel_2_usage")),
        growing("om_land_lease", case.number("land_area")),
        case.yearly("cf_utility_bill"),
    ]
    cost = case.number("total_installed_cost")
    assessed = cost * case.share("prop_tax_cost_assessed_percent")
    for i in range(case.years):
        left = max(100.0 - i * case.number("prop_tax_assessed_decline"), 0.0) / 100.0
        tax = assessed * left * case.share("property_tax_rate")
        insurance = cost * case.share("insurance_rate") * (1.0 + inflation) ** i
        parts[0][i] += tax + insurance
    return [sum(values) for values in zip(*parts, strict=True)]


def sales(case: Case) -> list[float]:
    """[year] what is sold of energy, heat, capacity and curtailment, USD."""
    names = ("energy_value", "thermal_value", "curtailment_value", "capacity_payment")
    return [sum(values) for values in zip(*(case.yearly(f"cf_{n}") for n in names), strict=True)]


def revenue(case: Case) -> list[float]:
    """[year] sales, incentives that count for debt service, and salvage, USD."""
    total = sales(case)
    if case.model == LEASE:
        return total
    for giver in GIVERS:
        if counted(case, giver):
            total = [a + b for a, b in zip(total, per_energy(case, giver), strict=True)]
    total[-1] += case.share("salvage_percentage") * case.number("total_installed_cost")
    return total


def counted(case: Case, giver: str) -> bool:
    """Whether an incentive by energy counts as revenue; in a partnership without debt all do."""
    return case.model == "equpartflip" or case.flag(f"pbi_{giver}_for_ds")


def per_energy(case: Case, giver: str) -> list[float]:
    """[year] incentive by the energy produced, USD."""
    name = f"pbi_{giver}"
    rates = case.escalated(f"{name}_amount", 1.0, case.share(f"{name}_escal"))
    if len(case.listed(f"{name}_amount")) == 1:
        term = int(case.number(f"{name}_term"))
        rates = [rate if i < term else 0.0 for i, rate in enumerate(rates)]
    energy = case.yearly("cf_energy_sales")
    return [a * b for a, b in zip(rates, energy, strict=True)]


@dataclass(frozen=True)
class Gift:
    """A grant at the plan's start, and whether it is taxed and taken off what is depreciated."""

    name: str
    amount: float
    taxed: dict[str, bool]
    reduces: dict[str, bool]


def gifts(case: Case) -> list[Gift]:
    """Incentives by investment and by capacity."""
    found: list[Gift] = []
    cost = case.number("total_installed_cost")
    for giver in GIVERS:
        percent = min(
            case.share(f"ibi_{giver}_percent") * cost,
            case.number(f"ibi_{giver}_percent_maxvalue", 1e38),
        )
        capacity = min(
            case.number(f"cbi_{giver}_amount") * 1000.0 * case.number("system_capacity"),
            case.number(f"cbi_{giver}_maxvalue", 1e38),
        )
        for kind, amount in (
            (f"ibi_{giver}_amount", case.number(f"ibi_{giver}_amount")),
            (f"ibi_{giver}_percent", percent),
            (f"cbi_{giver}", capacity),
        ):
            taxed, reduces = (
                {who: case.flag(f"{kind}_{what}_{who}") for who in ("fed", "sta")}
                for what in ("tax", "deprbas")
            )
            found.append(Gift(kind, amount, taxed, reduces))
    return found


def property_cost(case: Case) -> float:
    """What counts as property, USD, the development fee apart."""
    names = ("total_installed_cost", "construction_financing_cost", "cost_other_financing")
    total = sum(case.number(name) for name in names)
    return total + (case.number("cost_equity_closing") if case.model in (*FLIPS, LEASE) else 0.0)


def development_fee(case: Case) -> float:
    """Paid to the sponsor of a partnership, or part of the price of a sale, USD."""
    if case.model not in (*FLIPS, LEASE):
        return 0.0
    return case.share("cost_dev_fee_percent") * case.number("total_installed_cost")
