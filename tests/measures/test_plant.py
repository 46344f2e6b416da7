"""Power, energy and chips by year, by hand; sites keep their names whatever asks for them first."""

from pathlib import Path

import numpy as np

import offtake
from offtake.core.flows import Flow
from offtake.measures.plant import Plant
from tests.measures.case import Case


def test_by_hand():
    """Three yearly periods; the second source is drawn on by both sites."""
    case = Case({"company": "internal", "bank": "external"}, periods=3)
    seen = {
        "sites.b.power_mw": [0.0, 5.0, 6.0],
        "sites.b.h100e": [0.0, 50.0, 60.0],
        "sites.a.power_mw": [0.0, 10.0, 20.0],
        "sites.a.h100e": [0.0, 100.0, 200.0],
        "power.gas.price": [40.0, 50.0, 60.0],
        "power.gas.available_mw": [0.0, 1.0, 1.0],
        "power.grid.price": [30.0, 30.0, 80.0],
        "power.grid.available_mw": [0.0, 1.0, 1.0],
        "sites.a.power.gas.mwh": [0.0, 100.0, 200.0],
        "sites.a.power.grid.mwh": [0.0, 10.0, 20.0],
        "sites.b.power.grid.mwh": [0.0, 1.0, 2.0],
        "fabs.one.wafers": [0.0, 7.0, 8.0],
        "vendors.maker.chips": [0.0, 70.0, 80.0],
        "vendors.maker.unsold": [0.0, 0.0, 30.0],
    }
    for name, values in seen.items():
        case.observe(name, values)
    case.claim("rent", "company", "bank", Flow.RUNNING_COST, paid={0: 0.0})
    got = {name: value[..., 0] for name, value in case.reduce(Plant).items()}
    # The opening lies in the first year; of two periods a year long, each in a year of its own.
    assert got["total_mw"].tolist() == [15.0, 26.0]
    assert got["total_h100e"].tolist() == [150.0, 260.0]
    assert got["site_mw"].tolist() == [[5.0, 10.0], [6.0, 20.0]]
    assert got["energy_mwh"].tolist() == [[100.0, 11.0], [200.0, 22.0]]
    assert got["energy_usd"].tolist() == [[5000.0, 330.0], [12_000.0, 1760.0]]
    assert got["wafers"].tolist() == [[7.0], [8.0]]
    np.testing.assert_allclose(got["chips"][:, 0], np.array([70.0, 80.0]) * case.book().years[1:])
    assert got["unsold"].tolist() == [[0.0], [30.0]]


PLAN = """
plan: {name: Two, start: 2026-01, horizon: 1 year, discount_rate: 5 %/year}
parties:
  owner: {kind: internal, cash: 1 M USD}
  town:  {kind: external, role: supplier}
sites:
  large: {owner: owner, phases: [{power: 30 MW, energise: 2026-01}]}
  small: {owner: owner, phases: [{power: 2 MW, energise: 2026-01}]}
contracts:
  near: {kind: operating_cost, payer: owner, payee: town, site: small, per_mw: 1 USD/MW/year}
  far:  {kind: operating_cost, payer: owner, payee: town, site: large, per_mw: 1 USD/MW/year}
"""


def test_sites_keep_their_names(tmp_path: Path):
    """The contract on the second site comes first, so that it is observed first."""
    file = tmp_path / "plan.yaml"
    file.write_text(PLAN, encoding="utf-8")
    results = offtake.run(offtake.load(file), paths=2)
    (row,) = results.capacity_by_year()
    assert row["sites"] == {"small": 2.0, "large": 30.0}
    assert {r["site"]: r["mw"] for r in results.physical() if r["month"] == "2026-06"} == row[
        "sites"
    ]
