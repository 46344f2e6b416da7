"""Rows of learning and macro readings, by hand."""

import numpy as np
import pytest

from offtake.catalogue import Number, learning
from offtake.results.tables.learning import learning_rows, published_rows
from offtake.results.tables.readings import level_rows, passed_rows, threshold_rows, year_ends

CLOSES = np.array(["2026-01-01", "2026-12-01", "2027-01-01", "2027-02-01"], "datetime64[ns]")
WHAT = {"name": "x", "driver": "y", "side": "above", "level": "1", "assumption": "why"}


def test_a_threshold_is_a_distribution_with_a_share_that_never_passes():
    """Months 1, 2, 3 of four futures: the middle lies between 2 and 3, the top beyond any date."""
    month = np.array([[1.0], [2.0], [3.0], [np.inf]])
    (row,) = threshold_rows([WHAT], month, "2026-01-01")
    assert (row["share_never"], row["share_at_start"]) == (0.25, 0.0)
    assert row["share_never_se"] == pytest.approx(0.25)  # sd 0.5 over the root of 4
    assert row["p25"] == "2026-02"  # 1.75 months, the second month
    assert row["p50"] == "2026-02"  # 2.5 months, even to even
    assert row["p95"] is None
    assert row["assumption"] == "why"


def test_passed_at_the_start_is_the_month_before():
    (row,) = threshold_rows([WHAT], np.zeros((3, 1)), "2026-01-01")
    assert (row["p50"], row["share_at_start"], row["share_never"]) == ("2025-12", 1.0, 0.0)


def test_rows_are_of_the_last_period_of_each_year():
    assert year_ends(CLOSES) == [("2026", 2), ("2027", 3)]
    level = np.array([[0.0], [1.0], [2.0], [3.0]])
    assert level_rows(["a"], level, CLOSES) == [
        {"year": "2026", "a": 2.0},
        {"year": "2027", "a": 3.0},
    ]
    assert [row["share_passed"] for row in passed_rows(["t"], level / 3, CLOSES)] == [2 / 3, 1.0]


def number(value: float, low: float | None = None, high: float | None = None) -> Number:
    return Number(value, "1/year", "who; where", "2025", "estimate", low=low, high=high)


def test_the_product_against_published_ranges():
    """Products 4, 6, 10, 20: one below, two within 5 to 10, one above; half at most 7."""
    yearly = np.array([[1.0, 4.0], [1.0, 6.0], [1.0, 10.0], [1.0, 20.0]])
    band, figure = published_rows(["software", "product"], yearly, [number(7, 5, 10), number(7.0)])
    assert [band[f"share_{s}"] for s in ("below", "within", "above")] == [0.25, 0.5, 0.25]
    assert [figure[f"share_{s}"] for s in ("below", "within", "above")] == [0.5, 0.0, 0.5]
    assert band["source"] == "who"
    assert learning_rows(["software", "product"], yearly)[1]["p50"] == 8.0
    assert published_rows([], np.zeros((4, 0)), [number(7.0)]) == []


def test_the_published_ranges_are_those_of_the_catalogue():
    """5-10 times, 10 times, 9-900 times a year, 1000 times in 16 months."""
    found = {(n.low or n.value, n.high or n.value) for n in learning()["cost_of_a_fixed_problem"]}
    assert {(5.0, 10.0), (10.0, 10.0), (9.0, 900.0)} <= found
    # Four figures are kept.
    assert any(low == pytest.approx(1000 ** (12 / 16), rel=1e-3) for low, _ in found)
