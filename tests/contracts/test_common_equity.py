"""Common equity: golden table, and every rule against hand arithmetic."""

import numpy as np

from offtake.contracts.common_equity import EXAMPLE, CommonEquity
from tests.contracts.harness import bench, check_golden, gradient, run_alone

LOAN = "contracts.loan"


def terms(**changes):
    return type(EXAMPLE).model_validate(EXAMPLE.model_dump(exclude_unset=True) | changes)


def run(observations=None, taken=40.0, **changes):
    return run_alone(
        CommonEquity,
        terms(**changes),
        observations,
        5,
        drawn=lambda line, t, limit: {1: 300.0, 2: 300.0}.get(t, 0.0),
        taken=lambda line, t, cap: taken if t > 2 else 0.0,
    )


def watch(arrears=0.0, accelerated=0.0, dscr=1e9):
    seen = {"arrears": arrears, "accelerated": accelerated, "dscr": dscr}
    return {f"{LOAN}.{name}": value for name, value in seen.items()}


def test_golden():
    check_golden(run())


def test_example_by_hand():
    table = run()
    # 300, then the last 200 of the commitment although 300 are needed.
    np.testing.assert_allclose(table["draw"], [0, 300, 200, 0, 0, 0])
    np.testing.assert_allclose(table["drawn"], [0, 0, 300, 500, 500, 500])
    np.testing.assert_allclose(table["distribution"], [0, 0, 0, 40, 40, 40])


def test_draw_is_a_support_of_tier_one_for_what_it_funds():
    draw = bench(CommonEquity, EXAMPLE).lowered.lines[0]
    assert (draw.form, draw.tier.tolist(), draw.protects) == ("support", [1], (("order",),))


def test_deferred_equity_is_a_support_of_a_later_tier():
    assert bench(CommonEquity, terms(tier=2)).lowered.lines[0].tier.tolist() == [2]


def test_distributions_on_dates():
    table = run(distributions_from="2026-04", distributions_every="2 months")
    np.testing.assert_allclose(table["distribution"], [0, 0, 0, 40, 0, 40])
    quarterly = run(distributions_every="2.5 months")  # whole months, from the plan's start on
    np.testing.assert_allclose(quarterly["distribution"], [0, 0, 0, 40, 0, 0])


def test_no_distribution_before_its_date():
    table = run(distributions_from="2026-05")
    np.testing.assert_allclose(table["distribution"], [0, 0, 0, 0, 40, 40])


def test_locked_up_by_arrears_a_call_or_low_cover():
    locked = {"lock_up": ["loan"], "lock_up_dscr": "1.2"}
    np.testing.assert_allclose(run(watch(), **locked)["distribution"][3:], 40)
    np.testing.assert_allclose(run(watch(dscr=1.2), **locked)["distribution"][3:], 40)
    arrears = watch(arrears=[0, 0, 0, 5, 0, 0])
    np.testing.assert_allclose(run(arrears, **locked)["distribution"][3:], [0, 40, 40])
    called = watch(accelerated=[0, 0, 0, 0, 1, 1])
    np.testing.assert_allclose(run(called, **locked)["distribution"][3:], [40, 0, 0])
    low = watch(dscr=[9, 9, 9, 9, 1.19, 9])
    np.testing.assert_allclose(run(low, **locked)["distribution"][3:], [40, 0, 40])


def test_facilities_of_others_do_not_lock_up():
    both = {
        "free": terms(),
        "tied": terms(lock_up=["loan"]),
    }
    table = run_alone(
        CommonEquity, both, watch(arrears=1.0), 3, taken=lambda line, t, cap: np.minimum(cap, 40.0)
    )
    np.testing.assert_allclose(table["distribution"], [[40.0, 0.0]] * 4)


def test_share_is_relative():
    def most(line, t, cap):
        return cap

    pair = {"one": terms(share="0.75"), "other": terms(share="0.25")}
    caps = run_alone(CommonEquity, pair, None, 1, taken=most)["distribution"]
    np.testing.assert_allclose(caps[:, 0] / caps[:, 1], 3.0)


def test_gradient():
    place = "contracts.example.commitment"
    found = gradient(CommonEquity, EXAMPLE, periods=3, draw=300.0, bump=[place])
    assert np.isclose(found.slope[place], found.bump[place])
    assert np.isfinite(list(found.slope.values())).all()


def test_a_right_to_cure_so_many_times_and_not_in_default():
    # Drawn in periods 1 and 2 of what is short in each: one cure is used up in the first.
    np.testing.assert_allclose(run(cures="1")["draw"], [0, 300, 0, 0, 0, 0])
    np.testing.assert_allclose(run(cures="2")["draw"], [0, 300, 200, 0, 0, 0])
    stopped = run_alone(
        CommonEquity,
        terms(cures="2"),
        None,
        5,
        drawn=lambda line, t, limit: 300.0 * (t in (1, 2)),
        stopped={"company": 2},
    )
    np.testing.assert_allclose(stopped["draw"], [0, 300, 0, 0, 0, 0])
