"""Delayed-draw loan: golden table, and every rule against hand arithmetic."""

import math

import numpy as np

from offtake.contracts.delayed_draw_loan import EXAMPLE, DelayedDrawLoan
from offtake.core.flows import Flow
from offtake.finance.annuity import level_payment
from tests.contracts.harness import bench, check_golden, gradient, run_alone, scaled

DRAWS = {0: 400.0, 1: 300.0, 2: 500.0}


def draws(line, t, limit):
    return DRAWS.get(t, 0.0)


def terms(**changes):
    written = EXAMPLE.model_dump(exclude_unset=True)
    return type(EXAMPLE).model_validate(written | changes)


def cfads(amount):
    return {"company": {("in", Flow.SALE): amount}}


def run(
    periods=14, books=None, paid=lambda line, t, claimed: claimed, observations=None, **changes
):
    return run_alone(
        DelayedDrawLoan,
        terms(**changes),
        observations,
        periods,
        drawn=draws,
        paid=paid,
        books=books,
    )


def test_golden():
    check_golden(run())


def test_example_by_hand():
    table = run()
    # 400 at the opening, 300, then the last 300 of the commitment although 500 are needed.
    assert table["draw"].tolist()[:4] == [400.0, 300.0, 300.0, 0.0]
    # 1 % a month on the opening balance; 0.5 % a month on what was not drawn, while available.
    np.testing.assert_allclose(table["interest"][:4], [0.0, 4.0, 7.0, 10.0])
    np.testing.assert_allclose(table["fee"][:4], [0.0, 600 * 0.005, 300 * 0.005, 0.0])
    # Eight equal parts from period 3 on; four are paid by maturity, period 6, with the other five.
    np.testing.assert_allclose(table["principal"][:8], [0, 0, 0, 125, 125, 125, 625, 0])
    np.testing.assert_allclose(table["balance"][:8], [0, 400, 700, 1000, 875, 750, 625, 0])
    # Published a period later: interest and principal that were scheduled, balloon apart.
    np.testing.assert_allclose(table["service"][6:8], [125 + 7.5, 125 + 6.25])
    np.testing.assert_allclose(table["drawn"][:5], [0, 400, 700, 1000, 1000])


def test_annuity_after_construction():
    table = run(amortisation="annuity", amortise_over="4 months")
    level = float(level_payment(1000.0, 0.01, 4.0))
    np.testing.assert_allclose((table["interest"] + table["principal"])[3:7], level)
    assert abs(table["balance"][7]) < 1e-9


def test_interest_only_beyond_availability():
    table = run(interest_only="4 months", amortise_over="2 months")
    np.testing.assert_allclose(table["principal"][:8], [0, 0, 0, 0, 0, 500, 500, 0])


def test_bullet_is_all_balloon():
    table = run(amortisation="bullet", amortise_over=None)
    np.testing.assert_allclose(table["principal"][:8], [0, 0, 0, 0, 0, 0, 1000, 0])
    np.testing.assert_allclose(table["service"][7], 10.0)


def test_signing_date_moves_everything():
    table = run(start="2026-02-10", upfront_fee="2 %")
    # 10 February lies in period 2: the fee and the first draw (500) fall there.
    np.testing.assert_allclose(table["fee"][:5], [0, 0, 20.0, 500 * 0.005, 500 * 0.005])
    np.testing.assert_allclose(table["draw"][:5], [0, 0, 500, 0, 0])
    assert table["principal"][8] > 0.0
    assert table["balance"][9] == 0.0


def test_extension_steps_the_margin_up():
    extra = {"extensions": "2", "extension": "3 months", "extension_margin": "6 %/year"}
    table = run(amortisation="linear", amortise_over="20 months", **extra)
    np.testing.assert_allclose(table["principal"][3:12], 50.0)  # two extensions: maturity 6, 9, 12
    assert math.isclose(table["principal"][12], 1000 - 9 * 50)
    rate = table["interest"][1:] / np.where(table["balance"][1:] > 0, table["balance"][1:], 1)
    np.testing.assert_allclose(rate[5], 0.01)  # period 6: still the old rate
    np.testing.assert_allclose(rate[6:9], 0.015)
    np.testing.assert_allclose(rate[9:12], 0.02)


def test_extension_needs_cover():
    extra = {"extensions": "1", "extension_dscr": "1.5", "amortise_over": "20 months"}
    # Service from period 3 on: 60, 59.5, 59 = 178.5; cover of 1.5 needs 267.75.
    held = run(books=cfads(267.76 / 3), **extra)
    lost = run(books=cfads(267.74 / 3), **extra)
    np.testing.assert_allclose(held["principal"][6], 50.0)
    np.testing.assert_allclose(lost["principal"][6], 850.0)


def test_no_extension_while_something_is_overdue():
    table = run(
        paid=lambda line, t, claimed: claimed * (t != 5),
        extensions="1",
        amortise_over="20 months",
    )
    np.testing.assert_allclose(table["principal.claimed"][6], 900.0)


def test_cover_below_the_covenant_accelerates_after_grace():
    table = run(books=cfads(100.0), default_dscr="1.2", grace="1 month")
    # Cover of 100 / (10 + 125) from period 3 on: the second period in a row is one too many.
    assert table["accelerated"][:9].tolist() == [0, 0, 0, 0, 0, 1, 1, 1, 1]
    np.testing.assert_allclose(table["principal"][5], 750.0)
    assert table["signals.stop"][:9].tolist() == [0, 0, 0, 0, 1, 0, 0, 0, 0]


def test_the_covenant_counts_debt_that_ranks_before():
    due = np.zeros(15)
    due[3:7] = [135.0, 133.75, 132.5, 131.25]
    covenant = {"default_dscr": "1.2", "grace": "1 month"}
    table = run_alone(
        DelayedDrawLoan,
        {"high": terms(**covenant), "low": terms(seniority="junior", **covenant)},
        {"contracts.high.service_due": due},
        14,
        drawn=draws,
        books=cfads(300.0),
    )
    np.testing.assert_allclose(table["service_due"][:7, 0], due[:7])
    # Alone 300 / 135; the junior one has 300 / 270 in the same month, and 600 / 537.50 in the next.
    np.testing.assert_allclose(table["dscr"][4], [300 / 135, 300 / 270])
    np.testing.assert_allclose(table["dscr"][5], [600 / 268.75, 600 / 537.5])
    assert table["accelerated"][:7, 0].tolist() == [0, 0, 0, 0, 0, 0, 0]
    assert table["accelerated"][:7, 1].tolist() == [0, 0, 0, 0, 0, 1, 1]


def test_cover_counts_from_the_end_of_construction():
    table = run(books=cfads(270.0))
    np.testing.assert_allclose(table["dscr"][:4], 1e9)
    np.testing.assert_allclose(table["dscr"][4], 270 / 135)
    np.testing.assert_allclose(table["dscr"][5], 540 / (135 + 133.75))


def test_nothing_is_drawn_in_default():
    cut = run_alone(DelayedDrawLoan, EXAMPLE, periods=14, drawn=draws, stopped={"company": 1})
    np.testing.assert_allclose(cut["draw"], [400.0] + [0.0] * 14)
    np.testing.assert_allclose(cut["fee"], 0.0)


def test_unpaid_is_claimed_again_then_accelerated():
    table = run(paid=lambda line, t, claimed: 0.0 * claimed, grace="2 months")
    # Unpaid from period 1 on; the third period in a row is beyond grace.
    assert table["accelerated"].tolist()[:6] == [0, 0, 0, 0, 1, 1]
    np.testing.assert_allclose(table["interest.claimed"][1], 4.0)
    # arrears of 4 and the fee of 3 bear interest; 1 % of the balance of 700
    np.testing.assert_allclose(table["interest.claimed"][2], 7 * 1.01 + 7.0)
    np.testing.assert_allclose(table["principal.claimed"][4], 1000.0)


def test_borrower_outside_the_plan_pays_its_recovery_share():
    payout = np.where(np.arange(15) >= 4, 0.4, 1.0)
    table = run(
        paid=lambda line, t, claimed: claimed * payout[t],
        observations={"parties.company.payout": payout},
    )
    # Period 4: 0.4 of 125 and of 8.75, the rest written off; period 5: 0.4 of what is left.
    np.testing.assert_allclose(table["principal"][4:7], [50.0, 300.0, 0.0])
    np.testing.assert_allclose(table["interest"][4:7], [3.5, 3.0, 0.0])
    np.testing.assert_allclose(table["balance"][4:8], [875.0, 750.0, 0.0, 0.0])
    assert table["accelerated"][:9].tolist() == [0, 0, 0, 0, 0, 1, 1, 1, 1]


def test_floating_rate_with_floor_and_day_count():
    base = np.linspace(0.0, 0.14, 15)
    table = run(
        rate="SOFR + 300 bp",
        floor="2 %/year",
        day_count="A/360",
        observations={"drivers.SOFR": base},
    )
    days = np.array([31, 28, 31, 30, 31, 30])
    expected = table["balance"][1:7] * (0.03 + np.maximum(base[1:7], 0.02)) * days / 360
    np.testing.assert_allclose(table["interest"][1:7], expected)


def test_own_interest_is_protected_where_it_is_capitalised():
    plain = bench(DelayedDrawLoan, EXAMPLE).lowered.lines[0]
    own = bench(DelayedDrawLoan, terms(capitalise_interest=True)).lowered.lines[0]
    assert plain.protects == (("order",),)
    assert own.protects == (("order", "example"),)


def test_zero_commitment_gives_zero():
    table = run(amount="0 USD", upfront_fee="1 %")
    for name, column in table.columns.items():
        if name != "dscr":
            assert not column.any(), name


def test_twice_the_money_gives_twice_the_flows():
    once = run(books=cfads(200.0))
    twice = run_alone(
        DelayedDrawLoan,
        EXAMPLE,
        None,
        14,
        drawn=lambda line, t, limit: 2.0 * DRAWS.get(t, 0.0),
        books=cfads(400.0),
        values=scaled(EXAMPLE, 2.0),
    )
    for name in once.columns:
        if name not in ("dscr", "accelerated", "signals.stop"):
            np.testing.assert_allclose(twice[name], 2.0 * once[name], err_msg=name)


def test_derivatives_are_finite_and_right():
    changes = {"amortisation": "annuity", "default_dscr": "0.5", "extensions": "1"}
    places = [f"contracts.example.{x}" for x in ("amount", "rate", "commitment_fee")]
    found = gradient(
        DelayedDrawLoan,
        terms(**changes),
        None,
        14,
        draw=150.0,
        share=0.9,
        books=cfads(200.0),
        bump=places,
    )
    assert all(math.isfinite(value) for value in found.slope.values())
    for place in places:
        assert math.isclose(found.slope[place], found.bump[place], rel_tol=1e-5, abs_tol=1e-4)
