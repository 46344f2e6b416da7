"""Government guarantee: golden table, fees, the subsidy cost in a case of two states by hand."""

import math

import numpy as np
import pytest

from offtake.contracts.government_guarantee import EXAMPLE, GovernmentGuarantee
from tests.contracts.harness import bench, check_golden, gradient, run_alone, scaled

CALLS = {4: 300.0, 5: 900.0, 7: 100.0}
PERIODS = 9
BALANCE = np.array([0, 0, 600.0, 1000.0, 900.0, 900.0, 600.0, 0, 0, 0])
"""At the start of each period: 600 drawn in period 1, 400 in 2, then repaid."""
SEEN = {"contracts.loan.balance": BALANCE}


def terms(**changes):
    return type(EXAMPLE).model_validate(EXAMPLE.model_dump(exclude_unset=True) | changes)


def recovered(line, t, claimed):
    """Of what is to be recovered half is paid from period 6 on."""
    return claimed * (0.5 * (t >= 6) if line == "support_recovery" else 1.0)


def run(scale=1.0, paid=recovered, observations=None, **setting):
    return run_alone(
        GovernmentGuarantee,
        setting.pop("terms", EXAMPLE),
        {"contracts.loan.balance": scale * BALANCE} | (observations or {}),
        PERIODS,
        drawn=lambda line, t, limit: scale * CALLS.get(t, 0.0),
        paid=paid,
        **setting,
    )


def test_golden():
    check_golden(run())


def test_example_by_hand():
    table = run()
    # 300, then 500 that are left of the cap of 800; out of force after June.
    np.testing.assert_allclose(table["support"], [0, 0, 0, 0, 300, 500, 0, 0, 0, 0])
    # 1 % of the 600 and 400 newly drawn; 0.1 % a month of what is owed, until 1 July.
    fees = [0, 0, 6 + 0.6, 4 + 1, 0.9, 0.9, 0.6, 0, 0, 0]
    np.testing.assert_allclose(table["fee"], fees)
    # 1 % a month on what is outstanding: 300; 303 + 500; half of 803 x 1.01; ...
    asked = [0, 0, 0, 0, 300, 803, 811.03, 811.03 / 2 * 1.01]
    np.testing.assert_allclose(table["support_recovery.claimed"][:8], asked)
    np.testing.assert_allclose(table["support_recovery"][5:7], [0, 811.03 / 2])


def test_subsidy_cost_is_what_is_paid_less_fees_and_recoveries_at_the_risk_free_rate():
    table = run()
    spent = table["support"] - table["support_recovery"] - table["fee"]
    factor = 1.04 ** (-np.arange(PERIODS + 1) / 12)
    np.testing.assert_allclose(table["subsidy_cost"][1:], np.cumsum(spent * factor)[:-1])
    np.testing.assert_allclose(table["discount_factor"][1:], factor[:-1])


def test_subsidy_cost_in_two_states_by_hand():
    """A loan of 1,000, interest paid ahead: the borrower fails in period t with hazard h.

    On default in t the state pays the 1,000 and recovers 40 % two periods later; it took a fee of
    2 % a year (a sixth of a percent a month) up to then. With v the monthly discount factor

        cost = sum over t of h (1 - h)^(t-1) [1,000 v^t - 400 v^(t+2) - fee sum of v^s, s <= t]
               - (1 - h)^T fee sum of v^s, s <= T
    """
    h, last, fee = 0.05, 6, 1000 * 0.02 / 12
    v = 1.04 ** (-1 / 12)
    annuity = [sum(v**s for s in range(1, t + 1)) for t in range(last + 1)]
    cost = -((1 - h) ** last) * fee * annuity[last]
    for t in range(1, last + 1):
        loss = 1000 * v**t - 400 * v ** (t + 2) - fee * annuity[t]
        cost += h * (1 - h) ** (t - 1) * loss
    # The same by the contract: one path for every state, weighed by its chance.
    expected = 0.0
    for t in range(1, last + 2):
        owed = np.where(np.arange(11) <= min(t, last), 1000.0, 0.0)
        owed[0] = 0.0
        table = run_alone(
            GovernmentGuarantee,
            terms(cap=None, end=None, upfront_fee="0 %", fee="2 %/year", interest="0 %/year"),
            {"contracts.loan.balance": owed},
            10,
            drawn=lambda line, s, limit, t=t: 1000.0 * (s == t and t <= last),
            paid=lambda line, s, claimed, t=t: (
                claimed if line == "fee" else np.minimum(claimed, 400.0 * (s == t + 2))
            ),
        )
        chance = h * (1 - h) ** (t - 1) if t <= last else (1 - h) ** last
        expected += chance * table["subsidy_cost"][-1]
    # Rounding of a sum of a few thousand.
    assert expected == pytest.approx(cost, rel=1e-12)


def test_a_fee_that_is_not_paid_is_owed_next_period():
    table = run(paid=lambda line, t, claimed: claimed * (t > 3))
    np.testing.assert_allclose(table["fee"][:5], [0, 0, 0, 0, 6.6 + 5 + 0.9])


def test_a_borrower_outside_the_plan_in_default_settles_by_its_recovery():
    payout = np.where(np.arange(PERIODS + 1) >= 4, 0.4, 1.0)
    table = run(
        paid=lambda line, t, claimed: claimed * payout[t],
        observations={"parties.company.payout": payout},
    )
    np.testing.assert_allclose(table["support_recovery"][4:7], [120.0, 200.0, 0.0])


def test_lines():
    support, recovery, fee = bench(GovernmentGuarantee, EXAMPLE, SEEN, PERIODS).lowered.lines
    assert support.tier is not None
    assert support.tier.tolist() == [5]
    assert support.protects == (("loan",),)
    assert recovery.name == f"{support.name}_recovery"
    assert (recovery.payer, recovery.payee) == (support.payee, support.payer)
    assert fee.payer == support.payee


def test_twice_the_money_gives_twice_the_flows():
    once, twice = run(), run(scale=2.0, values=scaled(EXAMPLE, 2.0))
    for name in once.columns:
        factor = 1.0 if name == "discount_factor" else 2.0
        np.testing.assert_allclose(twice[name], factor * once[name], err_msg=name)


def test_derivatives_are_finite_and_right():
    places = [f"contracts.example.{x}" for x in ("cap", "fee", "upfront_fee", "interest")]
    found = gradient(
        GovernmentGuarantee, EXAMPLE, SEEN, PERIODS, draw=300.0, share=0.5, bump=places
    )
    assert all(math.isfinite(value) for value in found.slope.values())
    for place in places:
        assert math.isclose(found.slope[place], found.bump[place], rel_tol=1e-5, abs_tol=1e-4)
