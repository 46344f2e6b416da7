"""Construction contract: golden table, and every rule against hand arithmetic."""

import math

import numpy as np

from offtake.contracts.construction_contract import EXAMPLE, ConstructionContract
from tests.contracts.harness import check_golden, gradient, run_alone, scaled

DUE = [0.0, 0.1, 0.25, 0.5, 0.75, 1.0, 1.0]
SITE = {
    "observations": {f"sites.campus.phases[{j}].due": DUE for j in (0, 1)},
    "periods": 6,
    "numbers_at": {"sites.campus.phases[0].power": 4.0, "sites.campus.phases[1].power": 8.0},
    "phase_counts": {"campus": 2},
}


def terms(**changes):
    return type(EXAMPLE).model_validate(EXAMPLE.model_dump(exclude_unset=True) | changes)


def run(paid=lambda line, t, claimed: claimed, setting=SITE, **changes):
    return run_alone(ConstructionContract, terms(**changes), paid=paid, **setting)


def test_golden():
    check_golden(run())


def test_example_by_hand():
    table = run()
    cost = 10e6 * 4.0 + 20e6
    np.testing.assert_allclose(table["work"], cost * np.diff([0.0, *DUE]))
    np.testing.assert_allclose(table["paid"], cost * np.array([0.0, *DUE[:-1]]))
    np.testing.assert_allclose(table["outstanding"], cost - table["paid"])
    np.testing.assert_allclose(table["signals.paid"], DUE)


def test_what_is_unpaid_is_claimed_again_and_holds_the_phase_up():
    half_in_three = lambda line, t, claimed: claimed * (0.5 if t == 3 else 1.0)  # noqa: E731
    table = run(paid=half_in_three)
    np.testing.assert_allclose(table["work.claimed"][3:6], [15e6, 7.5e6 + 15e6, 15e6])
    np.testing.assert_allclose(table["signals.paid"][3:6], [0.375, 0.75, 1.0])


def test_all_phases_where_none_is_named():
    table = run(phases=None)
    assert table.rows == ("phases[0]", "phases[1]")
    np.testing.assert_allclose(table["work"].sum(axis=0), [60e6, 100e6])


def test_work_before_the_start_falls_due_in_the_opening():
    early = SITE | {"observations": {"sites.campus.phases[0].due": [0.4, *DUE[1:]]}}
    assert run(setting=early)["work"][0] == 0.4 * 60e6


def test_no_cost_counts_as_paid():
    table = run(per_mw="0 USD/MW", per_phase="0 USD")
    assert not table["work"].any()
    assert (table["signals.paid"] == 1.0).all()


def test_scales():
    twice = scaled(EXAMPLE, 2.0, units=("USD", "USD/MW"))
    np.testing.assert_allclose(run(setting=SITE | {"values": twice})["work"], 2 * run()["work"])


def test_gradient():
    places = ("contracts.example.per_mw", "sites.campus.phases[0].power")
    found = gradient(ConstructionContract, EXAMPLE, share=0.7, bump=places, **SITE)
    assert all(map(math.isfinite, found.slope.values()))
    for place in places:
        assert math.isclose(found.slope[place], found.bump[place], rel_tol=1e-6)
