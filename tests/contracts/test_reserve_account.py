"""Reserve account: golden table, and every rule against hand arithmetic."""

import math

import numpy as np

from offtake.contracts.reserve_account import EXAMPLE, ReserveAccount
from offtake.core.flows import Flow
from tests.contracts.harness import check_golden, gradient, run_alone, scaled

# A loan of 1,000 drawn in period 1, interest alone in 2 and 3, repaid in 4 to 7; as it publishes.
BALANCE = np.array([0, 0, 1000, 1000, 1000, 750, 500, 250, 0, 0.0])
SERVICE = np.array([0, 0, 0, 10, 10, 260, 257.5, 255, 252.5, 0.0])
PERIODS = 9


def loan(scale=1.0, **changes):
    seen = {"balance": scale * BALANCE, "service": scale * SERVICE, "accelerated": 0.0} | changes
    return {f"contracts.loan.{name}": value for name, value in seen.items()}


def terms(**changes):
    return type(EXAMPLE).model_validate(EXAMPLE.model_dump(exclude_unset=True) | changes)


def run(observations=None, draws=None, paid=lambda line, t, claimed: claimed, **setting):
    scale = setting.pop("scale", 1.0)
    return run_alone(
        ReserveAccount,
        setting.pop("terms", EXAMPLE),
        observations or loan(scale),
        PERIODS,
        drawn=lambda line, t, limit: scale * (draws or {6: 200.0}).get(t, 0.0),
        taken=lambda line, t, cap: cap,
        paid=paid,
        **({"cash": {"reserve": 0.0}} | setting),
    )


def test_golden():
    check_golden(run())


def test_example_by_hand():
    table = run()
    # At least 150, topped up from February on; two months of service from 5 on; 0 once repaid.
    target = [0, 150, 150, 150, 150, 150, 520, 500, 250, 0]
    np.testing.assert_allclose(table["target"], target)  # published a period later
    np.testing.assert_allclose(table["top_up"], [0, 150, 0, 0, 0, 370, 0, 0, 0, 0])
    # Period 6: 520 held, 500 needed, as no more is owed; 200 drawn for the lenders, 20 released.
    np.testing.assert_allclose(table["draw"], 200.0 * (np.arange(10) == 6))
    np.testing.assert_allclose(table["release"], [0, 0, 0, 0, 0, 0, 20, 50, 250, 0])
    np.testing.assert_allclose(table["held"], [0, 0, 150, 150, 150, 150, 520, 300, 250, 0])


def test_opening_cash_stays_until_a_facility_was_outstanding():
    table = run(cash={"reserve": 400.0}, draws={0: 0.0})
    np.testing.assert_allclose(table["release"][:3], [0, 0, 250])
    np.testing.assert_allclose(table["top_up"][:5], 0.0)


def test_unpaid_top_up_is_asked_for_again():
    table = run(draws={0: 0.0}, paid=lambda line, t, claimed: claimed * (t != 1) * 0.5)
    np.testing.assert_allclose(table["top_up.claimed"][:4], [0, 150, 150, 75])


def test_frozen_while_a_facility_is_accelerated():
    called = (np.arange(10) >= 6).astype(float)
    table = run(loan(accelerated=called), draws={6: 300.0, 7: 300.0})
    np.testing.assert_allclose(table["draw"][6:8], [300.0, 220.0])
    np.testing.assert_allclose(table["top_up"][6:], 0.0)
    np.testing.assert_allclose(table["release"][6:], 0.0)


def test_nothing_is_released_to_an_owner_in_default():
    table = run(stopped={"company": 6}, draws={0: 0.0})
    assert not table["release"][6:].any()


def test_two_facilities_and_what_is_protected():
    both = terms(facilities=["loan", "notes"], minimum="0 USD")
    notes = {"contracts.notes.balance": 100.0, "contracts.notes.accelerated": 0.0}
    table = run(loan() | notes | {"contracts.notes.service": 5.0}, draws={0: 0.0}, terms=both)
    np.testing.assert_allclose(
        table["target"][2:], np.minimum(2.0 * SERVICE[1:-1] + 10.0, BALANCE[1:-1] + 100.0)
    )
    draw = next(line for line in table.bench.lowered.lines if line.name == "draw")
    assert draw.protects == (("loan", "notes"),)
    assert set(draw.protected_flows) == {Flow.INTEREST, Flow.PRINCIPAL, Flow.FEE}
    assert draw.payer[0] != draw.payee[0]


def test_repaid_to_rounding_is_repaid():
    left = np.where(BALANCE == 0.0, 1e-8, BALANCE) * (np.arange(10) > 1)
    np.testing.assert_allclose(run(loan(balance=left))["target"][-1], 0.0)


def test_no_target_asks_for_nothing():
    table = run(terms=terms(months="0 months", minimum="0 USD"), draws={0: 0.0})
    assert not any(column.any() for column in table.columns.values())


def test_twice_the_money_gives_twice_the_flows():
    once, twice = run(), run(scale=2.0, values=scaled(EXAMPLE, 2.0))
    for name in once.columns:
        np.testing.assert_allclose(twice[name], 2.0 * once[name], err_msg=name)


def test_derivatives_are_finite_and_right():
    places = [f"contracts.example.{x}" for x in ("months", "minimum")]
    cash = {"reserve": np.array([0, 0, 140, 150, 150, 160, 500, 315, 510, 0.0])}
    found = gradient(
        ReserveAccount, EXAMPLE, loan(), PERIODS, draw=20.0, take=3.0, cash=cash, bump=places
    )
    assert all(math.isfinite(value) for value in found.slope.values())
    for place in places:
        assert math.isclose(found.slope[place], found.bump[place], rel_tol=1e-5, abs_tol=1e-4)


def test_the_target_may_follow_the_next_service():
    following = np.append(SERVICE[2:], [0.0, 0.0])
    changes = {"service": "next", "minimum": "0 USD", "bank": "bank", "interest": "12 %/year"}
    example = type(EXAMPLE).model_validate(EXAMPLE.model_dump(exclude_unset=True) | changes)
    seen = loan(service_next=following)
    table = run(seen, terms=example, draws={0: 0.0})
    balance = np.append(BALANCE[:8], 0.0)
    expected = 2.0 * following[:8] * (balance[:8] + 1.0 > 0.0)
    np.testing.assert_allclose(table["target"][2:9], expected[1:8])
    np.testing.assert_allclose(table["interest"], 0.01 * table["held"])
