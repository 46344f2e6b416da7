"""Tax credit: golden table, and every rule against hand arithmetic."""

import math

import numpy as np

from offtake.contracts.tax_credit import EXAMPLE, TaxCredit
from offtake.core.flows import Flow
from tests.contracts.harness import check_golden, gradient, run_alone

PERIODS = 24
BUILT = np.where(np.arange(PERIODS + 1) == 1, 1000.0, 0.0)
BUILT[12] = 500.0
BOOKS = {"company": {("out", Flow.CAPITAL_COST): BUILT}}


def terms(**changes):
    return type(EXAMPLE).model_validate(EXAMPLE.model_dump(exclude_unset=True) | changes)


def run(observations=None, **setting):
    example = terms(**setting.pop("changes", {}))
    return run_alone(TaxCredit, example, observations, PERIODS, books=BOOKS, **setting)


def test_golden():
    check_golden(run())


def test_example_by_hand():
    energy = 15.0 * 240.0 / 12.0
    expected = np.where((np.arange(25) > 2) & (np.arange(25) <= 20), energy, 0.0)
    # 30 % of 90 %; what was paid in December is claimed for with the next year.
    expected[12] += 0.3 * 0.9 * 1000.0
    expected[24] += 0.3 * 0.9 * 500.0
    table = run()
    np.testing.assert_allclose(table["credit"], expected)
    np.testing.assert_allclose(table["due"], expected)


def test_a_partner_has_its_share():
    share = np.where(np.arange(PERIODS + 1) < 15, 0.98, 0.1)
    seen = {"contracts.flip.sponsor_tax_share": share}
    table = run(seen, changes={"partnership": "flip", "partner": "sponsor"})
    np.testing.assert_allclose(table["credit"], share * run()["credit"])
    np.testing.assert_allclose(table["due"], run()["credit"])


def test_what_is_not_paid_is_lost():
    table = run(paid=lambda line, t, claimed: 0.0 * claimed)
    np.testing.assert_allclose(table["credit.claimed"], run()["credit"])


def test_gradient():
    fields = ("investment", "qualifying", "per_mwh", "output")
    places = tuple(f"contracts.example.{field}" for field in fields)
    found = gradient(TaxCredit, EXAMPLE, periods=PERIODS, bump=places, books=BOOKS)
    assert all(map(math.isfinite, found.slope.values()))
    for place in places:
        assert math.isclose(found.slope[place], found.bump[place], rel_tol=1e-5), place
