"""Construction account: golden table, and every rule against hand arithmetic."""

import math

import numpy as np
import pytest

from offtake.contracts.construction_account import EXAMPLE, ConstructionAccount
from offtake.core.flows import Flow
from tests.contracts.harness import check_golden, gradient, run_alone, scaled

PERIODS = 7
# A bond of 1,000 at 6 % a year, issued in the opening; 5 a month accrue.
BOND = {
    "proceeds": np.where(np.arange(8) == 0, 1000.0, 0.0),
    "accruing": np.where(np.arange(8) == 0, 0.0, 5.0),
    "balance": np.where(np.arange(8) == 0, 0.0, 1000.0),
    "accelerated": 0.0,
}
DRAWS = {"draw": {1: 300.0, 2: 300.0}, "interest": {3: 30.0}}


def bond(scale=1.0, **changes):
    seen = {name: scale * np.asarray(value) for name, value in BOND.items()} | changes
    return {f"contracts.bond.{name}": value for name, value in seen.items()}


def terms(**changes):
    return type(EXAMPLE).model_validate(EXAMPLE.model_dump(exclude_unset=True) | changes)


def run(observations=None, draws=None, paid=lambda line, t, claimed: claimed, **setting):
    scale = setting.pop("scale", 1.0)
    called = DRAWS if draws is None else draws
    return run_alone(
        ConstructionAccount,
        setting.pop("terms", EXAMPLE),
        observations or bond(scale),
        PERIODS,
        drawn=lambda line, t, limit: scale * called.get(line, {}).get(t, 0.0),
        taken=lambda line, t, cap: cap,
        paid=paid,
        **({"cash": {"proceeds": 0.0}} | setting),
    )


def test_golden():
    check_golden(run())


def test_example_by_hand():
    table = run()
    # 4.8 % a year is 0.4 % a month on what is held at the start of the month.

    held = [0, 1000, 704, 406.816, 378.443264]
    np.testing.assert_allclose(table["unspent"][:5], held)
    np.testing.assert_allclose(table["income"][1:4], [4, 2.816, 1.627264])
    # The coupon costs 0.5 % a month of the same money, a tenth of a per cent more than it earns.
    np.testing.assert_allclose(table["carry"][2:5], 0.001 * np.array(held[1:4]))
    # Closed on 1 June, the close of period 5: all that was held at its start is released.
    np.testing.assert_allclose(table["release"][:5], 0.0)
    np.testing.assert_allclose(table["surplus"][5], table["unspent"][5])
    np.testing.assert_allclose(table["release"][5], table["unspent"][5])
    # The last month's income follows, and then there is nothing more.
    np.testing.assert_allclose(table["release"][6:], [0.004 * table["unspent"][5], 0.0])


def test_nothing_is_drawn_from_a_closed_account():
    late = {"draw": {4: 100.0, 5: 100.0}, "interest": {5: 30.0, 6: 30.0}}
    table = run(draws=late)
    np.testing.assert_allclose(table["draw"], 100.0 * (np.arange(8) == 4))
    assert not table["interest"].any()


def test_closes_when_all_phases_are_energised():
    seen = bond() | {
        "sites.campus.phases[0].active": [0, 0, 0.5, 1, 1, 1, 1, 1],
        "sites.campus.phases[1].active": [0, 0, 0, 0, 0.3, 1, 0.9, 0.9],
    }
    site = {"site": "campus", "until": "2027-01"}
    table = run(seen, draws={}, terms=terms(**site), phase_counts={"campus": 2})
    assert np.flatnonzero(table["release"]).tolist() == [5, 6]  # for good, whatever comes later
    assert np.flatnonzero(table["surplus"]).tolist() == [5, 6]
    dated = run(
        seen, draws={}, terms=terms(site="campus", until="2026-04"), phase_counts={"campus": 2}
    )
    assert np.flatnonzero(dated["release"]).tolist() == [3, 4]


def test_released_to_an_owner_whose_bond_is_accelerated():
    table = run(bond(accelerated=(np.arange(8) >= 3).astype(float)), draws={"draw": {4: 100.0}})
    assert not table["draw"].any()
    np.testing.assert_allclose(table["release"][3], 1000 * 1.004**2)
    np.testing.assert_allclose(table["surplus"][3:5], 0.0)  # nothing for a redemption: all is due


def test_proceeds_not_paid_in_are_asked_for_again():
    table = run(draws={}, paid=lambda line, t, claimed: claimed * (0.4 if t == 0 else 1.0))
    np.testing.assert_allclose(table["deposit.claimed"][:3], [1000, 600, 0])
    np.testing.assert_allclose(table["unspent"][1:3], [400, 1001.6])


def test_two_bonds_and_what_is_protected():
    both = terms(facilities=["bond", "more"])
    more = {f"contracts.more.{name}": value for name, value in BOND.items()}
    table = run(bond() | more, draws={}, terms=both)
    np.testing.assert_allclose(table["deposit"][0], 2000.0)
    np.testing.assert_allclose(table["carry"][2], 2.0)
    lines = {line.name: line for line in table.bench.lowered.lines}
    assert lines["interest"].protects == (("bond", "more"),)
    assert set(lines["interest"].protected_flows) == {Flow.INTEREST, Flow.FEE}
    assert lines["draw"].protects == (("works",),)
    assert lines["interest"].rank[0] < lines["draw"].rank[0]


def test_a_share_of_the_proceeds_for_the_works_alone():
    table = run(draws={}, terms=terms(share="80 %", capitalise_interest=False))
    np.testing.assert_allclose(table["deposit"][:2], [800, 0])
    lines = {line.name: line for line in table.bench.lowered.lines}
    assert lines["interest"].protects == ((),)


def test_it_says_what_closes_it():
    with pytest.raises(ValueError, match="neither site nor until"):
        terms(until=None)


def test_twice_the_money_gives_twice_the_flows():
    once, twice = run(), run(scale=2.0, values=scaled(EXAMPLE, 2.0))
    for name in once.columns:
        np.testing.assert_allclose(twice[name], 2.0 * once[name], err_msg=name)


def test_derivatives_are_finite_and_right():
    cash = {"proceeds": np.array([0, 1000, 700, 400, 380, 350, 1, 0.0])}
    found = gradient(
        ConstructionAccount, EXAMPLE, bond(), PERIODS, draw=20.0, take=3.0, cash=cash, bump=()
    )
    assert all(math.isfinite(value) for value in found.slope.values())
