"""Money raised before it is needed: the example of docs/measures/facilities.md, by hand."""

import pytest

from offtake.core.flows import Flow
from offtake.measures.unspent import Unspent, names
from tests.measures.case import Case


def account() -> Case:
    """100 paid in at the opening; 60 spent in the first year, the rest in the second."""
    case = Case({"box": "internal", "issuer": "external", "state": "external"}, periods=4)
    case.claim("keep", "issuer", "box", Flow.SUPPORT, line="deposit", paid={0: 100.0})
    case.claim("keep", "state", "box", Flow.INTEREST, line="income", paid={1: 5.0, 2: 2.0})
    case.claim("keep", "box", "issuer", Flow.SUPPORT, line="draw", paid={1: 65.0, 2: 42.0})
    case.over_time("keep", unspent=[0, 100, 40, 0, 0], carry=[0, 0, 3.0, 1.2, 0])
    return case


def test_by_hand() -> None:
    case = account()
    found = {name: value[0, 0] for name, value in case.reduce(Unspent).items()}
    assert names(case.book()) == ("keep",)
    assert found["raised_usd"] == 100.0
    assert found["waits_years"] == pytest.approx(1.4)
    assert found["earned_usd"] == 7.0
    assert found["carry_usd"] == pytest.approx(4.2)


def test_derivatives_are_finite() -> None:
    assert account().has_finite_derivatives(Unspent)


def test_a_plan_without_such_accounts() -> None:
    case = Case({"issuer": "internal", "state": "external"}, periods=4)
    case.claim("grant", "state", "issuer", Flow.SALE, paid={1: 1.0})
    assert {value.shape for value in case.reduce(Unspent).values()} == {(0, 1)}
