"""Term loan: golden table, and every rule against hand arithmetic."""

import math

import numpy as np
import pytest

from offtake.contracts.term_loan import EXAMPLE, TermLoan
from offtake.core.flows import Flow, Rank
from tests.contracts.harness import bench, check_golden, gradient, run_alone, scaled

PERIODS = 8


def terms(**changes):
    return type(EXAMPLE).model_validate(EXAMPLE.model_dump(exclude_unset=True) | changes)


def run(paid=lambda line, t, claimed: claimed, observations=None, books=None, **changes):
    return run_alone(TermLoan, terms(**changes), observations, PERIODS, paid=paid, books=books)


def test_golden():
    check_golden(run_alone(TermLoan, EXAMPLE, periods=6))


def test_example_by_hand():
    table = run()
    np.testing.assert_allclose(table["advance"], [1200, 0, 0, 0, 0, 0, 0, 0, 0])
    np.testing.assert_allclose(table["interest"], [0, 12, 9, 6, 3, 0, 0, 0, 0])
    np.testing.assert_allclose(table["principal"], [0, 300, 300, 300, 300, 0, 0, 0, 0])
    np.testing.assert_allclose(table["balance"], [0, 1200, 900, 600, 300, 0, 0, 0, 0])
    np.testing.assert_allclose(table["service"], [0, 0, 312, 309, 306, 303, 0, 0, 0])


def test_bullet_and_its_balloon():
    table = run(amortisation="bullet", upfront_fee="1.5 %")
    np.testing.assert_allclose(table["interest"], [0, 12, 12, 12, 12, 0, 0, 0, 0])
    np.testing.assert_allclose(table["principal"], [0, 0, 0, 0, 1200, 0, 0, 0, 0])
    np.testing.assert_allclose(table["fee"], [18, 0, 0, 0, 0, 0, 0, 0, 0])
    # The balloon is no scheduled service, so cover does not fall with it.
    np.testing.assert_allclose(table["service"], [0, 0, 12, 12, 12, 12, 0, 0, 0])


def test_a_start_within_a_period_moves_the_loan_to_its_close():
    table = run(start="2026-03-10", interest_only="2 months")
    # 10 March lies in period 3; interest from 4 on, principal in 6 and 7 as only two are left.
    np.testing.assert_allclose(table["advance"], [0, 0, 0, 1200, 0, 0, 0, 0, 0])
    np.testing.assert_allclose(table["interest"], [0, 0, 0, 0, 12, 12, 12, 6, 0])
    np.testing.assert_allclose(table["principal"], [0, 0, 0, 0, 0, 0, 600, 600, 0])


def test_late_interest_and_principal_by_hand():
    table = run(paid=lambda line, t, claimed: claimed * (0.5 if t == 1 else 1.0))
    # Half of 12 and of 300 are missing: 6 with 1 % interest on it, 150 at once; then three thirds
    # of the 900 on schedule.
    np.testing.assert_allclose(table["advance"][0], 1200.0)
    np.testing.assert_allclose(table["interest"][:4], [0, 6, 6 * 1.01 + 10.5, 6])
    np.testing.assert_allclose(table["principal"][:4], [0, 150, 450, 300])
    np.testing.assert_allclose(table["arrears"][2:4], [156, 0])


def test_called_after_grace_until_repaid():
    table = run(paid=lambda line, t, claimed: claimed * (t not in (1, 2)), grace="1 month")
    np.testing.assert_allclose(table["accelerated"], [0, 0, 0, 1, 1, 1, 1, 1, 1])
    np.testing.assert_allclose(table["principal"][3:5], [1200, 0])
    np.testing.assert_allclose(table["interest"][3], (12 * 1.01 + 12) * 1.01 + 12)
    # In default only while something is owed.
    np.testing.assert_allclose(table["signals.stop"], [0, 0, 1, 0, 0, 0, 0, 0, 0])


def test_short_by_less_than_the_tolerance_is_paid():
    table = run(paid=lambda line, t, claimed: claimed * (1.0 - 5e-10), grace="0 months")
    np.testing.assert_allclose(table["accelerated"], 0.0)
    np.testing.assert_allclose(table["arrears"], 0.0)


def test_unpaid_upfront_fee_is_an_arrear():
    table = run(paid=lambda line, t, claimed: claimed * (line != "fee"), upfront_fee="1 %")
    np.testing.assert_allclose(table["interest"][1], 12 * 1.01 + 12)


def test_borrower_outside_the_plan_pays_its_recovery_share_once():
    payout = np.where(np.arange(PERIODS + 1) >= 2, 0.25, 1.0)
    table = run(
        paid=lambda line, t, claimed: claimed * (payout[t] if line != "advance" else 1.0),
        observations={"parties.company.payout": payout},
    )
    # Due in 2: 9 and 300, of which a quarter is paid; the other 600 the month after; then nothing.
    np.testing.assert_allclose(table["principal"][:5], [0, 300, 75, 150, 0])
    np.testing.assert_allclose(table["interest"][:5], [0, 12, 2.25, 1.5, 0])
    np.testing.assert_allclose(table["balance"][2:5], [900, 600, 0])
    np.testing.assert_allclose(table["accelerated"][2:5], [0, 1, 1])


def test_cover_is_trailing_and_counts_months_with_service():
    table = run(books={"company": {("in", Flow.SALE): 400.0, ("out", Flow.RUNNING_COST): 90.0}})
    np.testing.assert_allclose(table["dscr"][:2], 1e9)
    np.testing.assert_allclose(table["dscr"][2], 310 / 312)
    np.testing.assert_allclose(table["dscr"][5], 4 * 310 / (312 + 309 + 306 + 303))


@pytest.mark.parametrize(
    ("seniority", "ranks"),
    [
        ("senior", (Rank.SENIOR_FEE, Rank.SENIOR_INTEREST, Rank.SENIOR_PRINCIPAL)),
        ("junior", (Rank.JUNIOR_FEE, Rank.JUNIOR_INTEREST, Rank.JUNIOR_PRINCIPAL)),
    ],
)
def test_ranks(seniority, ranks):
    lines = {line.name: line for line in bench(TermLoan, terms(seniority=seniority)).lowered.lines}
    found = tuple(int(lines[name].rank[0]) for name in ("fee", "interest", "principal"))
    assert found == tuple(map(int, ranks))


def test_zero_amount_gives_zero():
    table = run(amount="0 USD", upfront_fee="1 %", amortisation="annuity")
    assert not any(
        table.columns[name].any() for name in table.columns if name not in ("dscr", "rate")
    )


def test_twice_the_money_gives_twice_the_flows():
    once = run(amortisation="annuity")
    changed = terms(amortisation="annuity")
    twice = run_alone(TermLoan, changed, None, PERIODS, values=scaled(changed, 2.0))
    for name in once.columns:
        if name not in ("dscr", "rate", "accelerated", "signals.stop"):
            np.testing.assert_allclose(twice[name], 2.0 * once[name], err_msg=name)


@pytest.mark.parametrize("amortisation", ["bullet", "linear", "annuity"])
def test_derivatives_are_finite_and_right(amortisation):
    changed = terms(amortisation=amortisation, upfront_fee="1 %")
    places = [f"contracts.example.{x}" for x in ("amount", "rate", "upfront_fee")]
    found = gradient(TermLoan, changed, None, PERIODS, share=0.97, bump=places)
    assert all(math.isfinite(value) for value in found.slope.values())
    for place in places:
        assert math.isclose(found.slope[place], found.bump[place], rel_tol=1e-5, abs_tol=1e-4)


def test_the_next_service_is_known_a_period_before():
    for amortisation in ("bullet", "linear", "annuity"):
        table = run(amortisation=amortisation)
        np.testing.assert_allclose(table["service_next"][:-1], table["service_due"][1:])
