"""Owners share what is left by their shares, whoever they are and wherever they stand (§5.5)."""

from pathlib import Path

import numpy as np
import pytest

from offtake.core.arrays import jax, jnp
from offtake.engine.simulate import Draws, simulate
from offtake.lowering.lower import lower
from offtake.plan.load import load
from offtake.run.draw import base_case

TEXT = """
plan: {{name: Owners, start: 2026-01, horizon: 6 months, discount_rate: 9 %/year}}
parties:
  landlord: {{kind: internal, cash: 10 USD, minimum_cash: 4 USD}}
  tenant:   {{kind: internal, cash: 1000 USD}}
  sponsor:  {{kind: external, role: equity}}
  staff:    {{kind: external, role: supplier}}
contracts:
  rent:  {{kind: operating_cost, payer: tenant, payee: {rent_to}, amount: 240 USD/year}}
  other: {{kind: operating_cost, payer: sponsor, payee: landlord, amount: 120 USD/year}}
  wages: {{kind: operating_cost, payer: landlord, payee: staff, amount: 24 USD/year}}
  one:   {{kind: common_equity, investor: sponsor, issuer: landlord, share: 3}}
  two:   {{kind: common_equity, investor: tenant, issuer: landlord, share: 1}}
"""


def distributions(folder: Path, rent_to: str) -> np.ndarray:
    """[period, owner] in the base case."""
    file = folder / "plan.yaml"
    file.write_text(TEXT.format(rent_to=rent_to), encoding="utf-8")
    plan = lower(load(file))
    draws = Draws(*(jnp.asarray(x) for x in base_case(plan, 1)))
    record = jax.jit(simulate, static_argnums=1)(plan.program, plan.shape, draws)
    where = [
        k
        for owner in ("one", "two")
        for k, c in enumerate(plan.labels.claims)
        if (c.contract, c.line) == (owner, "distribution")
    ]
    return np.asarray(record.months.paid)[:, where, 0]


@pytest.mark.parametrize(
    ("rent_to", "left"),
    [
        # 6 above the minimum at the start, then 10 in and 2 out a month.
        ("staff", [6.0, 8.0, 8.0, 8.0, 8.0, 8.0, 8.0]),
        # The rent of 20 reaches the landlord, who is partly the tenant's: what was left a month
        # before is paid out. 6 in the opening; 28 more come in each month from period 1 on.
        ("landlord", [6.0, 0.0, 28.0, 28.0, 28.0, 28.0, 28.0]),
    ],
    ids=["apart", "on a cycle"],
)
def test_three_quarters_and_one_quarter(tmp_path: Path, rent_to: str, left: list[float]):
    expected = np.array(left)[:, None] * np.array([[0.75, 0.25]])
    np.testing.assert_allclose(distributions(tmp_path, rent_to), expected, rtol=1e-12, atol=1e-12)
