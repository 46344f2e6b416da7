"""A case as it is read, and the features that are refused by name.

What an hourly model of a plant gives (energy of each year, its revenue, purchases from the grid) is
outside: it is taken from the case's outputs. Every other input is used, plays no part in the cash
flows, or must have the value at which its feature is off. An input that stands in none of the lists
is refused.
"""

import json
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

MODELS = ("singleowner", "levpartflip", "equpartflip", "saleleaseback")
FLIPS = ("levpartflip", "equpartflip")
LEASE = "saleleaseback"

CLASSES = ("macrs_5", "macrs_15", "sl_5", "sl_15", "sl_20", "sl_39", "custom")
GIVERS = ("fed", "sta", "uti", "oth")

OFF: dict[str, tuple[Any, str]] = {
    "add_om_num_types": (0, "running cost of batteries and fuel cells"),
    "en_batt": (0, "a battery"),
    "en_standalone_batt": (0, "a battery of its own"),
    "en_wave_batt": (0, "a battery"),
    "en_fuelcell": (0, "a fuel cell"),
    "batt_replacement_option": (0, "replacement of a battery"),
    "fuelcell_replacement_option": (0, "replacement of a fuel cell"),
    "system_use_recapitalization": (0, "recapitalisation"),
    "is_hybrid": (0, "a hybrid of several plants"),
    "system_use_lifetime_output": (0, "hourly output of every year"),
    "cost_debt_closing": (0, "closing cost of debt as an amount"),
}
"""Input -> value at which its feature is off, name of the feature."""

USED = (
    *("analysis_period", "inflation_rate", "real_discount_rate", "system_capacity"),
    *("federal_tax_rate", "state_tax_rate", "total_installed_cost", "construction_financing_cost"),
    *("cost_other_financing", "cost_debt_fee", "cost_equity_closing", "cost_dev_fee_percent"),
    *("debt_option", "debt_percent", "payment_option", "loan_moratorium", "term_tenor"),
    *("term_int_rate", "dscr", "dscr_limit_debt_fraction", "dscr_maximum_debt_fraction"),
    *("dscr_reserve_months", "months_working_reserve", "months_receivables_reserve"),
    *("equip[123]_reserve_cost", "equip[123]_reserve_freq", "equip_reserve_depr_fed"),
    *("equip_reserve_depr_sta", "reserves_interest", "insurance_rate", "property_tax_rate"),
    *("prop_tax_cost_assessed_percent", "prop_tax_assessed_decline", "salvage_percentage"),
    *("om_fixed", "om_fixed_escal", "om_production", "om_production_escal", "om_capacity"),
    *("om_capacity_escal", "om_fuel_cost", "om_fuel_cost_escal", "om_opt_fuel_[12]_*"),
    *("om_land_lease", "om_land_lease_escal", "land_area", "system_heat_rate"),
    *("annual_fuel_usage", "depr_*", "itc_*", "ptc_*", "ibi_*", "cbi_*", "pbi_*"),
    *("flip_target_percent", "tax_investor_*", "sponsor_*"),
)
OUTSIDE = (
    *("gen", "gen_purchases", "degradation", "dispatch_*", "ppa_*", "annual_energy*"),
    *("system_pre_curtailment_kwac", "monthly_energy", "grid_curtailment_price*", "cp_*"),
    *("en_electricity_rates", "rate_escalation", "ur_*"),
)
"""What an hourly plant and its tariff are made of; their outcome is taken from the outputs."""
NO_PART = (
    *("flip_target_year", "batt_computed_bank_capacity", "battery_per_kWh", "om_batt_*"),
    *("fuelcell_*", "om_fuelcell_*", "om_production[12]_values", "om_replacement_cost_escal"),
    *("batt_salvage_percentage", "system_recapitalization_*", "system_lifetime_recapitalize"),
    *("number_compute_modules", "number_metrics"),
)
"""Plays no part in the cash flows while the features of `OFF` are off."""


class OutOfScope(Exception):
    """A feature that is not known; the message names it."""


@dataclass(frozen=True)
class Case:
    """One case."""

    name: str
    model: str
    inputs: dict[str, Any]
    outputs: dict[str, Any]

    @property
    def years(self) -> int:
        """Years of operation."""
        return int(self.inputs["analysis_period"])

    def number(self, name: str, otherwise: float = 0.0) -> float:
        """A number; the first one of a list that has one."""
        value = self.inputs.get(name, otherwise)
        if isinstance(value, list):
            if len(value) != 1:
                raise OutOfScope(f"{name} of each year")
            value = value[0]
        return float(value)

    def share(self, name: str, otherwise: float = 0.0) -> float:
        """A percentage as a share."""
        return self.number(name, otherwise) / 100.0

    def flag(self, name: str) -> bool:
        """Whether something is on."""
        return bool(self.number(name))

    def listed(self, name: str) -> list[float]:
        """A list of numbers; a number alone is a list of one."""
        value = self.inputs.get(name, 0.0)
        return [float(v) for v in value] if isinstance(value, list) else [float(value)]

    def escalated(self, name: str, scale: float, growth: float) -> list[float]:
        """[year] one number that grows each year, or one for each year."""
        given = self.listed(name)
        if len(given) == 1:
            return [given[0] * scale * (1.0 + growth) ** i for i in range(self.years)]
        return [v * scale for v in (given + [0.0] * self.years)[: self.years]]

    def yearly(self, name: str) -> list[float]:
        """[year] an output of the years of operation; zeros where there is none."""
        found = self.outputs.get(name)
        if not isinstance(found, list) or len(found) <= self.years:
            return [0.0] * self.years
        return [float(v) for v in found[1 : self.years + 1]]


def read(path: Path) -> Case:
    """A case, whether its inputs stand in groups or not.

    Raises:
        OutOfScope: it is of a model, or has a feature, that is not known.
    """
    data = json.loads(path.read_text(encoding="utf-8"))
    inputs = _flat(data["inputs"])
    outputs = data["outputs"]
    model = str(data.get("model") or "").lower() or next(
        (m for m in MODELS if f"cmod_{m}" in path.stem), path.parent.name
    )
    if model not in MODELS:
        raise OutOfScope(f"model {model}")
    case = Case(path.stem, model, inputs, outputs)
    _refuse(case)
    return case


def _flat(groups: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name, value in groups.items():
        if isinstance(value, dict) and "_len" not in value:
            found |= _flat(value)
        else:
            found[name] = value
    return found


def _refuse(case: Case) -> None:
    for name, value in case.inputs.items():
        if name in OFF:
            off, feature = OFF[name]
            if float(value) != off:
                raise OutOfScope(f"{feature} ({name})")
        elif not any(fnmatchcase(name, known) for known in (*USED, *OUTSIDE, *NO_PART)):
            raise OutOfScope(f"input {name}")
    if "gen_without_battery" in case.inputs or "batt_annual_discharge_energy" in case.inputs:
        raise OutOfScope("energy of a battery")
    if case.model == "levpartflip" and not case.flag("debt_option"):
        raise OutOfScope("debt as a share of cost in a partnership (debt_option)")
    sized = case.flag("debt_option") and case.model in ("singleowner", "levpartflip")
    if sized and case.number("months_receivables_reserve") > 0.0:
        raise OutOfScope(
            "receivables reserve beside debt sized by cover: SSC counts its first funding in the "
            "size of the debt and not in the schedule, so that the debt does not end at zero"
        )
