"""Unpaid power or running cost shuts the capacity (DESIGN §5.10), worked by hand."""

from pathlib import Path

import numpy as np
import pytest

from offtake.plan.load import load
from offtake.run.base_case import base_case_of

TEXT = """
plan: {{name: Shut, start: 2026-01, horizon: 5 months, discount_rate: 9 %/year}}
parties:
  operator: {{kind: internal, cash: 15000 USD}}
  utility:  {{kind: external, role: supplier}}
  owner:    {{kind: external, role: equity}}
sites:
  hall: {{owner: operator, phases: [{{power: 1 MW, pue: 1.0, energise: 2026-01}}]}}
chips:
  some: {{site: hall, chip: {{h100e: 2, watts: 1000 W}}, units: 1000, deliver: 2026-01,
          price: 1 USD, availability: 100 %, failure_rate: 0 %/year}}
contracts:
  bill: {bill}
  gift: {{kind: operating_cost, payer: owner, payee: operator, amount: 240000 USD/year,
         start: 2026-04}}
"""
BILLS = {
    "power": "{kind: power_purchase, buyer: operator, seller: utility, site: hall, "
    "price: 0 USD/MWh, capacity_charge: 120000 USD/MW/year}",
    "running cost": "{kind: operating_cost, payer: operator, payee: utility, site: hall, "
    "per_mw: 120000 USD/MW/year}",
    "cost of no site": "{kind: operating_cost, payer: operator, payee: utility, "
    "amount: 120000 USD/year}",
}


@pytest.mark.parametrize("bill", BILLS)
def test_what_is_not_paid_for_does_not_run(tmp_path: Path, bill: str) -> None:
    """10,000 a month against 15,000 of cash and, from April on, 20,000 a month.

    January pays 10,000 of 10,000; February 5,000 of 10,000; March nothing of 15,000; April 20,000
    of 25,000; May 15,000 of 15,000. Each month runs on what the month before paid of its bill.
    """
    (tmp_path / "plan.yaml").write_text(TEXT.format(bill=BILLS[bill]), encoding="utf-8")
    case = base_case_of(load(tmp_path))
    line = next(iter(case.lines("bill").values()))
    np.testing.assert_allclose(line[0], [0, 10e3, 10e3, 15e3, 25e3, 15e3], rtol=1e-12)
    np.testing.assert_allclose(line[1], [0, 10e3, 5e3, 0, 20e3, 15e3], rtol=1e-12)
    seen = dict(zip(case.labels.observations, case.flows.observations[..., 0].T, strict=True))
    runs = [1, 1, 1, 1, 1, 1] if bill == "cost of no site" else [1, 1, 1, 0.5, 0, 0.8]
    np.testing.assert_allclose(seen["sites.hall.open"], runs, rtol=1e-12)
    np.testing.assert_allclose(seen["sites.hall.h100e"][1:], 2000 * np.array(runs[1:]), rtol=1e-12)
    np.testing.assert_allclose(seen["sites.hall.power_mw"][1:], 1.0)
