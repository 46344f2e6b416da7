"""Project bond: golden table, schedules against hand arithmetic, redemption, cover, shortfall."""

import math

import numpy as np
import pytest

from offtake.contracts.project_bond import EXAMPLE, ProjectBond
from offtake.core.flows import Flow
from tests.contracts.harness import check_golden, gradient, run_alone, scaled

PERIODS = 14
LEVEL = 1000 * 0.03 / (1 - 1.03**-3)
"""Three payments at 3 % a quarter, 353.53 each."""


def terms(**changes):
    written = EXAMPLE.model_dump(exclude_unset=True) | changes
    return type(EXAMPLE).model_validate({k: v for k, v in written.items() if v is not None})


def run(paid=lambda line, t, claimed: claimed, taken=None, observations=None, **setting):
    hook = {} if taken is None else {"taken": taken}
    given = setting.pop("terms", EXAMPLE)
    return run_alone(ProjectBond, given, observations, PERIODS, paid=paid, **hook, **setting)


def at(table, line, *periods):
    return table[line][list(periods)]


def test_golden():
    check_golden(run())


def test_example_by_hand():
    table = run()
    # 980 come in, 10 go to the arranger (here the lender); 970 are left to spend.
    assert (table["advance"][0], table["fee"][0], table["proceeds"][0]) == (980, 10, 970)
    assert table["balance"][1] == 1000
    # 30 a quarter; principal on the three dates after the fourth month, 353.53 with the coupon.
    np.testing.assert_allclose(at(table, "interest", 3, 6), 30.0)
    principal = [LEVEL - 30, (LEVEL - 30) * 1.03, (LEVEL - 30) * 1.03**2]
    np.testing.assert_allclose(at(table, "principal", 6, 9, 12), principal)
    np.testing.assert_allclose(table["interest"][9] + table["principal"][9], LEVEL)
    np.testing.assert_allclose(sum(principal), 1000.0)
    dates = np.flatnonzero(table["interest"] + table["principal"]).tolist()
    assert dates == [3, 6, 9, 12]
    assert table["balance"][13] == pytest.approx(0.0, abs=1e-9)
    np.testing.assert_allclose(table["accruing"][1:7], 10.0)


def test_dates_are_counted_back_from_maturity():
    """Thirteen months: a first coupon of one month, then every three."""
    table = run(terms=terms(term="13 months"))
    assert np.flatnonzero(table["interest"]).tolist() == [1, 4, 7, 10, 13]
    np.testing.assert_allclose(at(table, "interest", 1, 4, 7), [10, 30, 30])


@pytest.mark.parametrize(
    ("amortisation", "expected"),
    [("bullet", [0, 0, 1000]), ("linear", [1000 / 3] * 3)],
)
def test_other_profiles(amortisation, expected):
    table = run(terms=terms(amortisation=amortisation))
    np.testing.assert_allclose(at(table, "principal", 6, 9, 12), expected)


def test_stated_dates():
    """10 % on 1 July and 60 % on 1 October; the rest at maturity is a balloon."""
    given = terms(amortisation="scheduled", schedule={"2026-07": "10 %", "2026-10": "60 %"})
    table = run(terms=given)
    np.testing.assert_allclose(at(table, "principal", 6, 9, 12), [100, 600, 300])
    np.testing.assert_allclose(at(table, "service", 7, 10, 13), [130, 627, 9])


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"amortisation": "scheduled"}, "scheduled without schedule"),
        ({"schedule": {"2026-07": "10 %"}}, "a schedule unused"),
        ({"amortisation": "scheduled", "schedule": "10 %"}, "one number or a driver"),
    ],
)
def test_a_schedule_is_dates(changes, said):
    with pytest.raises(ValueError, match=said):
        terms(**changes)


def test_what_an_account_gives_back_redeems_notes():
    """200 come back in period 5, of which 150 are left: half a point of premium, then less each."""
    given = terms(redeemed_from="proceeds", redemption_price="101 %")
    surplus = {"contracts.proceeds.surplus": 200.0 * (np.arange(15) == 5)}
    table = run(
        terms=given, observations=surplus, taken=lambda line, t, cap: np.minimum(cap, 151.5)
    )
    np.testing.assert_allclose(table["redemption"], 151.5 * (np.arange(15) == 5))
    assert table["balance"][6] == pytest.approx(850.0)
    assert table["redeemed"][6] == pytest.approx(150.0)
    # Two months at 10 and one at 8.50; then the level payment of 850.
    np.testing.assert_allclose(table["interest"][6], 28.5)
    np.testing.assert_allclose(table["principal"][9] + table["interest"][9], 0.85 * LEVEL)


def test_stated_shares_fall_in_proportion():
    given = terms(
        amortisation="scheduled",
        schedule={"2026-07": "10 %", "2026-10": "60 %"},
        redeemed_from="proceeds",
    )
    surplus = {"contracts.proceeds.surplus": 450.0 * (np.arange(15) == 7)}
    table = run(terms=given, observations=surplus, taken=lambda line, t, cap: cap)
    np.testing.assert_allclose(at(table, "principal", 6, 9, 12), [100, 300, 150])


def test_swept_once_the_lease_is_over():
    given = terms(swept_after="lease")
    over = {"contracts.lease.vacated": (np.arange(15) >= 7).astype(float)}
    table = run(terms=given, observations=over, taken=lambda line, t, cap: np.minimum(cap, 400.0))
    np.testing.assert_allclose(table["redemption"][7:9], [400, 1000 - (LEVEL - 30) - 400])
    assert table["balance"][9] == pytest.approx(0.0, abs=1e-9)


@pytest.mark.parametrize("flow", [Flow.SALE, Flow.DISTRIBUTION])
def test_cover_counts_what_comes_in_between_two_dates(flow):
    """50 a month, earned or received as an owner: 150 against each payment of principal."""
    books = {"company": {("in", flow): 50.0}}
    table = run(books=books)
    assert table["dscr"][6] == 1e9
    np.testing.assert_allclose(table["dscr"][10], 250.0 / (2 * LEVEL))  # from month 5 on
    np.testing.assert_allclose(table["service_due"][[3, 6, 9]], [0, LEVEL, LEVEL])


def test_an_unpaid_coupon_is_owed_with_interest_and_then_all_is():
    table = run(paid=lambda line, t, claimed: claimed * (t not in (3, 4, 5)))
    # Called in period 5: the interest of the two months since the last date is due with the rest.
    np.testing.assert_allclose(table["interest.claimed"][4:6], [30.3, 30.603 + 20.0])
    assert table["accelerated"].tolist()[4:7] == [0, 1, 1]
    np.testing.assert_allclose(table["principal.claimed"][5], 1000.0)
    np.testing.assert_allclose(table["signals.stop"][3:7], [0, 1, 1, 0])


def test_what_a_holder_in_default_does_not_pay_is_not_owed():
    table = run(paid=lambda line, t, claimed: claimed * (0.5 if line == "advance" else 1.0))
    np.testing.assert_allclose(table["balance"][1], 500.0)


def test_zero_amount_gives_zero():
    table = run(terms=terms(amount="0 USD"))
    assert not any(table[line].any() for line in ("advance", "fee", "interest", "principal"))


def test_twice_the_money_gives_twice_the_flows():
    once, twice = run(), run(values=scaled(EXAMPLE, 2.0))
    for line in ("advance", "fee", "interest", "principal"):
        np.testing.assert_allclose(twice[line], 2.0 * once[line], err_msg=line)


def test_derivatives_are_finite_and_right():
    places = [f"contracts.example.{x}" for x in ("amount", "issue_price", "rate", "issue_costs")]
    found = gradient(ProjectBond, EXAMPLE, None, PERIODS, share=0.999, take=3.0, bump=places)
    assert all(math.isfinite(value) for value in found.slope.values())
    for place in places:
        assert math.isclose(found.slope[place], found.bump[place], rel_tol=1e-5, abs_tol=1e-4)
