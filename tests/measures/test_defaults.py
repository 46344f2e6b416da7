"""Failure of parties: the example of docs/measures.md, and what is no failure."""

import numpy as np
import pytest

from offtake.core.flows import Flow
from offtake.measures.defaults import Defaults
from tests.measures.case import Case
from tests.measures.ledger import Ledger, four_parties, on_device


def periods(ledger: Ledger) -> dict[str, float]:
    book = ledger.book()
    found = np.asarray(Defaults.build(book).reduce(on_device(ledger.record()))["period"])
    return dict(zip(book.labels.parties, found[:, 0], strict=True))


def test_four_parties_by_hand():
    """The customer pays 30 of 50 in year 2, for good. What the company owes then is claimed again
    in year 3 and never paid.
    """
    found = periods(four_parties())
    assert found["customer"] == 2.0
    assert found["company"] == 3.0
    assert np.isnan(found["bank"])
    assert np.isnan(found["vendor"])


def test_an_arrear_made_good_is_no_failure():
    ledger = Ledger({"company": "internal", "bank": "external"}, periods=3)
    ledger.cash("company", 10.0)
    ledger.claim(
        "loan", "company", "bank", Flow.PRINCIPAL, claimed={1: 10.0, 2: 6.0}, paid={1: 4.0, 2: 6.0}
    )
    ledger.publish("loan", balance=0.0)
    assert np.isnan(periods(ledger)["company"])


@pytest.mark.parametrize(("payout", "expected"), [([1, 1, 0.4], 2.0), ([1, 1, 1], np.nan)])
def test_a_credit_event_is_a_failure_though_nothing_is_owed(payout: list[float], expected: float):
    case = Case({"company": "internal", "tenant": "external"}, periods=3)
    case.claim("rent", "tenant", "company", Flow.SALE, paid={0: 1.0})
    case.observe("parties.tenant.payout", payout)
    assert periods(case)["tenant"] == pytest.approx(expected, nan_ok=True)
