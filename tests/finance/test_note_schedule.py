"""Schedule of a compute note: the advance rate holds, hours keep their bound, closed forms."""

import numpy as np
import pytest

from offtake.finance.note_schedule import scheduled

RATE = 0.01
MONTHS = 48


def margins(first=100.0, fall=0.03):
    """Margin of each month and value at every close, at the note's own rate."""
    margin = first * np.exp(-fall * np.arange(1, MONTHS + 1))
    value = np.zeros(MONTHS + 1)
    for t in range(MONTHS - 1, -1, -1):
        value[t] = (value[t + 1] + margin[t]) / (1 + RATE)
    return margin, value


def made(advance=0.7, most=1e9, maximum=np.inf, price=2.0, value=None):
    given = margins()[1] if value is None else value
    flat = np.ones(MONTHS)
    return scheduled(advance * given, price * flat, most * flat, RATE * flat, maximum)


def test_at_the_valuation_rate_it_is_debt_sculpted_at_a_cover():
    """A(t) = a x margin: cover of 1 / a in every month."""
    found = made()
    np.testing.assert_allclose(2.0 * found.hours, 0.7 * margins()[0], rtol=1e-12)
    assert found.amount == pytest.approx(0.7 * margins()[1][0], rel=1e-12)
    assert not found.bound


def test_the_advance_rate_is_never_broken_and_all_is_repaid():
    value = margins()[1] * (1.0 + 0.4 * np.sin(np.arange(MONTHS + 1) / 3.0))
    value[-1] = 0.0
    found = made(value=value)
    assert np.all(found.balance <= 0.7 * value[1:] * (1 + 1e-12) + 1e-9)
    assert np.all(found.hours >= 0.0)
    assert found.balance[-1] == pytest.approx(0.0, abs=1e-9)
    paid = 2.0 * found.hours / (1 + RATE) ** np.arange(1, MONTHS + 1)
    assert paid.sum() == pytest.approx(found.amount, rel=1e-12)


def test_where_hours_bind_less_is_lent():
    found = made(most=20.0)
    assert np.max(found.hours) <= 20.0 * (1 + 1e-12)
    assert found.bound
    assert found.amount < made().amount
    assert np.all(found.balance <= 0.7 * margins()[1][1:] * (1 + 1e-12) + 1e-9)
    none = made(most=0.0)
    assert none.amount == 0.0


def test_a_maximum_repays_no_faster_than_it_must():
    found = made(maximum=500.0)
    assert found.amount == 500.0
    # Nothing is due while the balance has not grown into what is lent on the pledge.
    assert found.hours[0] == 0.0
    assert found.balance[-1] == pytest.approx(0.0, abs=1e-9)
