"""How a facility was served, read off flows made by hand: schedules that are known."""

import numpy as np
import pytest

from offtake.results.workbook.debt_reading import (
    Flows,
    interest_of,
    open_share,
    principal_of,
    spread,
)

MONTHS = 13
RATE = np.full(MONTHS, 0.12)
ACCRUAL = np.append(0.0, np.full(MONTHS - 1, 1.0 / 12.0))
PERIOD_RATE = RATE * ACCRUAL


def flows(
    balance: np.ndarray, interest: np.ndarray, principal: np.ndarray, drawn: np.ndarray
) -> Flows:
    """Flows of a loan with these closing balances."""
    zero = np.zeros(MONTHS)
    opening = np.append(0.0, balance[:-1])
    return Flows(opening, balance, drawn, interest, principal, zero, zero)


def drawn_at_once(amount: float) -> np.ndarray:
    return np.append(amount, np.zeros(MONTHS - 1))


def bullet(every: int) -> Flows:
    """1,200 at 12 % a year for a year, interest every so many months, all repaid at the end."""
    balance = np.append(np.full(MONTHS - 1, 1200.0), 0.0)
    months = np.arange(MONTHS)
    interest = np.where((months > 0) & (months % every == 0), 12.0 * every, 0.0)
    principal = np.append(np.zeros(MONTHS - 1), 1200.0)
    return flows(balance, interest, principal, drawn_at_once(1200.0))


def test_interest_of_every_month() -> None:
    found = interest_of(bullet(1), RATE, ACCRUAL)
    assert found is not None
    assert found.due.all()
    assert not found.step.any()
    assert not found.added.any()


def test_interest_of_every_quarter_waits() -> None:
    found = interest_of(bullet(3), RATE, ACCRUAL)
    assert found is not None
    assert list(np.flatnonzero(found.due)) == [0, 3, 6, 9, 12]


def test_interest_that_is_added_to_the_balance() -> None:
    """100 at 1 % a month: 101, 102.01, ... for six months, then paid."""
    balance = 100.0 * 1.01 ** np.minimum(np.arange(MONTHS), 6)
    interest = np.where(np.arange(MONTHS) > 6, balance * 0.01, 0.0)
    found = interest_of(
        flows(balance, interest, np.zeros(MONTHS), drawn_at_once(100.0)), RATE, ACCRUAL
    )
    assert found is not None
    assert list(np.flatnonzero(found.added)) == [1, 2, 3, 4, 5, 6]


def test_a_step_of_the_rate_is_seen() -> None:
    loan = bullet(1)
    dearer = np.where(np.arange(MONTHS) > 6, loan.interest * 1.5, loan.interest)
    found = interest_of(flows(loan.closing, dearer, loan.principal, loan.drawn), RATE, ACCRUAL)
    assert found is not None
    np.testing.assert_allclose(found.step, np.where(np.arange(MONTHS) > 6, 0.06, 0.0), atol=1e-12)


def test_interest_that_nothing_explains_is_left_to_the_engine() -> None:
    loan = bullet(3)
    odd = loan.interest.copy()
    odd[6] += 1.0
    assert interest_of(flows(loan.closing, odd, loan.principal, loan.drawn), RATE, ACCRUAL) is None


def repaid(level: bool, payments: int, last: int) -> Flows:
    """1,200 repaid by profile from the first month on; what is left falls due in month `last`."""
    balance, principal, left = [1200.0], [0.0], 1200.0
    for t in range(1, MONTHS):
        n = payments - t + 1
        due = left * 0.01 / (1.0 - 1.01**-n) - left * 0.01 if level else left / n
        due = left if t == last else 0.0 if t > last else due
        left -= due
        principal.append(due)
        balance.append(left)
    zero = np.zeros(MONTHS)
    return flows(np.array(balance), zero, np.array(principal), drawn_at_once(1200.0))


@pytest.mark.parametrize("level", [True, False])
def test_payments_that_remain(level: bool) -> None:
    loan = repaid(level, 12, 12)
    word = "annuity" if level else "linear"
    found = principal_of(loan, PERIOD_RATE, word, 1.0)
    assert list(found.remaining[1:]) == list(range(12, 0, -1))
    assert not found.balloon.any()
    again = spread(loan.opening, PERIOD_RATE, found.remaining, level=level)
    np.testing.assert_allclose(again, loan.principal, atol=1e-9)


@pytest.mark.parametrize("level", [True, False])
def test_a_balloon_comes_before_the_last_payment(level: bool) -> None:
    found = principal_of(repaid(level, 24, 10), PERIOD_RATE, "annuity" if level else "linear", 1.0)
    assert list(np.flatnonzero(found.balloon)) == [10]
    assert found.remaining[10] == 15.0


def test_what_follows_no_profile_is_a_share_of_the_balance() -> None:
    loan = repaid(False, 12, 12)
    odd = loan.principal * np.linspace(0.5, 1.0, MONTHS)
    closing = 1200.0 - np.cumsum(odd)
    found = principal_of(
        flows(closing, np.zeros(MONTHS), odd, loan.drawn), PERIOD_RATE, "annuity", 1.0
    )
    assert not found.remaining.any()
    np.testing.assert_allclose(found.share * np.append(0.0, closing[:-1]), odd, atol=1e-9)


def test_the_share_of_a_period_for_which_a_commitment_was_open() -> None:
    undrawn = np.full(MONTHS, 1000.0)
    fees = np.where(np.arange(MONTHS) < 5, 1000.0 * 0.06 * ACCRUAL, 0.0)
    fees[5] = 0.5 * 1000.0 * 0.06 / 12.0
    share = open_share(fees, undrawn, 0.06, ACCRUAL)
    assert share is not None
    assert list(share) == [0.0, 1.0, 1.0, 1.0, 1.0, 0.5, *[0.0] * 7]
    assert open_share(fees * 3.0, undrawn, 0.06, ACCRUAL) is None
