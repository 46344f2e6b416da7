"""Cases made anew with NREL-PySAM: terms drawn by a number, worked out by SSC, compared as all are.

    python -m tests.conformance.ssc.live 30 7        the cases numbered 30 and 7

The plant is a constant 10 MW, as an hourly model is outside. What the defaults of PySAM would leave
without effect (cheap plants that carry more debt than they cost) is drawn in a range in which the
terms matter. Needs NREL-PySAM (`make conformance` and `make bench` install it).
"""

import json
import random
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from tests.conformance.case import Outcome
from tests.conformance.ssc.compare import compare

MODELS = {
    "Singleowner": "CustomGenerationProfileSingleOwner",
    "Levpartflip": "CustomGenerationProfileLeveragedPartnershipFlip",
    "Equpartflip": "CustomGenerationProfileAllEquityPartnershipFlip",
    "Saleleaseback": "CustomGenerationProfileSaleLeaseback",
}
"""Model of PySAM -> its defaults."""
CASES = 12
HOURS = 8760
KW = 10_000.0
PLANT = {
    "gen": [KW] * HOURS,
    "gen_purchases": [0.0] * HOURS,
    "system_pre_curtailment_kwac": [KW] * HOURS,
    "system_capacity": KW,
    "cp_system_nameplate": KW / 1000.0,
    "annual_energy_pre_curtailment_ac": KW * HOURS,
    "en_electricity_rates": 0.0,
    "ppa_soln_mode": 1.0,
    "om_fuel_cost": [0.0],
}
"""Inputs of every case; a model takes those that it has."""


def terms(seed: int) -> dict[str, Any]:
    """Terms of a case, drawn; the same for the same number, percentages as SSC has them."""
    drawn = random.Random(f"case {seed}")
    one, between = drawn.choice, drawn.uniform
    fast = one([100.0, 80.0])
    by_cover = float(one([0, 1]))
    allocation = {
        f"depr_alloc_{name}_percent": 0.0
        for name in ("macrs_15", "sl_5", "sl_20", "sl_39", "custom")
    }
    return allocation | {
        "total_installed_cost": between(38e6, 60e6),
        "construction_financing_cost": one([0.0, 1e6]),
        "cost_other_financing": one([0.0, 3e5]),
        "ppa_price_input": [between(0.05, 0.08)],
        "ppa_escalation": one([0.0, 1.0, 2.0]),
        "analysis_period": float(one([20, 25, 30])),
        "inflation_rate": one([2.0, 2.5]),
        "om_fixed": [between(2e5, 8e5)],
        "om_fixed_escal": one([0.0, 0.5]),
        "om_capacity": [one([0.0, 10.0, 15.0])],
        "om_production": [one([0.0, 2.0])],
        "land_area": one([0.0, 100.0]),
        "om_land_lease": [one([0.0, 300.0])],
        "om_land_lease_escal": one([0.0, 1.0]),
        "insurance_rate": one([0.0, 0.5]),
        "property_tax_rate": one([0.0, 1.0]),
        "prop_tax_assessed_decline": one([0.0, 5.0]),
        "salvage_percentage": one([0.0, 10.0]),
        "reserves_interest": one([0.0, 1.75]),
        "months_working_reserve": one([0.0, 3.0, 6.0]),
        "dscr_reserve_months": one([0.0, 6.0]),
        "equip1_reserve_cost": one([0.0, 0.1]),
        "equip1_reserve_freq": one([7.0, 12.0]),
        "debt_option": by_cover,
        "dscr": between(1.2, 1.6),
        "debt_percent": one([40.0, 60.0]),
        "payment_option": float(one([0, 1])),
        "loan_moratorium": 0.0 if by_cover else float(one([0, 2])),
        "term_tenor": float(one([10, 15, 18])),
        "term_int_rate": between(4.0, 8.0),
        "cost_debt_fee": one([0.0, 2.0]),
        "federal_tax_rate": [one([21.0, 28.0])],
        "state_tax_rate": [one([0.0, 7.0])],
        "depr_alloc_macrs_5_percent": fast,
        "depr_alloc_sl_15_percent": 100.0 - fast,
        "depr_bonus_fed": one([0.0, 60.0, 100.0]),
        "depr_bonus_fed_macrs_5": 1.0,
        "itc_fed_percent": [one([0.0, 10.0, 30.0])],
        "ptc_fed_amount": [one([0.0, 0.02])],
        "ptc_fed_escal": one([0.0, 2.0]),
        "ibi_sta_percent": one([0.0, 5.0]),
        "cbi_uti_amount": one([0.0, 0.05]),
        "pbi_fed_amount": [one([0.0, 0.005])],
        "pbi_fed_term": 5.0,
        "pbi_fed_for_ds": float(one([0, 1])),
        "flip_target_percent": one([9.0, 11.0]),
        "sponsor_operating_margin": one([20.0, 40.0]),
    }


def model_of(seed: int) -> str:
    """Models take turns."""
    return list(MODELS)[seed % len(MODELS)]


NOT_KNOWN = {
    "Saleleaseback": {
        "cost_other_financing": 0.0,
        "ibi_sta_percent": 0.0,
        "cbi_uti_amount": 0.0,
        "pbi_fed_amount": [0.0],
    }
}
"""Terms that the bridge refuses by name for a model, left out so that the rest is compared."""


def loaded(seed: int) -> Any:
    """A model of PySAM with the terms of a case, not yet run.

    Raises:
        ImportError: NREL-PySAM is not installed.
    """
    import importlib

    name = model_of(seed)
    model: Any = importlib.import_module(f"PySAM.{name}").default(MODELS[name])
    for field, value in (PLANT | terms(seed) | NOT_KNOWN.get(name, {})).items():
        try:
            model.value(field, value)
        except AttributeError:  # a field that the model does not have
            continue
    return model


def made(seed: int, folder: Path) -> Path:
    """A case, worked out by SSC and written as a case file."""
    model = loaded(seed)
    model.execute(0)
    groups = model.export()
    outputs = groups.pop("Outputs")
    path = folder / f"{seed:03d}_{model_of(seed)}.json"
    case = {
        "name": path.stem,
        "model": model_of(seed),
        "inputs": {name: group for name, group in groups.items() if isinstance(group, dict)},
        "outputs": outputs,
    }
    path.write_text(json.dumps(case), encoding="utf-8")
    return path


def run_live(_: Path, seeds: Iterator[int] | range = range(CASES)) -> Iterator[Outcome]:
    """Cases by number, made anew."""
    with tempfile.TemporaryDirectory() as folder:
        for seed in seeds:
            yield compare(made(seed, Path(folder)), "pysam anew")


if __name__ == "__main__":
    import os

    os.environ.setdefault("JAX_PLATFORMS", "cpu")
    os.environ.setdefault("JAX_ENABLE_X64", "true")
    for outcome in run_live(Path(), iter(map(int, sys.argv[1:]))):
        print(outcome.case, outcome.status, outcome.reason, outcome.largest_error)
