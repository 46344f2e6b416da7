"""How a loan stands at the end of each year, worked by hand."""

import numpy as np
import pytest

from offtake.core.flows import Flow
from offtake.finance.trailing import NO_SERVICE
from offtake.measures.facilities import Facilities
from offtake.measures.funding import Funding
from tests.measures.case import Case


def loan_on_chips(**changes: object) -> Case:
    """100 lent in 2026, 30 and 70 due in 2027 and 2028; 20 of the 30 are paid, the rest later.

    Two paths: on the second one the chips are worth nothing from 2028 on. 2026 has two periods.
    """
    case = Case(
        {"company": "internal", "bank": "external"},
        periods=4,
        rate=0.25,
        paths=2,
        years=[2026, 2026, 2027, 2028],
    )
    case.cohort("new", "hall")
    case.claim("loan", "bank", "company", Flow.CAPITAL_IN, paid={1: 100.0})
    case.claim(
        *("loan", "company", "bank", Flow.PRINCIPAL),
        claimed={2: 30.0, 3: 80.0},
        paid={2: 20.0, 3: 80.0},
    )
    case.lend("loan", "bank", "company", collateral=("new",), rate=0.1, term=3.0)
    case.over_time(
        "loan",
        balance=[0.0, 0.0, 100.0, 80.0, 0.0],
        dscr=[NO_SERVICE, NO_SERVICE, NO_SERVICE, 0.8, 1.2],
        accelerated=[0.0, 0.0, 0.0, 0.0, 0.0],
    )
    worth = [[0.0, 0.0], [200.0, 200.0], [160.0, 0.0], [50.0, 0.0]]
    seen = {
        "chips.new.value": worth,
        "chips.new.margin": [1.0, 1.0, 1.0, 1.0],
        "chips.new.h100e": [0.0, 10.0, 10.0, 10.0],
    }
    for name, values in {**seen, **changes}.items():
        case.observe(name, values)
    return case


def by_year(case: Case, what: str) -> np.ndarray:
    return np.asarray(case.reduce(Facilities)[f"year_{what}"])[:, 0]


def test_cover_and_loan_to_value_at_the_end_of_each_year():
    found = loan_on_chips().reduce(Facilities)
    # The loan is first serviced in 2027; nothing was owed when 2026's last period opened.
    np.testing.assert_allclose(found["year_dscr"][:, 0, 0], [np.nan, 0.8, 1.2])
    # 100 / 200 and 80 / 160; at the end of 2028 nothing is owed.
    np.testing.assert_allclose(found["year_ltv"][:, 0, 0], [0.5, 0.5, np.nan])
    np.testing.assert_allclose(found["year_ltv"][:, 0, 1], [0.5, np.inf, np.nan])


def test_arrears_fall_due_once():
    # 30, then 80 less the 10 that were unpaid.
    np.testing.assert_allclose(by_year(loan_on_chips(), "due_usd")[:, 0], [0.0, 30.0, 70.0])


def test_nothing_is_told_of_cover_once_the_loan_is_called():
    case = loan_on_chips()
    case.over_time(
        "loan",
        balance=[0.0, 0.0, 100.0, 80.0, 0.0],
        dscr=[NO_SERVICE, NO_SERVICE, NO_SERVICE, 0.8, 1.2],
        accelerated=[0.0, 0.0, 0.0, 1.0, 1.0],
    )
    assert np.isnan(by_year(case, "dscr")).all()


def test_loan_to_value_is_not_told_of_what_is_no_chip():
    case = loan_on_chips()
    case.facilities[0] = case.facilities[0].__class__("loan", "loan", "bank", "company", (), 0)
    assert np.isnan(by_year(case, "ltv")).all()


def test_payments_by_claim_and_year_add_up_to_what_parties_pay():
    case = loan_on_chips()
    found = case.reduce(Funding)
    # [year, claim]: the draw in 2026; 20 and 80 back in 2027 and 2028.
    np.testing.assert_allclose(found["paid"][..., 0], [[100.0, 0.0], [0.0, 20.0], [0.0, 80.0]])
    elapsed = np.asarray(case.book().elapsed)
    value = 20.0 * 1.25 ** -elapsed[2] + 80.0 * 1.25 ** -elapsed[3]
    assert float(found["value"][1, 0]) == pytest.approx(value, rel=1e-12)  # rounding
