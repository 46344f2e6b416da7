"""Numbers moved by a share of themselves, as they would be written."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from offtake.core.number import parse_quantity
from offtake.plan import source
from offtake.plan.load import check_text
from offtake.plan.slide import scaled, slidable
from tests.plan_files import text_of


@pytest.mark.parametrize(
    ("text", "factor", "made"),
    [
        ("180 M USD", 1.05, "189 M USD"),
        ("42k to 50k USD", 1.05, "44.1k to 52.5k USD"),
        ("SOFR + 450 bp", 0.9, "SOFR + 405 bp"),
        ("normal(10, 2) USD", 1.1, "normal(11, 2.2) USD"),
        ("-20 %/year", 1.05, "-21 %/year"),
        ("1.28 USD/H100e/h", 0.95, "1.216 USD/H100e/h"),
        ("10,000", 1.2, "12000"),
        ("2 USD/M token", 1.5, "3 USD/M token"),
        ("SOFR", 1.05, None),
        ("2026-07", 1.05, None),
        ("sized", 1.05, None),
    ],
)
def test_by_hand(text: str, factor: float, made: str | None):
    assert scaled(text, factor) == made


@given(
    st.floats(1e-3, 1e6).map(lambda x: float(f"{x:.4g}")),
    st.floats(0.5, 2.0),
    st.sampled_from(["USD", "M USD", "%", "USD/H100e/h", "months", "MW", "bp"]),
)
def test_what_is_written_is_what_was_meant(value: float, factor: float, unit: str):
    text = f"{value:f} {unit}"
    made = scaled(text, factor)
    if made is not None:  # very small numbers in digits without an exponent are refused
        was, now = parse_quantity(text), parse_quantity(made)
        assert now.value == pytest.approx(factor * was.value, rel=1e-5)
        assert now.unit == was.unit


@pytest.mark.parametrize("name", ["one-hall", "abilene"])
def test_most_numbers_of_a_plan_can_be_moved(name: str):
    text = text_of(name)
    found = slidable(check_text(text), source.parse(text, "x")[0])
    assert len(found) > 20
    for place, written in found.items():
        assert scaled(written, 0.95) is not None, place
