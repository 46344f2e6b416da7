"""Whose chips the capacity is made of: shares, concentration and what is held back, by hand."""

import numpy as np
import pytest

from offtake.core.flows import Flow
from offtake.measures.dependence import Dependence, countries, makers
from tests.measures.case import Case


def three_cohorts() -> Case:
    """Chips of two makers, one cohort due in year 2; on path 1 half of it is held back then."""
    case = Case({"company": "internal", "town": "external"}, periods=4, paths=2)
    case.claim("service", "company", "town", Flow.RUNNING_COST, paid={})
    case.cohort("a", "hall", maker="vendor", country="Taiwan")
    case.cohort("b", "hall", maker="us", country="Taiwan", units=10.0, h100e=3.0, deliver=2.0)
    case.cohort("c", "hall", maker="vendor")
    case.observe("chips.a.h100e", [0, 20, 20, 20])
    case.observe("chips.b.h100e", np.array([[0, 0], [0, 0], [30, 15], [30, 30]]))
    case.observe("chips.c.h100e", [0, 0, 10, 0])
    case.observe("chips.a.ready", [1.0] * 4)
    case.observe("chips.b.ready", np.array([[0, 0], [0, 0], [1.0, 0.5], [1.0, 1.0]]))
    case.observe("chips.c.ready", [1.0] * 4)
    return case


def test_shares_and_concentration():
    case = three_cohorts()
    got = case.reduce(Dependence)
    assert makers(case.book()) == ("vendor", "us")
    assert countries(case.book()) == ("Taiwan", "not stated")
    assert got["runs"][:, 0].tolist() == [0.0, 1.0, 1.0, 1.0]
    assert got["by_maker"][:, 0, 0] == pytest.approx([0.0, 1.0, 30 / 60, 20 / 50])
    assert got["by_maker"][:, 1, 1] == pytest.approx([0.0, 0.0, 15 / 45, 30 / 50])
    assert got["by_country"][:, 0, 0] == pytest.approx([0.0, 1.0, 50 / 60, 1.0])
    assert got["of_makers"][:, 0] == pytest.approx([0.0, 1.0, 0.5, 0.16 + 0.36])
    assert got["of_countries"][:, 0] == pytest.approx([0.0, 1.0, 26 / 36, 1.0])


def test_what_is_held_back():
    got = three_cohorts().reduce(Dependence)["held_back_h100e"]
    assert got[:, 1, 0].tolist() == [0.0, 0.0, 0.0, 0.0]
    assert got[:, 1, 1].tolist() == [0.0, 0.0, 15.0, 0.0]
    assert not got[:, 0].any()


def test_a_plan_without_chips():
    case = Case({"company": "internal", "town": "external"}, periods=3)
    case.claim("service", "company", "town", Flow.RUNNING_COST, paid={})
    assert not case.reduce(Dependence)["runs"].any()
