"""Cover ratios: hand cases, the convention where nothing is due, and the covenant's tolerance."""

import jax
import numpy as np
import pytest

from offtake.finance.amortisation import annuity_principal
from offtake.finance.cover_ratios import covers, dscr, llcr, plcr
from offtake.finance.discount import present_value_ahead


def test_dscr_by_hand():
    np.testing.assert_allclose(
        dscr(np.array([130.0, -10.0, 0.0]), np.array([100.0, 100.0, 50.0])), [1.3, -0.1, 0.0]
    )


def test_where_nothing_is_due_the_ratio_is_infinite():
    ratio = dscr(np.array([5.0, 0.0, -5.0]), np.array([0.0, 0.0, -1.0]))
    np.testing.assert_array_equal(ratio, [np.inf] * 3)
    assert bool(np.all(covers(np.array([0.0, -5.0]), np.array([0.0, 0.0]), np.array([1.2, 1.2]))))


def test_derivative_is_finite_where_nothing_is_due():
    slopes = jax.grad(lambda cash, due: jax.numpy.minimum(dscr(cash, due), 9.0), argnums=(0, 1))
    assert all(np.isfinite(slope) for slope in slopes(5.0, 0.0))


def test_llcr_of_level_cover_is_the_dscr():
    # CFADS of 1.25 x a level debt service gives LLCR = 1.25 at every date, PLCR more.
    rate, balance, balances = 0.01, 1000.0, []
    service = float(annuity_principal(1000.0, rate, 12.0)) + rate * 1000.0
    for remaining in range(12, 0, -1):
        balances.append(balance)
        balance -= float(annuity_principal(balance, rate, float(remaining)))
    loan = np.where(np.arange(24) < 12, 1.25 * service, 0.0)[:, None]
    project = np.full((24, 1), 1.25 * service)
    rates = np.full((24, 1), rate)
    debt = np.array(balances)[:, None]
    np.testing.assert_allclose(llcr(present_value_ahead(loan, rates)[:12], debt), 1.25)
    assert np.all(np.asarray(plcr(present_value_ahead(project, rates)[:12], debt)) > 1.25)


@pytest.mark.parametrize(
    ("short_by", "met"), [(0.0, True), (1e-10, True), (1e-8, False), (-1.0, True)]
)
def test_the_tolerance_is_in_the_payers_favour(short_by, met):
    asked = 1.3 * 100.0
    assert bool(covers(asked * (1.0 - short_by), 100.0, 1.3)) is met
