"""Formulas over drivers: what is read, what is refused, and what becomes of units."""

from __future__ import annotations

import contextlib

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from offtake.core.errors import Mistake
from offtake.core.formula import evaluate, in_units, names, parse_formula

UNITS = {
    "share": "1", "market": "USD/year", "users": "user", "fee": "USD/user/year", "power": "MW",
    "cost": "USD/MW/year", "hourly": "USD/H100e/h", "fleet": "H100e",
}  # fmt: skip
VALUES = {"share": 0.4, "market": 5e9, "users": 1e6, "fee": 240.0, "power": 10.0, "cost": 2e5,
          "hourly": 2.0, "fleet": 100.0}  # fmt: skip


@pytest.mark.parametrize(
    ("text", "unit", "value"),
    [
        ("share * market", "USD/year", 2e9),
        ("drivers.share * drivers.market", "USD/year", 2e9),
        ("users * fee", "USD/year", 2.4e8),
        ("power * cost + market", "USD/year", 5e9 + 2e6),
        ("hourly * fleet", "USD/year", 2.0 * 100.0 * 365.2425 * 24),
        ("market / users", "USD/user/year", 5000.0),
        ("max(market - 6 * market, 0)", "USD/year", 0.0),
        ("min(share, 0.3, 0.2)", "1", 0.2),
        ("-share + 1", "1", 0.6),
        ("+share ** 2", "1", 0.16),
        ("share ** share", "1", 0.4**0.4),
        ("power ** 2 / power", "MW", 10.0),
        ("2 * (share + 0.1) - 1_0", "1", -9.0),
    ],
)
def test_value_and_unit(text: str, unit: str, value: float) -> None:
    expression, found = in_units(parse_formula(text), UNITS, text)
    assert found == unit
    assert evaluate(expression, VALUES) == pytest.approx(value)


def test_arrays() -> None:
    expression, _ = in_units(
        parse_formula("max(share * market, 1e9 * market / market)"), UNITS | {"market": "1"}
    )
    values = {"share": np.array([0.1, 0.9]), "market": np.array([4e9, 4e9])}
    made = evaluate(expression, values, np.minimum, np.maximum)
    assert made.tolist() == [1e9, 3.6e9]


def test_names_in_order() -> None:
    assert list(names(parse_formula("a * b + min(c, a)"))) == ["a", "b", "c", "a"]


@pytest.mark.parametrize(
    "text",
    [
        *[
            "a +",
            "a b",
            "f(a)",
            "a.b",
            "a[0]",
            "a if b else c",
            "lambda: a",
            "a and b",
            "a == b",
            "not a",
            "'a'",
            "True",
            "None",
            "1j",
        ],
        *[
            "a // b",
            "a % b",
            "a @ b",
            "min(a)",
            "max()",
            "min(a, key=b)",
            "~a",
            "__import__('os')",
            "a := 1",
            "[a]",
            "{a}",
        ],
        *[
            "a, b",
            "*a",
            "1e999",
            "min(*a)",
            "drivers.a.b",
            "x.drivers",
            "a & b",
            "a << b",
            "f'{a}'",
            "b'a'",
            "...",
        ],
        *("", "\0", "a\nb", "(" * 300, "-" * 90 + "a", "a" * 2000, "9" * 900),
    ],
)
def test_refused(text: str) -> None:
    with pytest.raises(Mistake) as caught:
        parse_formula(text)
    assert caught.value.code == "formula-form"


@pytest.mark.parametrize(
    "text",
    ["share + market", "min(market, 1)", "share ** power", "market ** share", "market ** 0.5"],
)
def test_unlike_units_are_refused(text: str) -> None:
    with pytest.raises(Mistake) as caught:
        in_units(parse_formula(text), UNITS, text)
    assert caught.value.code == "formula-units"
    assert text in caught.value.found


@given(st.text(max_size=60))
def test_any_text_is_read_or_refused(text: str) -> None:
    with contextlib.suppress(Mistake):
        parse_formula(text)


@given(st.text(alphabet="ab+-*/(). ,0123456789min", max_size=40))
def test_any_formula_like_text_is_read_or_refused(text: str) -> None:
    with contextlib.suppress(Mistake):
        in_units(parse_formula(text), dict.fromkeys(names(parse_formula(text)), "1"), text)
