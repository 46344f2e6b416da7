"""Capacity by site and month, and the identities that capacity must meet."""

import numpy as np
import pytest

from offtake.core.flows import Flow
from offtake.measures.checks import PHYSICAL_CHECKS, Checks
from offtake.measures.physical import Physical, drivers, sites
from tests.measures.case import Case


def hall(**changes: list[float]) -> Case:
    """One hall with two cohorts over three periods; 100 hours a period."""
    case = Case({"company": "internal", "bank": "external"}, periods=3)
    case.cohort("a", "hall")
    case.cohort("b", "hall")
    seen = {
        "sites.hall.power_mw": [0.0, 10.0, 10.0],
        "sites.hall.running_mw": [0.0, 4.0, 10.0],
        "sites.hall.h100e": [0.0, 400.0, 1000.0],
        "sites.hall.h100e_hours": [0.0, 40_000.0, 100_000.0],
        "sites.hall.energy_mwh": [0.0, 500.0, 1250.0],
        "sites.hall.open": [1.0, 1.0, 0.5],
        "sites.hall.oversold_hours": [0.0, 0.0, 0.0],
        "chips.a.h100e": [0.0, 400.0, 400.0],
        "chips.b.h100e": [0.0, 0.0, 600.0],
        "drivers.price": [2.0, 1.5, 1.0],
    }
    for name, values in {**seen, **changes}.items():
        case.observe(name, values)
    case.claim("loan", "bank", "company", Flow.CAPITAL_IN, paid={0: 5.0})
    case.lend("loan", "bank", "company")
    case.over_time("loan", balance=[0.0, 5.0, 3.0, 0.0])
    return case


def worst(case: Case) -> dict[str, float]:
    return dict(zip(PHYSICAL_CHECKS, case.reduce(Checks)["physical"][:, 0].tolist(), strict=True))


def test_capacity_drivers_and_balances_by_period():
    case = hall()
    got = case.reduce(Physical)
    assert sites(case.book()) == ("hall",)
    assert drivers(case.book()) == ("price",)
    assert got["power_mw"][:, 0, 0].tolist() == [0.0, 10.0, 10.0]
    assert got["running_mw"][:, 0, 0].tolist() == [0.0, 4.0, 10.0]
    assert got["h100e"][:, 0, 0].tolist() == [0.0, 400.0, 1000.0]
    assert got["energy_mwh"][:, 0, 0].tolist() == [0.0, 500.0, 1250.0]
    assert got["open"][:, 0, 0].tolist() == [1.0, 1.0, 0.5]
    assert got["driver"][:, 0, 0].tolist() == [2.0, 1.5, 1.0]
    assert got["balance_usd"][:, 0, 0].tolist() == [5.0, 3.0, 0.0]


def test_capacity_that_adds_up_passes():
    assert set(worst(hall()).values()) == {0.0}


@pytest.mark.parametrize(
    ("check", "fault", "size"),
    [
        ("hours_oversold", {"sites.hall.oversold_hours": [0, 0, 10_000]}, 0.25),
        ("running_above_energised", {"sites.hall.running_mw": [0, 4, 12]}, 0.2),
        ("fleet_does_not_add_up", {"chips.b.h100e": [0, 0, 500]}, 0.1),
        ("capacity_negative", {"sites.hall.power_mw": [-3, 10, 10]}, 3.0),
    ],
)
def test_planted_faults_are_found(check: str, fault: dict[str, list[float]], size: float):
    assert worst(hall(**fault))[check] == pytest.approx(size)


def test_invariants_of_the_engine_are_passed_on():
    case = hall()
    record = case.record()._replace(checks=np.array([[1e-12], [3.0]]))
    case.record = lambda: record  # type: ignore[method-assign]
    assert case.reduce(Checks)["invariants"][:, 0].tolist() == [1e-12, 3.0]


def test_a_plan_without_sites():
    case = Case({"company": "internal", "bank": "external"}, periods=3)
    case.claim("fee", "bank", "company", Flow.FEE, paid={})
    assert set(worst(case).values()) == {0.0}
    got = case.reduce(Physical)
    assert got["power_mw"].shape == (3, 0, 1)
    assert got["balance_usd"].shape == (3, 0, 1)
