"""Power purchase: golden table, and every rule against hand arithmetic."""

import math

import numpy as np

from offtake.contracts.power_purchase import EXAMPLE, PowerPurchase
from tests.contracts.harness import check_golden, gradient, run_alone

ENERGY = [0.0, 0.0, 3000.0, 6000.0, 7000.0]
SITE = {
    "observations": {
        "sites.hall.energy_mwh": ENERGY,
        "sites.hall.power_mw": [0.0, 0.0, 6.0, 10.0, 10.0],
    },
    "periods": 4,
}


def terms(**changes):
    written = EXAMPLE.model_dump(exclude_unset=True) | changes
    return type(EXAMPLE).model_validate({k: v for k, v in written.items() if v is not None})


def run(paid=lambda line, t, claimed: claimed, observations=None, **changes):
    setting = SITE | {"observations": SITE["observations"] | (observations or {})}
    return run_alone(PowerPurchase, terms(**changes), paid=paid, **setting)


def test_golden():
    check_golden(run())


def test_example_by_hand():
    # 12,000 USD/MW/year on 10 MW is 10,000 a month; half of 10 MW is the least that is paid for:
    # January has 744 hours, February 672.
    expected = [0.0, 50 * 3720 + 10_000, 50 * 3360 + 10_000, 50 * 6000 + 10_000, 50 * 7000 + 10_000]
    np.testing.assert_allclose(run()["power"], expected)


def test_energy_alone():
    table = run(contracted=None, capacity_charge="0 USD/MW/year", take_or_pay="0 %")
    np.testing.assert_allclose(table["power"], 50 * np.array(ENERGY))


def test_share_of_a_site_without_contracted_power():
    table = run(contracted=None, take_or_pay="0 %", share="40 %")
    power = np.array(SITE["observations"]["sites.hall.power_mw"])
    np.testing.assert_allclose(table["power"], 0.4 * (50 * np.array(ENERGY) + 1000 * power))


def test_runs_between_its_dates():
    table = run(start="2026-02-15", end="2026-04", take_or_pay="0 %")
    whole = 50 * np.array(ENERGY) + 10_000
    np.testing.assert_allclose(table["power"], [0, 0, whole[2] * 0.5, whole[3], 0])


def test_negative_price_lowers_the_bill_to_zero_at_most():
    table = run(price="-1 USD/MWh", take_or_pay="0 %")
    np.testing.assert_allclose(table["power"], [0, 10_000, 7_000, 4_000, 3_000])
    assert (run(price="-5 USD/MWh", take_or_pay="0 %")["power"][3:] == 0).all()


def test_what_is_unpaid_is_claimed_again():
    table = run(paid=lambda line, t, claimed: claimed * (0.25 if t == 2 else 1.0))
    bill = run()["power"]
    np.testing.assert_allclose(table["arrears"][3], 0.75 * bill[2])
    np.testing.assert_allclose(table["power"][3], bill[3] + 0.75 * bill[2])


def test_recovery_settles_the_bill_of_a_buyer_in_default():
    table = run(
        paid=lambda line, t, claimed: claimed * 0.4,
        observations={"parties.company.payout": 0.4},
    )
    assert not table["arrears"].any()
    np.testing.assert_allclose(table["power.claimed"], run()["power"])


def test_gradient():
    places = tuple(f"contracts.example.{f}" for f in ("share", "contracted", "take_or_pay"))
    found = gradient(PowerPurchase, EXAMPLE, share=0.7, bump=places, **SITE)
    assert all(map(math.isfinite, found.slope.values()))
    for place in places:
        assert math.isclose(found.slope[place], found.bump[place], rel_tol=1e-6)
