"""What guarantees cost who gives them: the example of docs/measures/guarantees.md, by hand."""

import numpy as np
import pytest
from pydantic import BaseModel

from offtake.contracts.government_guarantee import EXAMPLE
from offtake.core.flows import Flow
from offtake.measures.guarantees import Guarantees, guarantor_of, names, relieved
from offtake.results.tables.guarantees import guarantee_rows
from tests.measures.case import Case

PARTIES = {"company": "internal", "bank": "external", "state": "external", "parent": "external"}
LOAN: BaseModel = EXAMPLE


def case() -> Case:
    """A loan of 100 guaranteed by a state at 10 %; a residual value guarantee at the plan's 25 %.

    Two paths: on the first nothing is called.
    """
    made = Case(PARTIES, periods=4, paths=2, rate=0.25)
    made.cash("company", 500.0)
    calls = np.array([0.0, 1.0])
    made.claim("loan", "bank", "company", Flow.CAPITAL_IN, paid={0: 100.0})
    made.claim("loan", "company", "bank", Flow.PRINCIPAL, paid={2: 100.0})
    made.claim("guard", "state", "company", Flow.SUPPORT, form="support", paid={2: 60.0 * calls})
    made.claim("guard", "company", "state", Flow.SUPPORT, form="recovery", paid={3: 24.2 * calls})
    made.claim("guard", "company", "state", Flow.FEE, paid={1: 1.1, 2: 1.21 * (1.0 - calls)})
    made.claim("value", "parent", "company", Flow.SUPPORT, line="payment", paid={3: 50.0 * calls})
    made.claim("value", "company", "parent", Flow.FEE, paid={1: 5.0})
    factor = [1.0, 1.0, *(1.1 ** -np.arange(1.0, 4.0))]
    made.over_time("guard", drawn=[0] * 5, outstanding=[0] * 5, discount_factor=factor)
    made.over_time("value", drawn=[0] * 5, outstanding=[0] * 5)
    made.terms["guard"] = LOAN
    return made


def test_by_hand() -> None:
    made = case()
    found = made.reduce(Guarantees)
    assert names(made.book()) == ("guard", "value")
    np.testing.assert_allclose(found["paid_usd"][0], [0.0, 60 / 1.21])
    np.testing.assert_allclose(found["recovered_usd"][0], [0.0, 24.2 / 1.331])
    np.testing.assert_allclose(found["fees_usd"][0], [2.0, 1.0])
    np.testing.assert_allclose(found["cost_usd"][0], [-2.0, 60 / 1.21 - 24.2 / 1.331 - 1.0])
    np.testing.assert_allclose(found["guaranteed_usd"], [[100.0, 100.0], [0.0, 0.0]])
    np.testing.assert_allclose(found["cost_usd"][1], [-4.0, 50 / 1.25**3 - 4.0])


def test_who_gives_and_who_is_relieved() -> None:
    book = case().book()
    parties = book.labels.parties
    assert [parties[guarantor_of(book, name)] for name in names(book)] == ["state", "parent"]
    assert relieved(book, "guard") == ("bank",)
    assert relieved(book, "value") == ("company",)


def test_rows() -> None:
    cost = np.array([[-2.0], [8.0], [0.0], [2.0]])
    outputs = {
        "paid_usd": np.array([[0.0], [10.0], [0.0], [4.0]]),
        "cost_usd": cost,
        **{f"{name}_usd": np.array([v]) for name, v in (("fees", 1.0), ("recovered", 0.5))},
        "guaranteed_usd": np.array([50.0]),
        **{f"{name}_usd_se": np.array([0.1]) for name in ("fees", "recovered", "guaranteed")},
    }
    (row,) = guarantee_rows([{"contract": "guard"}], outputs, np.array([1]))
    assert row["cost_usd"] == 2.0
    assert row["cost_share"] == pytest.approx(0.04)
    assert row["called"] == 0.5
    assert row["paid_usd"] == 3.5
    assert (row["cost_usd_p50"], row["cost_usd_worst5"]) == (1.0, 8.0)


def test_derivatives_are_finite() -> None:
    assert case().has_finite_derivatives(Guarantees)


def test_a_plan_without_guarantees() -> None:
    made = Case({"issuer": "internal", "state": "external"}, periods=4)
    made.claim("grant", "state", "issuer", Flow.SALE, paid={1: 1.0})
    assert {value.shape for value in made.reduce(Guarantees).values()} == {(0, 1)}
