"""Revolver: golden table, and every rule against hand arithmetic."""

import math

import numpy as np

from offtake.contracts.revolver import EXAMPLE, Revolver
from offtake.core.flows import Flow
from tests.contracts.harness import bench, check_golden, gradient, run_alone, scaled

DRAWS = {0: 300.0, 1: 900.0, 3: 500.0}
TAKES = {2: 250.0, 4: 100.0}
PERIODS = 8


def terms(**changes):
    return type(EXAMPLE).model_validate(EXAMPLE.model_dump(exclude_unset=True) | changes)


def run(scale=1.0, paid=lambda line, t, claimed: claimed, observations=None, **setting):
    changes = setting.pop("changes", {})
    return run_alone(
        Revolver,
        terms(**changes),
        observations,
        PERIODS,
        drawn=lambda line, t, limit: scale * DRAWS.get(t, 0.0),
        taken=lambda line, t, cap: scale * TAKES.get(t, 0.0),
        paid=paid,
        **setting,
    )


def test_golden():
    check_golden(run())


def test_example_by_hand():
    table = run()
    # 300; 700 of the 900 asked for; 250 swept; 250 of 500 as only that is free again; 100 swept.
    np.testing.assert_allclose(table["draw"][:6], [300, 700, 0, 250, 0, 0])
    np.testing.assert_allclose(table["sweep"][:6], [0, 0, 250, 0, 100, 0])
    np.testing.assert_allclose(table["balance"][:7], [0, 300, 1000, 750, 1000, 900, 0])
    np.testing.assert_allclose(table["interest"][:6], [0, 3, 10, 7.5, 10, 9])
    np.testing.assert_allclose(table["fee"][:7], [0, 3.5, 0, 1.25, 0, 0.5, 0])
    np.testing.assert_allclose(table["principal"], [0, 0, 0, 0, 0, 900, 0, 0, 0])


def test_draws_and_sweeps_end_at_maturity():
    table = run_alone(
        Revolver,
        EXAMPLE,
        None,
        PERIODS,
        drawn=lambda line, t, limit: np.inf,
        taken=lambda line, t, cap: 0.0 * cap,
        paid=lambda line, t, claimed: claimed * (t != 5),
    )
    np.testing.assert_allclose(table["draw"], [1000] + [0] * 8)
    np.testing.assert_allclose(table["principal.claimed"][4:8], [0, 1000, 1000, 0])
    # The interest unpaid at maturity bears interest for a month; the balance does until it is paid.
    np.testing.assert_allclose(table["interest"][6], 10.0 * 1.01 + 10.0)


def test_the_sweep_takes_at_most_the_balance():
    table = run_alone(
        Revolver,
        EXAMPLE,
        None,
        PERIODS,
        drawn=lambda line, t, limit: 400.0 * (t == 0),
        taken=lambda line, t, cap: cap,
    )
    np.testing.assert_allclose(table["sweep"], [0, 400, 0, 0, 0, 0, 0, 0, 0])


def test_called_line_is_due_at_once_and_closed():
    table = run(paid=lambda line, t, claimed: 0.0 * claimed, changes={"grace": "1 month"})
    # Fee and interest unpaid in period 1; periods 1 and 2 in a row are beyond a month of grace.
    assert table["accelerated"].tolist()[:5] == [0, 0, 0, 1, 1]
    np.testing.assert_allclose(table["draw"][3:], 0.0)
    np.testing.assert_allclose(table["sweep"][3:], 0.0)
    np.testing.assert_allclose(table["principal.claimed"][3], 750.0)


def test_nothing_is_lent_to_a_borrower_in_default():
    table = run(stopped={"company": 1})
    np.testing.assert_allclose(table["draw"], [300] + [0] * 8)
    np.testing.assert_allclose(table["fee"][1:], 0.0)


def test_loss_on_a_borrower_outside_the_plan():
    payout = np.where(np.arange(PERIODS + 1) >= 2, 0.3, 1.0)
    table = run(
        paid=lambda line, t, claimed: claimed * payout[t],
        observations={"parties.company.payout": payout},
        changes={"term": "7 months"},
    )
    # Interest of period 2 is paid at 30 %, which ends the line; the rest follows in period 3.
    np.testing.assert_allclose(table["interest"][2:5], [3.0, 0.3 * 7.5, 0.0])
    np.testing.assert_allclose(table["principal"][2:5], [0.0, 0.3 * 750.0, 0.0])
    assert table["balance"][4] == 0.0


def test_what_it_protects():
    everything = bench(Revolver, EXAMPLE).lowered.lines[0]
    named = bench(Revolver, terms(funds=["power", "loan"])).lowered.lines[0]
    assert everything.protects == (("*",),)
    assert named.protects == (("power", "loan"),)
    assert Flow.SUPPORT not in everything.protected_flows
    assert Flow.INTEREST in everything.protected_flows


def test_floating_and_day_count():
    base = np.linspace(0.01, 0.09, PERIODS + 1)
    changes = {"rate": "SOFR + 2 %", "floor": "3 %/year", "day_count": "A/365"}
    table = run(changes=changes, observations={"drivers.SOFR": base})
    days = np.array([31, 28, 31, 30, 31])
    rate = 0.02 + np.maximum(base[1:6], 0.03)
    np.testing.assert_allclose(table["interest"][1:6], table["balance"][1:6] * rate * days / 365)


def test_zero_limit_gives_zero():
    table = run(changes={"amount": "0 USD"})
    assert not any(table.columns[name].any() for name in table.columns if name != "dscr")


def test_twice_the_money_gives_twice_the_flows():
    once, twice = run(), run(scale=2.0, values=scaled(EXAMPLE, 2.0))
    for name in once.columns:
        if name not in ("dscr", "accelerated", "signals.stop"):
            np.testing.assert_allclose(twice[name], 2.0 * once[name], err_msg=name)


def test_derivatives_are_finite_and_right():
    places = [f"contracts.example.{x}" for x in ("amount", "rate", "commitment_fee")]
    setting = {"draw": 400.0, "take": 120.0, "share": 0.9, "bump": places}
    found = gradient(Revolver, EXAMPLE, None, PERIODS, **setting)
    assert all(math.isfinite(value) for value in found.slope.values())
    for place in places:
        assert math.isclose(found.slope[place], found.bump[place], rel_tol=1e-5, abs_tol=1e-4)
