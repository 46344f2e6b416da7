"""Site lease: golden table, and every rule against hand arithmetic."""

import math

import numpy as np

from offtake.contracts.site_lease import EXAMPLE, SiteLease
from tests.contracts.harness import check_golden, gradient, run_alone, scaled

SITE = {
    "observations": {
        "sites.campus.phases[0].active": [0.0, 0.0, 0.5] + [1.0] * 18,
        "sites.campus.phases[1].active": [0.0] * 4 + [0.25] + [1.0] * 16,
    },
    "periods": 20,
    "numbers_at": {"sites.campus.phases[0].power": 100.0, "sites.campus.phases[1].power": 40.0},
    "phase_counts": {"campus": 2},
}
MONTHLY = 1.2e6 / 12


def terms(**changes):
    return type(EXAMPLE).model_validate(EXAMPLE.model_dump(exclude_unset=True) | changes)


def run(paid=lambda line, t, claimed: claimed, observations=None, values=None, **changes):
    seen = SITE["observations"] | (observations or {})
    setting = SITE | {"observations": seen, "values": values or {}}
    return run_alone(SiteLease, terms(**changes), paid=paid, **setting)


def test_golden():
    check_golden(run())


def test_example_by_hand():
    rent = run()["rent.claimed"]
    # The first phase comes on in mid-February; one month is free, so half of March is paid.
    np.testing.assert_allclose(rent[:4], [0, 0, 0, 100 * MONTHLY * 0.5])
    # The second phase adds 40 MW from late April on.
    np.testing.assert_allclose(rent[4:6], [110 * MONTHLY, 140 * MONTHLY])
    # The year is over in the middle of month 14: the rent grows from month 15 on.
    np.testing.assert_allclose(rent[14:16], [140 * MONTHLY, 140 * MONTHLY * 1.03])
    # 18 months from the middle of February 2026 end in the middle of August 2027.
    np.testing.assert_allclose(rent[19:], [140 * MONTHLY * 1.03, 140 * MONTHLY * 1.03 * 0.5])


def test_first_part_of_a_month_is_charged_once():
    rent = run(rent_free="0 months")["rent"]
    np.testing.assert_allclose(rent[2:4], [100 * MONTHLY * 0.5, 100 * MONTHLY])


def test_fixed_rent_from_a_date():
    table = run(
        per_mw="0 USD/MW/year", rent="24 USD/year", start="2026-01-16", rent_free="0 months"
    )
    begun = 1 - 15 / 31
    np.testing.assert_allclose(table["rent"][:13], [0, 2 * begun] + [2] * 11)
    np.testing.assert_allclose(table["rent"].sum(), 2 * (12 + 6 * 1.03), rtol=0.01)
    assert table["rent"][20] == 0


def test_term_that_began_before_the_plan():
    table = run(start="2025-04", rent_free="0 months", term="12 months")
    # Nine months have passed; the phases are on in the last of the three that remain.
    np.testing.assert_allclose(table["rent"][:5], [0, 0, 50 * MONTHLY, 100 * MONTHLY, 0])
    grown = run(start="2025-04", rent_free="0 months", term="36 months")["rent"]
    np.testing.assert_allclose(grown[3:6] / MONTHLY, [100, 110 * 1.03, 140 * 1.03])


def test_site_that_is_energised_from_the_start():
    always = {f"sites.campus.phases[{j}].active": 1.0 for j in (0, 1)}
    table = run(observations=always, term="2 months", rent_free="0 months")
    np.testing.assert_allclose(table["rent"][:4] / MONTHLY, [0, 140, 140, 0])


def test_one_phase_of_two():
    table = run(phases=[1], rent_free="0 months")
    np.testing.assert_allclose(table["rent"][4:6], [0.25 * 40 * MONTHLY, 40 * MONTHLY])
    np.testing.assert_allclose(run(phases=None)["rent"], run()["rent"])


def test_ends_after_grace():
    table = run(paid=lambda line, t, claimed: claimed * (0.0 if t >= 6 else 1.0))
    owed = 140 * MONTHLY
    np.testing.assert_allclose(table["arrears"][7:11], owed * np.array([1, 2, 3, 4]))
    assert table["terminated"].tolist()[9:12] == [0, 1, 1]
    np.testing.assert_allclose(table["rent.claimed"][10:], 4 * owed)


def test_recovery_settles_the_rent_of_a_tenant_in_default():
    table = run(
        paid=lambda line, t, claimed: claimed * (0.4 if t >= 6 else 1.0),
        observations={"parties.operator.payout": [1.0] * 6 + [0.4] * 15},
    )
    assert not table["arrears"].any()
    np.testing.assert_allclose(table["rent.paid"][6:10], 0.4 * 140 * MONTHLY)
    assert not table["rent.claimed"][10:].any()


def test_scales_and_vanishes():
    twice = scaled(EXAMPLE, 2.0, units=("USD/year", "USD/MW/year"))
    np.testing.assert_allclose(run(values=twice)["rent.paid"], 2 * run()["rent.paid"])
    assert not run(per_mw="0 USD/MW/year")["rent.claimed"].any()


def test_gradient():
    places = tuple(f"contracts.example.{f}" for f in ("per_mw", "term", "escalator", "rent_free"))
    found = gradient(SiteLease, terms(term="17.7 months"), bump=places, **SITE)
    assert all(map(math.isfinite, found.slope.values()))
    for place in places:
        assert math.isclose(found.slope[place], found.bump[place], rel_tol=1e-5), place
