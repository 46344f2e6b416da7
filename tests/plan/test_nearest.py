"""Places that a plan does not have, and the numbers that are meant."""

import pytest

from offtake.plan.axis import Axis
from offtake.plan.load import load
from offtake.plan.nearest import numbers_like
from tests.reference_data import ROOT

PLACES = (
    "contracts.ig_loan.term",
    "contracts.hy_loan.term",
    "contracts.hy_loan.rate",
    "drivers.compute_price.trend",
    "drivers.compute_price.volatility",
    "parties.lab.credit.hazard",
    "chips.b200.price",
)


@pytest.mark.parametrize(
    ("said", "meant"),
    [
        ("contracts.loan.tenor", ["contracts.ig_loan.term", "contracts.hy_loan.term"]),
        ("contracts.hy_loan.trem", ["contracts.hy_loan.term"]),
        ("hy_loan.coupon", ["contracts.hy_loan.rate"]),
        ("compute_price.decline", ["drivers.compute_price.trend"]),
        ("drivers.compute_price.vol", ["drivers.compute_price.volatility"]),
        ("lab.pd", ["parties.lab.credit.hazard"]),
        ("weather.rain", []),
    ],
)
def test_words_of_the_field_and_words_left_out(said: str, meant: list[str]) -> None:
    assert numbers_like(said, PLACES) == meant


@pytest.mark.parametrize(
    ("said", "mend"),
    [
        (
            "contracts.loan.tenor=3..7 years",
            "did you mean --over 'contracts.ig_loan.term=3..7 years' or --over "
            "'contracts.hy_loan.term=3..7 years'?",
        ),
        (
            "compute_price.decline=10 %..60 %",
            "did you mean --over 'drivers.compute_price.trend=-10..-60 %/year'? A price that falls "
            "has a trend below zero.",
        ),
    ],
)
def test_ranges_are_written_as_they_would_run(said: str, mend: str) -> None:
    known = dict(load(ROOT / "plans" / "gpu-loans").numbers())
    assert Axis.read(said).unknown(known).mend == mend


def test_percent_stands_behind_one_end_or_both() -> None:
    for said in ("market.price_decline=10 %..60 %", "market.price_decline=10..60 %"):
        axis = Axis.read(said)
        assert [axis.change(axis.at(share)) for share in (0.0, 0.5)] == [
            "market.price_decline=10 %",
            "market.price_decline=35 %",
        ]
