"""Metered tokens: golden table, and every rule against hand arithmetic."""

import math

import numpy as np
import pytest
from pydantic import ValidationError

from offtake.contracts.metered_tokens import EXAMPLE, MeteredTokens
from tests.contracts.harness import check_golden, gradient, run_alone

HOURS = [0.0, 1e5, 2e5, 3e5, 4e5]
SITE = {"observations": {"sites.hall.h100e_hours": HOURS}, "periods": 4}


def terms(**changes):
    written = EXAMPLE.model_dump(exclude_unset=True) | changes
    return type(EXAMPLE).model_validate({k: v for k, v in written.items() if v is not None})


def run(paid=lambda line, t, claimed: claimed, **changes):
    return run_alone(MeteredTokens, terms(**changes), paid=paid, **SITE)


def test_golden():
    check_golden(run())


def test_example_by_hand():
    table = run()
    # 40 % of the hours at a million tokens an hour; 1.2 tn a year is 100 bn a month.
    volume = np.minimum(0.4 * np.array(HOURS) * 1e6, [0, 1e11, 1e11, 1e11, 1e11])
    np.testing.assert_allclose(table["tokens.claimed"], 2e-6 * volume)
    np.testing.assert_allclose(table.columns["tokens"][1:, 0, 0], volume[:-1])


def test_demand_alone_where_no_site_is_named():
    table = run(site=None, tokens_per_h100e_hour=None)
    np.testing.assert_allclose(table["tokens.paid"], [0.0] + [2e5] * 4)


def test_revenue_from_the_top_down():
    gone = {"price": None, "demand": None, "site": None, "tokens_per_h100e_hour": None}
    table = run(revenue={"2026-01": "12 M USD/year", "2026-03": "24 M USD/year"}, **gone)
    np.testing.assert_allclose(table["tokens.paid"], [0, 1e6, 1e6, 2e6, 2e6])


def test_what_is_unpaid_is_lost():
    table = run(paid=lambda line, t, claimed: claimed * 0.3)
    np.testing.assert_allclose(table["tokens.claimed"], run()["tokens.claimed"])


@pytest.mark.parametrize(
    "changes",
    [
        {"revenue": "1 USD/year"},
        {"price": None},
        {"demand": None},
        {"price": None, "demand": None},
        {"site": None},
    ],
)
def test_refuses_half_a_form(changes):
    with pytest.raises(ValidationError):
        terms(**changes)


def test_gradient():
    place = "contracts.example.share"
    found = gradient(MeteredTokens, EXAMPLE, share=0.7, bump=[place], **SITE)
    assert math.isclose(found.slope[place], found.bump[place], rel_tol=1e-6)
