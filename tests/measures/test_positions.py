"""Issuer, owners, financiers: a sale and leaseback whose rent falls short, by hand.

At 25 %, v = 1, 0.8, 0.64. A lessor buys chips for 100, which cost 120; the owner pays the other 20.
Of two rents of 60 the second is paid to the half. Customers pay 65 and 30; 5 go to the owner.
"""

from types import SimpleNamespace

import numpy as np
import pytest

from offtake.core.flows import Flow
from offtake.measures.positions import (
    OUTPUTS,
    financiers_of,
    money_of,
    owners_of,
    positions_of,
)
from tests.measures.case import Case

PARTIES = ("company", "owner", "lessor", "vendor", "customer")


def leased() -> Case:
    case = Case(
        {name: "external" if name != "company" else "internal" for name in PARTIES},
        periods=3,
        rate=0.25,
        kinds={"lease": "sale_and_leaseback"},
    )
    case.claim("lease", "lessor", "company", Flow.CAPITAL_COST, line="sale", paid={0: 100.0})
    case.claim("order", "company", "vendor", Flow.CAPITAL_COST, paid={0: 120.0})
    case.claim("equity", "owner", "company", Flow.CAPITAL_IN, form="support", paid={0: 20.0})
    case.claim("sales", "customer", "company", Flow.SALE, paid={1: 65.0, 2: 30.0})
    case.claim(
        "lease",
        "company",
        "lessor",
        Flow.SALE,
        line="rent",
        claimed={1: 60.0, 2: 60.0},
        paid={1: 60.0, 2: 30.0},
    )
    case.claim("equity", "company", "owner", Flow.DISTRIBUTION, form="residual", paid={1: 5.0})
    return case


def measure() -> SimpleNamespace:
    return SimpleNamespace(
        build=lambda book: positions_of(book, "company", np.full(3, 730.0)), outputs=OUTPUTS
    )


def test_who_is_who() -> None:
    book = leased().book()
    assert owners_of(book, "company") == ("owner",)
    assert financiers_of(book, "company") == ("lessor",)
    assert money_of(book, "company") == ("lease",)


def test_by_hand() -> None:
    found = {name: value[..., 0] for name, value in leased().reduce(measure()).items()}
    assert found["outside"] == pytest.approx([-20.0, 5.0, 0.0])
    assert found["owners"] == pytest.approx([-20.0, 5.0, 0.0])
    assert found["financing"][0] == pytest.approx([-100.0, 60.0, 30.0])
    worth = dict(zip(PARTIES, found["worth"], strict=True))
    assert worth == pytest.approx(
        {"company": 0.0, "owner": 0.0, "lessor": 0.0, "vendor": -120.0, "customer": 71.2}
    )
    lost = dict(zip(PARTIES, found["advanced"], strict=True))
    assert lost["lessor"] == pytest.approx(100.0 - 48.0 - 19.2)
    assert sum(lost.values()) == lost["lessor"]
    assert found["ran_short"] == 1.0


def test_a_support_is_lost_once() -> None:
    """The floor of a note is in the loss of `who_pays`, and not among what was paid for others."""
    case = leased()
    case.kinds["note"] = "compute_note"
    case.cash("company", 2.0)
    case.claim("note", "vendor", "lessor", Flow.SUPPORT, line="floor", paid={2: 10.0})
    case.claim("note", "company", "vendor", Flow.RUNNING_COST, line="premium", paid={1: 2.0})
    assert financiers_of(case.book(), "company") == ("lessor", "vendor")
    found = case.reduce(measure())
    assert found["financing"][1, :, 0] == pytest.approx([0.0, 2.0, -10.0])  # with its premium
    lost = dict(zip(PARTIES, found["advanced"][:, 0], strict=True))
    assert lost["vendor"] == 0.0
    assert lost["lessor"] == pytest.approx(100.0 - 48.0 - 19.2)


def test_what_is_paid_in_full_is_not_short() -> None:
    case = leased()
    case.lines = [line for line in case.lines if line.label.line != "rent"]
    assert case.reduce(measure())["ran_short"][0] == 0.0
