"""Renewals of a site lease by hand: who stays, who leaves, and when it is decided."""

import numpy as np
import pytest
from pydantic import ValidationError

from offtake.contracts.site_lease import EXAMPLE, SiteLease
from tests.contracts.harness import run_alone

PERIODS = 24
RENT = 10.0
"""USD a month: 1.2 USD a year and MW, 100 MW."""
PLAIN = {
    **EXAMPLE.model_dump(exclude_unset=True),
    "phases": [0],
    "per_mw": "1.2 USD/MW/year",
    "term": "6 months",
    "start": "2026-01",
    "escalator": "0 %/year",
    "rent_free": "0 months",
    "renewals": 2,
    "renewal": "6 months",
}


def run(observations=None, paid=lambda line, t, claimed: claimed, **changes):
    seen = {"sites.campus.phases[0].active": 1.0} | (observations or {})
    return run_alone(
        SiteLease,
        type(EXAMPLE).model_validate(PLAIN | changes),
        seen,
        PERIODS,
        numbers_at={"sites.campus.phases[0].power": 100.0},
        phase_counts={"campus": 2},
        paid=paid,
    )


def months_let(table):
    """Months for which rent fell due, in order."""
    return np.flatnonzero(table["rent.claimed"] > 0.0).tolist()


def test_a_tenant_that_needs_the_site_stays_as_often_as_it_may():
    table = run()
    assert months_let(table) == list(range(1, 19))
    assert table["renewed"].tolist() == [0] * 7 + [1] * 6 + [2] * 12
    assert table["vacated"].tolist() == [0] * 19 + [1] * 6
    np.testing.assert_allclose(table["rent"][1:19], RENT)


@pytest.mark.parametrize(
    ("market", "cost", "stays"),
    [(1.3, "0 %", True), (1.1, "0 %", False), (1.1, "10 %", True), (1.0, "19 %", False)],
)
def test_it_stays_while_moving_saves_nothing(market, cost, stays):
    """1.2 of rent against the market's and what moving costs, 1.1 x 1.1 = 1.21."""
    table = run(market_rent=f"{market} USD/MW/year", switching_cost=cost)
    assert months_let(table) == list(range(1, 19 if stays else 7))


def test_the_market_is_that_of_the_day_of_the_decision():
    """It falls in August: too late for the first choice, in June, in time for the second."""
    table = run(market_rent={"2026-01": "1.3 USD/MW/year", "2026-08": "0.5 USD/MW/year"})
    assert months_let(table) == list(range(1, 13))


def test_notice_is_given_earlier_and_binds():
    """Six months ahead, in January already for the first term, in June for the second."""
    fell = {"2026-01": "1.3 USD/MW/year", "2026-06": "0.5 USD/MW/year", "2026-07": "2 USD/MW/year"}
    assert months_let(run(market_rent=fell, notice="6 months")) == list(range(1, 13))
    assert months_let(run(market_rent=fell)) == list(range(1, 7))


def test_the_rent_that_counts_is_that_of_the_term_to_come():
    """After a year of the term the rent is 10 % higher: 1.32 against 1.3."""
    long = {"term": "12 months", "escalator": "10 %/year", "renewals": 1}
    assert months_let(run(market_rent="1.3 USD/MW/year", **long)) == list(range(1, 13))
    assert months_let(run(market_rent="1.33 USD/MW/year", **long)) == list(range(1, 19))


def test_it_leaves_when_it_no_longer_needs_half_of_the_site():
    assert months_let(run(needs={"2026-01": "100 %", "2026-11": "49 %"})) == list(range(1, 13))
    assert months_let(run(needs="50 %")) == list(range(1, 19))


def test_a_renewal_within_a_month_leaves_no_gap():
    """Energised in mid-January, so the first term ends in mid-July, and the second goes on."""
    table = run(
        {"sites.campus.phases[0].active": np.where(np.arange(25) == 1, 0.5, 1.0)}, start=None
    )
    np.testing.assert_allclose(table["rent"][1:], [RENT / 2, *[RENT] * 17, RENT / 2, *[0] * 5])
    assert table["vacated"].tolist() == [0] * 20 + [1] * 5


def test_a_lease_that_was_ended_is_not_renewed():
    table = run(paid=lambda line, t, claimed: claimed * (t < 2), grace="1 month")
    assert table["vacated"].tolist() == [0] * 4 + [1] * 21
    np.testing.assert_allclose(table["renewed"], 0.0)


@pytest.mark.parametrize("above", [True, False])
def test_a_fitted_policy_lets_it_run_out_where_its_advantage_is_positive(above):
    """Market 0.8 against 1.2: z = -0.2; 60 % needed: p0 + 0.5 x 0.2 + 0.6 x (0.1 - 2 x 0.2^2)."""
    first = -0.112 + (1e-6 if above else -1e-6)
    numbers = (first, -0.5, 0.0, 0.0, 0.0, 0.1, 0.0, -2.0, 0.0, 0.0)
    policy = {"exercise": "fitted", "policy": [f"{x} USD/MW/year" for x in numbers]}
    table = run(market_rent="0.8 USD/MW/year", needs="60 %", **policy)
    assert months_let(table) == list(range(1, 7 if above else 19))


def test_what_a_fitted_policy_needs():
    policy = {"policy": ["1 USD/MW/year"] * 9}
    for wrong, says in (
        ({"exercise": "fitted"}, "market_rent"),
        ({"exercise": "fitted", "market_rent": "1 USD/MW/year"} | policy, "10 numbers"),
        ({"market_rent": "1 USD/MW/year"} | policy, "policy of 9 numbers"),
    ):
        with pytest.raises(ValidationError, match=says):
            type(EXAMPLE).model_validate(PLAIN | wrong)
