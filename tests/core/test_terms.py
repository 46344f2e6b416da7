"""Field types: what a model of terms reads, keeps, writes back and refuses."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Literal

import pytest
from pydantic import ValidationError

from offtake import core
from offtake.core.errors import Mistake, Mistakes
from offtake.core.terms import (
    ChipsName,
    ComputePriceSeries,
    Count,
    LoanRate,
    Money,
    MoneyFlowSeries,
    PartyName,
    Rate,
    Share,
    Terms,
    UnitPrice,
    When,
    default,
    fields,
    numbers,
    references,
)


class Loan(Terms):
    """A loan."""

    kind: Literal["loan"] = "loan"
    lender: PartyName
    """Who lends."""
    amount: Money
    """Principal; USD."""
    rate: LoanRate = default("SOFR + 250 bp")
    """Interest; per year."""
    fee: Share = default("0 %")
    """Share of the amount; 1."""
    revenue: MoneyFlowSeries | None = None
    """Pledged; USD/year."""
    price: ComputePriceSeries = default("compute_price")
    """USD/H100e/h."""
    collateral: list[ChipsName] = []
    """Cohorts."""
    milestones: dict[str, Share] = {}
    """Shares by name."""
    first: When | None = None
    """First repayment; date."""


GOOD: dict[str, object] = {
    "lender": "bank",
    "amount": {
        "value": "2.3 bn USD",
        "source": "filing",
        "date": "2025-05-21",
        "confidence": "reported",
    },
    "revenue": {"2025": "13 bn USD/year", "2026-07": "2.5 bn USD/month", "interpolate": "linear"},
    "collateral": ["gb200"],
    "milestones": {"signing": "20 %"},
    "first": "2026-Q3",
}


def test_numbers_come_with_their_places() -> None:
    found = dict(numbers(Loan.model_validate(GOOD), "contracts.loan"))
    assert list(found) == [
        "contracts.loan.amount",
        "contracts.loan.rate",
        "contracts.loan.fee",
        "contracts.loan.revenue.2025",
        "contracts.loan.revenue.2026-07",
        "contracts.loan.milestones.signing",
        "contracts.loan.first",
    ]
    assert found["contracts.loan.amount"].value == 2.3e9  # type: ignore[union-attr]
    assert found["contracts.loan.revenue.2026-07"].value == 30e9  # type: ignore[union-attr]


def test_references_are_found_wherever_they_stand() -> None:
    assert list(references(Loan.model_validate(GOOD), "c")) == [
        ("c.lender", ("parties",), "bank"),
        ("c.rate", ("drivers",), "SOFR"),
        ("c.price", ("drivers",), "compute_price"),
        ("c.collateral[0]", ("chips",), "gb200"),
    ]


def test_terms_survive_writing_and_reading() -> None:
    loan = Loan.model_validate(GOOD)
    assert Loan.model_validate(loan.model_dump()) == loan
    assert loan.amount.source is not None
    assert loan.amount.source.confidence == "reported"


def test_a_range_of_a_share_is_held_between_nought_and_one() -> None:
    loan = Loan.model_validate({**GOOD, "fee": "60 % to 98 %"})
    assert loan.fee.distribution is not None
    assert float(loan.fee.distribution.ppf(0.999)) == 1.0
    assert float(loan.fee.distribution.ppf(0.95)) == pytest.approx(0.98)


@pytest.mark.parametrize(
    ("field", "written", "code"),
    [
        ("amount", "5", "unit-missing"),
        ("amount", 5, "unit-missing"),
        ("amount", True, "number-form"),
        ("amount", ["5 USD"], "number-form"),
        ("amount", {"source": "x"}, "key-missing"),
        ("amount", {"value": "5 USD", "sorce": "x"}, "key-unknown"),
        ("amount", {"value": "5 USD", "confidence": "sure"}, "source-form"),
        ("amount", "-5 USD", "out-of-range"),
        ("fee", "120 %", "out-of-range"),
        ("fee", "80", "out-of-range"),
        ("fee", "60 % to 120 %", "out-of-range"),
        ("fee", "2 %/year", "unit-wrong"),
        ("rate", "SOFR plus 250 bp", "number-form"),
        ("rate", "450 bp + SOFR", "rate-form"),
        ("lender", 3, "name-form"),
        ("lender", "the bank", "name-form"),
        ("first", "July 2026", "date-form"),
        ("first", "2026-13", "date-form"),
    ],
)
def test_each_wrong_value_has_its_code(field: str, written: object, code: str) -> None:
    with pytest.raises(ValidationError) as caught:
        Loan.model_validate({**GOOD, field: written})
    (error,) = caught.value.errors()
    mistake = error["ctx"]["error"]  # pyright: ignore[reportTypedDictNotRequiredAccess]
    if isinstance(mistake, Mistakes):
        ((_, mistake),) = mistake.items
    assert isinstance(mistake, Mistake)
    assert mistake.code == code
    assert all((mistake.found, mistake.expected, mistake.mend))


def test_short_units_stand_for_the_full_ones() -> None:
    class Short(Terms):
        price: UnitPrice
        rate: Rate
        units: Count

    short = Short.model_validate({"price": "35k USD", "rate": "6.58 %", "units": 7000})
    assert (short.price.value, short.price.unit) == (35_000.0, "USD/GPU")
    assert (short.rate.value, short.rate.unit) == (0.0658, "1/year")
    assert short.units.value == 7000.0


def test_fields_describe_themselves() -> None:
    rows = {row.name: row for row in fields(Loan)}
    assert rows["amount"].form == "an amount of money"
    assert rows["amount"].unit == "USD"
    assert rows["amount"].doc == "Principal; USD."
    assert rows["rate"].default == "SOFR + 250 bp"
    assert rows["collateral"].form == "list of: name from chips"
    assert rows["price"].form == "a price of compute over time"


def test_importing_terms_stays_light() -> None:
    code = (
        "import sys, types; package = types.ModuleType('offtake'); "
        "package.__path__ = [sys.argv[1]]; sys.modules['offtake'] = package; "
        "import offtake.core.terms; print(*{'jax', 'pint', 'scipy', 'numpy'} & set(sys.modules))"
    )
    folder = str(Path(core.__file__).parents[1])
    command = [sys.executable, "-c", code, folder]
    out = subprocess.run(command, capture_output=True, text=True, check=True)
    assert out.stdout.strip() == ""
