"""The bridge to SSC: a case that holds most of it, planted faults, and what is refused.

All cases run with `make conformance`.
"""

import json
from functools import cache

import pytest

from tests.conformance.ssc.compare import figures
from tests.conformance.ssc.plan import plan_of
from tests.conformance.ssc.read import OutOfScope, read
from tests.conformance.ssc.run import run

CASE = (
    "ssc_cases/equpartflip/2023.10.27_om-expense-cash-flow_High-X_Concentrating_PV_"
    "All_Equity_Partnership_Flip_cmod_equpartflip.json"
)
"""Two partners, an investment credit, working capital, and equipment that is replaced once."""


@cache
def case_in(folder):
    return read(folder / CASE)


def off(case, plan):
    return {f.name for f in figures(case, run(plan)) if f.error > f.tolerance}


def test_a_case_agrees_figure_by_figure(reference_data):
    case = case_in(reference_data)
    found = list(figures(case, run(plan_of(case))))
    assert len(found) == 38
    assert not [f for f in found if f.error > f.tolerance]


@pytest.mark.parametrize(
    ("contract", "change", "seen"),
    [
        ("flip", {"cash_before": "0.97"}, "cf_tax_investor_pretax"),
        ("flip", {"recovery": "0 years"}, "cf_sponsor_pretax"),
        ("working_capital_reserve", {"months": "5 months"}, "cf_reserve_om"),
        ("equip1_reserve", {"escalation": "2.4 %/year"}, "cf_reserve_equip1"),
        ("fed_tax_investor", {"rate": "0.2"}, "cf_fedtax"),
        ("fed_tax_sponsor", {"losses_used": "later"}, "cf_project_return_aftertax"),
        ("fed_credit_investor", {"investment": "0.2999"}, "cf_tax_investor_aftertax_irr"),
    ],
)
def test_a_planted_fault_is_seen(contract, change, seen, reference_data):
    case = case_in(reference_data)
    plan = plan_of(case)
    plan["contracts"][contract] |= change
    assert seen in off(case, plan)


def test_every_case_at_hand_becomes_a_plan(reference_data):
    paths = [*(reference_data / "ssc_cases").glob("*/*.json")]
    paths += [*(reference_data / "pysam_cases").glob("*.json")]
    assert len(paths) > 20
    for path in paths:
        assert plan_of(read(path))["contracts"], path


@pytest.mark.parametrize(
    ("changes", "named"),
    [
        ({"en_batt": 1}, "a battery"),
        ({"system_use_recapitalization": 1}, "recapitalisation"),
        ({"something_new": 3.0}, "something_new"),
        ({"itc_fed_percent": [10.0, 20.0]}, "investment credit in several years"),
        ({"federal_tax_rate": [21.0, 25.0]}, "federal_tax_rate"),
    ],
)
def test_what_is_not_known_is_refused_by_name(changes, named, reference_data, tmp_path):
    data = json.loads((reference_data / CASE).read_text(encoding="utf-8"))
    data["inputs"] |= changes
    path = tmp_path / "case_cmod_equpartflip.json"
    path.write_text(json.dumps(data), encoding="utf-8")
    with pytest.raises(OutOfScope, match=named):
        plan_of(read(path))


def test_the_known_fault_of_the_oracle_is_refused(reference_data, tmp_path):
    source = reference_data / "pysam_cases" / "Singleowner_price_dscr.json"
    data = json.loads(source.read_text(encoding="utf-8"))
    data["inputs"]["FinancialParameters"]["months_receivables_reserve"] = 1.0
    path = tmp_path / "case.json"
    path.write_text(json.dumps(data), encoding="utf-8")
    with pytest.raises(OutOfScope, match="receivables"):
        read(path)


def test_debt_by_share_of_a_partnership_is_refused(reference_data, tmp_path):
    source = next((reference_data / "ssc_cases" / "levpartflip").glob("*.json"))
    data = json.loads(source.read_text(encoding="utf-8"))
    data["inputs"]["debt_option"] = 0
    path = tmp_path / "case_cmod_levpartflip.json"
    path.write_text(json.dumps(data), encoding="utf-8")
    with pytest.raises(OutOfScope, match="share of cost in a partnership"):
        read(path)
