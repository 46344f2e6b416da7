"""Parent guarantee: golden table, and every rule against hand arithmetic."""

import math

import numpy as np

from offtake.contracts.parent_guarantee import EXAMPLE, ParentGuarantee
from tests.contracts.harness import bench, check_golden, gradient, run_alone, scaled

CALLS = {2: 300.0, 3: 500.0, 5: 900.0, 7: 100.0}
PERIODS = 9


def terms(**changes):
    return type(EXAMPLE).model_validate(EXAMPLE.model_dump(exclude_unset=True) | changes)


def recovered(line, t, claimed):
    """Of what is to be recovered nothing is paid at first, a quarter in period 4, then half."""
    return claimed * ({2: 0.0, 3: 0.0, 4: 0.25}.get(t, 0.5) if line == "support_recovery" else 1.0)


def run(scale=1.0, paid=recovered, observations=None, **setting):
    return run_alone(
        ParentGuarantee,
        setting.pop("terms", EXAMPLE),
        observations,
        PERIODS,
        drawn=lambda line, t, limit: scale * CALLS.get(t, 0.0),
        paid=paid,
        **setting,
    )


def test_golden():
    check_golden(run())


def test_example_by_hand():
    table = run()
    # 300 and 500 of the cap of 1,000; 200 of the 900 called in period 5; out of force after June.
    np.testing.assert_allclose(table["support"], [0, 0, 300, 500, 0, 200, 0, 0, 0, 0])
    # Recovery takes over what was just paid: 300, 800; a quarter of 800, half of 600 + 200, ...
    asked = [0, 0, 300, 800, 800, 800, 400, 200, 100, 50]
    np.testing.assert_allclose(table["support_recovery.claimed"], asked)
    np.testing.assert_allclose(table["support_recovery"], [0, 0, 0, 0, 200, 400, 200, 100, 50, 25])
    np.testing.assert_allclose(table["outstanding"], [0, 0, 0, 300, 800, 600, 400, 200, 100, 50])
    np.testing.assert_allclose(table["drawn"], [0, 0, 0, 300, 800, 800, 1000, 1000, 1000, 1000])
    # 10 a month for the six months until 1 July
    np.testing.assert_allclose(table["fee"], [0, 10, 10, 10, 10, 10, 10, 0, 0, 0])


def test_in_force_between_its_dates():
    table = run(terms=terms(start="2026-03-16", end="2026-06", cap="1 M USD"))
    # 16 March lies half way through period 3, so that period pays half the fee and is covered.
    np.testing.assert_allclose(table["support"] > 0, [0, 0, 0, 1, 0, 1, 0, 0, 0, 0])
    share = [0, 0, 0, 1 - 15 / 31, 1, 1, 0, 0, 0, 0]
    np.testing.assert_allclose(table["fee"], 10.0 * np.array(share))


def test_without_a_cap():
    table = run(terms=terms(cap=None))
    np.testing.assert_allclose(table["support"][5], 900.0)


def test_unpaid_fee_is_owed_next_period():
    table = run(paid=lambda line, t, claimed: claimed * (t > 2))
    np.testing.assert_allclose(table["fee.claimed"][:5], [0, 10, 20, 30, 10])
    np.testing.assert_allclose(table["arrears"][:5], [0, 0, 10, 20, 0])


def test_recovery_from_an_obligor_outside_the_plan_is_what_it_pays():
    payout = np.where(np.arange(PERIODS + 1) >= 2, 0.4, 1.0)
    table = run(
        paid=lambda line, t, claimed: claimed * payout[t],
        observations={"parties.company.payout": payout},
    )
    np.testing.assert_allclose(table["support_recovery"][2:5], [120.0, 200.0, 0.0])
    np.testing.assert_allclose(table["fee"][2:5], 4.0)


def test_lines():
    support, recovery, fee = bench(ParentGuarantee, EXAMPLE).lowered.lines
    assert support.tier is not None
    assert support.tier.tolist() == [5]
    assert support.protects == (("lease",),)
    assert recovery.name == f"{support.name}_recovery"
    assert (recovery.payer, recovery.payee) == (support.payee, support.payer)
    assert fee.payer == support.payee


def test_zero_cap_and_fee_give_zero():
    table = run(terms=terms(cap="0 USD", fee="0 USD/year"))
    assert not any(column.any() for column in table.columns.values())


def test_twice_the_money_gives_twice_the_flows():
    once, twice = run(), run(scale=2.0, values=scaled(EXAMPLE, 2.0))
    for name in once.columns:
        np.testing.assert_allclose(twice[name], 2.0 * once[name], err_msg=name)


def test_derivatives_are_finite_and_right():
    places = [f"contracts.example.{x}" for x in ("cap", "fee")]
    found = gradient(ParentGuarantee, EXAMPLE, None, PERIODS, draw=300.0, share=0.5, bump=places)
    assert all(math.isfinite(value) for value in found.slope.values())
    for place in places:
        assert math.isclose(found.slope[place], found.bump[place], rel_tol=1e-5, abs_tol=1e-4)
