"""The time grid: positions, days and accrual, against hand counts and QuantLib."""

from __future__ import annotations

import datetime

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from offtake.core.calendar import (
    CONVENTIONS,
    EventPeriods,
    Periods,
    add_months,
    year_fraction,
)

DATES = st.dates(datetime.date(1995, 1, 1), datetime.date(2090, 12, 31))


def test_months_of_a_leap_year() -> None:
    periods = Periods(datetime.date(2024, 1, 1), 12)
    assert periods.count == len(periods) == 13
    assert periods.days.tolist() == [0, 31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31]
    assert periods.hours[2] == 29 * 24
    assert periods.years.sum() == pytest.approx(1.0)
    assert periods.labels()[:3] == ("opening", "2024-01", "2024-02")
    assert periods.end == datetime.date(2025, 1, 1)
    assert periods.year_index.tolist() == [0] * 13


def test_quarters_and_years() -> None:
    quarters = Periods(datetime.date(2026, 1, 1), 8, "quarters")
    assert (quarters.months, quarters.per_year) == (3, 4)
    assert quarters.labels()[3] == "2026-Q3"
    assert quarters.calendar_years.tolist() == [2026] * 5 + [2027] * 4
    assert quarters.index_of(datetime.date(2026, 7, 1)) == 2.0
    years = Periods(datetime.date(2026, 1, 1), 40, "years")
    assert years.days[1:4].tolist() == [365, 365, 366]
    assert years.labels()[-1] == "2065"
    assert Periods(datetime.date(2026, 4, 1), 2, "years").labels()[1] == "2026-04"


def test_positions() -> None:
    periods = Periods(datetime.date(2026, 1, 1), 96)
    assert periods.index_of(datetime.date(2026, 1, 1)) == 0.0
    assert periods.index_of(datetime.date(2026, 7, 1)) == 6.0
    assert periods.index_of(datetime.date(2026, 1, 16)) == 15 / 31
    assert periods.index_of(datetime.date(2025, 11, 1)) == -2.0


@given(DATES)
def test_a_position_leads_back_to_its_day(date: datetime.date) -> None:
    for length in ("months", "quarters", "years"):
        periods = Periods(datetime.date(2026, 4, 1), 10, length)
        assert periods.date_of(periods.index_of(date)) == date


@pytest.mark.parametrize(
    ("start", "horizon"),
    [("2026-01-02", 12), ("2026-01-01", 0), ("2026-01-01", 481)],
)
def test_impossible_grids_are_refused(start: str, horizon: int) -> None:
    with pytest.raises(ValueError, match="found"):
        Periods(datetime.date.fromisoformat(start), horizon)


def test_the_end_of_the_month_is_kept() -> None:
    assert add_months(datetime.date(2026, 1, 31), 1) == datetime.date(2026, 2, 28)
    assert add_months(datetime.date(2024, 3, 31), -1) == datetime.date(2024, 2, 29)
    with pytest.raises(OverflowError):
        add_months(datetime.date(2026, 1, 1), 200_000)


def test_fractions_by_hand() -> None:
    start, end = datetime.date(2026, 1, 31).toordinal(), datetime.date(2026, 3, 31).toordinal()
    assert year_fraction(start, end, "A/360") == 59 / 360
    assert year_fraction(start, end, "A/365") == 59 / 365
    assert year_fraction(start, end, "30/360") == 60 / 360
    assert year_fraction(start, end, "30E/360") == 60 / 360
    assert year_fraction(start, end, "A/A ISDA") == pytest.approx(59 / 365, abs=1e-12)
    over = datetime.date(2023, 12, 1).toordinal(), datetime.date(2024, 2, 1).toordinal()
    assert year_fraction(*over, "A/A ISDA") == pytest.approx(31 / 365 + 31 / 366, abs=1e-12)


def test_an_unknown_convention_lists_the_known_ones() -> None:
    with pytest.raises(ValueError, match="30E/360"):
        year_fraction(1, 2, "A/366")


def test_accrual_of_a_year_adds_up() -> None:
    periods = Periods(datetime.date(2025, 1, 1), 12)
    assert periods.accrual("30E/360").sum() == pytest.approx(1.0)
    assert periods.accrual("A/A ISDA").sum() == pytest.approx(1.0)
    assert periods.accrual("A/360").sum() == pytest.approx(365 / 360)
    assert periods.accrual("A/360")[0] == 0.0


def test_fractions_equal_quantlib() -> None:
    ql = pytest.importorskip("QuantLib")
    counters = {
        "A/360": ql.Actual360(),
        "A/365": ql.Actual365Fixed(),
        "30/360": ql.Thirty360(ql.Thirty360.BondBasis),
        "30E/360": ql.Thirty360(ql.Thirty360.EurobondBasis),
        "A/A ISDA": ql.ActualActual(ql.ActualActual.ISDA),
    }
    assert set(counters) == set(CONVENTIONS)
    drawn = np.random.default_rng(5).integers(730_000, 760_000, size=(400, 2))
    drawn.sort(axis=1)
    for name, counter in counters.items():
        ours = year_fraction(drawn[:, 0], drawn[:, 1], name)
        theirs = [counter.yearFraction(_ql(ql, int(a)), _ql(ql, int(b))) for a, b in drawn]
        np.testing.assert_allclose(ours, theirs, rtol=0, atol=1e-11)


def _ql(ql: object, ordinal: int) -> object:
    date = datetime.date.fromordinal(ordinal)
    return ql.Date(date.day, date.month, date.year)  # type: ignore[attr-defined]


def test_periods_that_close_on_dates() -> None:
    dates = tuple(map(datetime.date.fromisoformat, ("2026-01-15", "2026-02-01", "2026-05-01")))
    grid = EventPeriods(dates)
    assert grid.count == len(grid) == 3
    assert grid.days.tolist() == [0, 17, 89]
    assert grid.accrual("30E/360") == pytest.approx([0, 16 / 360, 90 / 360])
    assert [grid.index_of(day) for day in dates] == [0.0, 1.0, 2.0]
    assert grid.index_of(datetime.date(2026, 1, 14)) < 0.0 < 2.0 < grid.index_of(grid.end) + 1e-9
    assert grid.index_of(datetime.date(2026, 3, 17)) == pytest.approx(1 + 44 / 89)
    assert grid.labels() == ("opening", "2026-02-01", "2026-05-01")
    with pytest.raises(ValueError, match="each after the one before"):
        EventPeriods(dates[::-1])
