"""Security agreement alone: a cohort of two that is sold three months after its loan was called."""

import math

import numpy as np
import pytest

from offtake.contracts.security import EXAMPLE, Security
from tests.contracts.harness import bench, check_golden, gradient, run_alone, scaled

PERIODS = 8
#: Called at the close of period 2, paid down by the sale at the close of period 5.
CALLED = np.array([0, 0, 0, 1, 1, 1, 1, 1, 1], float)
OWED = np.array([100, 101, 102, 103, 104, 105, 9, 9, 9], float)
VALUE = np.array([200, 190, 180, 170, 160, 150, 140, 130, 120], float)
OFFERED = np.array([0, 0, 0, 0, 0, 4, 0, 0, 0], float)


def seen(**changes):
    return {
        "chips.cohort.resale_value": VALUE,
        "resale.offered_h100e": OFFERED,
        "resale.market_h100e": 80.0,
        "contracts.loan.owed": OWED,
        "contracts.loan.accelerated": CALLED,
    } | changes


def terms(**changes):
    return type(EXAMPLE).model_validate(EXAMPLE.model_dump(exclude_unset=True) | changes)


def run(agreement=EXAMPLE, **setting):
    setting = {"stopped": {"company": 3}} | setting
    observations = setting.pop("observations", seen())
    return run_alone(Security, agreement, observations, PERIODS, **setting)


def test_golden():
    check_golden(run())


def test_example_by_hand():
    table = run()
    # A tenth of the market is on sale: 150 e^-0.2; less 5 % and 10.
    price = 150 * math.exp(-2 * 4 / 40)
    proceeds = 0.95 * price - 10
    sale = np.eye(PERIODS + 1)[5]
    np.testing.assert_allclose(table["proceeds"], sale * proceeds)
    np.testing.assert_allclose(table["cost"], sale * (price - proceeds))
    np.testing.assert_allclose(table["excess"], sale * (proceeds - 105))
    np.testing.assert_allclose(table["sold"], [0, 0, 0, 0, 0, 0, 1, 1, 1])
    # Offered for the period of the sale, a period ahead; gone with its close.
    np.testing.assert_allclose(table["signals.for_sale"], np.eye(PERIODS + 1)[4])
    np.testing.assert_allclose(table["signals.sold"], sale)


@pytest.mark.parametrize(
    ("time", "period"), [("0 months", 4), ("2 months", 4), ("2.5 months", 5), ("4 months", 6)]
)
def test_time_of_sale(time, period):
    table = run(terms(time_of_sale=time), observations=seen(**{"contracts.loan.owed": 500.0}))
    assert np.flatnonzero(table["proceeds"]).tolist() == [period]


def test_a_loan_that_is_cured_keeps_its_collateral():
    owed = np.where(np.arange(PERIODS + 1) < 5, OWED, 0.0)
    table = run(observations=seen(**{"contracts.loan.owed": owed}))
    assert not table["cost"].any()
    assert not table["sold"].any()


def test_nothing_is_sold_of_a_party_that_is_not_in_default():
    assert not run(stopped={}).columns["proceeds"].any()


def test_the_market_is_the_depth_where_none_is_stated():
    table = run(terms(market_depth=None))
    price = 150 * math.exp(-2 * 4 / 80)
    assert table["proceeds"][5] == pytest.approx(0.95 * price - 10)


def test_costs_take_all_there_is_of_a_worthless_asset():
    table = run(observations=seen(**{"chips.cohort.resale_value": 8.0}))
    assert table["proceeds"][5] == 0.0
    assert table["cost"][5] == pytest.approx(8 * math.exp(-0.2))


def test_a_site_is_worth_its_megawatts_and_shares_cost_with_chips():
    agreement = terms(assets=["cohort", "hall"], site_value="25 USD/MW")
    table = run(
        agreement,
        observations=seen(**{"sites.hall.power_mw": 2.0}),
        phase_counts={"hall": 1},
    )
    fall = math.exp(-0.2)
    whole = 0.95 * 200 * fall - 10
    np.testing.assert_allclose(table["proceeds"][5], [0.75 * whole, 0.25 * whole])
    np.testing.assert_allclose(table["excess"][5].sum(), whole - 105)
    lowered = bench(
        Security,
        agreement,
        seen(**{"sites.hall.power_mw": 2.0}),
        PERIODS,
        phase_counts={"hall": 1},
    ).lowered
    assert lowered.parts == ("cohort", "hall")
    assert lowered.signals["sold"] == ("chips.cohort.sold", None)


def test_lines():
    cost, excess = bench(Security, EXAMPLE, seen(), PERIODS).lowered.lines
    assert cost.payer == excess.payer
    assert cost.payee != excess.payee


def test_twice_the_money_gives_twice_the_flows():
    double = {k: 2 * v if "value" in k or "owed" in k else v for k, v in seen().items()}
    once, twice = run(), run(observations=double, values=scaled(EXAMPLE, 2.0))
    for line in ("cost", "excess", "proceeds"):
        np.testing.assert_allclose(twice[line], 2.0 * once[line], err_msg=line)


def test_derivatives_are_finite_and_right():
    fields = ("cost_of_sale", "administration", "fire_sale", "market_depth")
    places = [f"contracts.example.{field}" for field in fields]
    found = gradient(Security, EXAMPLE, seen(), PERIODS, stopped={"company": 3}, bump=places)
    assert all(math.isfinite(value) for value in found.slope.values())
    for place in places:
        assert math.isclose(found.slope[place], found.bump[place], rel_tol=1e-5, abs_tol=1e-4)
